"""`cutaway evaluate`: how well a model does on labelled pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cutaway.cli.group import Command

if TYPE_CHECKING:
    from cutaway.errors import CutawayError
    from cutaway.model import Evaluation, Model, Predictions
    from cutaway.model.assessment import Assessment
    from cutaway.model.several import SeveralEvaluation
    from cutaway.pictures import Pictures

EXAMPLE = """cutaway evaluate runs/pets-1 pets/
cutaway evaluate runs/mnist-1 mnist --data DOWNLOADED
cutaway evaluate runs/pets-1 others/ -o others.csv"""

MISTAKES = 5
"""So many pairs of classes that are taken for each other are told."""


@click.command(cls=Command, example=EXAMPLE)
@click.argument("run")
@click.argument("source")
@click.option("--data", metavar="FOLDER", help="Where the files of mnist or fashion-mnist are.")
@click.option("--label-delim", metavar="TEXT", help="Between several classes of a picture. Without it: as in training.")
@click.option("-o", "--output", metavar="FILE", help="Where the table goes. Without it: predictions.csv in RUN.")
@click.option("--json", "as_json", is_flag=True, help="One object: accuracy, loss, count, classes, confusion, ...")
def command(
    run: str, source: str, data: str | None, label_delim: str | None, output: str | None, as_json: bool
) -> None:
    """Say how well a model does on labelled pictures.

    RUN is a model folder, SOURCE a folder of class folders or anything else that `train` takes. The model is
    judged by the test pictures, if SOURCE has any; otherwise, if it is what the model was trained on, by the
    validation pictures; otherwise by all.

    What it says of each picture is written as a table, predictions.csv in RUN: a row for each picture, in order; one
    that cannot be read has a row that says why.
    """
    from cutaway.cli.progress import Progress
    from cutaway.model import load
    from cutaway.model.assessment import assess, temperature_of
    from cutaway.model.origin import read_for, to_judge_by

    model, file = load(run), Path(output or Path(run) / "predictions.csv")
    check_output(file)
    pictures, part, why = to_judge_by(model, read_for(model, source, data, label_delim))
    if pictures.truths is not None:
        evaluate_several(run, source, model, pictures, part, why, file, as_json)
        return
    with Progress(f"{part} pictures") as progress:
        said = model.predictions(pictures, progress)
    known, result = assess(part, said, model.kind, known=temperature_of(model, part)), said.figures()
    failed = written(said, file)
    if as_json:
        click.echo(json.dumps(record(run, source, known, result, None if failed else file)))
    else:
        click.echo(f"{run} on {source}: {why}\n{result}")
        for line in in_short(known):
            click.echo(line)
        click.echo("\n" + per_class(result))
        if mistakes := confused(result):
            click.echo("\n" + mistakes)
        if not failed:
            click.echo(f"\nwhat it says of each picture: {file}")
    if failed:
        raise failed


def evaluate_several(
    run: str, source: str, model: Model, pictures: Pictures, part: str, why: str, file: Path, as_json: bool
) -> None:
    """The same where a picture may be of several classes."""
    from cutaway.cli.progress import Progress
    from cutaway.model import tables

    with Progress(f"{part} pictures") as progress:
        marks = model.marks(pictures, progress)
    result = marks.figures(model.thresholds)
    tables.write_marks(marks, model.thresholds, pictures.label_delim or "|", file)
    if as_json:
        skipped = {"skipped": [vars(one) for one in result.skipped]}
        click.echo(
            json.dumps({"run": run, "source": source} | result.facts(part) | skipped | {"predictions": str(file)})
        )
        return
    click.echo(f"{run} on {source}: {why}\n{result}\n\n{per_label(result)}\n\nwhat it says of each picture: {file}")


def per_label(result: SeveralEvaluation) -> str:
    """A row for each class that is true or not by itself, and the means over the classes."""
    from cutaway.cli.table import columns
    from cutaway.model.names import escaped
    from cutaway.model.several import MEANS

    head = ["class", "pictures", "threshold", "precision", "recall", "F1", "average precision"]
    rows = [
        [
            escaped(one.label),
            f"{one.support:,}",
            f"{one.threshold:.3f}",
            *(percent(getattr(one, name)) for name in MEANS),
        ]
        for one in result.classes
    ]
    means = ["mean of the classes", "", "", *(percent(result.macro(name)) for name in MEANS)]
    return columns([head, *rows, means], right=range(1, len(head)))


def check_output(file: Path) -> None:
    """Raises InputError where the table should not be written to a file."""
    from cutaway.errors import InputError

    if file.suffix.lower() != ".csv":
        raise InputError(f"{file}: the table is CSV; write it to {file.name}.csv")
    if file.is_dir():
        raise InputError(f"{file} is a folder; name a file in it, such as {file / 'predictions.csv'}")


def written(said: Predictions, file: Path) -> CutawayError | None:
    """Writes what is said of each picture; the error, where that cannot be."""
    from cutaway.errors import CutawayError
    from cutaway.model import tables

    try:
        tables.write(said, file)
    except CutawayError as error:
        return error
    return None


def record(run: str, source: str, known: Assessment, result: Evaluation, file: Path | None) -> dict[str, Any]:
    """What `--json` says."""
    commonest = known.commonest
    return {
        "run": run,
        "source": source,
        "part": known.part,
        "accuracy": result.accuracy,
        "balanced_accuracy": result.balanced,
        "interval": list(known.interval),
        "guessing": known.guessing,
        "commonest": commonest and commonest.label,
        "loss": result.loss,
        "calibration_error": known.calibration and known.calibration.error,
        "count": result.count,
        "classes": [vars(figures) for figures in result.classes],
        "confusion": result.confusion.tolist(),
        "skipped": [vars(skipped) for skipped in result.skipped],
        "predictions": file and str(file),
    }


def in_short(known: Assessment) -> list[str]:
    """How sure the accuracy is, what guessing would get, and whether its probabilities can be taken at their word."""
    from cutaway.model import findings

    lines = [
        f"95% interval of the accuracy: {findings.interval(known.interval)}",
        *([findings.balanced(known.balanced)] if known.balanced is not None else []),
        findings.against_guessing(known),
        findings.sureness(known),
    ]
    return [one[:1].lower() + one[1:].removesuffix(".") for one in lines if one]


def per_class(result: Evaluation) -> str:
    """A row for each class."""
    from cutaway.cli.table import columns
    from cutaway.model.names import escaped

    head = ["class", "pictures", "recall", "precision"]
    rows = [
        [escaped(one.label), f"{one.support:,}", percent(one.recall), percent(one.precision)] for one in result.classes
    ]
    return columns([head, *rows], right=(1, 2, 3))


def percent(share: float | None) -> str:
    """A share as people write it; a dash where there is none."""
    return "-" if share is None else f"{share:.1%}"


def confused(result: Evaluation) -> str:
    """The classes that are most often taken for another; nothing where all is right."""
    from cutaway.cli.table import columns
    from cutaway.model.names import escaped

    counts = result.confusion
    pairs = [(i, j) for i in range(len(counts)) for j in range(len(counts)) if i != j and counts[i, j]]
    pairs.sort(key=lambda pair: -counts[pair])
    name = [escaped(one.label) for one in result.classes]
    rows = [[f"{name[i]} taken for {name[j]}", f"{counts[i, j]:,}"] for i, j in pairs[:MISTAKES]]
    return "\n".join(["most often confused:", columns(rows, right=[1])]) if rows else ""
