"""Sum pooling: of each window, the sum of its cells."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from cutaway.layers.layer import PREDICTING, UNIT, Array, Cell, Gradients, Operator, Pass, Shape, Weights
from cutaway.layers.pooling import Pooling
from cutaway.layers.working import Working, summed, times


class SumPool(Pooling):
    """`sumpool 2`: y[r, c, k] = the sum of the x in the window, of channel k. Padding counts nothing."""

    word = "sumpool"

    def forward(self, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Array:
        x = xs[0]
        return self.window.views(x, self.axes(x.shape[1:])).sum(axis=(3, 4))

    def backward(self, dy: Array, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Gradients:
        parts = np.broadcast_to(dy[:, :, :, None, None], (*dy.shape[:3], *self.size, dy.shape[3]))
        return [self.window.scatter(parts, self.axes(xs[0].shape[1:]))], {}

    def bound(self, xs: Sequence[Array], w: Weights) -> Array:
        return (math.prod(self.size) + 1) * UNIT * self.forward([abs(xs[0])], w)

    def terms(self, cell: Cell, xs: Sequence[Array], w: Weights) -> Working:
        return summed([times(factor) for factor in self._factors(cell, xs[0])])

    def onnx(self, *shapes: Shape) -> list[Operator]:
        """A convolution with ones, each channel by itself: ONNX has no sum pooling."""
        channels = shapes[0][2]
        ones = np.ones((channels, 1, *self.size), np.float32)
        attributes = self.window.onnx(shapes[0], self.word) | {"group": channels}
        return [Operator("Conv", ("x", "ones"), attributes, constants={"ones": ones})]
