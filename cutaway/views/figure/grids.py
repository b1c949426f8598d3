"""Windows over maps as grids of coloured cells: the window, what multiplies it, the products."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cutaway.layers.working import Term
from cutaway.trace import CellWorking
from cutaway.trace.digits import ruler
from cutaway.trace.windows import Grid, rows_of, title
from cutaway.views.figure.colours import GREY, INK, fill, ink, scale
from cutaway.views.figure.drawing import MONO, Drawing, below, beside, box, label, measure, number, words

SIZE = 13.0
"""Of the numbers."""
HEIGHT, NARROWEST, MARGIN = 30.0, 36.0, 8.0
"""Of a cell; the last is left free beside the longest number."""
LINE = "#C9C9C9"
WIDEST = 1200.0
"""Grids that would be wider side by side stand below each other."""


@dataclass(frozen=True)
class Table:
    """Numbers of one grid, as they are printed."""

    head: str
    values: list[list[float]]
    texts: list[list[str]]
    chosen: tuple[int, int] | None = None
    """The cell with a heavy frame."""


def weighed(cell: CellWorking, grid: Grid, products: Sequence[str]) -> list[Table]:
    """One channel: the window, the kernel, the products as they were rounded to add up."""
    results = rows_of(products, len(grid[0]))
    made = [[term.value for term in row] for row in grid]
    others = range(1, len(grid[0][0].factors))
    if not others:
        return [Table(title(cell, grid, 0), made, results)]
    cells = [[term.factors[0].value for term in row] for row in grid]
    kernel = [[math.prod(factor.value for factor in term.factors[1:]) for term in row] for row in grid]
    heads = title(cell, grid, 0), " × ".join(title(cell, grid, place) for place in others)
    return [
        *(Table(head, rows, _texts(rows)) for head, rows in zip(heads, (cells, kernel), strict=True)),
        Table("products", made, results),
    ]


def marked(cell: CellWorking, grid: Grid, chosen: Term | None) -> Table:
    """One channel as it is, one of its cells in a heavy frame."""
    rows = [[term.value for term in row] for row in grid]
    places = [(i, j) for i, row in enumerate(grid) for j, term in enumerate(row) if term is chosen]
    return Table(title(cell, grid, 0), rows, _texts(rows), places[0] if places else None)


def drawn(bands: Sequence[Sequence[Table]]) -> Drawing:
    """Bands of grids below each other, `×` and `=` between those of a band; each kind of grid on one scale."""
    kinds = list(zip(*bands, strict=True))
    scales = [scale(value for table in kind for row in table.values for value in row) for kind in kinds]
    widths = [max(map(_cell_width, kind)) for kind in kinds]
    return below([_band(band, scales, widths) for band in bands], 22)


def _band(band: Sequence[Table], scales: Sequence[float], widths: Sequence[float]) -> Drawing:
    grids = [_grid(*one) for one in zip(band, scales, widths, strict=True)]
    rows = [grids[0]]
    for sign, grid in zip("×=", grids[1:], strict=False):
        signed = beside([_sign(sign, len(band[0].values)), grid])
        longer = beside([rows[-1], signed])
        rows = [*rows[:-1], longer] if longer.width <= WIDEST else [*rows, signed]
    return below(rows)


def _grid(table: Table, largest: float, width: float) -> Drawing:
    head = label(table.head, 12, font=MONO, colour=GREY, height=22)
    elements: list[str] = []
    for i, (values, texts) in enumerate(zip(table.values, table.texts, strict=True)):
        for j, (value, text) in enumerate(zip(values, texts, strict=True)):
            elements += _cell(j * width, i * HEIGHT, width, value, text, largest)
    if table.chosen:
        i, j = table.chosen
        elements.append(box(j * width, i * HEIGHT, width, HEIGHT, "none", INK, 3))
    cells = Drawing(len(table.values[0]) * width, len(table.values) * HEIGHT, tuple(elements))
    return below([head, cells], 2)


def _cell(x: float, y: float, width: float, value: float, text: str, largest: float) -> tuple[str, str]:
    middle = x + width / 2
    written = words(number(text), middle, y + HEIGHT / 2, SIZE, MONO, ink(value, largest), anchor="middle")
    return box(x, y, width, HEIGHT, fill(value, largest), LINE), written


def coloured(value: float, text: str, largest: float, width: float, height: float, after: int = 0) -> Drawing:
    """One cell by itself; its number stands at the right, or so many characters before it."""
    right = width - MARGIN - measure(" " * after, SIZE, MONO)
    inside = words(number(text), right, height / 2, SIZE, MONO, ink(value, largest), anchor="end")
    return Drawing(width, height, (box(0, 0, width, height, fill(value, largest), LINE), inside))


def width_of(texts: Sequence[str]) -> float:
    """Of a column of cells by themselves."""
    return max(NARROWEST, max((measure(text, SIZE, MONO) for text in texts), default=0) + 2 * MARGIN)


def _cell_width(table: Table) -> float:
    return width_of([text for row in table.texts for text in row])


def _sign(sign: str, rows: int) -> Drawing:
    """At half the height of a grid of so many rows."""
    sized = label(sign, 20, height=HEIGHT)
    return Drawing(sized.width, (rows + 1) * HEIGHT / 2, sized.elements)


def _texts(rows: Sequence[Sequence[float]]) -> list[list[str]]:
    marks = ruler([value for row in rows for value in row])
    return [[marks.text(value) for value in row] for row in rows]
