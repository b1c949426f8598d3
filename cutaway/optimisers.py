"""Optimisers: how weights move against their gradients. Declared once, in NumPy; the engines are held against them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cutaway.layers.layer import Array, Parameter, Weights


@dataclass(frozen=True)
class Optimiser(ABC):
    """One rule. `state` holds what it remembers between steps, by name; all arrays are changed in place."""

    name: ClassVar[str]

    @abstractmethod
    def state(self, weights: Weights) -> dict[str, Array]:
        """What it remembers before the first step: zeros."""

    @abstractmethod
    def step(
        self,
        weights: Mapping[str, Array],
        gradients: Weights,
        state: Mapping[str, Array],
        parameters: Mapping[str, Parameter],
        rate: float,
    ) -> None:
        """Moves every weight that has a gradient. `rate` is the learning rate of this step."""


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

    def state(self, weights: Weights) -> dict[str, Array]:
        return {f"velocity.{name}": np.zeros_like(w) for name, w in weights.items()}

    def step(
        self,
        weights: Mapping[str, Array],
        gradients: Weights,
        state: Mapping[str, Array],
        parameters: Mapping[str, Parameter],
        rate: float,
    ) -> None:
        for name, gradient in gradients.items():
            w, v = weights[name], state[f"velocity.{name}"]
            number = w.dtype.type
            pull = gradient + number(self.decay) * w if self.decay and parameters[name].decayed else gradient
            v *= number(self.momentum)
            v += pull
            w -= number(rate) * (pull + number(self.momentum) * v if self.nesterov else v)


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

    def state(self, weights: Weights) -> dict[str, Array]:
        means = {f"mean.{name}": np.zeros_like(w) for name, w in weights.items()}
        squares = {f"square.{name}": np.zeros_like(w) for name, w in weights.items()}
        return means | squares | {"steps": np.zeros(1, np.int64)}

    def step(
        self,
        weights: Mapping[str, Array],
        gradients: Weights,
        state: Mapping[str, Array],
        parameters: Mapping[str, Parameter],
        rate: float,
    ) -> None:
        count = state["steps"]
        count += 1
        t = int(count[0])
        c1, c2 = 1 - self.momentum**t, 1 - self.spread**t
        for name, g in gradients.items():
            w, m, s = weights[name], state[f"mean.{name}"], state[f"square.{name}"]
            number = w.dtype.type
            m += number(1 - self.momentum) * (g - m)
            s += number(1 - self.spread) * (g * g - s)
            move = m / number(c1) / (np.sqrt(s / number(c2)) + number(self.epsilon))
            if self.decay and parameters[name].decayed:
                move += number(self.decay) * w
            w -= number(rate) * move


OPTIMISERS: dict[str, type[Sgd] | type[AdamW]] = {kind.name: kind for kind in (Sgd, AdamW)}
"""Every optimiser by its name."""
