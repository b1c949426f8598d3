"""`cutaway compare`: two or more models on the same pictures."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cutaway.cli.group import Command

if TYPE_CHECKING:
    from cutaway.model import Predictions
    from cutaway.model.common import Common
    from cutaway.model.comparison import Comparison, Disagreement
    from cutaway.pictures import Pictures

EXAMPLE = """cutaway compare runs/pets-1 runs/pets-2 pets/
cutaway compare runs/pets-1 runs/pets-2 pets/ -o comparison.html
cutaway compare --predictions a.csv b.csv"""

LISTED = 8
"""Disagreements that are listed."""


@click.command(cls=Command, example=EXAMPLE)
@click.argument("inputs", nargs=-1, required=True, metavar="RUN... SOURCE")
@click.option(
    "--predictions", is_flag=True, help="The arguments are tables of probabilities, as `evaluate` writes them."
)
@click.option("--data", metavar="FOLDER", help="Where the files of mnist or fashion-mnist are.")
@click.option("-o", "--output", metavar="FILE", help="Write a page of HTML too, with the pictures they disagree on.")
@click.option("--json", "as_json", is_flag=True, help="One object with every figure.")
def command(inputs: tuple[str, ...], predictions: bool, data: str | None, output: str | None, as_json: bool) -> None:
    """Compare two or more models on the same pictures.

    RUN is a model folder, SOURCE what `evaluate` takes. The models are told apart by their classification error, mean
    squared error, cross-entropy and calibration; each difference from the first model comes with a 95% interval that
    knows they saw the same pictures. Then: on which pictures they disagree, and who is more wrong where all are.

    A table of another program will do with --predictions, if it has a column with the file, one with the label, and one
    for each class.
    """
    from cutaway.model.comparison import compare
    from cutaway.views.report import comparison as view

    if output:
        check_output(Path(output), inputs)
    names, common = told_apart(inputs), None
    if predictions:
        from cutaway.model.tables import read

        said = [read(one) for one in inputs]
    else:
        said, names, common = by_models(inputs, data)
    compared = compare(said, names)
    why, remarks = (f"{inputs[-1]}, {common.why}", common.remarks) if common else ("what the tables say", ())
    if as_json:
        click.echo(json.dumps(record(compared, common), allow_nan=False))
    else:
        head = [f"{view.headline(compared)}: {why}", *remarks, *view.notes(compared)]
        click.echo("\n".join([*shown(head), *left_out(compared), "", tables(compared), ""]))
        click.echo("\n".join([*shown(view.verdicts(compared)), "", *who(compared)]))
        if listed := disagreements(compared):
            click.echo("\n" + listed)
    if output:
        own = _Rows(common.pictures, compared) if common else _Named(compared.said[0].names)
        view.write(compared, why, Path(output), own, remarks)
        click.echo(f"{output}: a page that opens in a browser and needs nothing else", err=as_json)


def check_output(file: Path, inputs: Sequence[str]) -> None:
    """Raises InputError where the page should not be written to a file."""
    from cutaway.cli.open import check_free
    from cutaway.errors import InputError

    if file.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"{file}: a browser opens what ends in .html; write it to {file.with_suffix('.html')}")
    check_free(file, inputs, "-o")


def told_apart(given: Sequence[str]) -> list[str]:
    """What was given, with a number where the same was given again."""
    return [f"{name} ({given[: n + 1].count(name)})" if name in given[:n] else name for n, name in enumerate(given)]


def by_models(inputs: Sequence[str], data: str | None) -> tuple[list[Predictions], list[str], Common]:
    """What each model says of the same pictures, their names, and which pictures those are."""
    from cutaway.cli.progress import Progress
    from cutaway.errors import DataError, InputError
    from cutaway.model import load
    from cutaway.model.common import common_to
    from cutaway.pictures import read

    *runs, source = inputs
    if len(runs) < 2:
        given = f"only {runs[0]}" if runs else "none"
        raise InputError(f"{given} is named beside the pictures {source}; name two models or more, then the pictures")
    models, names = [load(run) for run in runs], told_apart(runs)
    common = common_to(models, names, read(source, data=data, training=False))
    said = []
    for name, model in zip(names, models, strict=True):
        with Progress(name) as progress:
            try:
                said.append(model.predictions(common.pictures, progress))
            except DataError as error:
                raise DataError(f"{name} cannot be compared on these: {error}") from None
    return said, names, common


class _Rows:
    """The pictures of a comparison, by its own numbers."""

    def __init__(self, pictures: Pictures, compared: Comparison) -> None:
        place = {name: row for row, name in enumerate(pictures.names)}
        self.pictures, self.rows = pictures, [place[name] for name in compared.said[0].names]

    def __getitem__(self, row: int, /) -> Any:
        return self.pictures[self.rows[row]]


class _Named:
    """The pictures that a table names: files, and those of a set, as `digits[17]`. Nothing is downloaded for it."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names

    def __getitem__(self, row: int, /) -> Any:
        from cutaway.cli.inputs import of_a_set
        from cutaway.errors import CutawayError, PictureError
        from cutaway.model.model import as_pixels
        from cutaway.pictures import downloads

        name = self.names[row]
        kind = name.partition("[")[0]
        try:
            away = kind in downloads.SETS and not downloads.are_here(kind)
            return as_pixels(name if away or (found := of_a_set(name)) is None else found)
        except CutawayError as error:
            raise PictureError(name, str(error)) from None


