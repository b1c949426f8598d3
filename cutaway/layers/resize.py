"""Resize: a picture of any size becomes one of the net's size, antialiased."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import numpy as np
from numpy.typing import NDArray

from cutaway.errors import ShapeError
from cutaway.layers.formula import HALF, rounded
from cutaway.layers.layer import (
    ANY,
    PREDICTING,
    Array,
    Cell,
    Gradients,
    Layer,
    Operator,
    Pass,
    Shape,
    Sources,
    Weights,
    describe,
    only,
)
from cutaway.layers.words import Words, size_text
from cutaway.layers.working import Factor, Step, Term, Working, at, summed, times

BORDER = 128
"""What `fit` puts beside a picture that is not of the net's proportions: the middle grey, neither ink nor paper."""
INT64, DOUBLE = 7, 11
"""What ONNX calls these types."""
BAND = 8
"""New rows, or columns, made at a time: few share a pixel, so most products with zero are left out (six times faster
than all at 224x224), and a 100-megapixel picture needs 100 MB and not 2 GB."""


@dataclass(frozen=True)
class Resize(Layer):
    """`resize 64x64 crop`: [N, any, any, C] -> [N, height, width, C], rounded to whole numbers.

    `crop`: the short side becomes the net's, the middle is kept. `squash`: both sides, whatever the proportions.
    `fit`: the long side becomes the net's, the rest is a border of middle grey.

    Each cell is the mean of the pixels around it, weighted by a triangle two cells wide (or two pixels, where the
    picture is smaller): bilinear with antialiasing, as Pillow's BILINEAR.
    Always in float64, so that rounding to whole numbers is the same on every engine.
    """

    height: int
    width: int
    how: str = "crop"

    word = "resize"
    keeps_pixels = True

    @classmethod
    def read(cls, words: Words) -> Self:
        height, width = words.pair("a size")
        how = words.one_of("crop", "squash", "fit") if words.more else "crop"
        return cls(height, width, how)

    def text(self) -> str:
        return f"resize {size_text((self.height, self.width))} {self.how}"

    def shape(self, *shapes: Shape) -> Shape:
        if len(shapes[0]) != 3:
            raise ShapeError(f"{self.text()} needs a picture (height x width x channels); got {describe(shapes[0])}")
        return self.height, self.width, shapes[0][2]

    def note(self, *shapes: Shape) -> str:
        return {"crop": "short side fits, middle kept", "squash": "proportions change", "fit": "grey border"}[self.how]

    # --- what it computes -------------------------------------------------------------------------

    def forward(self, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Array:
        x = xs[0]
        if x.shape[1:3] == (self.height, self.width):
            return x
        return np.clip(np.floor(self.exact(x) + HALF), 0, 255).astype(x.dtype)

    def exact(self, x: Array) -> Array:
        """The weighted means before they are rounded, in float64."""
        rows, columns = self.weights(x.shape[1:3])
        used = support(columns.sum(axis=0))
        n, height, _, channels = x.shape
        x = x[:, :, used.start : used.stop].reshape(n, height, -1)
        low = banded(rows, x).reshape(n, self.height, len(used), channels).swapaxes(1, 2)
        y = banded(columns[:, used.start : used.stop], low.reshape(n, len(used), -1))
        y = y.reshape(n, self.width, self.height, channels).swapaxes(1, 2)
        return y + BORDER * (1 - np.outer(rows.sum(axis=1), columns.sum(axis=1)))[None, :, :, None]

    def backward(self, dy: Array, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Gradients:
        """The gradient of the means before they are rounded."""
        if xs[0].shape[1:3] == (self.height, self.width):
            return [dy], {}
        rows, columns = self.weights(xs[0].shape[1:3])
        dx = np.einsum("rh,nrck,cw->nhwk", rows, dy, columns, optimize=True)
        return [dx.astype(dy.dtype)], {}

    def bound(self, xs: Sequence[Array], w: Weights) -> Array:
        return np.zeros((len(xs[0]), *self.shape(xs[0].shape[1:])))

    def weights(self, size: tuple[int, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """How much of each row makes each new row, [height, rows], and of each column, [width, columns]."""
        (top, tall), (left, wide) = self.window(size)
        return triangle(size[0], tall, top, self.height), triangle(size[1], wide, left, self.width)

    def window(self, size: tuple[int, ...]) -> tuple[tuple[int, int], tuple[int, int]]:
        """Where the net's window starts in the scaled picture, and how large that is: ((top, tall), (left, wide))."""
        if ANY in size:
            raise ShapeError(f"{self.text()} needs a picture; its input is {describe(tuple(size))}")
        if self.how == "squash":
            return (0, self.height), (0, self.width)
        ratios = self.height / size[0], self.width / size[1]
        ratio = max(ratios) if self.how == "crop" else min(ratios)
        tall, wide = (
            target if ratio == own else max(1, math.floor(side * ratio + 0.5))
            for side, target, own in zip(size, (self.height, self.width), ratios, strict=True)
        )
        return ((tall - self.height) // 2, tall), ((wide - self.width) // 2, wide)

    # --- how one cell came about ------------------------------------------------------------------

    def sources(self, cell: Cell, shapes: Sequence[Shape]) -> Sources:
        row, column, channel = cell
        if shapes[0][:2] == (self.height, self.width):
            return Sources((only(cell),))
        rows, columns = self.weights(shapes[0][:2])
        return Sources(((support(rows[row]), support(columns[column]), *only((channel,))),))

    def terms(self, cell: Cell, xs: Sequence[Array], w: Weights) -> Working:
        x = xs[0]
        row, column, channel = cell
        if x.shape[:2] == (self.height, self.width):
            return summed([times(at("input", x, cell))])
        rows, columns = self.weights(x.shape[:2])
        terms: list[Term] = [
            times(
                at("input", x, (i, j, channel)),
                Factor("row weight", (i,), float(rows[row, i])),
                Factor("column weight", (j,), float(columns[column, j])),
            )
            for i in support(rows[row])
            for j in support(columns[column])
        ]
        if not terms:
            terms = [times(Factor("border", (), float(BORDER)))]
        return summed(terms, Step("rounded(x)", float(rounded(summed(terms).combined))))

    def multiplications(self, *shapes: Shape) -> int:
        if ANY in shapes[0]:
            return 0
        rows, columns = self.weights(shapes[0][:2])
        used = np.count_nonzero(columns) * np.count_nonzero(rows.any(axis=0)) + np.count_nonzero(rows) * self.width
        return int(used) * shapes[0][2]

    def onnx(self, *shapes: Shape) -> list[Operator]:
        """Scaling, then the window cut out of it (or a border around it), then rounding.

        The size of the picture is seen when it is there. Float32 sees a tie up to 0.0001 below: what is added there is
        that much more than a half.
        """
        triangle = {"mode": "linear", "antialias": 1, "exclude_outside": 1}
        return [
            *self._scaled_size(),
            Operator("Cast", ("scaled_size",), {"to": INT64}, "scaled_sides"),
            Operator("Shape", ("x",), {"start": 0, "end": 2}, "outer"),
            # all four sides: with `axes` for two of them, ONNX Runtime 1.32 moves a Transpose across and loses them
            Operator("Concat", ("outer", "scaled_sides"), {"axis": 0}, "sizes"),
            Operator("Resize", ("x", "", "", "sizes"), triangle, "scaled"),
            *self._cut(),
            Operator("Add", ("window", "half"), output="above", constants={"half": np.float32(0.5 + 2.0**-13)}),
            Operator("Floor", ("above",), output="whole"),
            Operator("Clip", ("whole", "low", "high"), constants={"low": np.float32(0), "high": np.float32(255)}),
        ]

    def _scaled_size(self) -> list[Operator]:
        """`window`, as ONNX nodes: how tall and wide the picture is scaled."""
        target = {"target": np.array([self.height, self.width], float)}
        if self.how == "squash":
            return [Operator("Identity", ("target",), output="scaled_size", constants=target)]
        return [
            Operator("Shape", ("x",), {"start": 2, "end": 4}, "sides"),
            Operator("Cast", ("sides",), {"to": DOUBLE}, "size"),
            Operator("Div", ("target", "size"), output="ratios", constants=target),
            Operator("ReduceMax" if self.how == "crop" else "ReduceMin", ("ratios",), output="ratio"),
            Operator("Mul", ("size", "ratio"), output="exact_size"),
            Operator("Add", ("exact_size", "one_half"), output="above_size", constants={"one_half": np.array([0.5])}),
            Operator("Floor", ("above_size",), output="floor_size"),
            Operator("Max", ("floor_size", "one"), output="scaled_size", constants={"one": np.array([1.0])}),
        ]

    def _cut(self) -> list[Operator]:
        """The middle of what was scaled, or that with a border around it."""
        if self.how == "squash":
            return [Operator("Identity", ("scaled",), output="window")]
        target, axes = np.array([self.height, self.width]), np.array([2, 3])
        offset = [
            Operator("Sub", ("scaled_size", "target"), output="excess"),
            Operator("Div", ("excess", "two"), output="offset", constants={"two": np.array([2.0])}),
            Operator("Floor", ("offset",), output="first"),
            Operator("Cast", ("first",), {"to": INT64}, "starts"),
        ]
        if self.how == "crop":
            return [
                *offset,
                Operator("Add", ("starts", "window_size"), output="ends", constants={"window_size": target}),
                Operator("Slice", ("scaled", "starts", "ends", "axes"), output="window", constants={"axes": axes}),
            ]
        return [
            *offset,
            Operator("Neg", ("starts",), output="before"),
            Operator("Sub", ("window_size", "scaled_sides"), output="room", constants={"window_size": target}),
            Operator("Sub", ("room", "before"), output="after"),
            Operator("Concat", ("before", "after"), {"axis": 0}, "pads"),
            Operator(
                "Pad",
                ("scaled", "pads", "border", "axes"),
                output="window",
                constants={"border": np.float32(BORDER), "axes": axes},
            ),
        ]


@lru_cache(maxsize=64)
def triangle(old: int, scaled: int, start: int, new: int) -> NDArray[np.float64]:
    """[new, old]: the share of each of `old` pixels in cells start ... start + new of a side scaled to `scaled`.

    Rows outside the picture (the border of `fit`) are zero; all others add up to 1.
    """
    step = old / scaled
    reach = max(1.0, step)
    middles = (np.arange(start, start + new)[:, None] + 0.5) * step
    distance = abs(np.arange(old)[None, :] + 0.5 - middles) / reach
    shares = np.maximum(0.0, 1 - distance)
    shares[shares < 1e-9] = 0  # exactly zero, but for rounding: such a pixel has no part in the cell
    shares[(middles[:, 0] < 0) | (middles[:, 0] > old)] = 0
    totals = shares.sum(axis=1, keepdims=True)
    shares = np.divide(shares, totals, out=np.zeros_like(shares), where=totals > 0)
    shares.setflags(write=False)
    return shares


def banded(shares: NDArray[np.float64], x: Array) -> NDArray[np.float64]:
    """shares @ x in float64, for [new, old] and [n, old, m]: each band of new cells from the old ones it is made of."""
    y = np.zeros((len(x), len(shares), x.shape[2]))
    for start in range(0, len(shares), BAND):
        band = shares[start : start + BAND]
        own = support(band.sum(axis=0))
        y[:, start : start + BAND] = band[:, own.start : own.stop] @ x[:, own.start : own.stop].astype(np.float64)
    return y


def support(shares: Array) -> range:
    """The run of pixels that have a share."""
    used = np.flatnonzero(shares)
    return range(int(used[0]), int(used[-1]) + 1) if len(used) else range(0)
