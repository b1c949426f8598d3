"""Where numbers stand: maps in lanes, and places in the memory of a block, a thread, or all.

A map is [channel][row][column][lane]: one register holds the same cell of as many pictures as it has lanes. Between its
rows, and between its channels, stand zeros: what a convolution's window sees beyond the edge. Those after one row are
those before the next, so a padding of 1 costs one column and one row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

from cutaway.layers import Shape


class Area(IntEnum):
    """Whose memory a place is in."""

    NOWHERE = 0
    """A number, no place."""
    SLOT = 1
    """Of one block of pictures."""
    THREAD = 2
    SHARED = 3
    CALL = 4
    FIRST = 5
    """The first thread's memory, for all threads."""


@dataclass(frozen=True)
class Place:
    """An address that is known when memory is laid out: so many bytes from the start of an area."""

    area: Area
    offset: Callable[[], int] | int

    @property
    def bytes(self) -> int:
        """From the area's start."""
        return self.offset if isinstance(self.offset, int) else self.offset()

    def after(self, more: int) -> Place:
        """So many bytes further on."""
        return Place(self.area, lambda: self.bytes + more)


@dataclass(eq=False)
class Map:
    """One layer's output (or the gradient of it) for one block of pictures."""

    shape: Shape
    """(rows, columns, channels), or (features,): as many channels of one cell."""
    vector: int
    """Bytes of a register: one cell of every lane."""
    rows_beside: int = 0
    """Rows of zeros between channels."""
    columns_beside: int = 0
    """Columns of zeros between rows."""
    level: int = 0
    """The stage of the program that completes it."""
    inside: Map | None = None
    """The map whose channels these are some of; then this one has no memory of its own."""
    first_channel: int = 0
    offset: int = -1
    """Bytes from the start of the slot to the first zero before it."""
    slope: Map | None = field(default=None, repr=False)
    """The gradient, where it is needed."""

    @property
    def channels(self) -> int:
        return self.shape[-1]

    @property
    def rows(self) -> int:
        return self.shape[0] if len(self.shape) == 3 else 1

    @property
    def width(self) -> int:
        return self.shape[1] if len(self.shape) == 3 else 1

    @property
    def root(self) -> Map:
        """The map that has the memory."""
        return self.inside.root if self.inside else self

    @property
    def row(self) -> int:
        """Bytes from row to row."""
        root = self.root
        return (root.width + root.columns_beside) * root.vector

    @property
    def plane(self) -> int:
        """Bytes from channel to channel. Never a multiple of eight registers in the case of maps: the caches keep
        what is so far apart in the same few places."""
        root = self.root
        registers = (root.rows + root.rows_beside) * (root.width + root.columns_beside)
        spare = 1 if len(root.shape) == 3 and registers % 8 == 0 else 0
        return (registers + spare) * root.vector

    @property
    def before(self) -> int:
        """Bytes of zeros before the first cell."""
        root = self.root
        return root.rows_beside * root.row + root.columns_beside * root.vector

    @property
    def size(self) -> int:
        """Bytes in all, zeros included."""
        return self.before + self.channels * self.plane + self.columns_beside * self.vector

    @property
    def geometry(self) -> tuple[int, ...]:
        """What two maps must share to use the same memory one after the other: the zeros are in the same places."""
        return (*self.shape, self.rows_beside, self.columns_beside)

    @property
    def place(self) -> Place:
        """Its first cell."""
        return Place(Area.SLOT, lambda: self.root.offset + self.before + self._channels_before() * self.plane)

    def _channels_before(self) -> int:
        return self.first_channel + (self.inside._channels_before() if self.inside else 0)

    def beside(self, rows: int, columns: int) -> None:
        """Asks for zeros beside its rows and channels."""
        root = self.root
        root.rows_beside, root.columns_beside = max(root.rows_beside, rows), max(root.columns_beside, columns)

    def place_at(self, row: int, column: int) -> Place:
        """A cell of the first channel; it may lie among the zeros."""
        return Place(Area.SLOT, lambda: self.place.bytes + row * self.row + column * self.vector)
