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
    from cutaway.model import Model
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
    names, pictures, why = list(inputs), None, "what the tables say"
    if predictions:
        from cutaway.model.tables import read

        said = [read(one) for one in inputs]
    else:
        said, names, pictures, why = by_models(inputs, data)
    compared = compare(said, names)
    if as_json:
        click.echo(json.dumps(record(compared), allow_nan=False))
    else:
        click.echo("\n".join([f"{view.headline(compared)}: {why}", *left_out(compared), "", tables(compared), ""]))
        click.echo("\n".join([*shown(view.verdicts(compared)), "", *who(compared)]))
        if listed := disagreements(compared):
            click.echo("\n" + listed)
    if output:
        own = None if pictures is None else _Rows(pictures, compared)
        view.write(compared, why, Path(output), own)
        click.echo(f"{output}: a page that opens in a browser and needs nothing else", err=as_json)


def check_output(file: Path, inputs: Sequence[str]) -> None:
    """Raises InputError where the page should not be written to a file."""
    from cutaway.errors import InputError

    if file.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"{file}: a browser opens what ends in .html; write it to {file.with_suffix('.html')}")
    if file.is_dir() or str(file) in inputs:
        raise InputError(f"{file} is left as it is; give -o another name")


def by_models(inputs: Sequence[str], data: str | None) -> tuple[list[Any], list[str], Pictures, str]:
    """What each model says of the same pictures, their names, the pictures, and which those are."""
    from cutaway.cli.progress import Progress
    from cutaway.errors import DataError, InputError
    from cutaway.model import load

    *runs, source = inputs
    if len(runs) < 2:
        given = f"only {runs[0]}" if runs else "none"
        raise InputError(f"{given} is named beside the pictures {source}; name two models or more, then the pictures")
    models = [load(run) for run in runs]
    pictures, why = the_same(models, runs, source, data)
    said = []
    for run, model in zip(runs, models, strict=True):
        with Progress(run) as progress:
            try:
                said.append(model.predictions(pictures, progress))
            except DataError as error:
                raise DataError(f"{run} cannot be compared on these: {error}") from None
    return said, runs, pictures, f"{source}, {why}"


def the_same(models: Sequence[Model], runs: Sequence[str], source: str, data: str | None) -> tuple[Pictures, str]:
    """Pictures that are fair to all models: the test pictures, else those by which the models were chosen."""
    from cutaway.model.origin import changed, to_judge_by
    from cutaway.pictures import read

    seeds = [model.facts.get("data", {}).get("seed", 0) for model in models]
    every = [read(source, data=data, seed=seed, training=False) for seed in dict.fromkeys(seeds)]
    own = [number for number, model in enumerate(models) if not changed(model, every[0])]
    base = own[0] if own else 0
    pictures, part, why = to_judge_by(models[base], read(source, data=data, seed=seeds[base], training=False))
    if part == "test":
        return pictures, "the test pictures"
    seen = [runs[number] for number in own if part == "validation" and seeds[number] != seeds[base]]
    if seen:
        return pictures, f"the validation pictures of {runs[base]}; {', '.join(seen)} was trained on some of them"
    return pictures, "the validation pictures" if part == "validation" else why


class _Rows:
    """The pictures of a comparison, by its own numbers."""

    def __init__(self, pictures: Pictures, compared: Comparison) -> None:
        place = {name: row for row, name in enumerate(pictures.names)}
        self.pictures, self.rows = pictures, [place[name] for name in compared.said[0].names]

    def __getitem__(self, row: int, /) -> Any:
        return self.pictures[self.rows[row]]


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
    """A row for each measure, a column for each model; and how far each is from the first."""
    from cutaway.cli.table import columns

    if len(compared.names) == 2:
        rows = [[*one, *other[1:]] for one, other in zip(values(compared), differences(compared, 1), strict=True)]
        return columns(rows, right=range(1, 5))
    parts = [columns(values(compared), right=range(1, len(compared.names) + 1))]
    for number in range(1, len(compared.names)):
        parts.append(columns(differences(compared, number), right=(1, 2)))
    return "\n\n".join(parts)


def values(compared: Comparison) -> list[list[str]]:
    """Each measure of each model, under a row of names."""
    from cutaway.model.comparison import MEASURES

    decimals = compared.decimals
    rows = [[measure, *(f"{one.value:.{decimals}f}" for one in compared.figures[measure])] for measure in MEASURES]
    return [["", *shown(compared.names)], *rows]


def differences(compared: Comparison, number: int) -> list[list[str]]:
    """How much more one of the models has of each measure than the first."""
    from cutaway.model.comparison import MEASURES

    decimals, two = compared.decimals, len(compared.names) == 2
    title = "" if two else f"{compared.names[number]} less {compared.names[0]}"
    rows = [[*shown([title]), "difference", "95% interval"]]
    for measure in MEASURES:
        own = compared.figures[measure][number].difference
        assert own
        rows.append([measure, f"{own.value:+.{decimals}f}", f"{own.low:+.{decimals}f} to {own.high:+.{decimals}f}"])
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
    """The pictures on which they differ most; nothing where they never do."""
    from cutaway.cli.table import columns

    found = compared.disagreements
    rows = [line(compared, one) for one in found[:LISTED]]
    more = [f"... and {len(found) - LISTED:,} more"] if len(found) > LISTED else []
    head = ["", "true", *shown(compared.names)]
    title = f"they disagree on {len(found):,}; guess, and the probability of the true class:"
    return "\n".join([title, columns([head, *rows]), *more]) if rows else ""


def line(compared: Comparison, one: Disagreement) -> list[str]:
    """One of them."""
    said = [f"{guess} {prob:.1%}" for guess, prob in zip(one.guesses, one.probs, strict=True)]
    return shown([one.name, one.true, *said])


def record(compared: Comparison) -> dict[str, Any]:
    """What `--json` says."""
    from cutaway.model.comparison import MEASURES

    return {
        "models": list(compared.names),
        "count": compared.count,
        "skipped": list(compared.skipped),
        "measures": {
            measure: [
                {
                    "value": one.value,
                    "interval": one.interval and list(one.interval),
                    "difference": one.difference and one.difference.value,
                    "difference_interval": one.difference and [finite(one.difference.low), finite(one.difference.high)],
                }
                for one in compared.figures[measure]
            ]
            for measure in MEASURES
        },
        "by_chance": list(compared.by_chance),
        "right": [{"models": list(right), "count": count} for right, count in compared.table.items()],
        "more_wrong": list(compared.more_wrong),
        "disagreements": [
            {
                "path": one.name,
                "true": one.true,
                "guesses": list(one.guesses),
                "probs_of_true": list(one.probs),
                "right": list(one.right),
            }
            for one in compared.disagreements
        ],
    }


def finite(value: float) -> float | None:
    """JSON has no infinity."""
    return value if math.isfinite(value) else None
