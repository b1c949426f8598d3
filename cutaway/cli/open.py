"""`cutaway open`: a model in the browser, or as one file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cutaway.cli.group import Command
from cutaway.errors import InputError

if TYPE_CHECKING:
    from cutaway.model import Model
    from cutaway.views.explorer import Shown, Subject

EXAMPLE = """cutaway open runs/pets-1
cutaway open runs/pets-1 photo.jpg
cutaway open runs/pets-1 -o pets.html"""


@click.command(cls=Command, example=EXAMPLE)
@click.argument("run")
@click.argument("inputs", nargs=-1, metavar="[PICTURE]...")
@click.option("-o", "--output", metavar="FILE", help="Write one file of HTML instead, that works off-line.")
@click.option(
    "--beside", multiple=True, metavar="RUN", help="Another model to compare with; may be given several times."
)
@click.option(
    "--data", metavar="FOLDER", help="Where the files of mnist or fashion-mnist are, if it was trained on those."
)
@click.option("--no-browser", is_flag=True, help="Print the link, open nothing.")
def command(
    run: str, inputs: tuple[str, ...], output: str | None, beside: tuple[str, ...], data: str | None, no_browser: bool
) -> int:
    """Open a model in the browser: every map, every cell, every multiplication.

    RUN is a model folder. PICTURE is a file, a folder, a pattern such as '*.jpg', or one of a set, as 'digits[17]';
    without any, pictures that the model was chosen by (its validation set) are shown, where they are still there.

    The page is reached from this computer alone, and until Ctrl-C ends it (exit code 130). With -o it is a file that
    needs nothing else: it can be sent to others, with the pictures in it.
    """
    from cutaway.model import load
    from cutaway.views import explorer

    if output:
        check_output(Path(output), inputs)
    model, others = load(run), [load(other) for other in beside]
    folders = map(Path, (run, *beside))
    subjects = [explorer.of_model(one, folder) for one, folder in zip((model, *others), folders, strict=True)]
    pictures = at_hand(model, inputs, data)
    if output:
        return write(subjects, pictures, Path(output))
    return serve(subjects, pictures, model, data, browser=not no_browser)


def check_output(file: Path, inputs: Sequence[str]) -> None:
    """Raises InputError where the page should not be written to a file."""
    if file.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"{file}: a browser opens what ends in .html; write it to {file.name}.html")
    check_free(file, inputs, "-o")


def check_free(file: Path, inputs: Sequence[str], option: str) -> None:
    """Raises InputError where a file that an option names is a folder, or one of the pictures."""
    if file.is_dir():
        raise InputError(f"{file} is a folder; name a file in it, such as {file / 'page'}{file.suffix}")
    if file.exists() and any(Path(one).exists() and file.samefile(one) for one in inputs):
        raise InputError(f"{file} was given as a picture, and is left as it is; give {option} another name")


def at_hand(model: Model, inputs: Sequence[str], data: str | None) -> list[Shown]:
    """The pictures that are named, or else validation pictures; what cannot be read is said."""
    from cutaway.cli.inputs import class_of, named
    from cutaway.views.explorer.at_hand import folder_of, given, of_training

    if not inputs:
        shown, missing = of_training(model, data)
        if missing:
            click.echo(f"no pictures are shown: {missing}", err=True)
        return shown
    pictures = [
        (name, one, class_of(name) or (folder_of(one) if isinstance(one, str | Path) else None))
        for name, one in named(inputs)
    ]
    shown, unreadable = given(pictures, model.classes, model.net.preparation.least)
    if not shown:
        raise unreadable[0]
    for error in unreadable:
        click.echo(str(error), err=True)
    return shown


def write(subjects: Sequence[Subject], pictures: Sequence[Shown], file: Path) -> int:
    """Writes the page as one file."""
    from cutaway import files
    from cutaway.views import explorer
    from cutaway.wording import memory

    first, *beside = subjects
    text = explorer.page(first, pictures, beside)
    files.write(file, text)
    click.echo(f"{file}: {memory(len(text))}, {counted(pictures)}; it opens in a browser and needs nothing else")
    return 0


def serve(
    subjects: Sequence[Subject], pictures: Sequence[Shown], model: Model, data: str | None, *, browser: bool
) -> int:
    """Serves the page until a signal comes."""
    from cutaway.cli import browser as browsers
    from cutaway.cli.stopping import Stopping
    from cutaway.model.origin import source_of
    from cutaway.views import explorer

    server = explorer.serve(subjects, pictures, lambda: source_of(model, data))
    with Stopping("the page is closed") as stop, server:
        click.echo(f"{subjects[0].title}, {counted(pictures)}: {server.link}\nCtrl-C ends it")
        if browser:
            browsers.show(server.link)
        browsers.wait(stop)
    return stop.exit_code


def counted(pictures: Sequence[Shown]) -> str:
    """`12 pictures`, `1 picture`."""
    return f"{len(pictures)} picture{'s' * (len(pictures) != 1)}"
