"""Concat: the channels of several branches, one after the other (the end of an inception block)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

import numpy as np

from cutaway.errors import ShapeError
from cutaway.layers.layer import (
    PREDICTING,
    Array,
    Cell,
    Gradients,
    Operator,
    Pass,
    Region,
    Shape,
    Sources,
    Weights,
    describe,
    only,
)
from cutaway.layers.merging import Merging, operands
from cutaway.layers.working import Working, at, input_name, summed, times


class Concat(Merging):
    """`concat(conv 64 1x1 | conv 64 3x3 same)`: [N, H, W, C1], [N, H, W, C2] -> [N, H, W, C1 + C2]."""

    word = "concat"
    block = "concat"

    def shape(self, *shapes: Shape) -> Shape:
        if len({shape[:-1] for shape in shapes}) > 1:
            raise ShapeError(f"concat cannot join {' and '.join(map(describe, shapes))}: rows and columns must agree")
        return (*shapes[0][:-1], sum(shape[-1] for shape in shapes))

    def forward(self, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Array:
        return np.concatenate(xs, axis=-1)

    def backward(self, dy: Array, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Gradients:
        return np.split(dy, list(accumulate(x.shape[-1] for x in xs))[:-1], axis=-1), {}

    def bound(self, xs: Sequence[Array], w: Weights) -> Array:
        return np.zeros((len(xs[0]), *self.shape(*(x.shape[1:] for x in xs))))

    def sources(self, cell: Cell, shapes: Sequence[Shape]) -> Sources:
        return Sources(self.field(only(cell), shapes))

    def field(self, region: Region, shapes: Sequence[Shape]) -> tuple[Region, ...]:
        """The channels of the region that each input gave; an empty range where it gave none."""
        starts = [0, *accumulate(shape[-1] for shape in shapes)]
        channels = region[-1]
        return tuple(
            (*region[:-1], range(max(channels[0], start) - start, min(channels[-1] + 1, stop) - start))
            for start, stop in pairwise(starts)
        )

    def terms(self, cell: Cell, xs: Sequence[Array], w: Weights) -> Working:
        fields = self.field(only(cell), [x.shape for x in xs])
        number = next(i for i, field in enumerate(fields) if len(field[-1]))
        place = tuple(axis[0] for axis in fields[number])
        return summed([times(at(input_name(number, len(xs)), xs[number], place))])

    def onnx(self, *shapes: Shape) -> list[Operator]:
        return [Operator("Concat", operands(len(shapes)), {"axis": 1})]
