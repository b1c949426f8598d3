"""Grey: the brightness of a colour picture, as one channel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cutaway.errors import ShapeError
from cutaway.layers.colour import tripled
from cutaway.layers.formula import rounded
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
from cutaway.layers.working import Factor, Step, Working, at, summed, times

SHARES = np.array([19595, 38470, 7471]) / 65536
"""Of red, green and blue: 0.299, 0.587, 0.114 (ITU-R BT.601) in the 16-bit steps that Pillow takes.

Their sums over whole numbers are exact in float64.
"""


class Grey(Layer):
    """`grey`: y = 0.299 red + 0.587 green + 0.114 blue, rounded to a whole number; a grey picture stays as it is."""

    word = "grey"
    keeps_pixels = True

    def shape(self, *shapes: Shape) -> Shape:
        if len(shapes[0]) != 3 or shapes[0][2] not in (0, 1, 3):
            raise ShapeError(f"grey needs a picture of 1 or 3 channels; got {describe(shapes[0])}")
        return (*shapes[0][:2], 1)

    def forward(self, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Array:
        x = xs[0]
        if x.shape[-1] == 1:
            return x
        exact = sum(x[..., k].astype(np.float64) * share for k, share in enumerate(SHARES))
        return np.floor(exact + 0.5).astype(x.dtype)[..., None]

    def backward(self, dy: Array, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Gradients:
        """The gradient of the sum before it is rounded."""
        return [dy if xs[0].shape[-1] == 1 else dy * SHARES.astype(dy.dtype)], {}

    def bound(self, xs: Sequence[Array], w: Weights) -> Array:
        return np.zeros((*xs[0].shape[:-1], 1))

    def sources(self, cell: Cell, shapes: Sequence[Shape]) -> Sources:
        return Sources(((*only(cell[:2]), range(shapes[0][2])),))

    def field(self, region: Region, shapes: Sequence[Shape]) -> tuple[Region, ...]:
        return ((*region[:2], range(shapes[0][2])),)

    def terms(self, cell: Cell, xs: Sequence[Array], w: Weights) -> Working:
        x = xs[0]
        if x.shape[-1] == 1:
            return summed([times(at("input", x, cell))])
        shares = [
            times(at("input", x, (*cell[:2], k)), Factor(f"share of {name}", (), float(SHARES[k])))
            for k, name in enumerate(("red", "green", "blue"))
        ]
        return summed(shares, Step("rounded(x)", float(rounded(summed(shares).combined))))

    def multiplications(self, *shapes: Shape) -> int:
        height, width, channels = shapes[0]
        return height * width * 3 if channels == 3 else 0

    def onnx(self, *shapes: Shape) -> list[Operator]:
        if shapes[0][2] == 1:
            return [Operator("Identity", ("x",))]
        shares = SHARES.astype(np.float32).reshape(1, 3, 1, 1)
        half = np.float32(0.5)
        # grey as three equal channels gives itself: the shares add up to 1
        any_picture = tripled("colours") if shapes[0][2] == ANY else [Operator("Identity", ("x",), output="colours")]
        return [
            *any_picture,
            Operator("Conv", ("colours", "shares"), output="exact", constants={"shares": shares}),
            Operator("Add", ("exact", "half"), output="above", constants={"half": half}),
            Operator("Floor", ("above",)),
        ]
