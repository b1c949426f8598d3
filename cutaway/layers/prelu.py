"""PReLU: a leaky ReLU that learns how much each channel leaks."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from cutaway.layers.elementwise import Elementwise
from cutaway.layers.layer import (
    PREDICTING,
    TINY,
    UNIT,
    Array,
    Cell,
    Gradients,
    Operator,
    Parameter,
    Pass,
    Shape,
    Sources,
    Weights,
    only,
)
from cutaway.layers.working import Step, Working, at, summed, times


class PRelu(Elementwise):
    """`prelu`: y = x where x is positive, else leak[k] x in channel k (He et al. 2015)."""

    word = "prelu"
    rectifier = True

    def parameters(self, *shapes: Shape) -> dict[str, Parameter]:
        return {"leak": Parameter((shapes[0][-1],), "quarter")}

    def forward(self, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Array:
        x = xs[0]
        return np.where(x > 0, x, x * w["leak"])

    def backward(self, dy: Array, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Gradients:
        x = xs[0]
        leaked = np.where(x > 0, x.dtype.type(0), dy)
        return [np.where(x > 0, dy, dy * w["leak"])], {"leak": (leaked * x).sum(axis=tuple(range(x.ndim - 1)))}

    def bound(self, xs: Sequence[Array], w: Weights) -> Array:
        return 2 * (UNIT * abs(self.forward(xs, w)) + TINY)

    def sources(self, cell: Cell, shapes: Sequence[Shape]) -> Sources:
        return Sources((only(cell),), {"leak": only(cell[-1:])})

    def terms(self, cell: Cell, xs: Sequence[Array], w: Weights) -> Working:
        x, leak = at("input", xs[0], cell), at("leak", w["leak"], cell[-1:])
        y = x.value if x.value > 0 else leak.value * x.value
        return summed([times(x)], Step("x if x > 0 else leak * x", y), where={"leak": leak})

    def multiplications(self, *shapes: Shape) -> int:
        return math.prod(shapes[0])

    def onnx(self, *shapes: Shape) -> list[Operator]:
        if len(shapes[0]) == 1:
            return [Operator("PRelu", ("x", "leak"))]
        column = np.array([shapes[0][-1], 1, 1])  # ONNX lines the leaks up with the last axes, which are not channels
        return [
            Operator("Reshape", ("leak", "column"), output="leaks", constants={"column": column}),
            Operator("PRelu", ("x", "leaks")),
        ]
