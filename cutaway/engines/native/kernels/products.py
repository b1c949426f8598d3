"""The inner products that nearly all time is spent in: loops whose sums never leave their registers.

    for k in first ... last:
        for p in P columns:                         x[p] is a register: one cell of every lane
            for q in Q channels:                    w[q] is one weight, spread over the lanes
                sum[p][q] += x[taps[k] + p] * w[k][q]

P x Q sums are kept, so each cell that is loaded is used Q times and each weight P times. `taps` says which cell of the
input, so that a convolution forward and its data gradient, with any stride, dilation or padding, are this one loop.

The weight gradient multiplies cells by cells and adds over the lanes at the end:

    for row, column:
        sum[r][s][q] += x[row + r][column + s] * dy[q][row][column]
"""

from __future__ import annotations

from collections.abc import Iterator

from cutaway.engines.native.language import Code, Value
from cutaway.engines.native.machine import Machine

MOST_COLUMNS, MOST_CHANNELS = 8, 12
"""The largest P and Q."""
MOST_ROWS_OF_TAPS, MOST_TAPS = 3, 7
"""The largest R and S."""
DENSE = 12
"""The most outputs of a dense layer at a time."""

Shape = tuple[str, int, int, int]
"""`("product", P, Q, near)`, `("gradient", R, S, Q)`, `("far_gradient", R, 1, Q)`, ..."""


def product_shapes(machine: Machine) -> Iterator[tuple[int, int]]:
    """Every P and Q whose sums fit the registers beside what is multiplied."""
    for p in range(1, MOST_COLUMNS + 1):
        for q in range(1, MOST_CHANNELS + 1):
            if p * q <= min(24, machine.accumulators) or q == 1:
                yield p, q


def name_of(kind: str, *numbers: int) -> str:
    """What a product's function is called."""
    return "_".join([kind, *map(str, numbers)])


class Product(Code):
    """A micro-kernel being written, for a machine; in float32, or in pairs of bfloat16 whose sums are float32."""

    def __init__(self, name: str, arguments: str, machine: Machine, pairs: bool = False) -> None:
        super().__init__(name, arguments.split())
        self.machine, self.pairs = machine, pairs
        self.bytes = 4 * machine.lanes

    def cell(self, address: Value) -> Value:
        """The register at an address."""
        return self.pointer(address, self.machine.vector)[0]

    def weight(self, address: Value) -> Value:
        """The weight (or pair of weights) at an address, in every lane."""
        return self.of(self.machine.vector, self.pointer(address, "float")[0])

    def add_product(self, total: Value, a: Value, b: Value) -> Value:
        """total + a b; for pairs, total + the sum of both products."""
        if not self.pairs:
            return self.multiply_add(a, b, total)
        both = [self.convert("bitcast", v, f"<{2 * self.machine.lanes} x bfloat>") for v in (a, b)]
        return self.call("llvm.x86.avx512bf16.dpbf16ps.512", total.kind, total, *both)


