"""What a map looks for: in many pictures, the place that excites it most, with all that it sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutaway.engines.reference import ReferencePredictor
from cutaway.errors import InputError
from cutaway.layers import Shape
from cutaway.layers.layer import Cell, describe
from cutaway.net import Net
from cutaway.pictures.decoding import Pixels
from cutaway.trace import reach
from cutaway.views.explorer.subject import Weights, prepared_stage

MOST = 500
"""Pictures that are looked through."""
WORK = 2 * 10**10
"""Multiplications that it may take: a few seconds. A large net looks through fewer pictures."""
BATCH = 32


@dataclass(frozen=True, eq=False)
class Gallery:
    """Many pictures at a net's own size."""

    names: Sequence[str]
    labels: Sequence[int | None]
    pixels: Pixels = field(repr=False)
    """[N, H, W, C]"""

    def first(self, count: int) -> Gallery:
        """So many of them."""
        return Gallery(self.names[:count], self.labels[:count], self.pixels[:count])


@dataclass(frozen=True, eq=False)
class Strongest:
    """For one layer: of every map, the strongest cell in each picture."""

    net: Net
    """Up to that layer."""
    gallery: Gallery
    values: NDArray[np.float32]
    """[N, maps]"""
    places: NDArray[np.int64]
    """[N, maps]: rows and columns counted through."""

    @cached_property
    def shapes(self) -> dict[str, Shape]:
        """Of every stage up to the layer, for a prepared picture."""
        return self.net.shapes(self.gallery.pixels.shape[1:])

    @property
    def shape(self) -> Shape:
        """Of the layer's output."""
        return self.shapes[self.net.output.name]

    def patches(self, channel: int, count: int) -> list[tuple[dict[str, Any], bytes]]:
        """The strongest of a map, with the pixels of each."""
        if not 0 <= channel < self.shape[2]:
            raise InputError(f"{self.net.output.name} has no map {channel}: its maps are 0 to {self.shape[2] - 1}")
        order = np.argsort(-self.values[:, channel], kind="stable")[:count]
        return [self._patch(int(which), channel) for which in order]

    def _patch(self, which: int, channel: int) -> tuple[dict[str, Any], bytes]:
        row, column = divmod(int(self.places[which, channel]), self.shape[1])
        rows, columns = seen(self.net, self.shapes, (row, column, channel))
        pixels = self.gallery.pixels[which, rows.start : rows.stop, columns.start : columns.stop]
        told = {
            "picture": self.gallery.names[which],
            "label": self.gallery.labels[which],
            "cell": [row, column, channel],
            "value": float(self.values[which, channel]),
            "box": [rows.start, rows.stop, columns.start, columns.stop],
            "shape": list(pixels.shape),
        }
        return told, np.ascontiguousarray(pixels).tobytes()


def strongest(net: Net, weights: Weights, layer: str, gallery: Gallery) -> Strongest:
    """Looks through the pictures. Raises InputError where the layer has no maps."""
    cut = up_to(net, layer)
    shape = cut.shapes(gallery.pixels.shape[1:])[layer]
    if len(shape) != 3:
        raise InputError(f"{layer} is a list of {describe(shape)} numbers, it has no maps")
    some = gallery.first(max(BATCH, WORK // max(1, cut.cost(gallery.pixels.shape[1:]).multiplications)))
    predictor = ReferencePredictor(cut, weights)
    values, places = [], []
    for start in range(0, len(some.pixels), BATCH):
        maps = predictor(some.pixels[start : start + BATCH])
        flat = np.where(np.isfinite(maps), maps, -np.inf).reshape(len(maps), -1, shape[2])
        places.append(flat.argmax(axis=1))
        values.append(flat.max(axis=1))
    if not values:
        raise InputError("there are no pictures to look through; open the model with some")
    return Strongest(cut, some, np.nan_to_num(np.concatenate(values)), np.concatenate(places))


def up_to(net: Net, layer: str) -> Net:
    """The net up to a layer."""
    place = net.names.index(net[layer].name)
    return Net(net.input, net.nodes[: place + 1])


def seen(net: Net, shapes: Mapping[str, Shape], cell: Cell) -> tuple[range, range]:
    """Rows and columns of the prepared picture that a cell of the net's output depends on; all where it says none."""
    prepared = prepared_stage(net)
    regions = reach.behind(net, shapes, net.output.name, cell)
    rows, columns, _ = regions.get(prepared, tuple(range(size) for size in shapes[prepared]))
    return rows, columns
