"""Hyperbolic tangent: squeezes every number between -1 and 1."""

from __future__ import annotations

import numpy as np

from cutaway.layers.elementwise import Elementwise
from cutaway.layers.layer import Array, Operator, Shape


class Tanh(Elementwise):
    """`tanh`: y = (e^x - e^-x) / (e^x + e^-x)."""

    word = "tanh"
    formula = "tanh(x)"
    roundings = 4

    def value(self, x: Array) -> Array:
        return np.tanh(x)

    def slope(self, x: Array) -> Array:
        return 1 - np.tanh(x) ** 2

    def onnx(self, *shapes: Shape) -> list[Operator]:
        return [Operator("Tanh", ("x",))]
