"""A working as one file of SVG, that stands alone: it can be put on a slide, on a page, or printed."""

from __future__ import annotations

from cutaway.trace import CellWorking
from cutaway.trace.digits import shortest
from cutaway.trace.parts import channels, listed
from cutaway.trace.verdict import verdict
from cutaway.trace.windows import Window, window
from cutaway.views.figure import grids, lists
from cutaway.views.figure.colours import GREY, PAPER, fill
from cutaway.views.figure.drawing import Drawing, below, beside, box, escaped, label, length, number
from cutaway.views.figure.sums import added, notes

MARGIN = 20.0
SPACE = 18.0
SMALL = 11.0
SHORT, APART = 4, 56.0
"""A sum of more parts than the first stands beside the grids, so far from them, if there is room."""


def svg(cell: CellWorking, *, everything: bool = False) -> str:
    """How one cell came about, as a figure.

        Path("figure.svg").write_text(figure.svg(trace["conv1"][12, 7, 3].working()))

    Window, kernel and products as grids, or terms as a list; the sum, the steps, the exact and the engine's number. A
    long sum shows its strongest parts, and what the others come to, unless `everything` is asked for. Widths in pixels.
    """
    whole = below([_head(cell), *_body(cell, everything)], SPACE)
    width, height = (length(side + 2 * MARGIN) for side in (whole.width, whole.height))
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img">',
        f"<title>{escaped(heading(cell))}</title>",
        f"<desc>{escaped(described(cell))}</desc>",
        f'<rect width="{width}" height="{height}" fill="{PAPER}"/>',
        *whole.at(MARGIN, MARGIN),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def heading(cell: CellWorking) -> str:
    """`conv1[12, 7, 3] = 0.25`."""
    return f"{cell.address} = {shortest(cell.engine)}"


def made_by(cell: CellWorking) -> str:
    """`conv 6 5x5 of scale1`."""
    return f"{cell.layer} of {', '.join(cell.inputs)}" if cell.inputs else "a pixel of the picture"


def sentence(cell: CellWorking) -> str:
    """What is said of a cell that nothing was added up for; nothing of others."""
    made = cell.working
    if not cell.inputs:
        return "a number from 0 to 255, as the picture has it"
    if not made.terms:
        return "the window lies in the padding alone: there is nothing to add up"
    if len(made.terms) == 1 and not made.steps and len(made.terms[0].factors) == 1 and not made.terms[0].formula:
        return f"{cell.where(made.terms[0].factors[0])}, passed on unchanged"
    return ""


def described(cell: CellWorking) -> str:
    """The figure in a sentence, for those who do not see it."""
    said = verdict(cell)
    terms = f"{len(cell.terms)} term{'s' * (len(cell.terms) != 1)}"
    what = sentence(cell) or f"{terms}, {'added up' if cell.working.rule == 'sum' else 'of which the largest is taken'}"
    return f"{made_by(cell)}: {what}. Exact {said.exact}; engine {said.engine}, {said.remark}."


def _head(cell: CellWorking) -> Drawing:
    name = f"{cell.address} = {number(shortest(cell.engine))}"
    return below([label(name, 20, bold=True), label(made_by(cell), 14, colour=GREY)], 2)


def _body(cell: CellWorking, everything: bool) -> list[Drawing]:
    if said := sentence(cell):
        return [label(said, 14), *([_foot(cell)] if cell.inputs else [])]
    found = window(cell.working)
    if found and cell.working.rule == "max":
        return [*_winner(cell, found), _foot(cell), _legend(one_scale=True)]
    if found:
        return [*_window(cell, found, everything), _foot(cell), _legend(one_scale=not found.weighted)]
    return [lists.drawn(cell, listed(cell, everything)), _foot(cell), _legend(one_scale=False)]


def _window(cell: CellWorking, found: Window, everything: bool) -> list[Drawing]:
    """The grids of the strongest channels, then what all channels and the bias come to."""
    shown = channels(cell, found, everything)
    bands = [grids.weighed(cell, found.grids[one], shown.printed[one]) for one in shown.drawn]
    few = len(bands) < len(found.grids)
    note = [label(f"the strongest of {len(found.grids)} channels", 14)] if few else []
    drawn, account = grids.drawn(bands), added(shown.account)
    wide = drawn.width + APART + account.width <= grids.WIDEST
    if len(shown.account.above) > SHORT and wide:  # a slide is wider than it is high
        return [*note, beside([drawn, account], APART, lower=False)]
    return [*note, drawn, account]


def _winner(cell: CellWorking, found: Window) -> list[Drawing]:
    made = cell.working
    won = made.winner if made.combined == made.combined else None  # nan has no winner
    drawn = grids.drawn([[grids.marked(cell, grid, won)] for grid in found.grids.values()])
    said = f"{cell.where(won.factors[0])} is the largest of {len(cell.terms)}" if won else ""
    return [drawn, *([label(said, 14)] if said else [])]


def _foot(cell: CellWorking) -> Drawing:
    said = verdict(cell)
    return notes([("exact", number(said.exact)), ("engine", number(f"{said.engine}, {said.remark}"))])


def _legend(*, one_scale: bool) -> Drawing:
    """What the colours mean."""
    patches = []
    for value, name in ((-1.0, "below 0"), (0.0, "0"), (1.0, "above 0")):
        patch = Drawing(14, 16, (box(0, 1, 14, 14, fill(value, 1.0), grids.LINE),))
        patches.append(beside([patch, label(name, SMALL, colour=GREY, height=16)], 5))
    scales = "" if one_scale else "numbers of each kind on a scale of their own"
    return beside([*patches, *([label(scales, SMALL, colour=GREY, height=16)] if scales else [])], 14)
