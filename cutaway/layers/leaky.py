"""Leaky ReLU: what is negative is made small instead of zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from cutaway.layers.elementwise import Elementwise
from cutaway.layers.layer import Array, Operator, Shape
from cutaway.layers.words import Words


@dataclass(frozen=True)
class Leaky(Elementwise):
    """`leaky`, `leaky 0.1`: y = x where x is positive, else leak x (Maas et al. 2013)."""

    leak: float = 0.01

    word = "leaky"
    roundings = 2
    rectifier = True

    @classmethod
    def read(cls, words: Words) -> Self:
        return cls(words.number("a leak")) if words.more else cls()

    def text(self) -> str:
        return self.word if self.leak == 0.01 else f"{self.word} {self.leak!r}"

    @property
    def formula(self) -> str:  # type: ignore[override]
        """max of x and its small share, in numbers."""
        return f"x if x > 0 else {self.leak!r} * x"

    def value(self, x: Array) -> Array:
        return np.where(x > 0, x, x * x.dtype.type(self.leak))

    def slope(self, x: Array) -> Array:
        return np.where(x > 0, x.dtype.type(1), x.dtype.type(self.leak))

    def onnx(self, *shapes: Shape) -> list[Operator]:
        return [Operator("LeakyRelu", ("x",), {"alpha": self.leak})]
