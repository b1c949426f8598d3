"""Log-softmax: the logarithms of softmax's probabilities, also of those too small to write down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cutaway.layers.layer import PREDICTING, UNIT, Array, Cell, Gradients, Operator, Pass, Shape, Weights
from cutaway.layers.softmax import Softmax, below_the_largest
from cutaway.layers.working import Step, Working, at, made, summed, times


class LogSoftmax(Softmax):
    """`logsoftmax`: y[k] = x[k] - log (sum over j of e^x[j]), over the last axis."""

    word = "logsoftmax"

    def forward(self, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Array:
        lowered = below_the_largest(xs[0])
        return lowered - np.log(np.exp(lowered).sum(axis=-1, keepdims=True))

    def backward(self, dy: Array, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Gradients:
        return [dy - Softmax().forward(xs, w) * dy.sum(axis=-1, keepdims=True)], {}

    def bound(self, xs: Sequence[Array], w: Weights) -> Array:
        """Rounding of x - max, of the total (which moves its logarithm by the same share of 1), and of the result."""
        y, off = self.forward(xs, w), abs(below_the_largest(xs[0]))
        shares = (Softmax().forward(xs, w) * off).sum(axis=-1, keepdims=True)
        return UNIT * (2 * off + 4 * abs(y) + shares + y.shape[-1] + 10)

    def terms(self, cell: Cell, xs: Sequence[Array], w: Weights) -> Working:
        powers = self._powers(cell, xs)
        score = at("input", xs[0], cell)
        lowered = score.value - powers.where["largest"].value
        own = made(f"x[{cell[-1]}] - largest", summed([times(score)], Step("x - largest", lowered), where=powers.where))
        step = Step("own - log(x)", lowered - float(np.log(powers.combined)))
        return replace(powers, steps=(step,), where={**powers.where, "own": own})

    def onnx(self, *shapes: Shape) -> list[Operator]:
        return [Operator("LogSoftmax", ("x",), {"axis": 1 if len(shapes[0]) == 3 else -1})]
