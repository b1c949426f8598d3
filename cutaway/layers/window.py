"""The sliding window that convolution and pooling share: where it stops, what it covers, what it leaves out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cutaway.errors import ShapeError
from cutaway.layers.layer import Array, Region, Shape, describe
from cutaway.layers.words import Words, size_text

Sides = tuple[int, int, int, int]
"""Cells of border added above, left, below, right (the order of ONNX)."""
PADDINGS = ("same", "valid", "pad")
"""The words for a padding in the notation; `pad` is followed by its sides."""


@dataclass(frozen=True)
class Axis:
    """One direction of the window: `count` stops along `length` cells with a border of `before` and `after`."""

    length: int
    size: int
    stride: int
    dilation: int
    before: int
    after: int
    count: int

    @property
    def span(self) -> int:
        """Cells from the first to the last that one window covers."""
        return (self.size - 1) * self.dilation + 1

    @property
    def unused(self) -> int:
        """Cells at the end that no window reaches."""
        return max(0, self.length - ((self.count - 1) * self.stride - self.before + self.span))

    def reach(self, stop: int) -> range:
        """The cells inside the picture that the window covers at a stop."""
        start = stop * self.stride - self.before
        first = start + self.dilation * max(0, math.ceil(-start / self.dilation))
        return range(first, min(start + self.span, self.length), self.dilation)

    def tap(self, stop: int, place: int) -> int:
        """Which cell of the kernel lies on a place of the picture at a stop."""
        return (place - stop * self.stride + self.before) // self.dilation


@dataclass(frozen=True)
class Window:
    """A window's size and how it moves. `Window((3, 3), stride=(2, 2), padding="same")`."""

    size: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    padding: str | Sides = "valid"
    """`valid` (none), `same` (output = input / stride, the odd cell below and right, as ONNX SAME_UPPER), or sides."""
    dilation: tuple[int, int] = (1, 1)
    edge: str = "floor"
    """Where the last window does not fit: `floor` leaves it out, `partial` cuts it short, `fit` raises ShapeError."""

    def axes(self, shape: Shape, word: str) -> tuple[Axis, Axis]:
        """Rows and columns of the window over maps of a shape. `word` names the layer in errors."""
        if len(shape) != 3:
            raise ShapeError(
                f"{word} {size_text(self.size)} needs maps (height x width x channels); got {describe(shape)}"
            )
        return self._axis(shape, 0, word), self._axis(shape, 1, word)

    def _axis(self, shape: Shape, side: int, word: str) -> Axis:
        length, size, stride, dilation = shape[side], self.size[side], self.stride[side], self.dilation[side]
        span = (size - 1) * dilation + 1
        if self.padding == "same":
            count = -(-length // stride)
            total = max((count - 1) * stride + span - length, 0)
            return Axis(length, size, stride, dilation, total // 2, total - total // 2, count)
        before, after = (0, 0) if isinstance(self.padding, str) else (self.padding[side], self.padding[side + 2])
        room = length + before + after - span
        if self.edge == "fit" and room >= 0 and room % stride:
            raise ShapeError(self._misfit(word, length, span, before + after, stride))
        if self.edge == "partial":
            count = max(1, -(-room // stride) + 1)
            if count > 1 and (count - 1) * stride >= length + before:
                count -= 1  # a window that would start outside the picture covers nothing
            after = max(after, (count - 1) * stride + span - length - before)
        elif room < 0:
            raise ShapeError(
                f"{word} {size_text(self.size)} does not fit {describe(shape)}: its window covers {span} "
                f"{'rows' if side == 0 else 'columns'}, there are {length + before + after}; use a smaller window, "
                f"'same', or 'pad {-(-(span - length) // 2)}'"
            )
        else:
            count = room // stride + 1
        return Axis(length, size, stride, dilation, before, after, count)

    @staticmethod
    def _misfit(word: str, length: int, span: int, padding: int, stride: int) -> str:
        """`(10 - 3 + 0) / 2 + 1 = 4.5`, and what would fit instead."""
        room = length - span + padding
        strides = sorted((s for s in range(1, room + 1) if room % s == 0), key=lambda s: (abs(s - stride), s))[:2]
        extra = stride - room % stride
        paddings = [p for p in (padding - room % stride, padding + extra) if p >= 0]
        cells = "cell" if paddings == [1] else "cells"
        return (
            f"{word}: ({length} - {span} + {padding}) / {stride} + 1 = {room / stride + 1:g} is not a whole number; "
            f"stride {' or '.join(map(str, strides))} fits, "
            f"or {' or '.join(map(str, paddings))} {cells} of padding in all"
        )

    # --- over arrays ------------------------------------------------------------------------------

    def padded(self, x: Array, axes: tuple[Axis, Axis], value: float) -> Array:
        """Maps [N, H, W, C] with the border that the windows reach into."""
        rows, columns = axes
        border = ((0, 0), (rows.before, rows.after), (columns.before, columns.after), (0, 0))
        if not (rows.before or rows.after or columns.before or columns.after):
            return x
        return np.pad(x, border, constant_values=x.dtype.type(value))

    def views(self, x: Array, axes: tuple[Axis, Axis], value: float = 0.0) -> Array:
        """Every window over maps [N, H, W, C], without copying: [N, rows, columns, kh, kw, C]."""
        rows, columns = axes
        padded = self.padded(x, axes, value)
        every = np.lib.stride_tricks.sliding_window_view(padded, (rows.span, columns.span), axis=(1, 2))
        stops = every[:, :: rows.stride, :: columns.stride, :, :: rows.dilation, :: columns.dilation]
        return stops[:, : rows.count, : columns.count].transpose(0, 1, 2, 4, 5, 3)

    def scatter(self, parts: Array, axes: tuple[Axis, Axis]) -> Array:
        """The transpose of `views`: adds [N, rows, columns, kh, kw, C] back onto maps [N, H, W, C]."""
        rows, columns = axes
        n, channels = parts.shape[0], parts.shape[-1]
        height, width = rows.length + rows.before + rows.after, columns.length + columns.before + columns.after
        x = np.zeros((n, height, width, channels), parts.dtype)
        for i, j in np.ndindex(rows.size, columns.size):
            x[
                :,
                i * rows.dilation : i * rows.dilation + (rows.count - 1) * rows.stride + 1 : rows.stride,
                j * columns.dilation : j * columns.dilation + (columns.count - 1) * columns.stride + 1 : columns.stride,
            ] += parts[:, :, :, i, j]
        return x[:, rows.before : rows.before + rows.length, columns.before : columns.before + columns.length]

    def present(self, axes: tuple[Axis, Axis]) -> Array:
        """How many cells of each window lie inside the picture: [rows, columns]."""
        rows, columns = axes
        inside = [np.array([len(axis.reach(stop)) for stop in range(axis.count)]) for axis in (rows, columns)]
        return np.outer(*inside)

    def reach(self, row: int, column: int, axes: tuple[Axis, Axis]) -> Region:
        """The rows and columns inside the picture that the window covers at a stop."""
        return axes[0].reach(row), axes[1].reach(column)

    # --- in words ---------------------------------------------------------------------------------

    def note(self, axes: tuple[Axis, Axis]) -> str:
        """What the window leaves out: `last 1 row and 1 column unused`."""
        parts = [
            f"{a.unused} {noun}{'s' * (a.unused > 1)}"
            for a, noun in zip(axes, ("row", "column"), strict=True)
            if a.unused
        ]
        return f"last {' and '.join(parts)} unused" if parts else ""

    def onnx(self, shape: Shape, word: str) -> dict[str, object]:
        """The attributes that ONNX uses for the same window; `partial` is written as the padding that it needs."""
        rows, columns = self.axes(shape, word)
        return {
            "kernel_shape": self.size,
            "strides": self.stride,
            "dilations": self.dilation,
            "pads": (rows.before, columns.before, rows.after, columns.after),
        }


def read_sides(words: Words) -> Sides:
    """`1` for all four sides, or four numbers: above, left, below, right."""
    first = words.integer("a padding", least=0)
    if not words.numeric():
        return (first,) * 4
    left, below, right = (words.integer("four paddings (above, left, below, right)", least=0) for _ in range(3))
    return first, left, below, right


def padding_text(padding: str | Sides) -> str:
    """A padding in the notation; nothing for `valid`, which is what is meant without a word."""
    if isinstance(padding, str):
        return "" if padding == "valid" else f" {padding}"
    return f" pad {padding[0]}" if len(set(padding)) == 1 else f" pad {' '.join(map(str, padding))}"
