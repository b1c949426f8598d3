"""Muon: momentum whose matrices are made orthogonal before they move the weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from cutaway.layers.layer import Array, Parameter
from cutaway.optimisers.adamw import AdamW
from cutaway.optimisers.optimiser import Moment, Optimiser, length

QUINTIC = (3.4445, -4.7750, 2.0315)
"""a, b, c: a s + b s^3 + c s^5 takes small singular values up steeply and keeps large ones near 1."""
ITERATIONS = 5
EPSILON = 1e-7
"""Added to a matrix's length before it is divided by it."""


@dataclass(frozen=True)
class Muon(Optimiser):
    """Momentum, orthogonalised by Newton-Schulz (Jordan et al. 2024, kellerjordan.github.io/posts/muon).

    Kernels and dense weights, each as the matrix [inputs of a cell, outputs] (a kernel is [kh x kw x in, out]):

        v = momentum v + g;  o = orthogonal(g + momentum v);  w = w - rate (max(1, outputs / inputs)^0.5 o + decay w)

    The scale is the published one, max(1, rows / columns)^0.5 of a matrix that there stands as [outputs, inputs]; for
    kernels the inputs of a cell count, as in torch.optim.Muon of the flattened kernel. All other weights (biases,
    gains, leaks) move by AdamW's rule without decay, at the rate times `others`.
    """

    momentum: float = 0.95
    nesterov: bool = True
    """Looks ahead, as above; otherwise o = orthogonal(v)."""
    decay: float = 1e-2
    others: float = 0.5
    """Times the learning rate, for the weights that move by AdamW's rule."""

    name = "muon"
    counts = True
    rest: ClassVar[AdamW] = AdamW()
    """The rule of the other weights."""

    def whole(self, parameter: Parameter) -> bool:
        return parameter.decayed

    def factor(self, parameter: Parameter) -> float:
        return 1.0 if self.whole(parameter) else self.others

    def memories(self, parameter: Parameter) -> tuple[str, ...]:
        return ("velocity",) if self.whole(parameter) else self.rest.memories(parameter)

    def move(self, w: Array, g: Array, memory: Mapping[str, Array], parameter: Parameter, at: Moment) -> None:
        if not self.whole(parameter):
            self.rest.move(w, g, memory, parameter, at)
            return
        v, number = memory["velocity"], w.dtype.type
        v *= number(self.momentum)
        v += g
        ahead = g + number(self.momentum) * v if self.nesterov else v
        move = number(scale(w)) * orthogonal(ahead.reshape(-1, w.shape[-1])).reshape(w.shape)
        if at.decay:
            move += number(at.decay) * w
        w -= number(at.rate) * move


def orthogonal(matrix: Array) -> Array:
    """A matrix with the same singular vectors, whose singular values are all near 1: 0.68 to 1.14.

    >>> import numpy as np
    >>> orthogonal(np.array([[30.0, 0.0], [0.0, -40.0]])).round(2)
    array([[ 0.72,  0.  ],
           [ 0.  , -1.12]])

    Newton-Schulz: x = matrix / length; five times: s = x x', x = a x + (b s + c s s) x. Singular values below a
    hundredth of the length stay smaller, and 0 stays 0. What is taller than wide is turned, so that s is the smaller.
    """
    a, b, c = map(matrix.dtype.type, QUINTIC)
    turned = matrix.shape[0] > matrix.shape[1]
    x = (matrix.T if turned else matrix) / matrix.dtype.type(length([matrix]) + EPSILON)
    for _ in range(ITERATIONS):
        s = x @ x.T
        x = a * x + (b * s + c * (s @ s)) @ x
    return x.T if turned else x


def scale(w: Array) -> float:
    """max(1, outputs / inputs of a cell)^0.5.

    >>> import numpy as np
    >>> scale(np.zeros((3, 3, 1, 36))), scale(np.zeros((100, 10)))
    (2.0, 1.0)
    """
    outputs = w.shape[-1]
    return max(1.0, outputs * outputs / w.size) ** 0.5
