"""Batch norm: each channel is brought to mean 0 and variance 1, then to a bias and a gain that are learned."""

from __future__ import annotations

import math
from collections.abc import Sequence

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
from cutaway.layers.working import Factor, Working, at, summed, times

EPSILON = 1e-5
"""Added to the variance, so that a channel that never changes does not divide by zero."""
MOMENTUM = 0.1
"""The share of the newest batch in the running mean and variance."""


class Norm(Layer):
    """`norm`: y = (x - mean[k]) / sqrt(variance[k] + 0.00001) gain[k] + bias[k] in channel k, any shape.

    While training, mean and variance are those of the batch; otherwise the running ones (Ioffe and Szegedy 2015).
    The variance divides by the number of cells, as in ONNX.
    """

    word = "norm"

    def parameters(self, *shapes: Shape) -> dict[str, Parameter]:
        channels = shapes[0][-1:]
        return {
            "gain": Parameter(channels, "ones"),
            "bias": Parameter(channels),
            "mean": Parameter(channels, trained=False),
            "variance": Parameter(channels, "ones", trained=False),
        }

    def forward(self, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Array:
        mean, variance = self._moments(xs[0]) if run.training else (w["mean"], w["variance"])
        return (xs[0] - mean) * self._scale(w, variance) + w["bias"]

    def backward(self, dy: Array, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Gradients:
        x = xs[0]
        axes = tuple(range(x.ndim - 1))
        mean, variance = self._moments(x) if run.training else (w["mean"], w["variance"])
        normal = (x - mean) / np.sqrt(variance + x.dtype.type(EPSILON))
        dgain, dbias = (dy * normal).sum(axis=axes), dy.sum(axis=axes)
        dx = dy * self._scale(w, variance)
        if run.training:  # the batch's own mean and variance move with x
            count = x.dtype.type(x.size // x.shape[-1])
            dx = self._scale(w, variance) * (dy - dbias / count - normal * dgain / count)
        return [dx], {"gain": dgain, "bias": dbias}

    def observe(self, xs: Sequence[Array], w: Weights) -> dict[str, Array]:
        mean, variance = self._moments(xs[0])
        share = xs[0].dtype.type(MOMENTUM)
        return {
            "mean": w["mean"] + share * (mean - w["mean"]),
            "variance": w["variance"] + share * (variance - w["variance"]),
        }

    def bound(self, xs: Sequence[Array], w: Weights) -> Array:
        scale = abs(self._scale(w, w["variance"]))
        return 8 * (UNIT * ((abs(xs[0]) + abs(w["mean"])) * scale + abs(w["bias"])) + TINY)

    @staticmethod
    def _moments(x: Array) -> tuple[Array, Array]:
        axes = tuple(range(x.ndim - 1))
        return x.mean(axis=axes), x.var(axis=axes)

    @staticmethod
    def _scale(w: Weights, variance: Array) -> Array:
        return w["gain"] / np.sqrt(variance + variance.dtype.type(EPSILON))

    def sources(self, cell: Cell, shapes: Sequence[Shape]) -> Sources:
        own = only(cell[-1:])
        return Sources((only(cell),), dict.fromkeys(("gain", "bias", "mean", "variance"), own))

    def field(self, region: Region, shapes: Sequence[Shape]) -> tuple[Region, ...]:
        return (region,)

    def terms(self, cell: Cell, xs: Sequence[Array], w: Weights) -> Working:
        own = cell[-1:]
        exact = {name: np.asarray(value, np.float64) for name, value in w.items()}
        scale = Factor("gain / sqrt(variance + 0.00001)", (), float(self._scale(exact, exact["variance"])[own]))
        mean = at("mean", w["mean"], own)
        return summed(
            [
                times(at("input", xs[0], cell), scale),
                times(Factor("-mean", own, -mean.value), scale),
                times(at("bias", w["bias"], own)),
            ]
        )

    def multiplications(self, *shapes: Shape) -> int:
        return math.prod(shapes[0])

    def onnx(self, *shapes: Shape) -> list[Operator]:
        return [Operator("BatchNormalization", ("x", "gain", "bias", "mean", "variance"), {"epsilon": EPSILON})]
