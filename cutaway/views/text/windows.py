"""Terms that lie in a window over maps, drawn as grids: the window, what multiplies it, the products."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cutaway.layers.working import Term
from cutaway.trace import CellWorking
from cutaway.trace.digits import ruler
from cutaway.trace.windows import Grid, rows_of, title
from cutaway.views.text.blocks import Block, columns, flow


def weighed(cell: CellWorking, grid: Grid, products: Sequence[str], width: int) -> Block:
    """One channel: the window times the kernel, and the products as they were rounded to add up."""
    results = columns(rows_of(products, len(grid[0])), "." * len(grid[0]))
    others = range(1, len(grid[0][0].factors))
    if not others:
        return [title(cell, grid, 0), *results]
    cells = _numbers([[term.factors[0].value for term in row] for row in grid])
    kernel = _numbers([[math.prod(factor.value for factor in term.factors[1:]) for term in row] for row in grid])
    titles = title(cell, grid, 0), " × ".join(title(cell, grid, number) for number in others), "products"
    return flow([[head, *block] for head, block in zip(titles, (cells, kernel, results), strict=True)], "×=", width)


def marked(cell: CellWorking, grid: Grid, chosen: Term | None) -> Block:
    """One channel as it is, one of its cells in brackets."""
    marks = ruler([term.value for row in grid for term in row])
    texts = [[f"[{marks.text(t.value)}]" if t is chosen else f" {marks.text(t.value)} " for t in row] for row in grid]
    return [title(cell, grid, 0), *columns(texts, "r" * len(texts[0]), " ")]


def _numbers(rows: list[list[float]]) -> Block:
    marks = ruler([number for row in rows for number in row])
    return columns([[marks.text(number) for number in row] for row in rows], "." * len(rows[0]))
