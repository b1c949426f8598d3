"""Scale: whole numbers from 0 to 255 become numbers from 0 to 1."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from cutaway.layers.elementwise import Elementwise
from cutaway.layers.layer import Array, Operator, Shape
from cutaway.layers.words import Words


@dataclass(frozen=True)
class Scale(Elementwise):
    """`scale`, `scale 127.5`: y = x / 255, or whatever it divides by."""

    divisor: float = 255.0

    word = "scale"
    activation = False
    roundings = 2

    @classmethod
    def read(cls, words: Words) -> Self:
        layer = cls(words.number("what to divide by")) if words.more else cls()
        if not layer.divisor:
            raise words.error("cannot divide by 0")
        return layer

    def text(self) -> str:
        return self.word if self.divisor == 255 else f"{self.word} {self.divisor!r}"

    @property
    def formula(self) -> str:  # type: ignore[override]
        """Dividing, in numbers."""
        return f"x / {self.divisor:.15g}"

    def value(self, x: Array) -> Array:
        return x / x.dtype.type(self.divisor)

    def slope(self, x: Array) -> Array:
        return np.full_like(x, 1 / self.divisor)

    def multiplications(self, *shapes: Shape) -> int:
        return math.prod(shapes[0])

    def onnx(self, *shapes: Shape) -> list[Operator]:
        return [Operator("Div", ("x", "divisor"), constants={"divisor": np.float32(self.divisor)})]
