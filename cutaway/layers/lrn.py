"""Local response normalisation: each cell is damped by its neighbours in other channels (AlexNet, GoogLeNet)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from cutaway.layers.layer import (
    PREDICTING,
    TINY,
    UNIT,
    Array,
    Cell,
    Gradients,
    Layer,
    Operator,
    Pass,
    Region,
    Shape,
    Sources,
    Weights,
    only,
)
from cutaway.layers.words import Words
from cutaway.layers.working import Factor, Step, Working, at, summed, times

ALPHA, BETA, BIAS = 1e-4, 0.75, 1.0
"""Krizhevsky et al. 2012 with Caffe's bias of 1 (the paper has 2), as GoogLeNet and every importer expect."""


@dataclass(frozen=True)
class Lrn(Layer):
    """`lrn 5`: y = x / (1 + 0.0001 / size sum of x^2 over `size` channels around it) ^ 0.75."""

    size: int = 5

    word = "lrn"

    @classmethod
    def read(cls, words: Words) -> Self:
        return cls(words.integer("the number of channels")) if words.more else cls()

    def text(self) -> str:
        return f"lrn {self.size}"

    def forward(self, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Array:
        return xs[0] * self._base(xs[0]) ** xs[0].dtype.type(-BETA)

    def backward(self, dy: Array, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Gradients:
        x = xs[0]
        base = self._base(x)
        shared = self._around(dy * x * base ** x.dtype.type(-BETA - 1), (self.size - 1) // 2)
        return [dy * base ** x.dtype.type(-BETA) - x.dtype.type(2 * BETA * ALPHA / self.size) * x * shared], {}

    def bound(self, xs: Sequence[Array], w: Weights) -> Array:
        return (self.size + 16) * UNIT * abs(self.forward(xs, w)) + TINY

    def _base(self, x: Array) -> Array:
        return BIAS + x.dtype.type(ALPHA / self.size) * self._around(x * x, self.size // 2)

    def _around(self, x: Array, after: int) -> Array:
        """The sum over `size` channels around each, `after` of them above it; ONNX puts the odd one above."""
        before = self.size - 1 - after
        padded = np.pad(x, (*((0, 0),) * (x.ndim - 1), (before, after)))
        return np.lib.stride_tricks.sliding_window_view(padded, self.size, axis=-1).sum(axis=-1)

    def _channels(self, channel: int, channels: int) -> range:
        before = self.size - 1 - self.size // 2
        return range(max(0, channel - before), min(channels, channel + self.size // 2 + 1))

    def sources(self, cell: Cell, shapes: Sequence[Shape]) -> Sources:
        around = self._channels(cell[-1], shapes[0][-1])
        return Sources(((*only(cell[:-1]), around),))

    def field(self, region: Region, shapes: Sequence[Shape]) -> tuple[Region, ...]:
        ends = [self._channels(k, shapes[0][-1]) for k in (region[-1][0], region[-1][-1])]
        return ((*region[:-1], range(ends[0][0], ends[1][-1] + 1)),)

    def terms(self, cell: Cell, xs: Sequence[Array], w: Weights) -> Working:
        x = xs[0]
        share = Factor(f"{ALPHA:g} / {self.size}", (), ALPHA / self.size)
        around = [at("input", x, (*cell[:-1], k)) for k in self._channels(cell[-1], x.shape[-1])]
        squares = [times(factor, factor, share) for factor in around]
        working = summed([times(Factor("constant", (), BIAS)), *squares])
        own = at("input", x, cell)
        step = Step(f"own / x^{BETA:g}", own.value / working.combined**BETA)
        return summed(working.terms, step, where={"own": own})

    def multiplications(self, *shapes: Shape) -> int:
        return math.prod(shapes[0]) * (self.size + 2)

    def onnx(self, *shapes: Shape) -> list[Operator]:
        return [Operator("LRN", ("x",), {"size": self.size, "alpha": ALPHA, "beta": BETA, "bias": BIAS})]
