"""Where a cell comes from, through all layers back to the picture, and where it goes on into.

Both read the declarations alone. A *region* is a box of cells, one range per axis.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cutaway.layers import Layer, Shape
from cutaway.layers.layer import Cell, Region, hull, is_empty, only, whole
from cutaway.net import Net


def behind(net: Net, shapes: Mapping[str, Shape], name: str, cell: Cell) -> dict[str, Region]:
    """The smallest box in each stage that holds everything a cell depends on, from the cell back to `input`.

    Where branches meet again, the box is the hull of theirs. Stages that have no part in the cell are left out.
    """
    regions = {name: only(cell)}
    for node in reversed(net.nodes):
        if node.name in regions:
            fields = node.layer.field(regions[node.name], [shapes[source] for source in node.inputs])
            for source, field in zip(node.inputs, fields, strict=True):
                _widen(regions, source, field)
    return regions


def sources(net: Net, shapes: Mapping[str, Shape], name: str, cell: Cell) -> dict[str, Region]:
    """The cells of the stages just before that made this one; where a window is dilated, its ranges have gaps."""
    node = net[name]
    regions: dict[str, Region] = {}
    own = node.layer.sources(cell, [shapes[source] for source in node.inputs]).inputs
    for source, region in zip(node.inputs, own, strict=True):
        if source in regions:
            _widen(regions, source, region)
        elif not is_empty(region):
            regions[source] = region
    return regions


def ahead(net: Net, shapes: Mapping[str, Shape], name: str, cell: Cell) -> dict[str, list[Cell]]:
    """The cells of each next layer that have this cell among their sources, in reading order."""
    found = {}
    for node in net.consumers(name):
        fed = [shapes[source] for source in node.inputs]
        which = [number for number, source in enumerate(node.inputs) if source == name]
        found[node.name] = sorted(_holding(node.layer, fed, which, cell, whole(shapes[node.name])))
    return found


def _holding(layer: Layer, fed: Sequence[Shape], which: Sequence[int], cell: Cell, region: Region) -> Iterator[Cell]:
    """Halves the region until single cells are left, dropping each half whose field cannot hold the cell.

    For a cell that goes on into n of N cells that is about n log(N) questions instead of N.
    """
    fields = layer.field(region, fed)
    if not any(_holds(fields[number], cell) for number in which):
        return
    axis = max(range(len(region)), key=lambda i: len(region[i]))
    if len(region[axis]) == 1:
        own = tuple(places[0] for places in region)
        inputs = layer.sources(own, fed).inputs
        if any(_holds(inputs[number], cell) for number in which):
            yield own
        return
    middle = len(region[axis]) // 2
    for half in (region[axis][:middle], region[axis][middle:]):
        yield from _holding(layer, fed, which, cell, (*region[:axis], half, *region[axis + 1 :]))


def _holds(region: Region, cell: Cell) -> bool:
    return all(place in axis for place, axis in zip(cell, region, strict=True))


def _widen(regions: dict[str, Region], source: str, region: Region) -> None:
    if not is_empty(region):
        regions[source] = hull(regions.get(source, region), region)
