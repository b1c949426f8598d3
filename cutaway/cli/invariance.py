"""`cutaway invariance`: what a model still says of turned, moved, scaled and squashed pictures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from cutaway.cli.group import Command

if TYPE_CHECKING:
    from cutaway.model import Model
    from cutaway.model.invariance import Curve
    from cutaway.pictures import Skipped

EXAMPLE = """cutaway invariance runs/digits-1 seven.png
cutaway invariance runs/digits-1 digits -o invariance.html"""

MOST = 200
"""Pictures of a set that are looked at: all changes of them are some 16,000 guesses."""
BARS = "▁▂▃▄▅▆▇█"
COLUMNS, WIDEST, WIDE = 9, 7, 72
"""Values that a table has at most, and letters of a class in it: so it fits into so many columns."""
ENDS = (".html", ".htm", ".svg", ".png")


@click.command(cls=Command, example=EXAMPLE)
@click.argument("run")
@click.argument("source")
@click.option("--data", metavar="FOLDER", help="Where the files of mnist or fashion-mnist are.")
@click.option("-o", "--output", metavar="FILE", help="The diagrams: a page (.html), or a drawing (.svg, .png).")
@click.option("--json", "as_json", is_flag=True, help="One object with every number.")
def command(run: str, source: str, data: str | None, output: str | None, as_json: bool) -> None:
    """Show what a model still says of pictures that are turned, moved, scaled or squashed.

    RUN is a model folder; SOURCE one picture (a file, or one of a set, as 'digits[17]') or labelled ones, as `evaluate`
    takes them, of which at most 200 are looked at. Each line shows, over all values of one change, how probable the
    first guess still is, or how many guesses stay; and from where to where they hold.
    """
    import textwrap

    from cutaway.cli.inputs import of_a_set
    from cutaway.cli.table import width
    from cutaway.model import load
    from cutaway.model.invariance import has_pooling, invariance
    from cutaway.model.names import escaped
    from cutaway.views.report import invariance as view

    if output:
        check_output(Path(output), source)
    model = load(run)
    found = of_a_set(source)
    if found is not None or Path(source).is_file():
        pictures, true, what, skipped = alone(model, source if found is None else found, source)
    else:
        pictures, true, what, skipped = many(model, source, data)
    curves = invariance(model, pictures, true)
    says = view.in_words(curves, has_pooling(model)) if len(pictures) > 1 else []
    if as_json:
        told = {"run": run, "count": len(pictures), "skipped": [vars(own) for own in skipped], "says": says}
        click.echo(json.dumps(told | record(model, what, curves)))
    else:
        for own in skipped:
            click.echo(f"left out: {escaped(own.path)}: {own.reason}", err=True)
        click.echo(heading(model, what, curves) + "\n\n" + lines(model, curves))
        if says:
            click.echo("\n" + textwrap.fill(" ".join(says), width()))
    if output:
        view.write(curves, f"{run}: {what}", says or list(map(view.sentence, curves)), model.classes, Path(output))
        click.echo(f"{output}: the diagrams", err=as_json)


def check_output(file: Path, source: str) -> None:
    """Raises InputError where nothing should be written to a file."""
    from cutaway.cli.open import check_free
    from cutaway.errors import InputError

    if file.suffix.lower() not in ENDS:
        raise InputError(f"{file}: write the diagrams to {file.with_suffix('.html')}, or a drawing to .svg or .png")
    check_free(file, [source], "-o")


Looked = tuple[Any, Any, str, tuple["Skipped", ...]]
"""Prepared pictures, their classes among the model's, what they are, and what could not be read."""


def alone(model: Model, picture: Any, name: str) -> Looked:
    """A single picture, whose class is not known."""
    from cutaway.model.model import as_pixels

    prepare = model.net.preparation
    return prepare(as_pixels(picture, prepare.least))[None], None, name, ()


