"""Multiply: maps by maps, or each channel of maps by one number (the end of a squeeze-and-excitation block)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from cutaway.errors import NotationError, ShapeError
from cutaway.layers.layer import (
    PREDICTING,
    TINY,
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
from cutaway.layers.working import Working, at, summed, times


class Multiply(Merging):
    """`squeeze(globalmean, dense 8, relu, dense 64, sigmoid)`: y = x gate.

    The gate has the shape of x, or one number per channel [N, C] (Hu et al. 2018).
    """

    word = "multiply"
    block = "squeeze"

    @classmethod
    def inputs(cls, ends: Sequence[str], source: str) -> Sequence[str]:
        if len(ends) > 2:
            raise NotationError(f"squeeze takes one or two branches; got {len(ends)}")
        return [source, *ends] if len(ends) == 1 else ends

    @classmethod
    def written(cls, branches: Sequence[str]) -> Sequence[str]:
        return branches[1:] if branches[1] and not branches[0] else branches

    def shape(self, *shapes: Shape) -> Shape:
        x, gate = shapes
        if gate not in (x, x[-1:]):
            raise ShapeError(
                f"squeeze cannot multiply {describe(x)} by {describe(gate)}; the branch must end in {describe(x[-1:])} "
                f"numbers (dense {x[-1]}) or in {describe(x)}"
            )
        return x

    def forward(self, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Array:
        x, gate = xs
        return x * self._spread(gate, x)

    def backward(self, dy: Array, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Gradients:
        x, gate = xs
        dgate = dy * x
        if gate.ndim < x.ndim:
            dgate = dgate.sum(axis=(1, 2))
        return [dy * self._spread(gate, x), dgate], {}

    def bound(self, xs: Sequence[Array], w: Weights) -> Array:
        return 2 * (UNIT * abs(self.forward(xs, w)) + TINY)

    def sources(self, cell: Cell, shapes: Sequence[Shape]) -> Sources:
        x, gate = shapes
        return Sources((only(cell), only(cell[len(x) - len(gate) :])))

    def field(self, region: Region, shapes: Sequence[Shape]) -> tuple[Region, ...]:
        x, gate = shapes
        return region, region[len(x) - len(gate) :]

    def terms(self, cell: Cell, xs: Sequence[Array], w: Weights) -> Working:
        x, gate = xs
        return summed([times(at("input 1", x, cell), at("input 2", gate, cell[x.ndim - gate.ndim :]))])

    def multiplications(self, *shapes: Shape) -> int:
        return math.prod(shapes[0])

    def onnx(self, *shapes: Shape) -> list[Operator]:
        if len(shapes[0]) == len(shapes[1]):
            return [Operator("Mul", ("x", "x1"))]
        column = np.array([-1, shapes[0][-1], 1, 1])
        return [
            Operator("Reshape", ("x1", "column"), output="gates", constants={"column": column}),
            Operator("Mul", ("x", "gates")),
        ]

    @staticmethod
    def _spread(gate: Array, x: Array) -> Array:
        return gate if gate.ndim == x.ndim else gate[:, None, None, :]
