"""GELU: x times the share of a normal distribution below x."""

from __future__ import annotations

import math

import numpy as np

from cutaway.layers.elementwise import Elementwise
from cutaway.layers.layer import Array, Operator, Shape


class Gelu(Elementwise):
    """`gelu`: y = x (1 + erf(x / sqrt 2)) / 2, the exact form (Hendrycks and Gimpel 2016)."""

    word = "gelu"
    formula = "x * (1 + erf(x / sqrt(2))) / 2"
    roundings = 12
    rectifier = True

    def value(self, x: Array) -> Array:
        return x * self._below(x)

    def slope(self, x: Array) -> Array:
        density = np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
        return self._below(x) + x * density

    def magnitude(self, x: Array) -> Array:
        return abs(x)  # 1 + erf loses its leading digits where x is well below zero

    @staticmethod
    def _below(x: Array) -> Array:
        """The share of a normal distribution below x. NumPy has no erf; the C library's is exact and slow."""
        erf = np.frompyfunc(math.erf, 1, 1)(np.asarray(x, np.float64) / math.sqrt(2))
        return np.asarray((1 + np.asarray(erf, np.float64)) / 2, x.dtype)

    def onnx(self, *shapes: Shape) -> list[Operator]:
        return [Operator("Gelu", ("x",))]
