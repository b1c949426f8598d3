"""Gradient descent with momentum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cutaway.layers.layer import Array, Parameter
from cutaway.optimisers.optimiser import Moment, Optimiser


@dataclass(frozen=True)
class Sgd(Optimiser):
    """Gradient descent with momentum: v = momentum v + g + decay w;  w = w - rate v.

    The decay is added to the gradient (L2), and only for kernels and dense weights.
    """

    momentum: float = 0.9
    nesterov: bool = True
    """Looks ahead: w = w - rate (g + decay w + momentum v), with the new v (Sutskever et al. 2013)."""
    decay: float = 5e-4

    name = "sgd"

    def memories(self, parameter: Parameter) -> tuple[str, ...]:
        return ("velocity",)

    def move(self, w: Array, g: Array, memory: Mapping[str, Array], parameter: Parameter, at: Moment) -> None:
        v, number = memory["velocity"], w.dtype.type
        pull = g + number(at.decay) * w if at.decay else g
        v *= number(self.momentum)
        v += pull
        w -= number(at.rate) * (pull + number(self.momentum) * v if self.nesterov else v)
