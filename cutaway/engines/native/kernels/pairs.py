"""Pairs of bfloat16: two numbers of half the length in the place of one float.

A multiply-add of pairs takes as long as one of floats and does twice as much; its sums are floats. A forward or data
gradient adds up over channels, so there a pair is two channels of one cell; the gradient of weights adds up over cells,
so there it is two rows of one channel: the plane is folded in half, and a shift by one tap shifts both halves alike.
"""

from __future__ import annotations

from cutaway.engines.native.kernels.op import Op, kernel
from cutaway.engines.native.language import Pointer, Value, vector


def paired(op: Op, even: Value, odd: Value) -> Value:
    """Two registers of floats as one of pairs, rounded to the nearest."""
    halves = vector("i16", 2 * op.lanes)
    pairs = vector("bfloat", 2 * op.lanes)
    both = op.call("llvm.x86.avx512bf16.cvtne2ps2bf16.512", pairs, odd, even)
    whole = op.convert("bitcast", both, halves)
    places = ", ".join(f"i32 {lane // 2 + op.lanes * (lane % 2)}" for lane in range(2 * op.lanes))
    mixed = f"shufflevector {halves} {whole.name}, {halves} poison, <{2 * op.lanes} x i32> <{places}>"
    return op.convert("bitcast", op.write(mixed, halves), op.machine.vector)


def rounded_row(op: Op, floats: Value) -> Value:
    """A register of floats as half a register of bfloat16, rounded to the nearest: pairs of neighbours."""
    short = op.call("llvm.x86.avx512bf16.cvtneps2bf16.512", vector("bfloat", op.lanes), floats)
    return op.convert("bitcast", short, vector("i16", op.lanes))


@kernel("channels rows width @x @y", pairs=True)
def to_pairs(op: Op) -> None:
    """Channels 2 k and 2 k + 1 as channel k of pairs; beside the last of an odd number stands 0. `channels`: of x."""
    for pair in op.loop((op.channels + 1) // 2):
        even = pair * 2
        alone = (even + 1) >= op.channels
        for row in op.loop(op.rows):
            a, y = op.row("x", even, row), op.row("y", pair, row)
            with op.when(alone):
                for i in op.loop(op.width):
                    y[i] = paired(op, a[i], op.vector_of(0.0))
            with op.when(alone.equals(0)):
                b = op.row("x", even + 1, row)
                for i in op.loop(op.width):
                    y[i] = paired(op, a[i], b[i])


@kernel("channels rows width height top apart zeros @x @y", pairs=True)
def fold(op: Op) -> None:
    """Row i of y: rows i + top and i + top + apart of x, which has `height`; zeros for rows that it has not."""
    for channel, row, (y,) in op.rows_of("y"):
        first, second = (row_or_zeros(op, channel, row + op.top + more) for more in (0, op.apart))
        for i in op.loop(op.width):
            y[i] = paired(op, first[i], second[i])


def row_or_zeros(op: Op, channel: Value, row: Value) -> Pointer:
    """A row of x, or one of zeros where there is none."""
    there = (row >= 0) & (row < op.height)
    address = op.x + op.x_plane * channel + op.x_row * row
    return op.vectors(op.where(there, address, op.zeros))


@kernel("packed w index first last", pairs=True)
def pack_pairs(op: Op) -> None:
    """Weights in pairs: packed[i] = (w[index[2 i]], w[index[2 i + 1]]); 0 where an index is below 0."""
    packed, index = op.pointer(op.packed, "i32"), op.pointer(op.index, "i32")
    for i in op.loop(op.first, op.last):
        low, high = (rounded(op, op.whole(index[i * 2 + side])) for side in (0, 1))
        packed[i] = low | (high << 16)


def rounded(op: Op, index: Value) -> Value:
    """A weight's bits as a bfloat16, rounded to the nearest, ties to even."""
    there = index >= 0
    bits = op.pointer(op.w, "i32")[op.where(there, index, op.whole(0))]
    short = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
    return op.where(there, short, op.of("i32", 0))


@kernel("packed w first last", pairs=True)
def round_rows(op: Op) -> None:
    """Registers first ... last of weights as bfloat16: a pair is two neighbours of a row."""
    w, packed = op.vectors(op.w), op.pointer(op.packed, vector("i16", op.lanes))
    for i in op.loop(op.first, op.last):
        packed[i] = rounded_row(op, w[i])


@kernel("packed w pitch units first last", pairs=True)
def pair_rows(op: Op) -> None:
    """Rows 2 k and 2 k + 1 of weights as row k of pairs; beside the last of an odd number stand zeros."""
    for k in op.loop(op.first, op.last):
        alone = (k * 2 + 1) >= op.units
        even = op.w + op.pitch * (k * 2)
        a, b = op.vectors(even), op.vectors(op.where(alone, even, even + op.pitch))
        packed = op.vectors(op.packed + op.pitch * k)
        for i in op.loop(op.pitch // op.width_of_vector):
            packed[i] = paired(op, a[i], op.where(alone, op.vector_of(0.0), b[i]))
