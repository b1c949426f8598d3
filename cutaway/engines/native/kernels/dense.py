"""Dense layers, forward and back. Weights are stored [units][features, padded to whole registers]."""

from __future__ import annotations

from cutaway.engines.native.kernels.op import Op, kernel
from cutaway.engines.native.kernels.products import MOST_CHANNELS
from cutaway.engines.native.language import Value, bits

ONE = bits(1.0)


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


@kernel("x dy dw db features units pitch turned tile_p tile_q products biased")
def dense_weights(op: Op) -> None:
    """Adds to dw[q][k] the sum over lanes of x[k] dy[q], and to db[q] that of dy[q]."""
    lanes, size = op.lanes, op.width_of_vector
    x = op.vectors(op.x)
    groups = (op.features + (lanes - 1)) // lanes
    for group in op.loop(groups):
        first = group * lanes
        cells = []
        for lane in range(lanes):
            inside = first + lane < op.features
            place = op.where(inside, first + lane, op.features - 1)
            cells.append(op.where(inside, x[place], op.vector_of(0.0)))
        for lane, row in enumerate(turned(op, cells)):
            op.vectors(op.turned + op.pitch * lane + group * size)[0] = row
    dy, db = op.vectors(op.dy), op.floats(op.db)
    with op.when(op.biased.differs(0)):
        for unit in op.loop(op.units):
            db[unit] = db[unit] + op.sum(dy[unit])
    table = op.pointer(op.products, "i64")
    for unit, q in op.pieces(op.units, op.tile_q):
        for group, p in op.pieces(groups, op.tile_p):
            dw = op.dw + unit * op.pitch + group * size
            op.jump(
                table[p * (MOST_CHANNELS + 1) + q],
                op.dy + unit * size,
                op.whole(size),
                op.whole(4),
                op.turned + group * size,
                op.pitch,
                op.whole(lanes),
                dw,
                dw,
                op.pitch,
                op.whole(ONE),
                op.whole(ONE),
            )


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
