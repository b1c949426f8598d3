"""Batch norm: each channel is brought to mean 0 and variance 1, then to a bias and a gain that are learned."""

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
    Parameter,
    Pass,
    Region,
    Shape,
    Sources,
    Weights,
    only,
)
from cutaway.layers.words import Words
from cutaway.layers.working import Factor, Step, Working, at, made, summed, times

EPSILON = 1e-5
"""Added to the variance, so that a channel that never changes does not divide by zero."""
SCALE = "gain / sqrt(variance + 0.00001)"
MOMENTUM = 0.1
"""The share of the newest batch in the running mean and variance."""


@dataclass(frozen=True)
class Norm(Layer):
    """`norm`: y = (x - mean[k]) / sqrt(variance[k] + 0.00001) gain[k] + bias[k] in channel k, any shape.

    While training, mean and variance are those of the batch; otherwise the running ones (Ioffe and Szegedy 2015).
    `norm ghost 32`: while training, every 32 pictures have their own (Hoffer et al. 2017, "ghost batch norm"); what is
    left at the end of a batch belongs to the last of these groups. The variance divides by the number of cells, as in
    ONNX.
    """

    ghost: int = 0
    """Pictures that share a mean and a variance while training; 0 for the whole batch."""

    word = "norm"

    @classmethod
    def read(cls, words: Words) -> Self:
        for _ in words.options("ghost"):
            return cls(words.integer("the number of pictures that are normalised together"))
        return cls()

    def text(self) -> str:
        return f"norm ghost {self.ghost}" if self.ghost else self.word

    def parameters(self, *shapes: Shape) -> dict[str, Parameter]:
        channels = shapes[0][-1:]
        return {
            "gain": Parameter(channels, "ones"),
            "bias": Parameter(channels),
            "mean": Parameter(channels, trained=False),
            "variance": Parameter(channels, "ones", trained=False),
        }

    def groups(self, count: int) -> list[slice]:
        """Which pictures of a batch are normalised together.

        >>> Norm(ghost=2).groups(5)
        [slice(0, 2, None), slice(2, 5, None)]
        """
        starts = [self.ghost * number for number in range(max(1, count // self.ghost if self.ghost else 1))]
        return [slice(start, end) for start, end in zip(starts, [*starts[1:], count], strict=True)]

    def forward(self, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Array:
        if not run.training:
            return (xs[0] - w["mean"]) * self._scale(w, w["variance"]) + w["bias"]
        return np.concatenate([self._normalised(xs[0][group], w) for group in self.groups(len(xs[0]))])

    def backward(self, dy: Array, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Gradients:
        x, axes = xs[0], tuple(range(dy.ndim - 1))
        if not run.training:
            normal = (x - w["mean"]) / self._deviation(w["variance"])
            scale = self._scale(w, w["variance"])
            return [dy * scale], {"gain": (dy * normal).sum(axis=axes), "bias": dy.sum(axis=axes)}
        parts = [self._backward_of_group(dy[group], x[group], w) for group in self.groups(len(x))]
        dgain, dbias = (np.sum([part[place] for part in parts], axis=0) for place in (1, 2))
        return [np.concatenate([part[0] for part in parts])], {"gain": dgain, "bias": dbias}

    def observe(self, xs: Sequence[Array], w: Weights) -> dict[str, Array]:
        x, share = xs[0], xs[0].dtype.type(MOMENTUM)
        groups = self.groups(len(x))
        shares = [x.dtype.type((group.stop - group.start) / len(x)) for group in groups]
        moments = [self._moments(x[group]) for group in groups]
        weighted = [(s * mean, s * variance) for s, (mean, variance) in zip(shares, moments, strict=True)]
        mean, variance = np.sum(weighted, axis=0)
        return {
            "mean": w["mean"] + share * (mean - w["mean"]),
            "variance": w["variance"] + share * (variance - w["variance"]),
        }

    def _normalised(self, x: Array, w: Weights) -> Array:
        mean, variance = self._moments(x)
        return (x - mean) * self._scale(w, variance) + w["bias"]

    def _backward_of_group(self, dy: Array, x: Array, w: Weights) -> tuple[Array, Array, Array]:
        """The gradients of input, gain and bias; the group's own mean and variance move with x."""
        axes = tuple(range(x.ndim - 1))
        mean, variance = self._moments(x)
        normal = (x - mean) / self._deviation(variance)
        dgain, dbias = (dy * normal).sum(axis=axes), dy.sum(axis=axes)
        count = x.dtype.type(x.size // x.shape[-1])
        return self._scale(w, variance) * (dy - dbias / count - normal * dgain / count), dgain, dbias

    def bound(self, xs: Sequence[Array], w: Weights) -> Array:
        scale = abs(self._scale(w, w["variance"]))
        return 8 * (UNIT * ((abs(xs[0]) + abs(w["mean"])) * scale + abs(w["bias"])) + TINY)

    @staticmethod
    def _moments(x: Array) -> tuple[Array, Array]:
        axes = tuple(range(x.ndim - 1))
        return x.mean(axis=axes), x.var(axis=axes)

    @staticmethod
    def _deviation(variance: Array) -> Array:
        return np.sqrt(variance + variance.dtype.type(EPSILON))

    @classmethod
    def _scale(cls, w: Weights, variance: Array) -> Array:
        return w["gain"] / cls._deviation(variance)

    def sources(self, cell: Cell, shapes: Sequence[Shape]) -> Sources:
        own = only(cell[-1:])
        return Sources((only(cell),), dict.fromkeys(("gain", "bias", "mean", "variance"), own))

    def field(self, region: Region, shapes: Sequence[Shape]) -> tuple[Region, ...]:
        return (region,)

    def terms(self, cell: Cell, xs: Sequence[Array], w: Weights) -> Working:
        own = cell[-1:]
        exact = {name: np.asarray(value, np.float64) for name, value in w.items()}
        gain, mean, variance = (at(name, w[name], own) for name in ("gain", "mean", "variance"))
        ratio = float(self._scale(exact, exact["variance"])[own])
        step = Step(f"x / sqrt(variance + {EPSILON!r})", ratio)
        scale = made(SCALE, summed([times(gain)], step, where={"variance": variance}))
        negative = summed([times(mean)], Step("-x", -mean.value))
        return summed(
            [
                times(at("input", xs[0], cell), scale),
                times(Factor("-mean", own, -mean.value, negative), scale),
                times(at("bias", w["bias"], own)),
            ]
        )

    def multiplications(self, *shapes: Shape) -> int:
        return math.prod(shapes[0])

    def onnx(self, *shapes: Shape) -> list[Operator]:
        return [Operator("BatchNormalization", ("x", "gain", "bias", "mean", "variance"), {"epsilon": EPSILON})]
