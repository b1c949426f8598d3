"""`cutaway evaluate`: how well a model does on labelled pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cutaway.cli.group import Command

if TYPE_CHECKING:
    from cutaway.model import Evaluation, Model
    from cutaway.pictures import Pictures

EXAMPLE = """cutaway evaluate runs/pets-1 pets/
cutaway evaluate runs/mnist-1 mnist --data DOWNLOADED"""

MISTAKES = 5
"""So many pairs of classes that are taken for each other are told."""


@click.command(cls=Command, example=EXAMPLE)
@click.argument("run")
@click.argument("source")
@click.option("--data", metavar="FOLDER", help="Where the files of mnist or fashion-mnist are.")
@click.option("--json", "as_json", is_flag=True, help="One object: accuracy, loss, count, classes, confusion.")
def command(run: str, source: str, data: str | None, as_json: bool) -> None:
    """Say how well a model does on labelled pictures.

    RUN is a model folder, SOURCE a folder of class folders or anything else that `train` takes. The model is
    judged by the test pictures, if SOURCE has any; otherwise, if it is what the model was trained on, by the
    validation pictures; otherwise by all.
    """
    from cutaway.cli.progress import Progress
    from cutaway.model import load
    from cutaway.pictures import read

    model = load(run)
    seed = model.facts.get("data", {}).get("seed", 0)
    pictures, part, why = chosen(model, read(source, data=data, seed=seed, training=False))
    with Progress(f"{part} pictures") as progress:
        result = model.evaluate(pictures, progress)
    if as_json:
        click.echo(json.dumps(record(run, source, part, result)))
        return
    click.echo(f"{run} on {source}: {why}")
    click.echo(str(result))
    click.echo("\n" + per_class(result))
    if mistakes := confused(result):
        click.echo("\n" + mistakes)


def chosen(model: Model, pictures: Pictures) -> tuple[Pictures, str, str]:
    """The pictures to judge by, which part that is, and how to say it."""
    data = model.facts.get("data", {})
    same = data.get("fingerprint") == pictures.fingerprint
    if len(pictures.test):
        return pictures.test, "test", "the test pictures" + (", which training never saw" if same else "")
    if same:
        return pictures.validation, "validation", "the validation pictures; it was trained on the others"
    if Path(data.get("source", "")).resolve() == Path(pictures.title).resolve():
        return pictures, "all", "all pictures, which changed since training: some it has seen"
    return pictures, "all", "all pictures"


def record(run: str, source: str, part: str, result: Evaluation) -> dict[str, Any]:
    """What `--json` says."""
    return {
        "run": run,
        "source": source,
        "part": part,
        "accuracy": result.accuracy,
        "loss": result.loss,
        "count": result.count,
        "classes": [vars(figures) for figures in result.classes],
        "confusion": result.confusion.tolist(),
        "skipped": [vars(skipped) for skipped in result.skipped],
    }


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
