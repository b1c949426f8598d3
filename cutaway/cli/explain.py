"""`cutaway explain`: every number that one picture causes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cutaway.cli.group import Command

if TYPE_CHECKING:
    from cutaway.model import Model
    from cutaway.trace import Trace

EXAMPLE = """cutaway explain runs/pets-1 photo.jpg
cutaway explain runs/pets-1 photo.jpg --cell 'conv1[12, 7, 3]'
cutaway explain runs/digits-1 'digits[17]' --cell 'dense1[4]' --all"""


@click.command(cls=Command, example=EXAMPLE)
@click.argument("run")
@click.argument("picture")
@click.option("--cell", metavar="CELL", help="One number: 'conv1[row, column, channel]' or 'dense1[place]'.")
@click.option("--all", "everything", is_flag=True, help="With --cell: every term of a long sum.")
def command(run: str, picture: str, cell: str | None, everything: bool) -> None:
    """Show what each layer made of a picture, or how one number came about.

    RUN is a model folder; PICTURE a file, or one of a set, as 'digits[17]'. Without --cell there is a line for
    each layer: its shape, the range of its numbers, what it did; then the guesses. With it: the window, the
    kernel, the products, the sum. Every number of every layer is computed again, exactly, and compared.
    """
    from cutaway.cli.inputs import of_a_set
    from cutaway.cli.table import width
    from cutaway.model import load
    from cutaway.views import text

    if everything and not cell:
        raise click.UsageError("--all goes with --cell", click.get_current_context())
    model = load(run)
    found = of_a_set(picture)
    trace = model.trace(picture if found is None else found)
    if cell:
        click.echo(text.working(trace.cell(cell).working(), everything=everything, width=width()))
    else:
        click.echo(text.layers(trace, width=width()) + "\n\n" + guesses(model, trace))
    click.echo("\n" + checked(trace))


def guesses(model: Model, trace: Trace) -> str:
    """The most probable classes, as bars."""
    from cutaway.model.names import escaped
    from cutaway.model.outputs import probabilities
    from cutaway.views import text

    probs = probabilities(model.net, model.kind, trace.output[None])[0]
    return text.guesses([escaped(name) for name in model.classes], probs.tolist())


def checked(trace: Trace) -> str:
    """What was compared. Raises JobError, with the first number that is wrong."""
    checks = trace.check()
    cells = sum(check.cells for check in checks)
    return f"every number checked: {cells:,} cells in {len(checks)} layers, within rounding"
