"""`cutaway explain`: every number that one picture causes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from cutaway.cli.group import Command

if TYPE_CHECKING:
    from cutaway.model import Model
    from cutaway.trace import Trace

EXAMPLE = """cutaway explain runs/pets-1 photo.jpg
cutaway explain runs/pets-1 photo.jpg --why
cutaway explain runs/pets-1 photo.jpg --why-not dog
cutaway explain runs/pets-1 photo.jpg --cell 'conv1[12, 7, 3]' --svg figure.svg
cutaway explain runs/digits-1 'digits[17]' --cell 'dense1[4]' --all"""


@click.command(cls=Command, example=EXAMPLE)
@click.argument("run")
@click.argument("picture")
@click.option("--cell", metavar="CELL", help="One number: 'conv1[row, column, channel]' or 'dense1[place]'.")
@click.option(
    "--why",
    metavar="[CLASS]",
    is_flag=False,
    flag_value="",
    help="What spoke for the guess, or for CLASS, ranked. Without CLASS, write it after the picture.",
)
@click.option("--why-not", metavar="CLASS", help="What decided between the guess, or --why, and CLASS.")
@click.option("--receptive-field", is_flag=True, help="With --cell: all that it depends on, back to the picture.")
@click.option("--svg", metavar="FILE", help="With --cell: how it came about as a figure.")
@click.option("--html", metavar="FILE", help="With --cell: the same with a table, as a page.")
@click.option("--all", "everything", is_flag=True, help="With --cell, --why or --why-not: every term of a long sum.")
def command(
    run: str,
    picture: str,
    cell: str | None,
    why: str | None,
    why_not: str | None,
    receptive_field: bool,
    svg: str | None,
    html: str | None,
    everything: bool,
) -> None:
    """Show what each layer made of a picture, how one number came about, or why it was guessed.

    RUN is a model folder; PICTURE a file, or one of a set, as 'digits[17]'. Without options there is a line for
    each layer: its shape, the range of its numbers, what it did; its strongest map; then the guesses.

    With --cell: the window, the kernel, the products, the sum. With --why: number times weight of each feature, which
    add up to the score of a class; with --why-not, to the difference of two scores. Every number of every layer is
    computed again, exactly, and compared.
    """
    from cutaway.cli import figures, reasons
    from cutaway.cli.inputs import of_a_set
    from cutaway.cli.table import width
    from cutaway.model import load
    from cutaway.views import text

    asked = why is not None or why_not is not None
    check(cell, asked, {"--receptive-field": receptive_field, "--svg": svg, "--html": html}, everything)
    figures.check(svg, html, picture)
    model = load(run)
    found = of_a_set(picture)
    trace = model.trace(picture if found is None else found)
    said = []
    if why_not is not None:
        said.append(reasons.why_not(model, trace, why_not, why, everything=everything))
    elif why is not None:
        said.append(reasons.why(model, trace, why, everything=everything))
    elif cell and receptive_field:
        said.append(text.field(trace.cell(cell), width=width()))
    elif cell:
        said.append(text.working(trace.cell(cell).working(), everything=everything, width=width()))
    else:
        said += [text.layers(trace, width=width()), guesses(model, trace)]
    click.echo("\n\n".join([*said, checked(trace)]))
    if cell:
        figures.write(trace.cell(cell).working(), svg, html, everything=everything)


def check(cell: str | None, asked: bool, of_a_cell: Mapping[str, object], everything: bool) -> None:
    """Raises UsageError where options do not go together."""
    context = click.get_current_context()
    if asked and cell:
        raise click.UsageError("--cell explains a number, --why and --why-not a guess; give one of them", context)
    for option, value in of_a_cell.items():
        if value and not cell:
            raise click.UsageError(f"{option} goes with --cell", context)
    if everything and not cell and not asked:
        raise click.UsageError("--all goes with --cell, --why or --why-not", context)


def guesses(model: Model, trace: Trace) -> str:
    """The most probable classes, as bars."""
    from cutaway.cli.reasons import probabilities
    from cutaway.model.names import escaped
    from cutaway.views import text

    return text.guesses([escaped(name) for name in model.classes], probabilities(model, trace))


def checked(trace: Trace) -> str:
    """What was compared. Raises JobError, with the first number that is wrong."""
    checks = trace.check()
    cells = sum(check.cells for check in checks)
    return f"every number checked: {cells:,} cells in {len(checks)} layers, within rounding"
