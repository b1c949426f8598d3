"""Dense layers, forward and back. Weights are stored [units][features, padded to whole registers]."""

from __future__ import annotations

from collections.abc import Iterator

from cutaway.engines.native.kernels.op import Op, kernel
from cutaway.engines.native.kernels.pairs import paired, rounded_row
from cutaway.engines.native.kernels.products import MOST_CHANNELS
from cutaway.engines.native.language import Value, bits, vector

ONE = bits(1.0)
Matrix = tuple[Value, Value]
"""Where a matrix begins, and bytes from row to row."""


@kernel("x w y bias floor outputs count pitch step tile products adding")
def dense(op: Op) -> None:
    """y[q] = bias[q] + sum over k of x[k] w[q][k], some outputs at a time. `step`: bytes from output to output in w.

    Backward the same, down the columns of w: dx[k] = sum over q of dy[q] w[q][k].
    """
    table = op.pointer(op.products, "i64")
    for output, q in op.pieces(op.outputs, op.tile):
        op.jump(
            table[q],
            op.x,
            op.w + output * op.step,
            op.count,
            op.pitch,
            op.bias + output * 4,
            op.floor,
            op.y + output * op.width_of_vector,
            op.adding,
        )


WEIGHTS = "x dy dw db features units pitch turned tile_p tile_q products biased"
"""Fields of the gradient of weights; `turned`: room for x, a lane in a row."""


@kernel(WEIGHTS)
def dense_weights(op: Op) -> None:
    """Adds to dw[q][k] the sum over lanes of x[k] dy[q], and to db[q] that of dy[q]."""
    for group, rows in turned_groups(op):
        for lane, row in enumerate(rows):
            op.vectors(op.turned + op.pitch * lane + group * op.width_of_vector)[0] = row
    add_biases(op)
    multiply(op, op.dy, op.width_of_vector, op.lanes)


@kernel(f"{WEIGHTS} shorts", pairs=True)
def dense_weights_pairs(op: Op) -> None:
    """The same in pairs of lanes. `shorts`: room for dy in bfloat16."""
    for group, rows in turned_groups(op):
        for half in range(op.lanes // 2):
            place = op.turned + op.pitch * half + group * op.width_of_vector
            op.vectors(place)[0] = paired(op, rows[2 * half], rows[2 * half + 1])
    dy, shorts = op.vectors(op.dy), op.pointer(op.shorts, vector("i16", op.lanes))
    for unit in op.loop(op.units):
        shorts[unit] = rounded_row(op, dy[unit])
    add_biases(op)
    multiply(op, op.shorts, op.width_of_vector // 2, op.lanes // 2)


def turned_groups(op: Op) -> Iterator[tuple[Value, list[Value]]]:
    """As many features at a time as there are lanes: for each lane a register with those of its picture."""
    x, lanes = op.vectors(op.x), op.lanes
    for group in op.loop((op.features + (lanes - 1)) // lanes):
        cells = []
        for lane in range(lanes):
            number = group * lanes + lane
            inside = number < op.features
            place = op.where(inside, number, op.features - 1)
            cells.append(op.where(inside, x[place], op.vector_of(0.0)))
        yield group, turned(op, cells)


def add_biases(op: Op) -> None:
    """The gradient of the biases."""
    dy, db = op.vectors(op.dy), op.floats(op.db)
    with op.when(op.biased.differs(0)):
        for unit in op.loop(op.units):
            db[unit] = db[unit] + op.sum(dy[unit])


def multiply(op: Op, dy: Value, size: int, count: int) -> None:
    """dw += dy times the turned x: `count` products for each, from rows of dy of `size` bytes."""
    groups = (op.features + (op.lanes - 1)) // op.lanes
    for unit, q in op.pieces(op.units, op.tile_q):
        for group, p in op.pieces(groups, op.tile_p):
            dw = (op.dw + unit * op.pitch + group * op.width_of_vector, op.pitch)
            a, b = (dy + unit * size, op.whole(size)), (op.turned + group * op.width_of_vector, op.pitch)
            add_matrix(op, (p, q), a, b, op.whole(count), dw)


def add_matrix(op: Op, size: tuple[Value, Value], a: Matrix, b: Matrix, count: Value, c: Matrix) -> None:
    """c += a b, `size` registers wide and rows high, `count` products each; numbers of a row of a are neighbours."""
    (p, q), (place, row) = size, c
    product = op.pointer(op.products, "i64")[p * (MOST_CHANNELS + 1) + q]
    op.jump(product, *a, op.whole(4), *b, count, place, place, row, op.whole(ONE), op.whole(ONE))


def turned(op: Op, rows: list[Value]) -> list[Value]:
    """The transpose of a square of registers: halves change places, then quarters, and so on."""
    count = len(rows)
    half = count // 2
    while half:
        for start in range(count):
            if start & half:
                continue
            a, b = rows[start], rows[start + half]
            low, high = [], []
            for lane in range(count):
                low.append(count + lane - half if lane & half else lane)
                high.append(count + lane if lane & half else lane + half)
            rows[start], rows[start + half] = shuffled(op, a, b, low), shuffled(op, a, b, high)
        half //= 2
    return rows


def shuffled(op: Op, a: Value, b: Value, places: list[int]) -> Value:
    """Lanes of two registers, by their places: those of b come after those of a."""
    mask = ", ".join(f"i32 {place}" for place in places)
    kind = f"<{len(places)} x i32>"
    return op.write(f"shufflevector {a.kind} {a.name}, {b.kind} {b.name}, {kind} <{mask}>", a.kind)
