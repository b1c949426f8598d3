"""Dropout: while training, each cell is switched off by chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from cutaway.layers.elementwise import Elementwise
from cutaway.layers.layer import PREDICTING, Array, Cell, Gradients, Operator, Pass, Shape, Weights
from cutaway.layers.words import Words
from cutaway.layers.working import Working, at, summed, times


@dataclass(frozen=True)
class Dropout(Elementwise):
    """`dropout 0.5`: while training, y = 0 with the chance `share`, else x / (1 - share); otherwise y = x.

    Dividing by what is kept while training ("inverted" dropout) leaves prediction with nothing to do
    (Srivastava et al. 2014). Which cells are off depends on `Pass.key` alone.
    """

    share: float = 0.5

    word = "dropout"
    activation = False
    formula = "x"

    @classmethod
    def read(cls, words: Words) -> Self:
        share = words.number("the share to switch off")
        if not 0 <= share < 1:
            raise words.error(f"expected a share from 0 up to, not including, 1; got {share:g}")
        return cls(share)

    def text(self) -> str:
        return f"dropout {self.share!r}"

    def forward(self, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Array:
        return xs[0] * self.mask(xs[0], run) if run.training else xs[0]

    def backward(self, dy: Array, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Gradients:
        return [dy * self.mask(xs[0], run) if run.training else dy], {}

    def mask(self, x: Array, run: Pass) -> Array:
        """0 where a cell is off, 1 / (1 - share) where it is on."""
        kept = drawn(run.key, x.size).reshape(x.shape) >= self.limit
        return kept.astype(x.dtype) / x.dtype.type(1 - self.share)

    @property
    def limit(self) -> int:
        """Of 2^32 numbers that can be drawn, those that switch a cell off."""
        return round(self.share * 2**32)

    def terms(self, cell: Cell, xs: Sequence[Array], w: Weights) -> Working:
        return summed([times(at("input", xs[0], cell))])

    def onnx(self, *shapes: Shape) -> list[Operator]:
        return [Operator("Identity", ("x",))]


def drawn(key: tuple[int, ...], count: int) -> Array:
    """A 32-bit number for each cell of a batch, by its place [N, *shape] in reading order, as if by chance.

    Each depends on the key and its place alone, so that any engine can draw any of them, in any order.
    """
    low, high = key_of(key)
    places = np.arange(count, dtype=np.uint32)
    return scrambled(scrambled(places ^ np.uint32(low)) ^ np.uint32(high))


def scrambled(x: Array) -> Array:
    """A 32-bit number from another: every bit depends on all (Wellons 2018, "lowbias32")."""
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
    x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
    return x ^ (x >> np.uint32(16))


def key_of(key: tuple[int, ...]) -> tuple[int, int]:
    """Two 32-bit numbers from a key of whole numbers, by splitmix64 (Steele, Lea and Flood 2014)."""
    state = 0
    for number in key:
        state = (state ^ number) + 0x9E3779B97F4A7C15 & (2**64 - 1)
        state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 & (2**64 - 1)
        state = (state ^ (state >> 27)) * 0x94D049BB133111EB & (2**64 - 1)
        state ^= state >> 31
    return state & (2**32 - 1), state >> 32
