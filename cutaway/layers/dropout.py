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
        kept = np.random.default_rng(run.key).random(x.shape, np.float32) >= self.share
        return kept.astype(x.dtype) / x.dtype.type(1 - self.share)

    def terms(self, cell: Cell, xs: Sequence[Array], w: Weights) -> Working:
        return summed([times(at("input", xs[0], cell))])

    def onnx(self, *shapes: Shape) -> list[Operator]:
        return [Operator("Identity", ("x",))]
