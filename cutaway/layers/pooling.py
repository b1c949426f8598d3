"""What max, mean and sum pooling share: a window over each channel by itself, without weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from cutaway.errors import ShapeError
from cutaway.layers.layer import Array, Cell, Layer, Shape, Sources, only
from cutaway.layers.window import PADDINGS, Axis, Sides, Window, padding_text, read_sides
from cutaway.layers.words import Words, short_text, size_text
from cutaway.layers.working import Factor, at


@dataclass(frozen=True)
class Pooling(Layer):
    """[N, H, W, C] -> [N, rows, columns, C]. The stride is the window's size unless it is given."""

    size: tuple[int, int]
    stride: tuple[int, int]
    padding: str | Sides = "valid"
    edge: str = "floor"
    """`floor` leaves out a window that does not fit, `partial` cuts it short, `fit` raises ShapeError."""

    @classmethod
    def read(cls, words: Words) -> Self:
        size = words.pair("a window size")
        stride, edge = size, "floor"
        padding: str | Sides = "valid"
        for option in words.options("stride", PADDINGS, ("partial", "fit")):
            match option:
                case "stride":
                    stride = words.pair("a stride")
                case "pad":
                    padding = read_sides(words)
                case "same" | "valid":
                    padding = option
                case _:
                    edge = option
        return cls(size, stride, padding, edge)

    def text(self) -> str:
        stride = "" if self.stride == self.size else f" stride {short_text(self.stride)}"
        edge = "" if self.edge == "floor" else f" {self.edge}"
        return f"{self.word} {short_text(self.size)}{stride}{padding_text(self.padding)}{edge}"

    @property
    def window(self) -> Window:
        """The window that slides."""
        return Window(self.size, self.stride, self.padding, edge=self.edge)

    def axes(self, shape: Shape) -> tuple[Axis, Axis]:
        """The stops of the window along rows and columns."""
        axes = self.window.axes(shape, self.word)
        if not isinstance(self.padding, str) and any(max(self.padding[i::2]) >= self.size[i] for i in (0, 1)):
            raise ShapeError(
                f"{self.text()}: some windows would see no picture at all; "
                f"pad less than the window's {size_text(self.size)}"
            )
        return axes

    def shape(self, *shapes: Shape) -> Shape:
        rows, columns = self.axes(shapes[0])
        return rows.count, columns.count, shapes[0][2]

    def note(self, *shapes: Shape) -> str:
        return self.window.note(self.axes(shapes[0]))

    def sources(self, cell: Cell, shapes: Sequence[Shape]) -> Sources:
        row, column, channel = cell
        reach = self.window.reach(row, column, self.axes(shapes[0]))
        return Sources(((*reach, *only((channel,))),))

    def _factors(self, cell: Cell, x: Array) -> list[Factor]:
        """The cells of one window, in reading order."""
        rows, columns, channel = self.sources(cell, [x.shape]).inputs[0]
        return [at("input", x, (i, j, channel[0])) for i in rows for j in columns]
