"""Predicts with the engine that is done first: a few pictures are done before a fast engine is ready."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cutaway.engines import choose
from cutaway.engines.engine import Pixels, Predictor, Says
from cutaway.engines.reference import ReferencePredictor
from cutaway.layers.layer import Array, Weights
from cutaway.net import Net

FEW = 10**9
"""Multiplications that the reference engine does in about the time (0.2 s) that the native one takes to get ready."""
FEWER = 10**8
"""The same for ONNX Runtime, which is ready after 0.1 s, and for nets of the kind that the reference is slowest at."""


class Patient:
    """The reference engine for a few pictures and for every stage; for many the best engine, or the one given."""

    def __init__(self, net: Net, weights: Weights, fast: Callable[[], Says] | None = None) -> None:
        self.net, self.weights, self.fast = net, weights, fast
        self.cost = net.cost(net.preparation.shape).multiplications
        self.few_enough = FEWER if fast else FEW
        self.done = 0
        """Multiplications so far: many small calls are many pictures too."""

    @cached_property
    def few(self) -> Predictor:
        return ReferencePredictor(self.net, self.weights)

    @cached_property
    def many(self) -> Says:
        if self.fast:
            return self.fast()
        return choose("auto", self.net, precision="float32").predictor(self.net, self.weights)

    def __call__(self, pictures: Pixels) -> NDArray[np.float32]:
        self.done += len(pictures) * self.cost
        return self.many(pictures) if self.done > self.few_enough else self.few(pictures)

    def stages(self, pictures: Pixels) -> dict[str, Array]:
        return self.few.stages(pictures)
