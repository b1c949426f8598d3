"""Mean pooling: of each window, the mean of its cells."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cutaway.layers.layer import (
    PREDICTING,
    TINY,
    UNIT,
    Array,
    Cell,
    Gradients,
    Operator,
    Pass,
    Shape,
    Weights,
)
from cutaway.layers.pooling import Pooling
from cutaway.layers.working import Working, averaged, times


class MeanPool(Pooling):
    """`meanpool 2`: y[r, c, k] = the mean of the x in the window, of channel k.

    A window that the edge cuts short divides by the cells that are there.
    """

    word = "meanpool"

    def forward(self, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Array:
        x = xs[0]
        axes = self.axes(x.shape[1:])
        return self.window.views(x, axes).sum(axis=(3, 4)) / self._divisors(x)

    def backward(self, dy: Array, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Gradients:
        x = xs[0]
        share = (dy / self._divisors(x))[:, :, :, None, None]
        parts = share.repeat(self.size[0], axis=3).repeat(self.size[1], axis=4)
        return [self.window.scatter(parts, self.axes(x.shape[1:]))], {}

    def bound(self, xs: Sequence[Array], w: Weights) -> Array:
        return (math.prod(self.size) + 2) * UNIT * self.forward([abs(xs[0])], w) + TINY

    def terms(self, cell: Cell, xs: Sequence[Array], w: Weights) -> Working:
        return averaged([times(factor) for factor in self._factors(cell, xs[0])])

    def multiplications(self, *shapes: Shape) -> int:
        return math.prod(self.shape(*shapes))

    def onnx(self, *shapes: Shape) -> list[Operator]:
        return [Operator("AveragePool", ("x",), self.window.onnx(shapes[0], self.word) | {"count_include_pad": 0})]

    def _divisors(self, x: Array) -> Array:
        """The cells inside the picture of each window: [rows, columns, 1]."""
        return self.window.present(self.axes(x.shape[1:]))[:, :, None].astype(x.dtype)
