"""Where branches meet, and the few other layers without a window: add, multiply, local response norm, dropout."""

from __future__ import annotations

from cutaway.engines.native.kernels.layout import PLACE, STEP, header
from cutaway.engines.native.kernels.op import Op, kernel
from cutaway.engines.native.language import Value, vector
from cutaway.layers.lrn import BIAS


@kernel("channels rows width @a @b @y floor")
def add(op: Op) -> None:
    """y = a + b, at least the floor."""
    floor = op.spread(op.bits_as_float(op.floor))
    for _, _, (a, b, y) in op.rows_of("a", "b", "y"):
        for i in op.loop(op.width):
            value = a[i] + b[i]
            y[i] = op.where(value < floor, floor, value)


@kernel("channels rows width @x @gate @y")
def multiply(op: Op) -> None:
    """y = x gate, cell by cell."""
    for _, _, (x, gate, y) in op.rows_of("x", "gate", "y"):
        for i in op.loop(op.width):
            y[i] = x[i] * gate[i]


@kernel("channels rows width @x gate @y")
def multiply_channels(op: Op) -> None:
    """y = x gate, one gate for each channel."""
    for channel, _, (x, y) in op.rows_of("x", "y"):
        gate = op.vectors(op.gate)[channel]
        for i in op.loop(op.width):
            y[i] = x[i] * gate


@kernel("channels rows width @factor @dx @dy adding")
def multiply_back(op: Op) -> None:
    """dx = dy times the other factor."""
    for adding in op.either(op.adding):
        for _, _, (factor, dx, dy) in op.rows_of("factor", "dx", "dy"):
            for i in op.loop(op.width):
                op.give(dx, i, dy[i] * factor[i], adding)


@kernel("channels rows width gate @dx @dy adding")
def multiply_channels_back(op: Op) -> None:
    """dx = dy gate."""
    for adding in op.either(op.adding):
        for channel, _, (dx, dy) in op.rows_of("dx", "dy"):
            gate = op.vectors(op.gate)[channel]
            for i in op.loop(op.width):
                op.give(dx, i, dy[i] * gate, adding)


@kernel("channels rows width @x @dy dgate adding")
def gate_back(op: Op) -> None:
    """dgate[channel] = the sum over the map of dy x."""
    for adding in op.either(op.adding):
        for channel in op.loop(op.channels):
            total = op.total()
            for row in op.loop(op.rows):
                x, dy = op.row("x", channel, row), op.row("dy", channel, row)
                for i in op.loop(op.width):
                    total.value = op.multiply_add(dy[i], x[i], total.value)
            op.give(op.vectors(op.dgate), channel, total.value, adding)


# --- local response norm --------------------------------------------------------------------------


def around(op: Op, name: str, channel: Value, row: Value, i: Value, after: Value) -> Value:
    """The sum of a map over `size` channels around one, `after` of them above it."""
    first = op.larger(channel - (op.reach - 1 - after), op.whole(0))
    last = op.smaller(channel + after + 1, op.channels)
    total = op.total()
    for k in op.loop(first, last):
        total.value += op.row(name, k, row)[i]
    return total.value


@kernel("channels rows width reach share @x @y @squares @base")
def lrn(op: Op) -> None:
    """y = x / base^0.75, base = 1 + share times the sum of squares around; keeps the base for the way back."""
    for _, _, (x, squares) in op.rows_of("x", "squares"):
        for i in op.loop(op.width):
            squares[i] = x[i] * x[i]
    share = op.spread(op.bits_as_float(op.share))
    for channel, row, (x, y, base) in op.rows_of("x", "y", "base"):
        for i in op.loop(op.width):
            total = around(op, "squares", channel, row, i, op.reach // 2)
            own = op.multiply_add(share, total, op.vector_of(BIAS))
            base[i] = own
            root = op.root(own)
            y[i] = x[i] / (root * op.root(root))


@kernel("channels rows width reach share @x @dx @dy @squares @base adding")
def lrn_back(op: Op) -> None:
    """dx = dy base^-0.75 - 1.5 share x (sum around of dy x base^-1.75); `squares` holds what is summed."""
    for _, _, (x, dy, squares, base) in op.rows_of("x", "dy", "squares", "base"):
        for i in op.loop(op.width):
            root = op.root(base[i])
            squares[i] = dy[i] * x[i] / (base[i] * (root * op.root(root)))
    share = op.spread(op.bits_as_float(op.share)) * 1.5
    for adding in op.either(op.adding):
        for channel, row, (x, dx, dy, base) in op.rows_of("x", "dx", "dy", "base"):
            for i in op.loop(op.width):
                shared = around(op, "squares", channel, row, i, (op.reach - 1) // 2)
                root = op.root(base[i])
                op.give(dx, i, dy[i] / (root * op.root(root)) - share * x[i] * shared, adding)


# --- dropout --------------------------------------------------------------------------------------


def scrambled(op: Op, x: Value) -> Value:
    """As `cutaway.layers.dropout.scrambled`."""
    x = (x ^ (x >> 16)) * 0x7FEB352D
    x = (x ^ (x >> 15)) * (0x846CA68B - 2**32)
    return x ^ (x >> 16)


def masked(op: Op, x_name: str, y_name: str, adding: bool) -> None:
    """y = x where its cell is on, made larger by what is switched off; else 0."""
    whole = vector("i32", op.lanes)
    keys = op.pointer(op.pointer(op.keys, "i64")[0] + (header(op, STEP) * op.layers + op.layer) * 8, "i32")
    low, high = op.of(whole, keys[0]), op.of(whole, keys[1])
    cells = op.channels * op.rows * op.width
    first = header(op, PLACE) * op.lanes * cells
    starts = op.of(whole, op.convert("trunc", first, "i32")) + numbered(op, cells)
    limit = op.of(whole, op.convert("trunc", op.limit, "i32"))
    larger = op.spread(op.bits_as_float(op.larger_by))
    for channel, row, (x, y) in op.rows_of(x_name, y_name):
        for i in op.loop(op.width):
            cell = op.of(whole, op.convert("trunc", (row * op.width + i) * op.channels + channel, "i32"))
            drawn = scrambled(op, scrambled(op, (starts + cell) ^ low) ^ high)
            op.give(y, i, op.where(drawn.at_least(limit), x[i] * larger, op.vector_of(0.0)), adding)


def numbered(op: Op, cells: Value) -> Value:
    """0, cells, 2 cells, ...: where each lane's picture begins."""
    whole = vector("i32", op.lanes)
    steps = ", ".join(f"i32 {lane}" for lane in range(op.lanes))
    return op.of(whole, op.convert("trunc", cells, "i32")) * Value(op, whole, f"<{steps}>")


@kernel("header channels rows width @x @y keys layers layer limit larger_by")
def dropout(op: Op) -> None:
    """While training: which cells are off depends on (seed, step, layer, cell) alone."""
    masked(op, "x", "y", adding=False)


@kernel("header channels rows width @dx @dy keys layers layer limit larger_by adding")
def dropout_back(op: Op) -> None:
    """The same cells are off on the way back."""
    for adding in op.either(op.adding):
        masked(op, "dy", "dx", adding)
