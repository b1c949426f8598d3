"""Convolution: a kernel slides over the maps; at each stop, products of window and kernel are added up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from cutaway.errors import ShapeError
from cutaway.layers.layer import (
    PREDICTING,
    Array,
    Cell,
    Gradients,
    Layer,
    Operator,
    Parameter,
    Pass,
    Shape,
    Sources,
    Weights,
    bound_of_products,
    only,
)
from cutaway.layers.window import PADDINGS, Axis, Sides, Window, padding_text, read_sides
from cutaway.layers.words import Words, short_text, size_text
from cutaway.layers.working import Working, at, bias, summed, times

BLOCK = 2**21
"""Numbers in one block of unrolled windows: 8 MB of float32, so that a block stays near the processor."""


@dataclass(frozen=True)
class Conv(Layer):
    """`conv 6 5x5 same`: 6 kernels of 5x5 over all channels that come in.

    [N, H, W, C] -> [N, rows, columns, count], with kernel [kh, kw, C / groups, count] and bias [count].
    y[r, c, k] = bias[k] + sum over i, j, d of x[r s + i, c s + j, d] kernel[i, j, d, k]
    """

    count: int
    size: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    padding: str | Sides = "valid"
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1
    """The channels in and out are split into this many groups that do not see each other."""
    biased: bool = True
    fit: bool = False
    """A window that does not fit is an error, not left out."""

    word = "conv"

    # --- what it is -------------------------------------------------------------------------------

    @classmethod
    def read(cls, words: Words) -> Self:
        count, size = words.integer("the number of kernels"), words.pair("a kernel size")
        stride, dilation, groups, biased, fit = (1, 1), (1, 1), 1, True, False
        padding: str | Sides = "valid"
        for option in words.options("stride", PADDINGS, "groups", "dilation", "no", "fit"):
            match option:
                case "stride":
                    stride = words.pair("a stride")
                case "pad":
                    padding = read_sides(words)
                case "groups":
                    groups = words.integer("the number of groups")
                case "dilation":
                    dilation = words.pair("a dilation")
                case "no":
                    words.one_of("bias")
                    biased = False
                case "fit":
                    fit = True
                case _:
                    padding = option
        return cls(count, size, stride, padding, dilation, groups, biased, fit)

    def text(self) -> str:
        parts = [f"conv {self.count} {size_text(self.size)}"]
        parts += [f" stride {short_text(self.stride)}"] if self.stride != (1, 1) else []
        parts += [padding_text(self.padding)]
        parts += [f" groups {self.groups}"] if self.groups > 1 else []
        parts += [f" dilation {short_text(self.dilation)}"] if self.dilation != (1, 1) else []
        parts += [" fit"] if self.fit else []
        parts += [] if self.biased else [" no bias"]
        return "".join(parts)

    @property
    def window(self) -> Window:
        """The window that slides."""
        return Window(self.size, self.stride, self.padding, self.dilation, "fit" if self.fit else "floor")

    def axes(self, shape: Shape) -> tuple[Axis, Axis]:
        """The stops of the window along rows and columns."""
        return self.window.axes(shape, self.word)

    def shape(self, *shapes: Shape) -> Shape:
        rows, columns = self.axes(shapes[0])
        channels = shapes[0][2]
        for number, which in ((channels, f"{channels} channels"), (self.count, f"{self.count} kernels")):
            if number % self.groups:
                raise ShapeError(f"{self.text()}: {which} cannot be split into {self.groups} equal groups")
        return rows.count, columns.count, self.count

    def parameters(self, *shapes: Shape) -> dict[str, Parameter]:
        (height, width), depth = self.size, shapes[0][2] // self.groups
        kernel = Parameter(
            (height, width, depth, self.count),
            "weights",
            fan_in=height * width * depth,
            fan_out=height * width * self.count // self.groups,
            decayed=True,
            onnx_axes=(3, 2, 0, 1),
        )
        return {"kernel": kernel} | ({"bias": Parameter((self.count,))} if self.biased else {})

    def note(self, *shapes: Shape) -> str:
        return self.window.note(self.axes(shapes[0]))

    # --- what it computes -------------------------------------------------------------------------

    def forward(self, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Array:
        (x,) = xs
        shape = self.shape(x.shape[1:])
        y = np.empty((len(x), *shape), np.result_type(x, w["kernel"]))
        kernel = self._grouped(w["kernel"])
        for part, columns in self._blocks(x):
            y[part] = self._merged(columns @ kernel, (-1, *shape))
        return y + w["bias"] if self.biased else y

    def backward(self, dy: Array, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Gradients:
        (x,) = xs
        kernel = self._grouped(w["kernel"])
        dkernel, dx = np.zeros_like(kernel), np.empty_like(x)
        axes = self.axes(x.shape[1:])
        for part, columns in self._blocks(x):
            slopes = self._split(dy[part])
            dkernel += columns.swapaxes(1, 2) @ slopes
            dx[part] = self.window.scatter(self._unrolled(slopes @ kernel.swapaxes(1, 2), dy[part].shape), axes)
        gradients = {"kernel": self._ungrouped(dkernel)}
        return [dx], gradients | ({"bias": dy.sum(axis=(0, 1, 2))} if self.biased else {})

    def bound(self, xs: Sequence[Array], w: Weights) -> Array:
        return bound_of_products(self, w["kernel"][..., 0].size + self.biased, xs, w)

    def _blocks(self, x: Array) -> Iterator[tuple[slice, Array]]:
        """Some pictures at a time, and their windows as rows: [groups, N rows columns, kh kw C / groups]."""
        axes = self.axes(x.shape[1:])
        per_picture = axes[0].count * axes[1].count * self.size[0] * self.size[1] * x.shape[3]
        step = max(1, BLOCK // per_picture)
        for start in range(0, len(x), step):
            part = slice(start, start + step)
            views = self.window.views(x[part], axes)
            n, rows, columns, height, width, channels = views.shape
            grouped = views.reshape(n, rows, columns, height, width, self.groups, channels // self.groups)
            ordered = grouped.transpose(5, 0, 1, 2, 3, 4, 6)
            yield part, ordered.reshape(self.groups, n * rows * columns, -1)

    def _grouped(self, kernel: Array) -> Array:
        """Kernel [kh, kw, C / groups, count] as a matrix per group: [groups, kh kw C / groups, count / groups]."""
        return kernel.reshape(-1, self.groups, self.count // self.groups).transpose(1, 0, 2)

    def _ungrouped(self, matrices: Array) -> Array:
        depth = matrices.shape[1] // (self.size[0] * self.size[1])
        return matrices.transpose(1, 0, 2).reshape(*self.size, depth, self.count)

    def _split(self, y: Array) -> Array:
        """Maps [N, rows, columns, count] as [groups, N rows columns, count / groups]."""
        return y.reshape(-1, self.groups, self.count // self.groups).transpose(1, 0, 2)

    def _merged(self, y: Array, shape: tuple[int, ...]) -> Array:
        return y.transpose(1, 0, 2).reshape(shape)

    def _unrolled(self, columns: Array, shape: Shape) -> Array:
        """Rows of windows back to [N, rows, columns, kh, kw, C]."""
        n, rows, cols = shape[:3]
        split = columns.reshape(self.groups, n, rows, cols, *self.size, -1)
        return split.transpose(1, 2, 3, 4, 5, 0, 6).reshape(n, rows, cols, *self.size, -1)

    # --- how one cell came about ------------------------------------------------------------------

    def sources(self, cell: Cell, shapes: Sequence[Shape]) -> Sources:
        row, column, channel = cell
        shape = shapes[0]
        depth = shape[2] // self.groups
        group = channel // (self.count // self.groups)
        axes = self.axes(shape)
        reach = self.window.reach(row, column, axes)
        taps = tuple(
            range(axis.tap(stop, r[0]), axis.tap(stop, r[-1]) + 1) if len(r) else range(0)
            for axis, stop, r in zip(axes, (row, column), reach, strict=True)
        )
        own = only((channel,))
        kernel = (*taps, range(depth), *own)
        return Sources(
            ((*reach, range(group * depth, (group + 1) * depth)),),
            {"kernel": kernel} | ({"bias": own} if self.biased else {}),
        )

    def terms(self, cell: Cell, xs: Sequence[Array], w: Weights) -> Working:
        (x,) = xs
        row, column, channel = cell
        rows, columns = self.axes(x.shape)
        sources = self.sources(cell, [x.shape])
        depths = sources.inputs[0][2]
        products = [
            times(
                at("input", x, (i, j, d)),
                at("kernel", w["kernel"], (rows.tap(row, i), columns.tap(column, j), d - depths[0], channel)),
            )
            for d in depths
            for i in sources.inputs[0][0]
            for j in sources.inputs[0][1]
        ]
        return summed(products + bias(w, channel))

    # --- what it costs, and what others call it ---------------------------------------------------

    def multiplications(self, *shapes: Shape) -> int:
        rows, columns, count = self.shape(*shapes)
        return rows * columns * count * self.size[0] * self.size[1] * shapes[0][2] // self.groups

    def onnx(self, *shapes: Shape) -> list[Operator]:
        inputs = ("x", "kernel", "bias") if self.biased else ("x", "kernel")
        return [Operator("Conv", inputs, self.window.onnx(shapes[0], self.word) | {"group": self.groups})]