# ---- what is said


def shown(lines: Sequence[str]) -> list[str]:
    """Texts from outside on one line each."""
    from cutaway.model.names import escaped

    return [escaped(line) for line in lines]


def left_out(compared: Comparison) -> list[str]:
    """The pictures that not all could read."""
    from cutaway.wording import first

    count = len(compared.skipped)
    return (
        [f"left out, since not all could read them: {', '.join(shown([first(compared.skipped, 3)]))}"] if count else []
    )


def tables(compared: Comparison) -> str:
    """A row for each measure, a column for each model; and how far each is from the first, beside or below."""
    from cutaway.cli.table import columns, width

    names = [cut(name) for name in shown(compared.names)]
    pairs = [differences(compared, number) for number in range(1, len(names))]
    if len(pairs) == 1:
        rows = [[*one, *other[1:]] for one, other in zip(values(compared), pairs[0], strict=True)]
        together = columns(rows, right=range(1, 5))
        if max(map(len, together.splitlines())) <= width():
            return together
    parts = [columns(values(compared), right=range(1, len(names) + 1))]
    for name, rows in zip(names[1:], pairs, strict=True):
        parts.append(f"{name} less {names[0]}\n{columns(rows, right=(1, 2))}")
    return "\n\n".join(parts)


def cut(name: str, most: int = 18) -> str:
    """The end of a name, which of a path says most."""
    return name if len(name) <= most else f"…{name[1 - most :]}"


def values(compared: Comparison) -> list[list[str]]:
    """Each measure of each model, under a row of names."""
    from cutaway.model.comparison import MEASURES

    decimals = compared.decimals
    rows = [[measure, *(f"{one.value:.{decimals}f}" for one in compared.figures[measure])] for measure in MEASURES]
    return [["", *map(cut, shown(compared.names))], *rows]


def differences(compared: Comparison, number: int) -> list[list[str]]:
    """How much more one of the models has of each measure than the first."""
    from cutaway.model.comparison import MEASURES
    from cutaway.views.report.comparison import between

    decimals = compared.decimals
    rows = [["", "difference", "95% interval"]]
    for measure in MEASURES:
        own = compared.figures[measure][number].difference
        assert own
        rows.append([measure, f"{own.value:+.{decimals}f}", between(own, decimals)])
    return rows


