"""Softmax: scores become probabilities that add up to one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

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
from cutaway.layers.working import Step, Term, Working, at, made, summed, times


class Softmax(Layer):
    """`softmax`: y[k] = e^x[k] / (sum over j of e^x[j]), over the last axis.

    The largest x is taken off first: the same probabilities, and no overflow however large the scores.
    """

    word = "softmax"

    def forward(self, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Array:
        powers = np.exp(below_the_largest(xs[0]))
        return powers / powers.sum(axis=-1, keepdims=True)

    def backward(self, dy: Array, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Gradients:
        y = self.forward(xs, w)
        return [y * (dy - (dy * y).sum(axis=-1, keepdims=True))], {}

    def bound(self, xs: Sequence[Array], w: Weights) -> Array:
        """Rounding x - max moves e^(x - max) by that share; then come the exp, the sum of n and the division."""
        y, off = self.forward(xs, w), abs(below_the_largest(xs[0]))
        share = off + (y * off).sum(axis=-1, keepdims=True) + y.shape[-1] + 10
        return UNIT * y * share + TINY

    def sources(self, cell: Cell, shapes: Sequence[Shape]) -> Sources:
        return Sources(((*only(cell[:-1]), range(shapes[0][-1])),))

    def field(self, region: Region, shapes: Sequence[Shape]) -> tuple[Region, ...]:
        return ((*region[:-1], range(shapes[0][-1])),)

    def terms(self, cell: Cell, xs: Sequence[Array], w: Weights) -> Working:
        powers = self._powers(cell, xs)
        own = made(
            f"exp(x[{cell[-1]}] - largest)",
            replace(powers, terms=powers.terms[cell[-1] :][:1], combined=powers.terms[cell[-1]].value),
        )
        where = {**powers.where, "own": own}
        return replace(powers, steps=(Step("own / x", own.value / powers.combined),), where=where)

    def _powers(self, cell: Cell, xs: Sequence[Array]) -> Working:
        """The sum of all powers, e^(x - largest)."""
        scores = [at("input", xs[0], (*cell[:-1], j)) for j in range(xs[0].shape[-1])]
        values = [score.value for score in scores]
        top = float(np.max(values))  # also where one is not a number
        largest = made("largest", Working("max", tuple(map(times, scores)), top))
        powers = np.exp(np.array(values) - top)
        terms = [Term((x,), float(power), "exp(x - largest)") for x, power in zip(scores, powers, strict=True)]
        return summed(terms, where={"largest": largest})

    def multiplications(self, *shapes: Shape) -> int:
        return math.prod(shapes[0])

    def onnx(self, *shapes: Shape) -> list[Operator]:
        return [Operator("Softmax", ("x",), {"axis": 1 if len(shapes[0]) == 3 else -1})]


def below_the_largest(x: Array) -> Array:
    """Each score less the largest of its picture: at most 0."""
    return x - x.max(axis=-1, keepdims=True)
