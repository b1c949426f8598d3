"""Convolution, forward and back: loops that hand the inner products their rows, tiles and taps.

A table says of each row of the output where its input begins and which of the taps fall on rows that exist:
`(x offset, y offset, first tap, last tap)`, so that whole rows of padding are never multiplied. Columns come in zones
that see the same taps of each row of the kernel: `(first column, columns, columns of a tile, first tap, tap after the
last)`; those near an edge see fewer.
"""

from __future__ import annotations

from cutaway.engines.native.kernels.op import Op, kernel
from cutaway.engines.native.kernels.products import MOST_CHANNELS
from cutaway.engines.native.language import Pointer, Value

CONVOLUTION = (
    "x w taps fan bias floor table rows columns zones zone_count across channels tile_q x_step y_step y_plane groups "
    "x_group y_group products adding"
)
"""Fields: `across` is how many taps a row of the kernel has; w is packed [group][tile of channels][tap][channel of the
tile]; bias [channel], or zeros."""
NONE = -1
"""The code of a pooled cell that no cell of its window won: the ReLU cut it off."""


def product(op: Op, p: Value, q: Value) -> Value:
    """The address of the product of P columns and Q channels."""
    return op.pointer(op.products, "i64")[p * (MOST_CHANNELS + 1) + q]


def row_of_products(
    op: Op, entry: Pointer, group: Value, channel: Value, q: Value, y: Value, y_step: Value, y_plane: Value
) -> None:
    """One row of Q channels, columns tile by tile. y is where its first column goes."""
    first, last = entry[2], entry[3]
    weights = op.w + (group * op.channels + channel) * op.fan * 4
    bias = op.bias + (group * op.channels + channel) * 4
    x = op.x + entry[0] + group * op.x_group
    zones = op.pointer(op.zones, "i64")
    for number in op.loop(op.zone_count):
        zone = zones.at(number * 5)
        seen = zone[4] - zone[3]
        whole = seen.equals(op.across)
        for piece, p in op.pieces(zone[1], zone[2]):
            column = zone[0] + piece
            op.jump(
                product(op, p, q),
                x + column * op.x_step,
                op.taps,
                weights,
                first + zone[3],
                last,
                op.where(whole, last - first, seen),
                op.where(whole, op.larger(op.whole(1), last - first), op.across),
                bias,
                op.floor,
                y + column * y_step,
                y_step,
                y_plane,
                op.x_step,
                op.adding,
            )


@kernel(f"y {CONVOLUTION}")
def convolve(op: Op) -> None:
    """A few channels of a row at a time: their weights stay in the first cache, the rows of x in the second."""
    table = op.pointer(op.table, "i64")
    for row in op.loop(op.rows):
        entry = table.at(row * 4)
        for group in op.loop(op.groups):
            for channel, q in op.pieces(op.channels, op.tile_q):
                y = op.y + entry[1] + group * op.y_group + channel * op.y_plane
                row_of_products(op, entry, group, channel, q, y, op.y_step, op.y_plane)


def pooled(size: int) -> None:
    """Convolution, ReLU and max pooling in one: the rows of one row of windows wait in a tile near the processor."""

    @kernel(f"@y codes_address tile {CONVOLUTION}", name=f"convolve_maxpool_{size}")
    def convolve_maxpool(op: Op) -> None:
        table = op.pointer(op.table, "i64")
        pitch = op.columns * op.width_of_vector
        width = op.columns // size
        height = op.rows // size
        for row in op.loop(height):
            for group in op.loop(op.groups):
                for channel, q in op.pieces(op.channels, op.tile_q):
                    for r in range(size):
                        entry = table.at((row * size + r) * 4)
                        start = op.tile + pitch * r
                        step = op.whole(op.width_of_vector)
                        row_of_products(op, entry, group, channel, q, start, step, pitch * size)
                    for k in op.loop(q):
                        own = group * op.channels + channel + k
                        y = op.row("y", own, row)
                        codes = op.codes(op.codes_address + ((own * height + row) * width) * op.lanes)
                        largest(op, op.vectors(op.tile + pitch * size * k), op.columns, size, width, y, codes)


def largest(op: Op, tile: Pointer, pitch: Value, size: int, width: Value, y: Pointer, codes: Pointer) -> None:
    """Of each window of size x size in `size` rows, the largest cell above the floor, and which it was.

    A cell that is not a number makes its window not a number.
    """
    floor = op.spread(op.bits_as_float(op.floor))
    code = codes.kind
    for i in op.loop(width):
        cells = [tile[pitch * r + i * size + c] for r in range(size) for c in range(size)]
        best, which = floor, op.of(code, NONE)
        for number, cell in enumerate(cells):
            more = cell > best
            best = op.where(more, cell, best)
            which = op.where(more, op.of(code, number), which)
        pairs = zip(cells[::2], [*cells[1::2], cells[-1]] if size % 2 else cells[1::2], strict=True)
        for a, b in pairs:
            best = op.where(op.write(f"fcmp uno {a.kind} {a.name}, {b.name}", f"<{op.lanes} x i1>"), a + b, best)
        y[i] = best
        codes[i] = which


for size in (2, 3):
    pooled(size)


GRADIENT = (
    "x dy height width x_row x_step dy_row dy_plane "  # the plane of one channel of dy, and how x moves along it
    "depth x_plane r_count r_step r_tile s_count s_step s_tile channels tile_q "  # C in, taps, C out: of one group
    "groups x_group dy_group w w_tap w_row w_depth w_group chunk gradients"
)


@kernel(GRADIENT)
def convolution_weights(op: Op) -> None:
    """The gradient of each weight: what its tap saw, times the gradient of where it went, over all places and lanes.

    Some rows of the plane at a time (`chunk`), so that what is multiplied is still near the processor when the next
    channel needs it.
    """
    table = op.pointer(op.gradients, "i64")
    for start in op.loop(0, op.height, op.chunk):
        rows = op.smaller(op.chunk, op.height - start)
        for group in op.loop(op.groups):
            for channel, q in op.pieces(op.channels, op.tile_q):
                dy = op.dy + start * op.dy_row + group * op.dy_group + channel * op.dy_plane
                for depth in op.loop(op.depth):
                    x = op.x + start * op.x_row + group * op.x_group + depth * op.x_plane
                    w = op.w + group * op.w_group + channel * 4 + depth * op.w_depth
                    for r, r_size in op.pieces(op.r_count, op.r_tile):
                        for s, s_size in op.pieces(op.s_count, op.s_tile):
                            which = (r_size * 8 + s_size) * (MOST_CHANNELS + 1) + q
                            op.jump(
                                table[which],
                                x + r * op.r_step + s * op.s_step,
                                dy,
                                rows,
                                op.width,
                                op.x_row,
                                op.x_step,
                                op.r_step,
                                op.s_step,
                                op.dy_row,
                                op.dy_plane,
                                w + r * op.w_row + s * op.w_tap,
                                op.w_row,
                                op.w_tap,
                                op.whole(4),
                            )


@kernel("packed w index first last")
def pack(op: Op) -> None:
    """Weights in the order in which the products read them: packed[i] = w[index[i]]."""
    packed, w, index = op.floats(op.packed), op.floats(op.w), op.pointer(op.index, "i32")
    for i in op.loop(op.first, op.last):
        packed[i] = w[op.whole(index[i])]
