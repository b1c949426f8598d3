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
from cutaway.layers.merging import Merging, operands
from cutaway.layers.working import Working, at, input_name, summed, times


class Add(Merging):
    """`residual(conv 64 3x3 same, norm)`: y = a + b (+ c ...), all of one shape."""

    word = "add"
    block = "residual"

    @classmethod
    def inputs(cls, ends: Sequence[str], source: str) -> Sequence[str]:
        return [*ends, source] if len(ends) == 1 else ends

    @classmethod
    def written(cls, branches: Sequence[str]) -> Sequence[str]:
        return branches[:1] if len(branches) == 2 and branches[0] and not branches[1] else branches

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
        return [Operator("Sum", operands(len(shapes)))]
