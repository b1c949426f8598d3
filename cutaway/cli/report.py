"""`cutaway report`: how good a model is and where it fails, as one page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cutaway.cli.group import Command
from cutaway.errors import InputError

if TYPE_CHECKING:
    from cutaway.model import Model
    from cutaway.pictures import Pictures
    from cutaway.views.report import Subject

EXAMPLE = """cutaway report runs/pets-1
cutaway report runs/pets-1 others/ -o others.html
cutaway report runs/mnist-1 --data DOWNLOADED"""


@click.command(cls=Command, example=EXAMPLE)
@click.argument("run")
@click.argument("source", required=False)
@click.option("--data", metavar="FOLDER", help="Where the files of mnist or fashion-mnist are.")
@click.option("-o", "--output", metavar="FILE", help="Where the page goes. Without it: report.html in RUN.")
def command(run: str, source: str | None, data: str | None, output: str | None) -> None:
    """Write how good a model is and where it fails, as one page.

    RUN is a model folder. Training writes the report at its end; this writes it anew, from the pictures that the model
    was trained on, or judges it by those of SOURCE: a folder of class folders or anything else that `train` takes.

    Where the pictures are gone, the report has the figures that are kept with the model, and says what is missing. It
    is one file of HTML that opens in any browser, off-line, and can be sent to others, with the pictures in it.
    """
    from cutaway.model import load
    from cutaway.views import report
    from cutaway.wording import memory

    file = Path(output or Path(run) / "report.html")
    check_output(file)
    model = load(run)
    title = Path(run).resolve().name
    subject = about(model, title, source, data) if source else about_training(model, title, data)
    for line in subject.missing:
        click.echo(line, err=True)
    report.write(subject, file)
    click.echo(f"{file}: {memory(file.stat().st_size)}; it opens in a browser and needs nothing else")


def check_output(file: Path) -> None:
    """Raises InputError where the page should not be written to a file."""
    if file.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"{file}: a browser opens what ends in .html; write it to {file.name}.html")
    if file.is_dir():
        raise InputError(f"{file} is a folder; name a file in it, such as {file / 'report.html'}")


def about_training(model: Model, title: str, data: str | None) -> Subject:
    """A report by the pictures that the model was trained on, if they are there."""
    from cutaway.errors import CutawayError
    from cutaway.model.origin import changed, source_of, to_judge_by
    from cutaway.views.report import Subject

    try:
        pictures = source_of(model, data)
        return judged(model, title, pictures, said(to_judge_by(model, pictures)) if changed(model, pictures) else "")
    except CutawayError as error:
        return Subject(model, title, missing=(f"No pictures are shown: {str(error).partition('; name some')[0]}.",))


def about(model: Model, title: str, source: str, data: str | None) -> Subject:
    """A report by the pictures of a source."""
    from cutaway.model.origin import read_for, to_judge_by

    pictures = read_for(model, source, data)
    return judged(model, title, pictures, said(to_judge_by(model, pictures)))


def said(by: tuple[Pictures, str, str]) -> str:
    """By which pictures a report judges."""
    return f"Judged by {by[0].title}: {by[2]}."


def judged(model: Model, title: str, pictures: Pictures, remark: str) -> Subject:
    """Judges a model by these pictures as `cutaway evaluate` does, and by the most similar picture of its training."""
    from dataclasses import replace

    from cutaway.cli.progress import Progress
    from cutaway.model import several
    from cutaway.model.assessment import assess, temperature_of
    from cutaway.model.neighbours import nearest
    from cutaway.model.origin import changed, to_judge_by
    from cutaway.views.report import Subject

    chosen, part, _ = to_judge_by(model, pictures)
    if chosen.truths is not None:
        with Progress("judging") as progress:
            figures = model.marks(chosen, progress).figures(model.thresholds)
        own = replace(model, facts=dict(model.facts) | {several.FACT: figures.facts(part)})
        return Subject(own, title, missing=(remark,) if remark else ())
    with Progress("judging") as progress:
        prepared = chosen.prepared(model.net.preparation, progress)
        predictions = model.predictions(chosen, progress, prepared)
    known = assess(part, predictions, model.kind, known=temperature_of(model, part))
    missing = [remark] if remark else []
    if changed(model, pictures):
        missing.append("No comparison with the most similar training picture: these are not the training pictures.")
    else:
        known = replace(known, nearest=nearest(pictures.train.prepared(model.net.preparation), prepared))
    return Subject(model, title, chosen, predictions, known, tuple(missing))
