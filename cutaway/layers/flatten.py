"""Flatten: maps become one list, row by row, column by column, channel by channel."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from cutaway.layers.layer import (
    PREDICTING,
    Array,
    Cell,
    Gradients,
    Layer,
    Operator,
    Pass,
    Region,
    Shape,
    Sources,
    Weights,
    only,
)
from cutaway.layers.working import Working, at, summed, times


class Flatten(Layer):
    """`flatten`: [N, H, W, C] -> [N, H W C]; slot = (row W + column) C + channel."""

    word = "flatten"

    def shape(self, *shapes: Shape) -> Shape:
        return (math.prod(shapes[0]),)

    def forward(self, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Array:
        return xs[0].reshape(len(xs[0]), -1)

    def backward(self, dy: Array, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Gradients:
        return [dy.reshape(xs[0].shape)], {}

    def bound(self, xs: Sequence[Array], w: Weights) -> Array:
        return np.zeros((len(xs[0]), math.prod(xs[0].shape[1:])))

    def sources(self, cell: Cell, shapes: Sequence[Shape]) -> Sources:
        return Sources((only(self.place(cell[0], shapes[0])),))

    def field(self, region: Region, shapes: Sequence[Shape]) -> tuple[Region, ...]:
        """A run of slots that turns a corner covers whole rows of what it turns through."""
        places = np.unravel_index(np.array(region[0]), shapes[0])
        return (tuple(range(int(axis.min()), int(axis.max()) + 1) for axis in places),)

    def terms(self, cell: Cell, xs: Sequence[Array], w: Weights) -> Working:
        return summed([times(at("input", xs[0], self.place(cell[0], xs[0].shape)))])

    @staticmethod
    def place(slot: int, shape: Shape) -> Cell:
        """The cell of the maps that went into a slot."""
        return tuple(int(index) for index in np.unravel_index(slot, shape))

    def onnx(self, *shapes: Shape) -> list[Operator]:
        """Channels come first in ONNX, last here: they are moved before the list is made, so that slots agree."""
        flatten = Operator("Flatten", ("x",), {"axis": 1})
        if len(shapes[0]) == 1:
            return [flatten]
        return [
            Operator("Transpose", ("x",), {"perm": (0, 2, 3, 1)}, output="last"),
            Operator("Flatten", ("last",), {"axis": 1}),
        ]
