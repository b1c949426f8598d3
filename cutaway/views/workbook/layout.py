"""Where each number of a net stands in the workbook.

A layer's maps stand below each other, one band of rows a channel; beside a map stand the numbers and kernels that made
it. A list stands in a column, beside it its weights: a row for each input, a column for each output.

    band of channel 0    map 0    bias[0]    kernel[:, :, 0, 0]   kernel[:, :, 1, 0]   ...
    band of channel 1    map 1    bias[1]    kernel[:, :, 0, 1]   kernel[:, :, 1, 1]   ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product

from cutaway.layers.layer import Cell, Region
from cutaway.views.workbook.expression import Ref

HEAD = 3
"""Rows of a layer's title."""
CAPTION = 2
"""Rows above a map or a list: what it is, and the numbers of its columns."""
MARGIN = 2
"""Columns left of a map or a list: the numbers of its rows, the names of classes."""

_new = tuple.__new__
"""Half the time of calling a named tuple."""


@dataclass(frozen=True)
class Area:
    """An array on a sheet: where its cells stand."""

    name: str
    """`conv1`, `conv1.kernel`."""
    sheet: str
    row: int
    """Of its first cell."""
    col: int
    region: Region
    """Which cells of the array are there: all, or what a crop needs."""
    band: int = 0
    """Rows from one channel to the next."""

    @cached_property
    def ref(self) -> Callable[[Cell], Ref]:
        """`area.ref((0, 2, 1))`: the cell of the sheet in which a cell of the array stands.

        A function made for the number of axes: it is asked for each factor of each term, a million times for LeNet-5.
        """
        sheet, band = self.sheet, self.band
        starts = [axis.start for axis in self.region]
        match len(starts):
            case 1:
                row, col, down = self.row - starts[0] * (band or 1), self.col, band or 1
                return lambda place: _new(Ref, (sheet, row + place[0] * down, col))
            case 2:
                row, col = self.row - starts[0], self.col - starts[1]
                return lambda place: _new(Ref, (sheet, row + place[0], col + place[1]))
            case 3:
                row, col = self.row - starts[0] - starts[2] * band, self.col - starts[1]
                return lambda place: _new(Ref, (sheet, row + place[0] + place[2] * band, col + place[1]))
        across = len(self.region[1]) + 1  # kernels, with an empty column between two
        row, col = self.row - starts[0] - starts[3] * band, self.col - starts[1] - starts[2] * across
        return lambda place: _new(Ref, (sheet, row + place[0] + place[3] * band, col + place[1] + place[2] * across))

    def refs(self) -> Iterator[Ref]:
        """Where each number stands."""
        return map(self.ref, product(*self.region))

    @property
    def first(self) -> Ref:
        """The cell of its first number."""
        return self.ref(tuple(axis[0] for axis in self.region))

    @property
    def last(self) -> Ref:
        """The cell of its last number: nothing of it is below or to the right."""
        return self.ref(tuple(axis[-1] for axis in self.region))


@dataclass
class Place:
    """A layer on its sheet: its output, its weights, and the numbers in between."""

    name: str
    sheet: str
    top: int
    """The row of its title."""
    output: Area
    weights: Mapping[str, Area]
    between: int
    """The column of the names of numbers in between; the numbers stand right of them."""
    rows: int = 0
    """So many numbers in between there are."""
    labels: dict[Ref, str] = field(default_factory=dict)
    """What the numbers in between are called."""

    @property
    def map_rows(self) -> list[int]:
        """The rows in which cells of maps or kernels stand."""
        area = self.output
        if len(area.region) != 3:
            return []
        bands = range(len(area.region[2]))
        return [area.row + k * area.band + row for k in bands for row in range(area.band - CAPTION - 1)]

    @property
    def bottom(self) -> int:
        """The first row below all of it."""
        areas = [self.output, *self.weights.values()]
        return max(*(area.last.row + 2 for area in areas), self.top + HEAD + CAPTION + self.rows + 1)

    def next_between(self, label: str) -> Ref:
        """A free cell for a number in between."""
        ref = Ref(self.sheet, self.top + HEAD + CAPTION + self.rows, self.between + 1)
        self.labels[ref] = label
        self.rows += 1
        return ref


def place(name: str, sheet: str, top: int, region: Region, weights: Mapping[str, Region]) -> Place:
    """A layer of these cells and weights, from a row of its sheet on."""
    row = top + HEAD + CAPTION
    band = _band(region, weights)
    output = Area(name, sheet, row, MARGIN, region, band)
    areas, col = {}, output.last.col + 2
    if not band:
        col = MARGIN + 2
    for part in sorted(weights, key=lambda part: len(weights[part])):  # a bias before the kernels
        own = weights[part]
        per_channel = bool(band) and len(own) == 1 and own[0] == region[-1]
        area = Area(f"{name}.{part}", sheet, row, col, own, band if per_channel or len(own) == 4 else 0)
        areas[part] = area
        col = _right(area) + 2
    return Place(name, sheet, top, output, areas, col)


def _band(region: Region, weights: Mapping[str, Region]) -> int:
    """Rows from one map to the next; 0 for a list."""
    if len(region) != 3:
        return 0
    kernels = [len(own[0]) for own in weights.values() if len(own) == 4]
    return max(len(region[0]), *kernels, 1) + CAPTION + 1 if kernels else len(region[0]) + CAPTION + 1


def _right(area: Area) -> int:
    """The last column of an area."""
    if len(area.region) == 4:
        return area.col + len(area.region[2]) * (len(area.region[1]) + 1) - 2
    return area.last.col


def tables(area: Area) -> Iterator[tuple[str, int, int, range, range]]:
    """The tables that an array is drawn as: a caption, the first cell, the numbers of rows and columns."""
    region, nothing = area.region, range(0)
    match len(region):
        case 1 if area.band:
            for k in region[0]:
                ref = area.ref((k,))
                yield f"{area.name.partition('.')[2]}[{k}]", ref.row, ref.col, nothing, nothing
        case 1:
            yield area.name.rpartition(".")[2], area.row, area.col, region[0], nothing
        case 2:
            yield area.name, area.row, area.col, region[0], region[1]
        case 3:
            for k in region[2]:
                ref = area.ref((region[0][0], region[1][0], k))
                yield f"{area.name}[:, :, {k}]", ref.row, ref.col, region[0], region[1]
        case 4:
            for k in region[3]:
                for d in region[2]:
                    ref = area.ref((region[0][0], region[1][0], d, k))
                    yield f"kernel[{d}, {k}]", ref.row, ref.col, nothing, nothing
