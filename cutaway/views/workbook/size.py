"""How large a workbook would be, told before it is written; and what would fit where one is too large."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from cutaway.errors import InputError
from cutaway.layers.layer import Region, whole
from cutaway.net import INPUT, zoo
from cutaway.net.net import Net
from cutaway.trace import Trace
from cutaway.trace.address import address
from cutaway.wording import memory

CELLS = 400_000
"""The most cells: some 10 MB. LibreOffice opens 156,000 in 6 s."""
TERMS = 3_000_000
"""The most things added up: 1.3 million took 15 s to write."""
BYTES = 15.4, 2.5, 15.5, 1300, 6500
"""Of a formula, of each range in it, of a number, of a sheet, and of an empty file. Fitted to six nets (within 12%)."""
BACKWARD = 3.4
"""With gradients a file is so many times as large (2.9 to 3.8)."""


@dataclass(frozen=True)
class Size:
    """`print(workbook.measured(trace))`: 77,502 cells, about 1.3 MB"""

    formulas: int
    numbers: int
    terms: int
    """Products and other terms in all formulas."""
    memory: int
    """Bytes of the file, about."""

    @property
    def cells(self) -> int:
        """Formulas and numbers."""
        return self.formulas + self.numbers

    @property
    def fits(self) -> bool:
        """Whether it is within the limits."""
        return self.cells <= CELLS and self.terms <= TERMS

    def __str__(self) -> str:
        return f"{self.cells:,} cells, about {memory(self.memory)}"


def size(trace: Trace, regions: Mapping[str, Region], *, backward: bool = False) -> Size:
    """Of a workbook with these regions of the stages."""
    formulas = terms = weights = pieces = 0
    for node in trace.net:
        if node.name not in regions:
            continue
        region, shapes = regions[node.name], [trace.shapes[name] for name in node.inputs]
        count = math.prod(map(len, region))
        middle = tuple(axis[len(axis) // 2] for axis in region)
        sources = node.layer.sources(middle, shapes)
        formulas += count
        pieces += count * sum(len(one[-1]) if len(one) == 3 else 1 for one in sources.inputs)
        terms += count * sum(math.prod(map(len, one)) for one in sources.inputs)
        if region == whole(trace.shapes[node.name]):
            weights += sum(math.prod(p.shape) for p in node.layer.parameters(*shapes).values())
        else:
            weights += sum(math.prod(map(len, one)) for one in sources.weights.values()) * len(region[-1])
    numbers = weights + math.prod(map(len, regions[INPUT]))
    room = BYTES[0] * formulas + BYTES[1] * pieces + BYTES[2] * numbers + BYTES[3] * len(regions) + BYTES[4]
    if backward:
        return Size(2 * formulas + numbers, numbers, 3 * terms, int(BACKWARD * room))
    return Size(formulas, numbers, terms, int(room))


def refuse(trace: Trace, found: Size, *, cropped: bool) -> None:
    """Raises InputError where that is too large, with what would fit."""
    if found.fits:
        return
    limit = f"the limit is {CELLS:,} cells and {TERMS:,} terms"
    raise InputError(f"this workbook would have {found} and {found.terms:,} terms; {limit}; {_instead(trace, cropped)}")


def _instead(trace: Trace, cropped: bool) -> str:
    """What would fit: a crop, fewer channels, a smaller net."""
    fitting = [name for name in reversed(trace.net.names) if _crop(trace, name).fits]
    crops = [f"--crop '{address(name, _middle(trace, name))}' ({_crop(trace, name)})" for name in fitting[:1]]
    smaller = [f"the net {name!r}" for name in zoo.ZOO if _of_zoo(trace, name)][-1:]
    whole_ = size(trace, {name: whole(shape) for name, shape in trace.shapes.items()})
    share = min(CELLS / whole_.cells, math.sqrt(TERMS / max(1, whole_.terms)))
    fewer = [f"{share:.0%} of its channels"] if share >= 0.05 and not cropped else []
    return "what would fit: " + ", or ".join([*crops, *fewer, *smaller])


def _middle(trace: Trace, name: str) -> tuple[int, ...]:
    return tuple(size // 2 for size in trace.shapes[name])


def _crop(trace: Trace, name: str) -> Size:
    return size(trace, trace[name][_middle(trace, name)].receptive_field())


def _of_zoo(trace: Trace, name: str) -> bool:
    """Whether a net of the zoo, on its own size of picture, has room."""
    net: Net = zoo.net(name)
    cost = net.cost()
    cells = sum(map(math.prod, net.shapes().values())) + cost.parameters
    return cells <= CELLS and cost.multiplications <= TERMS
