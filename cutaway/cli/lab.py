"""`cutaway lab`: a page without a model, on which any kernel meets any picture."""

from __future__ import annotations

from pathlib import Path

import click

from cutaway.cli.group import Command

EXAMPLE = """cutaway lab
cutaway lab photo.jpg
cutaway lab 'digits[17]' -o lab.html"""


@click.command(cls=Command, example=EXAMPLE)
@click.argument("inputs", nargs=-1, metavar="[PICTURE]...")
@click.option("-o", "--output", metavar="FILE", help="Write the page to this file, and open nothing.")
def command(inputs: tuple[str, ...], output: str | None) -> None:
    """Open a page on which a kernel slides over a picture: stride, padding, pooling, and every sum.

    PICTURE is a file, a folder, a pattern such as '*.jpg', or one of a set, as 'digits[17]'; without any there are
    some digits. The page is one file that needs nothing else, and works off-line.
    """
    from cutaway import files
    from cutaway.cli import browser
    from cutaway.cli.inputs import named
    from cutaway.cli.open import check_output, counted
    from cutaway.views import explorer
    from cutaway.views.explorer.at_hand import given
    from cutaway.wording import memory

    if output:
        check_output(Path(output), inputs)
    shown, unreadable = given([(name, one, None) for name, one in named(inputs)] if inputs else [], [])
    if unreadable and not shown:
        raise unreadable[0]
    for error in unreadable:
        click.echo(str(error), err=True)
    text = explorer.lab(shown)
    file = Path(output) if output else files.cache() / "lab.html"
    files.write(file, text)
    about = f", {counted(shown)}" if shown else ""
    click.echo(f"{file}: {memory(len(text))}{about}; it opens in a browser and needs nothing else")
    if not output:
        browser.show(file.resolve().as_uri())
