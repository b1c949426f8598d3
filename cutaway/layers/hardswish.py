"""Hard swish: x times its hard sigmoid."""

from __future__ import annotations

from cutaway.layers.elementwise import Elementwise
from cutaway.layers.hardsigmoid import HardSigmoid
from cutaway.layers.layer import Array, Operator, Shape


class HardSwish(Elementwise):
    """`hardswish`: y = x min(max(0, x + 3), 6) / 6 (MobileNetV3, Howard et al. 2019)."""

    word = "hardswish"
    formula = "x * min(max(0, x / 6 + 1/2), 1)"
    roundings = 5
    rectifier = True

    def value(self, x: Array) -> Array:
        return x * HardSigmoid().value(x)

    def slope(self, x: Array) -> Array:
        return HardSigmoid().value(x) + x * HardSigmoid().slope(x)

    def magnitude(self, x: Array) -> Array:
        return abs(x) * HardSigmoid().magnitude(x)

    def onnx(self, *shapes: Shape) -> list[Operator]:
        return [Operator("HardSwish", ("x",))]
