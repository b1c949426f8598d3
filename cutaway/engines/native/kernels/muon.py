"""Muon: gradients with momentum, as matrices, made orthogonal by Newton-Schulz before they move the weights.

A matrix is worked on in its tall form, rows >= columns, in rows of whole registers; the numbers beside its columns are
0. All threads work on every matrix, each on its share of the rows, and wait for each other between these kernels:

    ahead = g + momentum v;  x = ahead / |ahead|;  five times: s = x'x, t = b s + c s s, x = a x + x t
"""

from __future__ import annotations

from cutaway.engines.native.kernels.op import Op, kernel
from cutaway.engines.native.kernels.products import MOST_CHANNELS
from cutaway.engines.native.kernels.update import RATE, length, number, setting, untroubled
from cutaway.engines.native.language import Pointer, Value

MATRIX = "x first last columns pitch"
"""Fields: the matrix, its rows from `first` to `last`, how many columns; bytes from row to row."""
FLAT = "flat flat_row flat_step"
"""Fields: the same numbers as the engine keeps weights; bytes from row to row, from column to column of the matrix."""


def flat(op: Op, row: Value, column: Value) -> Pointer:
    """A number where the engine keeps weights."""
    return op.floats(op.flat + row * op.flat_row + column * op.flat_step)


@kernel("trouble g v first last momentum nesterov")
def muon_velocity(op: Op) -> None:
    """v = momentum v + g; g becomes what is to be made orthogonal: (nesterov) g + momentum v, or v."""
    g, v = op.vectors(op.g), op.vectors(op.v)
    with untroubled(op):
        momentum = setting(op, op.momentum)
        for nesterov in op.either(op.nesterov):
            for i in op.loop(op.first, op.last):
                v[i] = speed = v[i] * momentum + g[i]
                g[i] = g[i] + momentum * speed if nesterov else speed


@kernel(f"{MATRIX} {FLAT} squares thread")
def muon_take(op: Op) -> None:
    """The matrix of an array of gradients, and this thread's sum of squares."""
    total = op.variable(op.of("double", 0.0))
    wide = op.pitch // 4
    for row in op.loop(op.first, op.last):
        x = op.floats(op.x + row * op.pitch)
        for column in op.loop(op.columns):
            x[column] = value = flat(op, row, column)[0]
            double = op.convert("fpext", value, "double")
            total.value += double * double
        for column in op.loop(op.columns, wide):
            x[column] = 0.0
    op.pointer(op.squares, "double")[op.thread] = total.value


@kernel(f"{MATRIX} squares threads epsilon")
def muon_scale(op: Op) -> None:
    """x = x / (|x| + epsilon)."""
    epsilon = op.convert("fpext", op.bits_as_float(op.epsilon), "double")
    size = op.spread(op.convert("fptrunc", length(op) + epsilon, "float"))
    for row in op.loop(op.first, op.last):
        x = op.vectors(op.x + row * op.pitch)
        for i in op.loop(op.pitch // op.width_of_vector):
            x[i] = x[i] / size


@kernel("a a_row a_step b count c d first last pitch scale share tile_p tile_q products")
def multiply_matrices(op: Op) -> None:
    """c = scale a b + share d, rows `first` to `last`; `count`: columns of a; `pitch`: bytes of a row of b, c and d."""
    table = op.pointer(op.products, "i64")
    with op.when(op.last > op.first):
        for piece, q in op.pieces(op.last - op.first, op.tile_q):
            row = op.first + piece
            for column, p in op.pieces(op.pitch // op.width_of_vector, op.tile_p):
                here = row * op.pitch + column * op.width_of_vector
                op.jump(
                    table[p * (MOST_CHANNELS + 1) + q],
                    op.a + row * op.a_row,
                    op.a_row,
                    op.a_step,
                    op.b + column * op.width_of_vector,
                    op.pitch,
                    op.count,
                    op.c + here,
                    op.d + here,
                    op.pitch,
                    op.scale,
                    op.share,
                )


@kernel(f"header numbers trouble {MATRIX} {FLAT} rate scale decay")
def muon_move(op: Op) -> None:
    """w = w - rate (scale x + decay w)."""
    with untroubled(op):
        rate = number(op, RATE) * op.bits_as_float(op.rate)
        scale, decay = op.bits_as_float(op.scale), op.bits_as_float(op.decay)
        for row in op.loop(op.first, op.last):
            x = op.floats(op.x + row * op.pitch)
            for column in op.loop(op.columns):
                w = flat(op, row, column)
                w[0] = w[0] - rate * (scale * x[column] + decay * w[0])
