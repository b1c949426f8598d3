"""The gradient of a kernel where maps are small: a product of matrices, as that of a dense layer.

Adding over the lanes costs each weight about ten operations, however few cells there are. Here no lanes are added: dy
is turned, so that a register holds neighbouring channels of one picture, and lanes and cells are what is added over:

    dw[tap][depth][channel] += x[depth][cell + tap][lane] * turned[cell][lane][channel]

A table says which cells a tap sees, run by run: `(x offset, turned offset, dw offset, products)`.
"""

from __future__ import annotations

from collections.abc import Iterator

from cutaway.engines.native.kernels.dense import add_matrix, turned
from cutaway.engines.native.kernels.op import Op, kernel
from cutaway.engines.native.kernels.pairs import paired, rounded_row
from cutaway.engines.native.language import Value, vector

FIELDS = (
    "@x @dy dw dw_row channels depth height width x_height x_width turned shorts table entries tile_p tile_q products"
)
"""Fields: `dw_row` bytes from depth to depth; `turned`, `shorts`: room for dy and, in bfloat16, for x."""


@kernel(FIELDS)
def small_weights(op: Op) -> None:
    """In float32."""
    for group, count in op.pieces(op.channels // op.lanes, op.tile_p):
        pitch = count * op.width_of_vector
        for cell, own, rows in turned_cells(op, group, count):
            for lane, row in enumerate(rows):
                place = op.turned + (cell * op.lanes + lane) * pitch + own * op.width_of_vector
                op.vectors(place)[0] = row
        multiply(op, op.x, op.x_plane, group, count)


@kernel(FIELDS, pairs=True)
def small_weights_pairs(op: Op) -> None:
    """In pairs of lanes."""
    plane = op.x_height * op.x_width * (op.width_of_vector // 2)
    for channel in op.loop(op.depth):
        for row in op.loop(op.x_height):
            place = op.shorts + channel * plane + row * op.x_width * (op.width_of_vector // 2)
            x, shorts = op.row("x", channel, row), op.pointer(place, vector("i16", op.lanes))
            for i in op.loop(op.x_width):
                shorts[i] = rounded_row(op, x[i])
    for group, count in op.pieces(op.channels // op.lanes, op.tile_p):
        pitch = count * op.width_of_vector
        for cell, own, rows in turned_cells(op, group, count):
            for half in range(op.lanes // 2):
                place = op.turned + (cell * (op.lanes // 2) + half) * pitch + own * op.width_of_vector
                op.vectors(place)[0] = paired(op, rows[2 * half], rows[2 * half + 1])
        multiply(op, op.shorts, plane, group, count)


def turned_cells(op: Op, group: Value, count: Value) -> Iterator[tuple[Value, Value, list[Value]]]:
    """Each cell of dy and group of as many channels as there are lanes: its number, the group's, a row per lane."""
    for own in op.loop(count):
        for row in op.loop(op.height):
            planes = [op.row("dy", (group + own) * op.lanes + channel, row) for channel in range(op.lanes)]
            for i in op.loop(op.width):
                yield row * op.width + i, own, turned(op, [plane[i] for plane in planes])


def multiply(op: Op, x: Value, plane: Value, group: Value, count: Value) -> None:
    """Adds to the gradient of some channels what every tap sees."""
    table = op.pointer(op.table, "i64")
    pitch = count * op.width_of_vector
    for depth, q in op.pieces(op.depth, op.tile_q):
        for number in op.loop(op.entries):
            entry = table.at(number * 4)
            dw = op.dw + entry[2] + depth * op.dw_row + group * op.width_of_vector
            a, b = (x + depth * plane + entry[0], plane), (op.turned + entry[1] * pitch, pitch)
            add_matrix(op, (count, q), a, b, entry[3], (dw, op.dw_row))
