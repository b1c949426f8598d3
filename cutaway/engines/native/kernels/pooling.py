"""Pooling by itself: windows of any size and stride, cut short at the edge, forward and back.

A table of each axis says of each stop where the part of its window begins that lies inside the picture, how many cells
that is, and how many of the window's lie before it: `(first, count, skipped)`.
"""

from __future__ import annotations

from cutaway.engines.native.kernels.convolution import NONE
from cutaway.engines.native.kernels.op import Op, kernel
from cutaway.engines.native.language import Pointer, Value

WINDOWS = "channels rows width down across kernel_width"
"""Fields: maps of stops rows x width; tables of each axis; the columns of a whole window."""


def stop(op: Op, table: Value, index: Value) -> tuple[Value, Value, Value]:
    """What the table says of one stop."""
    entry = op.pointer(table, "i64").at(index * 3)
    return entry[0], entry[1], entry[2]


@kernel(f"{WINDOWS} @x @y codes_address")
def maxpool(op: Op) -> None:
    """The largest cell of each window, and which it was: its number in the whole window, in reading order."""
    kind = f"<{op.lanes} x i8>"
    for channel, row, (y,) in op.rows_of("y"):
        codes = op.codes(op.codes_address + ((channel * op.rows + row) * op.width) * op.lanes)
        top, height, above = stop(op, op.down, row)
        for i in op.loop(op.width):
            left, width, before = stop(op, op.across, i)
            best, which = op.variable(op.vector_of(0.0)), op.variable(op.of(kind, 0))
            best.value = op.row("x", channel, top)[left]
            which.value = op.of(kind, op.convert("trunc", above * op.kernel_width + before, "i8"))
            for r in op.loop(height):
                x = op.row("x", channel, top + r)
                number = (above + r) * op.kernel_width + before
                for c in op.loop(width):
                    cell, held = x[left + c], best.value
                    wins = op.write(f"fcmp ugt {cell.kind} {cell.name}, {held.name}", f"<{op.lanes} x i1>")
                    wins = wins & held.equals(held)  # what is not a number stays the winner
                    best.value = op.where(wins, cell, held)
                    code = op.of(kind, op.convert("trunc", number + c, "i8"))
                    which.value = op.where(wins, code, which.value)
            y[i] = best.value
            codes[i] = which.value


@kernel(f"{WINDOWS} @dx @dy codes_address")
def maxpool_back(op: Op) -> None:
    """Adds each window's gradient to the cell that won it."""
    for channel, row, (dy,) in op.rows_of("dy"):
        codes = op.codes(op.codes_address + ((channel * op.rows + row) * op.width) * op.lanes)
        top, height, above = stop(op, op.down, row)
        for i in op.loop(op.width):
            left, width, before = stop(op, op.across, i)
            slope, which = dy[i], codes[i]
            for r in op.loop(height):
                dx = op.row("dx", channel, top + r)
                number = (above + r) * op.kernel_width + before
                for c in op.loop(width):
                    hit = which.equals(op.convert("trunc", number + c, "i8"))
                    dx[left + c] = dx[left + c] + op.where(hit, slope, op.vector_of(0.0))


@kernel(f"{WINDOWS} @x @y mean")
def sumpool(op: Op) -> None:
    """The sum of each window, or (mean) the sum divided by the cells that lie inside the picture."""
    for channel, row, (y,) in op.rows_of("y"):
        top, height, _ = stop(op, op.down, row)
        for i in op.loop(op.width):
            left, width, _ = stop(op, op.across, i)
            total = op.total()
            for r in op.loop(height):
                x = op.row("x", channel, top + r)
                for c in op.loop(width):
                    total.value += x[left + c]
            y[i] = total.value / op.spread(divisor(op, height * width))


@kernel(f"{WINDOWS} @dx @dy mean")
def sumpool_back(op: Op) -> None:
    """Adds each window's gradient, or its share of it, to all of its cells."""
    for channel, row, (dy,) in op.rows_of("dy"):
        top, height, _ = stop(op, op.down, row)
        for i in op.loop(op.width):
            left, width, _ = stop(op, op.across, i)
            share = dy[i] / op.spread(divisor(op, height * width))
            for r in op.loop(height):
                dx = op.row("dx", channel, top + r)
                for c in op.loop(width):
                    dx[left + c] = dx[left + c] + share


def divisor(op: Op, cells: Value) -> Value:
    """What a sum is divided by: the cells for a mean, 1 for a sum."""
    return op.convert("sitofp", op.where(op.mean.differs(0), cells, op.whole(1)), "float")


@kernel("channels rows width @x y")
def globalmean(op: Op) -> None:
    """The mean of each channel."""
    y = op.vectors(op.y)
    for channel in op.loop(op.channels):
        total = op.total()
        for row in op.loop(op.rows):
            x = op.row("x", channel, row)
            for i in op.loop(op.width):
                total.value += x[i]
        y[channel] = total.value / op.spread(op.convert("sitofp", op.rows * op.width, "float"))


@kernel("channels rows width @dx dy adding")
def globalmean_back(op: Op) -> None:
    """An equal share for each cell."""
    dy = op.vectors(op.dy)
    for adding in op.either(op.adding):
        for channel in op.loop(op.channels):
            share = dy[channel] / op.spread(op.convert("sitofp", op.rows * op.width, "float"))
            for row in op.loop(op.rows):
                dx = op.row("dx", channel, row)
                for i in op.loop(op.width):
                    op.give(dx, i, share, adding)


@kernel("channels rows width @dx")
def clear(op: Op) -> None:
    """Zeros, for what is added to."""
    for _, _, (dx,) in op.rows_of("dx"):
        for i in op.loop(op.width):
            dx[i] = op.vector_of(0.0)


def unpool(size: int) -> None:
    """The way back of `convolve_maxpool`: the gradient goes to the cell that won, if the ReLU let it pass."""

    @kernel("channels rows width @dx @dy codes_address db biased", name=f"unpool_{size}")
    def unpool_size(op: Op) -> None:
        """dx is written whole, windows side by side; db[channel] += the sum of the gradients that passed."""
        db = op.floats(op.db)
        for channel in op.loop(op.channels):
            total = op.total()
            for row in op.loop(op.rows):
                dy = op.row("dy", channel, row)
                codes = op.codes(op.codes_address + ((channel * op.rows + row) * op.width) * op.lanes)
                lines = [op.row("dx", channel, row * size + r) for r in range(size)]
                for i in op.loop(op.width):
                    passed = scattered(op, lines, i, size, dy[i], codes[i])
                    total.value += passed
            with op.when(op.biased.differs(0)):
                db[channel] = db[channel] + op.sum(total.value)


def scattered(op: Op, lines: list[Pointer], i: Value, size: int, slope: Value, which: Value) -> Value:
    """Writes one window; what passed of its gradient."""
    zero = op.vector_of(0.0)
    for number in range(size * size):
        hit = which.equals(number)
        lines[number // size][i * size + number % size] = op.where(hit, slope, zero)
    return op.where(which.equals(NONE), zero, slope)


for size in (2, 3):
    unpool(size)
