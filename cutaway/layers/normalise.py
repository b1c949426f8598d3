"""Normalise: each channel less its mean over the training pictures, divided by its standard deviation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from cutaway.errors import ShapeError
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
    describe,
    only,
)
from cutaway.layers.words import Words
from cutaway.layers.working import Factor, Step, Working, at, summed, times


@dataclass(frozen=True)
class Normalise(Layer):
    """`normalise 0.5 0.25`, `normalise 0.485 0.456 0.406 / 0.229 0.224 0.225`: y = (x - mean[k]) / deviation[k].

    One mean and one deviation for all channels, or as many as there are channels.
    """

    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    word = "normalise"

    @classmethod
    def read(cls, words: Words) -> Self:
        mean = [words.number("a mean")]
        while words.numeric():
            mean.append(words.number("a mean"))
        if words.peek() == "/":
            words.next("/")
            deviation = [words.number("a standard deviation") for _ in mean]
        elif len(mean) == 2:
            deviation = [mean.pop()]
        else:
            raise words.error("expected '/' and as many standard deviations as means")
        if 0 in deviation:
            raise words.error("cannot divide by a standard deviation of 0")
        return cls(tuple(mean), tuple(deviation))

    def text(self) -> str:
        means, deviations = (" ".join(map(repr, numbers)) for numbers in (self.mean, self.deviation))
        return f"normalise {means} {'/ ' if len(self.mean) > 1 else ''}{deviations}"

    def shape(self, *shapes: Shape) -> Shape:
        if len(self.mean) not in (1, shapes[0][-1]):
            raise ShapeError(f"{self.text()}: {len(self.mean)} means do not fit the channels of {describe(shapes[0])}")
        return shapes[0]

    def forward(self, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Array:
        x = xs[0]
        return (x - np.array(self.mean, x.dtype)) / np.array(self.deviation, x.dtype)

    def backward(self, dy: Array, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Gradients:
        return [dy / np.array(self.deviation, dy.dtype)], {}

    def bound(self, xs: Sequence[Array], w: Weights) -> Array:
        """Mean and deviation are themselves rounded to float32 there."""
        x = xs[0]
        return 5 * (UNIT * (abs(x) + abs(np.array(self.mean))) / abs(np.array(self.deviation)) + TINY)

    def sources(self, cell: Cell, shapes: Sequence[Shape]) -> Sources:
        return Sources((only(cell),))

    def field(self, region: Region, shapes: Sequence[Shape]) -> tuple[Region, ...]:
        return (region,)

    def terms(self, cell: Cell, xs: Sequence[Array], w: Weights) -> Working:
        channel = cell[-1] % len(self.mean)
        mean, deviation = self.mean[channel], self.deviation[channel]
        terms = [times(at("input", xs[0], cell)), times(Factor("-mean", (), -mean))]
        total = summed(terms).combined
        return summed(terms, Step(f"x / {deviation!r}", total / deviation))

    def multiplications(self, *shapes: Shape) -> int:
        return math.prod(shapes[0])

    def onnx(self, *shapes: Shape) -> list[Operator]:
        channels = (1, -1, 1, 1) if len(shapes[0]) == 3 else (1, -1)
        mean, deviation = (np.array(v, np.float32).reshape(channels) for v in (self.mean, self.deviation))
        return [
            Operator("Sub", ("x", "mean"), output="centred", constants={"mean": mean}),
            Operator("Div", ("centred", "deviation"), constants={"deviation": deviation}),
        ]
