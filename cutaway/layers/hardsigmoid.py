"""Hard sigmoid: a straight line from 0 to 1 in place of the curve."""

from __future__ import annotations

import numpy as np

from cutaway.layers.elementwise import Elementwise
from cutaway.layers.layer import Array, Operator, Shape


class HardSigmoid(Elementwise):
    """`hardsigmoid`: y = x / 6 + 1/2, kept between 0 and 1 (MobileNetV3, Howard et al. 2019)."""

    word = "hardsigmoid"
    formula = "min(max(0, x / 6 + 1/2), 1)"
    roundings = 4

    def value(self, x: Array) -> Array:
        return np.clip(x / 6 + x.dtype.type(0.5), x.dtype.type(0), x.dtype.type(1))

    def slope(self, x: Array) -> Array:
        return np.asarray(abs(x) < 3, x.dtype) / 6

    def magnitude(self, x: Array) -> Array:
        return np.minimum(abs(x) / 6 + 0.5, 1)

    def onnx(self, *shapes: Shape) -> list[Operator]:
        return [Operator("HardSigmoid", ("x",), {"alpha": 1 / 6, "beta": 0.5})]