def who(compared: Comparison) -> list[str]:
    """Who got how many right, and who is more wrong where all are."""
    from cutaway.cli.table import columns
    from cutaway.views.report.comparison import called

    names = shown(compared.names)
    rows = [[f"right: {called(names, right)}", f"{count:,}"] for right, count in compared.table.items()]
    if compared.all_wrong:
        for name, count in zip(names, compared.more_wrong, strict=True):
            rows.append([f"  more wrong there: {name}", f"{count:,}"])
    return columns(rows, right=[1]).splitlines()


def disagreements(compared: Comparison) -> str:
    """The pictures on which they differ most, and those that all are wrong about; nothing where there are none."""
    parts = {"they disagree on": compared.disagreements, "all are wrong on": compared.wrong}
    return "\n\n".join(listed(compared, title, found) for title, found in parts.items() if found)


def listed(compared: Comparison, title: str, found: Sequence[Disagreement]) -> str:
    """The first of some pictures, with each guess; cut where the terminal ends."""
    from cutaway.cli.table import columns, width

    worse = any(one.more_wrong is not None for one in found[:LISTED])
    rows = [[*line(compared, one), *more_wrong(compared, one)][: None if worse else -1] for one in found[:LISTED]]
    head = ["", "true", *map(cut, shown(compared.names)), "more wrong"][: None if worse else -1]
    beside = columns([row[1:] for row in [head, *rows]])
    room = max(12, width() - 2 - max(map(len, beside.splitlines())))
    rows = [[cut(row[0], room), *row[1:]] for row in rows]
    more = [f"... and {len(found) - LISTED:,} more"] if len(found) > LISTED else []
    about = f"{title} {len(found):,}; guess, and the probability of the true class:"
    return "\n".join([about, columns([head, *rows]), *more])


def line(compared: Comparison, one: Disagreement) -> list[str]:
    """One of them."""
    guesses = map(cut, shown(one.guesses))
    said = [f"{guess} {prob:.1%}" for guess, prob in zip(guesses, one.probs, strict=True)]
    return [*shown([one.name]), *map(cut, shown([one.true])), *said]


def more_wrong(compared: Comparison, one: Disagreement) -> list[str]:
    """Which model is, where all are wrong; nothing for a tie."""
    return [""] if one.more_wrong is None else [*map(cut, shown([compared.names[one.more_wrong]]))]


def record(compared: Comparison, common: Common | None) -> dict[str, Any]:
    """What `--json` says."""
    from cutaway.model.comparison import MEASURES

    return {
        "models": list(compared.names),
        "part": common and common.part,
        "pictures": common and common.why,
        "remarks": list(common.remarks) if common else [],
        "count": compared.count,
        "skipped": list(compared.skipped),
        "measures": {
            measure: [
                {
                    "value": one.value,
                    "interval": one.interval and list(one.interval),
                    "difference": one.difference and one.difference.value,
                    "worth": compared.worth(measure, number) if number else None,
                    "difference_interval": one.difference and [finite(one.difference.low), finite(one.difference.high)],
                }
                for number, one in enumerate(compared.figures[measure])
            ]
            for measure in MEASURES
        },
        "by_chance": list(compared.by_chance),
        "right": [{"models": list(right), "count": count} for right, count in compared.table.items()],
        "more_wrong": list(compared.more_wrong),
        "disagreements": [told(compared, one) for one in compared.disagreements],
        "all_wrong": [told(compared, one) for one in compared.wrong],
    }


def told(compared: Comparison, one: Disagreement) -> dict[str, Any]:
    """What `--json` says of a picture."""
    return {
        "path": one.name,
        "true": one.true,
        "guesses": list(one.guesses),
        "probs_of_true": list(one.probs),
        "right": list(one.right),
        "more_wrong": None if one.more_wrong is None else compared.names[one.more_wrong],
    }


def finite(value: float) -> float | None:
    """JSON has no infinity."""
    return value if math.isfinite(value) else None
