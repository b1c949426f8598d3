"""Max pooling: of each window, the largest cell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cutaway.layers.layer import PREDICTING, Array, Cell, Gradients, Operator, Pass, Shape, Weights
from cutaway.layers.pooling import Pooling
from cutaway.layers.working import Working, times


class MaxPool(Pooling):
    """`maxpool 2`, `maxpool 3 stride 2 partial`: y[r, c, k] = the largest x in the window, of channel k.

    Cells outside the picture never win. Of equal cells the first in reading order wins, and alone gets the gradient.
    """

    word = "maxpool"

    def forward(self, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Array:
        return self._windows(xs[0]).max(axis=(3, 4))

    def backward(self, dy: Array, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Gradients:
        windows = self._windows(xs[0])
        n, rows, columns, height, width, channels = windows.shape
        winner = windows.reshape(n, rows, columns, height * width, channels).argmax(axis=3)
        places = np.arange(height * width)[:, None]
        parts = np.where(winner[:, :, :, None, :] == places, dy[:, :, :, None, :], dy.dtype.type(0))
        axes = self.axes(xs[0].shape[1:])
        return [self.window.scatter(parts.reshape(windows.shape), axes)], {}

    def bound(self, xs: Sequence[Array], w: Weights) -> Array:
        return np.zeros((len(xs[0]), *self.shape(xs[0].shape[1:])))

    def terms(self, cell: Cell, xs: Sequence[Array], w: Weights) -> Working:
        terms = tuple(times(factor) for factor in self._factors(cell, xs[0]))
        return Working("max", terms, float(np.max([term.value for term in terms])))

    def multiplications(self, *shapes: Shape) -> int:
        return 0

    def onnx(self, *shapes: Shape) -> list[Operator]:
        return [Operator("MaxPool", ("x",), self.window.onnx(shapes[0], self.word))]

    def _windows(self, x: Array) -> Array:
        return self.window.views(x, self.axes(x.shape[1:]), value=-np.inf)
