"""Adam with decoupled weight decay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cutaway.layers.layer import Array, Parameter
from cutaway.optimisers.optimiser import Moment, Optimiser


@dataclass(frozen=True)
class AdamW(Optimiser):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019), bias-corrected.

    m = b1 m + (1 - b1) g;  s = b2 s + (1 - b2) g^2;  w = w - rate (m / c1 / (sqrt(s / c2) + epsilon) + decay w)
    with c1 = 1 - b1^t, c2 = 1 - b2^t at step t.
    """

    momentum: float = 0.9
    """b1: how slowly the mean gradient moves."""
    spread: float = 0.999
    """b2: how slowly the mean square moves."""
    decay: float = 1e-2
    epsilon: float = 1e-8

    name = "adamw"
    counts = True

    def memories(self, parameter: Parameter) -> tuple[str, ...]:
        return ("mean", "square")

    def move(self, w: Array, g: Array, memory: Mapping[str, Array], parameter: Parameter, at: Moment) -> None:
        m, s, number = memory["mean"], memory["square"], w.dtype.type
        c1, c2 = 1 - self.momentum**at.step, 1 - self.spread**at.step
        m += number(1 - self.momentum) * (g - m)
        s += number(1 - self.spread) * (g * g - s)
        move = m / number(c1) / (np.sqrt(s / number(c2)) + number(self.epsilon))
        if at.decay:
            move += number(at.decay) * w
        w -= number(at.rate) * move
