"""What the activations share: each cell is a function of the same cell of the input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from cutaway.layers.layer import (
    PREDICTING,
    TINY,
    UNIT,
    Array,
    Cell,
    Gradients,
    Layer,
    Pass,
    Region,
    Shape,
    Sources,
    Weights,
    only,
)
from cutaway.layers.working import Step, Working, at, summed, times


class Elementwise(Layer):
    """y = f(x), cell by cell; any shape, the same shape out."""

    activation = True
    formula: ClassVar[str]
    """f as a person writes it, of x."""
    roundings: ClassVar[int] = 0
    """How many float32 roundings stand between x and y, counting a library exp or tanh as 4; 0 where y is exact."""

    def value(self, x: Array) -> Array:
        """f(x)."""
        raise NotImplementedError

    def slope(self, x: Array) -> Array:
        """f'(x)."""
        raise NotImplementedError

    def magnitude(self, x: Array) -> Array:
        """The size of the largest number on the way from x to y: what the roundings are a share of."""
        return abs(self.value(x))

    def forward(self, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Array:
        return self.value(xs[0])

    def backward(self, dy: Array, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Gradients:
        return [dy * self.slope(xs[0])], {}

    def bound(self, xs: Sequence[Array], w: Weights) -> Array:
        x = xs[0]
        return self.roundings * (UNIT * self.magnitude(x) + TINY) if self.roundings else np.zeros(x.shape)

    def sources(self, cell: Cell, shapes: Sequence[Shape]) -> Sources:
        return Sources((only(cell),))

    def field(self, region: Region, shapes: Sequence[Shape]) -> tuple[Region, ...]:
        return (region,)

    def terms(self, cell: Cell, xs: Sequence[Array], w: Weights) -> Working:
        y = float(self.value(np.asarray(xs[0][cell], np.float64)))
        return summed([times(at("input", xs[0], cell))], Step(self.formula, y))
