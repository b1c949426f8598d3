"""Rectified linear unit: what is negative becomes zero."""

from __future__ import annotations

import numpy as np

from cutaway.layers.elementwise import Elementwise
from cutaway.layers.layer import Array, Operator, Shape


class Relu(Elementwise):
    """`relu`: y = x where x is positive, else 0. Its slope at 0 is 0."""

    word = "relu"
    formula = "max(0, x)"
    rectifier = True

    def value(self, x: Array) -> Array:
        return np.maximum(x, x.dtype.type(0))

    def slope(self, x: Array) -> Array:
        return np.asarray(x > 0, x.dtype)

    def onnx(self, *shapes: Shape) -> list[Operator]:
        return [Operator("Relu", ("x",))]
