"""Terms that lie in a window over maps, as grids: one for each channel; and what their places are called."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from cutaway.layers.layer import Region
from cutaway.layers.working import Term, Working
from cutaway.trace.cell import CellWorking

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

    @property
    def groups(self) -> list[list[float]]:
        """What the terms come to, channel by channel."""
        return [[term.value for row in grid for term in row] for grid in self.grids.values()]


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


def rows_of(items: Sequence[T], width: int) -> list[list[T]]:
    """Items in reading order as rows of so many.

    >>> rows_of("abcd", 2)
    [['a', 'b'], ['c', 'd']]
    """
    return [list(items[start : start + width]) for start in range(0, len(items), width)]


def title(cell: CellWorking, grid: Grid, number: int) -> str:
    """Where one factor of a grid stands: `relu1[3..5, 4..6, 0]`, `kernel[0..2, 0..2, 0, 3]`."""
    factors = [term.factors[number] for row in grid for term in row]
    name = cell.source(factors[0]) or factors[0].of
    spans = [span(sorted(set(places))) for places in zip(*(factor.cell for factor in factors), strict=True)]
    return f"{name}[{', '.join(spans)}]" if spans else name


def box(name: str, region: Region) -> str:
    """A region as people write it.

    >>> box("conv1", (range(3, 6), range(4, 7), range(0, 1)))
    'conv1[3..5, 4..6, 0]'
    """
    return f"{name}[{', '.join(map(span, region))}]"


def span(places: Sequence[int]) -> str:
    """Places at even distances: `3`, `3..5`, `3..7 by 2`."""
    first, last = places[0], places[-1]
    step = places[1] - first if len(places) > 1 else 1
    return f"{first}" if first == last else f"{first}..{last}" + (f" by {step}" if step > 1 else "")


def _grid(terms: list[Term]) -> Grid | None:
    """The terms of one channel as rows, if they fill them."""
    places = [term.factors[0].cell[:2] for term in terms]
    rows, cols = (sorted({place[axis] for place in places}) for axis in (0, 1))
    full = places == [(row, col) for row in rows for col in cols]
    if not full or len(places) < 2 or max(len(rows), len(cols)) > LARGEST:
        return None
    return rows_of(terms, len(cols))