def write_product(machine: Machine, p_count: int, q_count: int, near: bool, pairs: bool) -> Code:
    """P x Q cells of a convolution. `near`: from column to column it is one register; else x_step bytes.

    Of the taps first ... last, the first `span` of every `step`. Sums start at the bias, or (adding) at what is there;
    what is below `floor` becomes `floor` (a ReLU's 0).
    """
    code = Product(
        name_of("product", p_count, q_count, near, pairs),
        "x taps w first last span step bias floor y y_step y_plane x_step adding",
        machine,
        pairs,
    )
    grid = [(p, q) for q in range(q_count) for p in range(p_count)]
    step = code.whole(code.bytes) if near else code.x_step
    steps = [code.y_step * p for p in range(p_count)]
    rows = [code.y + code.y_plane * q for q in range(q_count)]
    places = [rows[q] + steps[p] for p, q in grid]
    sums = [code.variable(code.of(machine.vector, 0.0)) for _ in grid]
    with code.when(code.adding.differs(0)):
        for total, place in zip(sums, places, strict=True):
            total.value = code.cell(place)
    with code.when(code.adding.equals(0)):
        starts = [code.weight(code.bias + 4 * q) for q in range(q_count)]
        for total, (_, q) in zip(sums, grid, strict=True):
            total.value = starts[q]
    taps = code.pointer(code.taps, "i32")
    weights = code.variable(code.w)
    columns = [code.x + step * p for p in range(p_count)]
    for start in code.loop(code.first, code.last, code.step):
        weights.value = code.w + start * (4 * q_count)
        for k in code.loop(start, start + code.span):
            tap, w = code.whole(taps[k]), weights.value
            if p_count <= q_count:  # hold the shorter side, stream the longer one
                cells = [code.cell(x + tap) for x in columns]
                for q in range(q_count):
                    weight = code.weight(w + 4 * q)
                    for p in range(p_count):
                        total = sums[q * p_count + p]
                        total.value = code.add_product(total.value, cells[p], weight)
            else:
                own = [code.weight(w + 4 * q) for q in range(q_count)]
                for p in range(p_count):
                    cell = code.cell(columns[p] + tap)
                    for q in range(q_count):
                        total = sums[q * p_count + p]
                        total.value = code.add_product(total.value, cell, own[q])
            weights.value = w + 4 * q_count
    floor = code.of(machine.vector, code.bits_as_float(code.floor))
    for total, place in zip(sums, places, strict=True):
        value = total.value
        code.pointer(place, machine.vector)[0] = code.where(value < floor, floor, value)
    return code


def write_gradient(machine: Machine, rows: int, taps: int, channels: int, near: bool, pairs: bool) -> Code:
    """The gradients of R x S taps for Q channels out, over `height` x `width` cells of dy.

    `near`: columns and taps are one register apart; else x_step and s_step bytes.
    """
    code = Product(
        name_of("gradient", rows, taps, channels, near, pairs),
        "x dy height width x_row x_step r_step s_step dy_row dy_plane out out_r out_s out_q",
        machine,
        pairs,
    )
    grid = [(r, s, q) for r in range(rows) for s in range(taps) for q in range(channels)]
    sums = [code.variable(code.of(machine.vector, 0.0)) for _ in grid]
    step, apart = (code.whole(code.bytes),) * 2 if near else (code.x_step, code.s_step)
    x, dy = code.variable(code.x), code.variable(code.dy)
    for _ in code.loop(code.height):
        xs = [code.variable(x.value + code.r_step * r) for r in range(rows)]
        slopes = [code.variable(dy.value + code.dy_plane * q) for q in range(channels)]
        for _ in code.loop(code.width):
            own = [code.cell(slope.value) for slope in slopes]
            for r in range(rows):
                for s in range(taps):
                    cell = code.cell(xs[r].value + apart * s)
                    for q in range(channels):
                        total = sums[(r * taps + s) * channels + q]
                        total.value = code.add_product(total.value, own[q], cell)
            for place in xs:
                place.value += step
            for place in slopes:
                place.value += code.bytes
        x.value += code.x_row
        dy.value += code.dy_row
    kept = code.array(machine.vector, len(grid))
    for number, total in enumerate(sums):
        kept[number] = total.value
    for row in code.loop(rows):  # a loop, since adding over the lanes is long to write and soon done
        for column in code.loop(taps):
            tap = code.out + code.out_r * row + code.out_s * column
            for q in range(channels):
                out = code.pointer(tap + code.out_q * q, "float")
                out[0] = out[0] + code.sum(kept[(row * taps + column) * channels + q])
    return code


def write_dense(machine: Machine, outputs: int, along: bool, pairs: bool) -> Code:
    """Q outputs of a dense layer: sum[q] += x[k] w[q][k]. `along`: k runs along a row of w, else down its columns."""
    code = Product(
        name_of("dense", outputs, along, pairs),
        "x w count pitch bias floor y adding",
        machine,
        pairs,
    )
    sums = [code.variable(code.of(machine.vector, 0.0)) for _ in range(outputs)]
    y, bias = code.pointer(code.y, machine.vector), code.pointer(code.bias, "float")
    with code.when(code.adding.differs(0)):
        for q, total in enumerate(sums):
            total.value = y[q]
    with code.when(code.adding.equals(0)):
        for q, total in enumerate(sums):
            total.value = code.of(machine.vector, bias[q])
    w, x = code.variable(code.w), code.variable(code.x)
    for _ in code.loop(code.count):
        cell, row = code.cell(x.value), w.value
        for q, total in enumerate(sums):
            weight = code.weight(row + (code.pitch * q if along else code.whole(4 * q)))
            total.value = code.add_product(total.value, cell, weight)
        x.value += code.bytes
        w.value = row + (code.whole(4) if along else code.pitch)
    floor = code.of(machine.vector, code.bits_as_float(code.floor))
    for q, total in enumerate(sums):
        value = total.value
        y[q] = code.where(value < floor, floor, value)
    return code


