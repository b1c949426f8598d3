"""Add: the maps of several branches, cell by cell (the end of a residual block)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np

from cutaway.errors import ShapeError
from cutaway.layers.layer import (
    PREDICTING,
    UNIT,
    Array,
    Cell,
    Gradients,
    Operator,
    Pass,
    Region,
    Shape,
    Sources,
    Weights,
    describe,
    only,
)
from cutaway.layers.merging import Merging
from cutaway.layers.working import Working, at, input_name, summed, times


class Add(Merging):
    """`residual(conv 64 3x3 same, norm)`: y = a + b (+ c ...), all of one shape."""

    word = "add"
    block = "residual"

    def shape(self, *shapes: Shape) -> Shape:
        if len(set(shapes)) > 1:
            raise ShapeError(
                f"residual cannot add {' and '.join(map(describe, shapes))}; "
                "give the other branch a 'conv N 1x1' with the same stride: residual(... | conv N 1x1)"
            )
        return shapes[0]

    def forward(self, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Array:
        return reduce(np.add, xs)

    def backward(self, dy: Array, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Gradients:
        return [dy for _ in xs], {}

    def bound(self, xs: Sequence[Array], w: Weights) -> Array:
        return (len(xs) + 1) * UNIT * self.forward([abs(x) for x in xs], w)

    def sources(self, cell: Cell, shapes: Sequence[Shape]) -> Sources:
        return Sources(tuple(only(cell) for _ in shapes))

    def field(self, region: Region, shapes: Sequence[Shape]) -> tuple[Region, ...]:
        return tuple(region for _ in shapes)

    def terms(self, cell: Cell, xs: Sequence[Array], w: Weights) -> Working:
        return summed([times(at(input_name(i, len(xs)), x, cell)) for i, x in enumerate(xs)])

    def onnx(self, *shapes: Shape) -> list[Operator]:
        inputs = ("x", *(f"x{i}" for i in range(1, len(shapes))))
        return [Operator("Sum", inputs)]
