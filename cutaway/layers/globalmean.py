"""Global mean: of each channel, the mean over the whole map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cutaway.errors import ShapeError
from cutaway.layers.layer import (
    PREDICTING,
    TINY,
    UNIT,
    Array,
    Cell,
    Gradients,
    Layer,
    Operator,
    Pass,
    Shape,
    Sources,
    Weights,
    describe,
    only,
)
from cutaway.layers.working import Working, at, averaged, cells, times


class GlobalMean(Layer):
    """`globalmean`: [N, H, W, C] -> [N, C], y[k] = the mean of all x of channel k."""

    word = "globalmean"

    def shape(self, *shapes: Shape) -> Shape:
        if len(shapes[0]) != 3:
            raise ShapeError(f"globalmean needs maps (height x width x channels); got {describe(shapes[0])}")
        return (shapes[0][2],)

    def forward(self, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Array:
        return xs[0].mean(axis=(1, 2))

    def backward(self, dy: Array, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Gradients:
        x = xs[0]
        share = dy / dy.dtype.type(x.shape[1] * x.shape[2])
        return [np.broadcast_to(share[:, None, None, :], x.shape).copy()], {}

    def bound(self, xs: Sequence[Array], w: Weights) -> Array:
        x = xs[0]
        return (x.shape[1] * x.shape[2] + 2) * UNIT * self.forward([abs(x)], w) + TINY

    def sources(self, cell: Cell, shapes: Sequence[Shape]) -> Sources:
        height, width, _ = shapes[0]
        return Sources(((range(height), range(width), *only(cell)),))

    def terms(self, cell: Cell, xs: Sequence[Array], w: Weights) -> Working:
        x = xs[0]
        return averaged([times(at("input", x, place)) for place in cells(self.sources(cell, [x.shape]).inputs[0])])

    def multiplications(self, *shapes: Shape) -> int:
        return shapes[0][2]

    def onnx(self, *shapes: Shape) -> list[Operator]:
        return [
            Operator("GlobalAveragePool", ("x",), output="means"),
            Operator("Flatten", ("means",), {"axis": 1}),
        ]
