"""Terms that lie in a window over maps, drawn as grids: the window, what multiplies it, the products."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from cutaway.layers.working import Term, Working
from cutaway.trace import CellWorking
from cutaway.trace.digits import ruler
from cutaway.views.text.blocks import Block, columns, flow

LARGEST = 11
"""Rows and columns of the largest window that is drawn (AlexNet's)."""

T = TypeVar("T")
Grid = list[list[Term]]
"""The terms of one channel, row by row."""


@dataclass(frozen=True)
class Window:
    """A window's terms, by channel; and those outside it (a bias)."""

    grids: dict[int, Grid]
    others: tuple[Term, ...]

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns; fewer than the layer's where the window hangs over the edge."""
        grid = next(iter(self.grids.values()))
        return len(grid), len(grid[0])

    @property
    def weighted(self) -> bool:
        """Whether something multiplies the cells."""
        return len(next(iter(self.grids.values()))[0][0].factors) > 1


def window(made: Working) -> Window | None:
    """The window that the terms lie in; none where they do not fill one of at least two cells, or a drawable one."""
    channels: dict[int, list[Term]] = defaultdict(list)
    others = []
    for term in made.terms:
        first = term.factors[0]
        if first.of == "input" and len(first.cell) == 3 and not term.formula:
            channels[first.cell[2]].append(term)
        else:
            others.append(term)
    grids = {channel: _grid(terms) for channel, terms in channels.items()}
    filled = {channel: grid for channel, grid in grids.items() if grid}
    return Window(filled, tuple(others)) if filled and len(filled) == len(grids) else None


def weighed(cell: CellWorking, grid: Grid, products: Sequence[str], width: int) -> Block:
    """One channel: the window times the kernel, and the products as they were rounded to add up."""
    results = columns(_rows(products, len(grid[0])), "." * len(grid[0]))
    others = range(1, len(grid[0][0].factors))
    if not others:
        return [_title(cell, grid, 0), *results]
    cells = _numbers([[term.factors[0].value for term in row] for row in grid])
    kernel = _numbers([[math.prod(factor.value for factor in term.factors[1:]) for term in row] for row in grid])
    titles = _title(cell, grid, 0), " × ".join(_title(cell, grid, number) for number in others), "products"
    return flow([[title, *block] for title, block in zip(titles, (cells, kernel, results), strict=True)], "×=", width)


def marked(cell: CellWorking, grid: Grid, chosen: Term | None) -> Block:
    """One channel as it is, one of its cells in brackets."""
    marks = ruler([term.value for row in grid for term in row])
    texts = [[f"[{marks.text(t.value)}]" if t is chosen else f" {marks.text(t.value)} " for t in row] for row in grid]
    return [_title(cell, grid, 0), *columns(texts, "r" * len(texts[0]), " ")]


def _grid(terms: list[Term]) -> Grid | None:
    """The terms of one channel as rows, if they fill them."""
    places = [term.factors[0].cell[:2] for term in terms]
    rows, cols = (sorted({place[axis] for place in places}) for axis in (0, 1))
    full = places == [(row, col) for row in rows for col in cols]
    if not full or len(places) < 2 or max(len(rows), len(cols)) > LARGEST:
        return None
    return _rows(terms, len(cols))


def _rows(items: Sequence[T], width: int) -> list[list[T]]:
    return [list(items[start : start + width]) for start in range(0, len(items), width)]


def _numbers(rows: list[list[float]]) -> Block:
    marks = ruler([number for row in rows for number in row])
    return columns([[marks.text(number) for number in row] for row in rows], "." * len(rows[0]))


def _title(cell: CellWorking, grid: Grid, number: int) -> str:
    """Where one factor of a grid stands: `relu1[3..5, 4..6, 0]`, `kernel[0..2, 0..2, 0, 3]`."""
    factors = [term.factors[number] for row in grid for term in row]
    name = cell.source(factors[0]) or factors[0].of
    spans = [_span(sorted(set(places))) for places in zip(*(factor.cell for factor in factors), strict=True)]
    return f"{name}[{', '.join(spans)}]" if spans else name


def _span(places: Sequence[int]) -> str:
    first, last = places[0], places[-1]
    step = places[1] - first if len(places) > 1 else 1
    return f"{first}" if first == last else f"{first}..{last}" + (f" by {step}" if step > 1 else "")
