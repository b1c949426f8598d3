"""Sigmoid: turns a score into a probability."""

from __future__ import annotations

import numpy as np

from cutaway.layers.elementwise import Elementwise
from cutaway.layers.layer import Array, Operator, Shape


class Sigmoid(Elementwise):
    """`sigmoid`: y = 1 / (1 + e^-x), between 0 and 1; never overflows."""

    word = "sigmoid"
    formula = "1 / (1 + exp(-x))"
    roundings = 8

    def value(self, x: Array) -> Array:
        small = np.exp(-abs(x))  # at most 1, so that e^x of a large x is never taken
        return np.where(x >= 0, 1 / (1 + small), small / (1 + small))

    def slope(self, x: Array) -> Array:
        y = self.value(x)
        return y * (1 - y)

    def onnx(self, *shapes: Shape) -> list[Operator]:
        return [Operator("Sigmoid", ("x",))]
