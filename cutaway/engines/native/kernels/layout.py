"""Into lanes and out of them: pictures, features, copies of maps.

A block is as many pictures as a register has lanes. Its header says which: the number of its first picture in the
call, how many there are (the last block of a batch may have fewer), how many the batch has, and the block's place in
the batch; then a register that is 1 in every lane that has a picture and 0 in the others.
"""

from __future__ import annotations

from cutaway.engines.native.kernels.op import Op, kernel
from cutaway.engines.native.language import Value

FIRST, COUNT, BATCH, PLACE, STEP = range(5)
"""64-bit words of the header."""
MASK = 64
"""Bytes from the header's start to its mask."""
HEADER = 128
"""Bytes of the header."""


def header(op: Op, word: int) -> Value:
    """A word of the block's header."""
    return op.pointer(op.header, "i64")[word]


def mask(op: Op) -> Value:
    """1 in every lane that has a picture, 0 in the others."""
    return op.vectors(op.header + MASK)[0]


def say_trouble(op: Op) -> None:
    """Notes that in this step a number was not finite."""
    op.pointer(op.trouble, "i64")[0] = header(op, STEP) + 1


@kernel("places channels rows width table @y")
def lay_out(op: Op) -> None:
    """Pictures uint8 [rows, width, channels] into lanes, each pixel as the table says: 256 floats per channel.

    `places`: the address of each lane's picture. Row by row: the registers of a row stay in the first cache while one
    lane after another is written into them.
    """
    pitch = op.width * op.channels
    places = op.pointer(op.places, "i64")
    for row in op.loop(op.rows):
        starts = [op.pointer(places[lane] + row * pitch, "i8") for lane in range(op.lanes)]
        for channel in op.loop(op.channels):
            table = op.floats(op.table + channel * 1024)
            y = op.row("y", channel, row).as_kind("float")
            for i in op.loop(op.width):
                for lane, pixels in enumerate(starts):
                    pixel = op.convert("zext", pixels[i * op.channels + channel], "i64")
                    y[i * op.lanes + lane] = table[pixel]


@kernel("channels rows width @x @y adding")
def copy(op: Op) -> None:
    """y = x, or y += x."""
    for adding in op.either(op.adding):
        for _, _, (x, y) in op.rows_of("x", "y"):
            for i in op.loop(op.width):
                op.give(y, i, x[i], adding)


@kernel("channels rows width @x y")
def flatten(op: Op) -> None:
    """Maps [channel][row][column] to a list in the order [row][column][channel]."""
    y = op.vectors(op.y)
    for row in op.loop(op.rows):
        for i in op.loop(op.width):
            for channel in op.loop(op.channels):
                y[(row * op.width + i) * op.channels + channel] = op.row("x", channel, row)[i]


@kernel("channels rows width @dx dy adding")
def unflatten(op: Op) -> None:
    """The way back of a gradient."""
    dy = op.vectors(op.dy)
    for adding in op.either(op.adding):
        for row in op.loop(op.rows):
            for i in op.loop(op.width):
                for channel in op.loop(op.channels):
                    slope = dy[(row * op.width + i) * op.channels + channel]
                    op.give(op.row("dx", channel, row), i, slope, adding)


@kernel("header channels rows width @x out")
def deliver(op: Op) -> None:
    """Out of lanes: maps as floats [N, rows, width, channels], the lanes that have a picture."""
    first, count = header(op, FIRST), header(op, COUNT)
    size = op.rows * op.width * op.channels
    for lane in op.loop(count):
        out = op.floats(op.pointer(op.out, "i64")[0] + (first + lane) * size * 4)
        for channel in op.loop(op.channels):
            for row in op.loop(op.rows):
                x = op.row("x", channel, row).as_kind("float").at(lane)
                for i in op.loop(op.width):
                    out[(row * op.width + i) * op.channels + channel] = x[i * op.lanes]
