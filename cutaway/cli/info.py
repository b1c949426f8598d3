"""`cutaway info`: what a model is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from cutaway.cli.group import Command

if TYPE_CHECKING:
    from cutaway.model import Model

SHOWN = 20
"""So many classes are listed."""


@click.command(cls=Command, example="cutaway info runs/pets-1")
@click.argument("run")
def command(run: str) -> None:
    """Say what a model is: classes, net, preparation, accuracy, data, versions."""
    from cutaway.cli.table import columns
    from cutaway.model import load

    model = load(run)
    rows = [(name, text) for name, text in about(model) if text]
    click.echo(f"{run}: {model!r}\n")
    click.echo(columns(rows))
    click.echo(f"\n{model.net}")


def about(model: Model) -> list[tuple[str, str]]:
    """What there is to say, in the order of interest; an empty text where it is not known."""
    facts = model.facts
    data, recipe, cost = facts.get("data", {}), facts.get("recipe", {}), model.net.cost()
    return [
        ("classes", classes(model)),
        ("accuracy", accuracy(facts)),
        ("interval", interval(model)),
        ("compared", compared(model)),
        ("calibration", calibration(model)),
        ("preparation", ", ".join(layer.text() for layer in model.net.preparation.layers) or "none"),
        (
            "net",
            f"{len(model.net)} layers, {cost.parameters:,} parameters, "
            f"{cost.multiplications:,} multiplications a picture",
        ),
        ("trained on", trained_on(data)),
        ("recipe", ", ".join(f"{name} {value}" for name, value in recipe.items() if value is not None)),
        ("epochs", epochs(facts)),
        ("engine", str(facts.get("engine", ""))),
        ("made", str(facts.get("created", ""))),
        ("with", ", ".join(f"{name} {version}" for name, version in facts.get("versions", {}).items())),
    ]


def classes(model: Model) -> str:
    """How many, and the first of them."""
    from cutaway.model.names import escaped
    from cutaway.wording import first

    return f"{len(model.classes)}: {first([escaped(name) for name in model.classes], SHOWN)}"


def accuracy(facts: Mapping[str, Any]) -> str:
    """On which pictures, and how many."""
    parts = [
        f"{facts[part]['accuracy']:.2%} of {facts[part]['count']:,} {part} pictures"
        for part in ("validation", "test")
        if part in facts
    ]
    return ", ".join(parts) or "not measured"


def interval(model: Model) -> str:
    """How sure the accuracy is, of the pictures that say it best."""
    from cutaway.model import findings
    from cutaway.model.assessment import known_of

    known = known_of(model)
    return f"{findings.interval(known.interval)} with 95% confidence ({known.part})" if known else ""


def compared(model: Model) -> str:
    """What guessing and the nearest training picture would get."""
    from cutaway.model.assessment import known_of
    from cutaway.model.names import escaped

    known = known_of(model)
    parts = []
    if known and known.commonest and known.guessing is not None:
        parts.append(f"always {escaped(known.commonest.label)} {known.guessing:.2%}")
    if known and known.nearest:
        parts.append(f"the nearest of {known.nearest.known:,} training pictures {known.nearest.accuracy:.2%}")
    return ", ".join(parts)


def calibration(model: Model) -> str:
    """How far its probabilities are off, and the temperature that suits them."""
    from cutaway.model.assessment import known_of

    known = known_of(model)
    if not known or not known.calibration:
        return ""
    own = known.calibration
    after = f", {own.after:.2%} at temperature {own.temperature:.2f}" if own.after is not None else ""
    return f"error {own.error:.2%}{after}"


def trained_on(data: Mapping[str, Any]) -> str:
    """Where the pictures came from, and how many there were."""
    if not data:
        return ""
    skipped = f", {len(data['skipped'])} could not be read" if data.get("skipped") else ""
    counts = f"{data['training']:,} pictures of {data['source']} ({data['validation']:,} more to choose by{skipped})"
    return f"{counts}, fingerprint {data['fingerprint']}"


def epochs(facts: Mapping[str, Any]) -> str:
    """How long, and which was kept."""
    done = facts.get("epochs", [])
    if not done:
        return ""
    left = "" if facts.get("finished", True) else ", not finished"
    return f"{len(done)}{left}; the weights are those of epoch {facts.get('epoch', len(done))}"
