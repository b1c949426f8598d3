"""`cutaway suspects`: labels that are probably wrong, and a table to correct them in."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cutaway.cli.group import Command
from cutaway.errors import InputError

if TYPE_CHECKING:
    from cutaway.model import Model
    from cutaway.pictures import Pictures
    from cutaway.views.report.suspects import Written

EXAMPLE = "cutaway suspects runs/pets-1"

LISTED = 10
"""Suspects, and pairs of classes, that are listed."""


@click.command(cls=Command, example=EXAMPLE)
@click.argument("run")
@click.argument("source", required=False)
@click.option("--data", metavar="FOLDER", help="Where the files of mnist or fashion-mnist are.")
@click.option("-o", "--output", metavar="FOLDER", help="Where page and tables go. Without it: into RUN.")
@click.option(
    "--retrain/--no-retrain",
    default=None,
    help="Judge by nets that are trained anew, each without a fifth of the pictures; or by the last layer alone. "
    "Without either: anew where the net learned from these labels, and was trained within a minute.",
)
@click.option("--json", "as_json", is_flag=True, help="One object with every suspect.")
def command(
    run: str, source: str | None, data: str | None, output: str | None, retrain: bool | None, as_json: bool
) -> None:
    """Find labels that are probably wrong, and write a table to correct them in.

    RUN is a model folder. All pictures that it was made from are judged, those of SOURCE where that is given, each by
    what was fitted without it.

    Three files come of it: suspects.html shows the worst with what they are most like; suspects.csv has all of them;
    corrections.csv is yours to edit, and is never written over. Change its column `label`, or empty a cell to leave
    that picture out, and give it to the next run with --corrections. No picture is moved.
    """
    from cutaway.cli.progress import Progress
    from cutaway.model import load
    from cutaway.training.suspects import require_features, suspects
    from cutaway.views.report import suspects as view
    from cutaway.views.report.suspects import remarks

    folder = Path(output or run)
    model = load(run)
    require_features(model)
    pictures, earlier = to_judge(model, source, data)
    check_output(folder, pictures.title)
    with Progress("judging") as progress:
        told = view.Written.of(suspects(model, pictures, progress, retrain), earlier)
    following = (
        f"cutaway train {shlex.quote(pictures.title)} --corrections {shlex.quote(str(folder / view.CORRECTIONS))}"
    )
    made = view.write(told, Path(run).resolve().name, following, folder)
    if as_json:
        click.echo(json.dumps(record(run, told, made), allow_nan=False))
        return
    click.echo("\n".join([*heading(told, pictures.title), *remarks(told)[1:], *tables(told)]))
    for line in written(folder, made, following if told.suspects else ""):
        click.echo(line)


def to_judge(model: Model, source: str | None, data: str | None) -> tuple[Pictures, list[list[str]]]:
    """The pictures, with the corrections that the run was trained with; and these."""
    from cutaway.model.origin import source_of
    from cutaway.pictures import read
    from cutaway.pictures.corrections import again

    facts = model.facts.get("data", {})
    if source:
        return read(source, data=data, seed=facts.get("seed", 0), training=False), []
    earlier = facts.get("corrections", [])
    return again(source_of(model, data), earlier).pictures, earlier


def check_output(folder: Path, source: str) -> None:
    """Raises InputError where nothing should be written."""
    from cutaway.training.runs import check_place

    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; name a folder for the page and its tables")
    check_place(folder, source)


# ---- what is said


def heading(told: Written, source: str) -> list[str]:
    """What was found."""
    from cutaway.model.names import escaped
    from cutaway.views.report.suspects import headline, says

    return [f"{escaped(source)}: {headline(told)[0].lower() + headline(told)[1:]}", *says(told)]


def tables(told: Written) -> list[str]:
    """Which classes are mixed up, and the worst suspects."""
    from cutaway.cli.table import columns
    from cutaway.model.names import escaped
    from cutaway.model.origin import short

    pictures, found = told.cleaning.pictures, told.cleaning.found
    names = [escaped(name) for name in pictures.classes]
    pairs = [] if found.is_weak else found.pairs()
    mixed = [[names[label], names[other], f"{count:,.0f}"] for label, other, count in pairs[:LISTED]]
    rows = [
        [
            short(pictures, one.path),
            escaped(one.label),
            f"{one.prob_label:.1%}",
            escaped(one.suggested),
            f"{one.prob_suggested:.1%}",
        ]
        for one in told.suspects[:LISTED]
    ]
    parts = []
    if mixed:
        parts += ["", columns([["labelled", "but seem to be", "about"], *mixed], right=[2])]
    if rows:
        parts += ["", columns([["suspect", "label", "", "more likely", ""], *rows], right=[2, 4])]
    rest = len(told.suspects) - LISTED
    return [*parts, *([f"... and {rest:,} more"] if rest > 0 else []), ""]


def written(folder: Path, made: list[Path], following: str) -> list[str]:
    """Where everything is, and what to do with it."""
    from cutaway.views.report.suspects import CORRECTIONS, PAGE, TABLE

    lines = [
        f"{folder / PAGE}: the worst with their pictures, to decide on in a browser",
        f"{folder / TABLE}: all of them",
    ]
    if folder / CORRECTIONS in made:
        lines.append(f"{folder / CORRECTIONS}: change its column label, or empty a cell to leave that picture out")
    else:
        lines.append(f"{folder / CORRECTIONS} is there already, and is left as it is")
    return [*lines, *([f"then: {following}"] if following else [])]


def record(run: str, told: Written, made: list[Path]) -> dict[str, Any]:
    """What `--json` says."""
    known, classes = told.cleaning, told.cleaning.pictures.classes
    return {
        "run": run,
        "pictures": len(known.pictures),
        "agreement": known.found.agreement,
        "estimated": known.found.estimated,
        "pairs": [
            {"label": classes[label], "other": classes[other], "estimated": count}
            for label, other, count in known.found.pairs()
        ],
        "suspects": [
            {
                "path": one.path,
                "hash": one.hash,
                "label": one.label,
                "suggested": one.suggested,
                "prob_label": one.prob_label,
                "prob_suggested": one.prob_suggested,
            }
            for one in told.suspects
        ],
        "retrained": known.anew,
        "apart": known.apart,
        "too_small": known.small,
        "unlabelled": known.unlabelled,
        "skipped": [vars(one) for one in known.skipped],
        "files": [str(file) for file in made],
    }
