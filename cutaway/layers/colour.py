"""Colour: three channels, whatever comes in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cutaway.errors import ShapeError
from cutaway.layers.layer import (
    ANY,
    PREDICTING,
    Array,
    Cell,
    Gradients,
    Layer,
    Operator,
    Pass,
    Region,
    Shape,
    Sources,
    Weights,
    describe,
    only,
)
from cutaway.layers.working import Working, at, summed, times


class Colour(Layer):
    """`colour`: a grey picture three times over; a colour picture stays as it is."""

    word = "colour"
    keeps_pixels = True

    def shape(self, *shapes: Shape) -> Shape:
        if len(shapes[0]) != 3 or shapes[0][2] not in (0, 1, 3):
            raise ShapeError(f"colour needs a picture of 1 or 3 channels; got {describe(shapes[0])}")
        return (*shapes[0][:2], 3)

    def forward(self, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Array:
        return xs[0] if xs[0].shape[-1] == 3 else xs[0].repeat(3, axis=-1)

    def backward(self, dy: Array, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Gradients:
        return [dy if xs[0].shape[-1] == 3 else dy.sum(axis=-1, keepdims=True)], {}

    def bound(self, xs: Sequence[Array], w: Weights) -> Array:
        return np.zeros((*xs[0].shape[:-1], 3))

    def sources(self, cell: Cell, shapes: Sequence[Shape]) -> Sources:
        channel = cell[2] if shapes[0][2] == 3 else 0
        return Sources((only((*cell[:2], channel)),))

    def field(self, region: Region, shapes: Sequence[Shape]) -> tuple[Region, ...]:
        return (region if shapes[0][2] == 3 else (*region[:2], range(1)),)

    def terms(self, cell: Cell, xs: Sequence[Array], w: Weights) -> Working:
        place = tuple(axis[0] for axis in self.sources(cell, [xs[0].shape]).inputs[0])
        return summed([times(at("input", xs[0], place))])

    def onnx(self, *shapes: Shape) -> list[Operator]:
        if shapes[0][2] == ANY:
            return tripled("y")
        if shapes[0][2] == 3:
            return [Operator("Identity", ("x",))]
        return [Operator("Concat", ("x", "x", "x"), {"axis": 1})]


def tripled(output: str) -> list[Operator]:
    """The ONNX nodes that make three channels of one or three: repeated 3 / channels times."""
    constants = {"three": np.array([3]), "once": np.array([1]), "twice": np.array([1, 1])}
    return [
        Operator("Shape", ("x",), {"start": 1, "end": 2}, "channels"),
        Operator("Div", ("three", "channels"), output="times", constants=constants),
        Operator("Concat", ("once", "times", "twice"), {"axis": 0}, "repeats"),
        Operator("Tile", ("x", "repeats"), output=output),
    ]