def write_matrix(machine: Machine, p_count: int, q_count: int, pairs: bool) -> Code:
    """Q rows of a product of matrices, P registers wide: c[q] = scale (a b)[q] + share d[q]; share 0 leaves d alone.

    Numbers of a stand anywhere: a_row bytes from row to row, a_step within a row. Rows of b, c, d begin on a register.
    """
    name = name_of("matrix", p_count, q_count, pairs)
    code = Product(name, "a a_row a_step b b_row count c d row scale share", machine, pairs)
    grid = [(p, q) for q in range(q_count) for p in range(p_count)]
    sums = [code.variable(code.of(machine.vector, 0.0)) for _ in grid]
    a, b = code.variable(code.a), code.variable(code.b)
    for _ in code.loop(code.count):
        cells = [code.cell(b.value + code.bytes * p) for p in range(p_count)]
        for q in range(q_count):
            factor = code.weight(a.value + code.a_row * q)
            for p in range(p_count):
                total = sums[q * p_count + p]
                total.value = code.add_product(total.value, cells[p], factor)
        a.value += code.a_step
        b.value += code.b_row
    scale, share = (code.of(machine.vector, code.bits_as_float(bits)) for bits in (code.scale, code.share))
    for total in sums:
        total.value = total.value * scale
    with code.when(code.share.differs(0)):
        for total, (p, q) in zip(sums, grid, strict=True):
            total.value = code.multiply_add(code.cell(code.d + code.row * q + code.bytes * p), share, total.value)
    for total, (p, q) in zip(sums, grid, strict=True):
        code.pointer(code.c + code.row * q + code.bytes * p, machine.vector)[0] = total.value
    return code


def gradient_shapes(machine: Machine) -> Iterator[tuple[int, int, int, bool]]:
    """Every R, S, Q and nearness of a weight gradient whose sums fit the registers."""
    for near in (True, False):
        for rows in range(1, (MOST_ROWS_OF_TAPS if near else MOST_TAPS) + 1):
            for taps in range(1, (MOST_TAPS if near else 1) + 1):
                for channels in range(1, 9):
                    if rows * taps * channels <= machine.accumulators or channels == 1:
                        yield rows, taps, channels, near


def matrix_shapes(machine: Machine) -> Iterator[tuple[int, int]]:
    """Every P and Q of a product of matrices."""
    most = (4, 6) if machine.registers == 32 else (2, 5)
    for p in range(1, most[0] + 1):
        for q in range(1, most[1] + 1):
            yield p, q


def matrix_tile(machine: Machine) -> tuple[int, int]:
    """The largest P and Q of those."""
    p, q = (max(side) for side in zip(*matrix_shapes(machine), strict=True))
    return p, q


def write_peak(machine: Machine, pairs: bool) -> Code:
    """Multiplications and additions that nothing holds up, to measure what is the most; see `peak.py`."""
    sums, times = (24, 4) if machine.registers == 32 else (12, 8)
    code = Product(name_of("peak", pairs), "record", machine, pairs)
    record = code.pointer(code.record, "i64")
    place = code.pointer(record[0], machine.vector)
    a, b = place[0], place[1]
    totals = [code.variable(place[2 + number]) for number in range(sums)]
    for _ in code.loop(record[1]):
        for _ in range(times):
            for total in totals:
                total.value = code.add_product(total.value, a, b)
    for number, total in enumerate(totals):
        place[2 + number] = total.value
    return code