def many(model: Model, source: str, data: str | None) -> Looked:
    """Labelled pictures, evenly chosen where there are very many."""
    from cutaway.errors import DataError
    from cutaway.model.evaluation import same_classes
    from cutaway.model.origin import to_judge_by
    from cutaway.pictures import read
    from cutaway.pictures.choice import evenly

    seed = model.facts.get("data", {}).get("seed", 0)
    pictures, part, _ = to_judge_by(model, read(source, data=data, seed=seed, training=False))
    place = same_classes(pictures, model.classes)
    if pictures.truths is not None:
        raise DataError(f"{source}: a picture may be of several classes; that its one class stays is not asked of it")
    if not len(pictures):
        raise DataError(f"{source}: there are no pictures to look at")
    count, rows = len(pictures), evenly(len(pictures), MOST)
    prepared = pictures.chosen(rows).prepared(model.net.preparation)
    which = "" if len(rows) == count else f"{len(rows)} of the "
    parts = f"{count:,} {'pictures' if part == 'all' else f'{part} pictures'}"
    taken = prepared.take(range(len(prepared)))
    return taken, place[prepared.labels], f"{which}{parts} of {source}", prepared.skipped


# ---- what is said


def heading(model: Model, what: str, curves: Sequence[Curve]) -> str:
    """What is looked at, and the guess or accuracy without any change."""
    from cutaway.model.names import escaped

    first = curves[0]
    at = first.values.index(first.rest)
    if first.guesses:
        return f"{escaped(what)}: {escaped(model.classes[first.guesses[at]])} {first.prob[at]:.1%}"
    right = f", {first.accuracy[at]:.1%} right" if first.accuracy else ""
    return f"{escaped(what)}{right}"


def lines(model: Model, curves: Sequence[Curve]) -> str:
    """For each way of changing pictures: a bar for each value, where the guesses hold, and a table of some values."""
    from cutaway.views.report.invariance import sentence

    parts = []
    for curve in curves:
        shares = curve.prob if curve.guesses else curve.same
        bars = "".join(BARS[min(len(BARS) - 1, int(share * len(BARS)))] for share in shares)
        parts.append(f"{sentence(curve)}\n  {bars}\n{some(model, curve)}")
    return "\n\n".join(parts)


def some(model: Model, curve: Curve) -> str:
    """A column for each of some values, evenly chosen, with the unchanged picture in the middle."""
    from cutaway.cli.table import columns, width
    from cutaway.model.names import escaped
    from cutaway.pictures.choice import evenly

    most = COLUMNS if width() >= WIDE else COLUMNS // 2 + 1
    even = [count for count in range(3, most + 1, 2) if (len(curve.values) - 1) % (count - 1) == 0]
    places = evenly(len(curve.values), max(even)).tolist()
    rows = [[f"  {curve.name}", *(f"{curve.values[place]:.3g}" for place in places)]]
    if curve.guesses:
        rows.append(["  guess", *(escaped(model.classes[curve.guesses[place]])[:WIDEST] for place in places)])
        rows.append(["  of the first", *(f"{curve.prob[place]:.0%}" for place in places)])
        return columns(rows, right=range(1, len(rows[0])))
    rows.append(["  as before", *(f"{curve.same[place]:.0%}" for place in places)])
    rows += [["  right", *(f"{curve.accuracy[place]:.0%}" for place in places)]] if curve.accuracy else []
    return columns(rows, right=range(1, len(rows[0])))


def record(model: Model, what: str, curves: Sequence[Curve]) -> dict[str, Any]:
    """What `--json` says."""
    return {
        "pictures": what,
        "changes": [
            {
                "name": curve.name,
                "values": [float(np.round(value, 6)) for value in curve.values],
                "rest": curve.rest,
                "holds": list(curve.holds),
                "same": list(curve.same),
                "prob": list(curve.prob),
                "accuracy": curve.accuracy and list(curve.accuracy),
                "guesses": curve.guesses and [model.classes[place] for place in curve.guesses],
            }
            for curve in curves
        ],
    }
