"""ReLU that stops at six."""

from __future__ import annotations

import numpy as np

from cutaway.layers.elementwise import Elementwise
from cutaway.layers.layer import Array, Operator, Shape


class Relu6(Elementwise):
    """`relu6`: y = x between 0 and 6, which it never leaves. MobileNet's (Howard et al. 2017)."""

    word = "relu6"
    formula = "min(max(0, x), 6)"
    rectifier = True

    def value(self, x: Array) -> Array:
        return np.clip(x, x.dtype.type(0), x.dtype.type(6))

    def slope(self, x: Array) -> Array:
        return np.asarray((x > 0) & (x < 6), x.dtype)

    def onnx(self, *shapes: Shape) -> list[Operator]:
        return [Operator("Clip", ("x", "low", "high"), constants={"low": np.float32(0), "high": np.float32(6)})]
