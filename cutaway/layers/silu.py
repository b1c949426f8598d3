"""SiLU, also called swish: x times its own sigmoid."""

from __future__ import annotations

from cutaway.layers.elementwise import Elementwise
from cutaway.layers.layer import Array, Operator, Shape
from cutaway.layers.sigmoid import Sigmoid


class Silu(Elementwise):
    """`silu`: y = x / (1 + e^-x) (Elfwing et al. 2017)."""

    word = "silu"
    formula = "x / (1 + exp(-x))"
    roundings = 10
    rectifier = True

    def value(self, x: Array) -> Array:
        return x * Sigmoid().value(x)

    def slope(self, x: Array) -> Array:
        y = Sigmoid().value(x)
        return y * (1 + x * (1 - y))

    def onnx(self, *shapes: Shape) -> list[Operator]:
        return [Operator("Sigmoid", ("x",), output="gate"), Operator("Mul", ("x", "gate"))]
