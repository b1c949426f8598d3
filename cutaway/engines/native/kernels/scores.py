"""The end of a net: softmax and its kin, and the losses with their gradients."""

from __future__ import annotations

from cutaway.engines.native import functions
from cutaway.engines.native.kernels.layout import BATCH, COUNT, FIRST, header, mask, say_trouble
from cutaway.engines.native.kernels.op import Op, kernel
from cutaway.engines.native.language import Pointer, Value


def column(op: Op, name: str, row: Value, i: Value) -> tuple[Pointer, Value]:
    """All channels of one place: the first, and how many registers it is to the next."""
    return op.row(name, 0, row).at(i), getattr(op, f"{name}_plane") // op.width_of_vector


def highest(op: Op, x: Pointer, step: Value, count: Value) -> Value:
    """The largest of a column; what is not a number stays."""
    best = op.variable(x[0])
    for k in op.loop(1, count):
        cell, held = x[step * k], best.value
        wins = op.write(f"fcmp ugt {cell.kind} {cell.name}, {held.name}", f"<{op.lanes} x i1>")
        best.value = op.where(wins & held.equals(held), cell, held)
    return best.value


@kernel("channels rows width @x @y logarithms")
def softmax(op: Op) -> None:
    """Over the channels of each place: e^x / sum of e^x; or (logarithms) x - log of that sum."""
    for logarithms in op.either(op.logarithms):
        for row in op.loop(op.rows):
            for i in op.loop(op.width):
                (x, x_step), (y, y_step) = column(op, "x", row, i), column(op, "y", row, i)
                best, total = highest(op, x, x_step, op.channels), op.total()
                for k in op.loop(op.channels):
                    power = functions.exp(op, x[x_step * k] - best)
                    y[y_step * k] = power
                    total.value += power
                if logarithms:
                    log = functions.log(op, total.value)
                    log = op.where(total.value.equals(total.value), log, total.value)
                    for k in op.loop(op.channels):
                        y[y_step * k] = x[x_step * k] - best - log
                else:
                    for k in op.loop(op.channels):
                        y[y_step * k] = y[y_step * k] / total.value


@kernel("channels rows width @y @dx @dy logarithms adding")
def softmax_back(op: Op) -> None:
    """dx = y (dy - sum of dy y); of logarithms: dx = dy - e^y sum of dy."""
    for logarithms in op.either(op.logarithms):
        for adding in op.either(op.adding):
            for row in op.loop(op.rows):
                for i in op.loop(op.width):
                    (y, y_step), (dx, dx_step) = column(op, "y", row, i), column(op, "dx", row, i)
                    dy, dy_step = column(op, "dy", row, i)
                    total = op.total()
                    for k in op.loop(op.channels):
                        slope = dy[dy_step * k]
                        total.value += slope if logarithms else slope * y[y_step * k]
                    for k in op.loop(op.channels):
                        slope, own = dy[dy_step * k], y[y_step * k]
                        if logarithms:
                            value = slope - functions.exp(op, own) * total.value
                        else:
                            value = own * (slope - total.value)
                        op.give(dx, dx_step * k, value, adding)


# --- losses ---------------------------------------------------------------------------------------

LOSS = "header units x dx wanted targets losses outputs trouble"
"""Fields: the scores, their gradient, room for targets in lanes; then words of the call."""


def row_of_call(op: Op, word: Value, lane: Value, size: Value | int) -> Pointer:
    """Where a picture's numbers stand in one of the call's arrays of floats."""
    return op.floats(op.pointer(word, "i64")[0] + (header(op, FIRST) + lane) * size * 4)


def take_targets(op: Op) -> Pointer:
    """The targets of the block, in lanes; those of lanes without a picture are 0."""
    wanted = op.vectors(op.wanted)
    for unit in op.loop(op.units):
        wanted[unit] = op.vector_of(0.0)
    for lane in op.loop(header(op, COUNT)):
        given, own = row_of_call(op, op.targets, lane, op.units), wanted.as_kind("float").at(lane)
        for unit in op.loop(op.units):
            own[unit * op.lanes] = given[unit]
    return wanted


def give_back(op: Op, loss: Value, outputs: Pointer) -> None:
    """Losses and outputs of the pictures to where the call wants them; says so where a loss is not finite."""
    scratch = op.vectors(op.wanted)  # targets are no longer needed
    scratch[0] = loss
    for lane in op.loop(header(op, COUNT)):
        row_of_call(op, op.losses, lane, 1)[0] = scratch.as_kind("float")[lane]
        given = row_of_call(op, op.outputs, lane, op.units)
        for unit in op.loop(op.units):
            given[unit] = outputs.as_kind("float")[unit * op.lanes + lane]
    strange = op.sum(loss * mask(op) * 0.0)
    with op.when(strange.differs(0.0)):
        say_trouble(op)


def share(op: Op) -> Value:
    """Pictures of the batch: the loss is the mean over them."""
    return op.spread(op.convert("sitofp", header(op, BATCH), "float"))


@kernel(f"{LOSS} y")
def cross_entropy(op: Op) -> None:
    """Softmax and cross-entropy together: log sum e^z - sum t z; the gradient is p sum of t - t."""
    wanted, x, y, dx = take_targets(op), op.vectors(op.x), op.vectors(op.y), op.vectors(op.dx)
    best, total = highest(op, x, op.whole(1), op.units), op.total()
    for unit in op.loop(op.units):
        y[unit] = functions.exp(op, x[unit] - best)
        total.value += y[unit]
    log = functions.log(op, total.value)
    log = op.where(total.value.equals(total.value), log, total.value)
    loss, shares = op.total(), op.total()
    for unit in op.loop(op.units):
        off = x[unit] - best - log
        loss.value -= op.where(wanted[unit].equals(0.0), op.vector_of(0.0), wanted[unit] * off)
        shares.value += wanted[unit]
    for unit in op.loop(op.units):
        y[unit] = y[unit] / total.value
        dx[unit] = (y[unit] * shares.value - wanted[unit]) / share(op) * mask(op)
    loss.value = loss.value + total.value * 0.0
    give_back(op, loss.value, y)


@kernel(f"{LOSS} y")
def log_loss(op: Op) -> None:
    """Sigmoid and log loss together: max(z, 0) - t z + log(1 + e^-|z|); the gradient is p - t."""
    wanted, x, y, dx = take_targets(op), op.vectors(op.x), op.vectors(op.y), op.vectors(op.dx)
    loss = op.total()
    for unit in op.loop(op.units):
        z, t = x[unit], wanted[unit]
        small = functions.log(op, functions.exp(op, -op.size(z)) + 1.0)
        loss.value += op.where(z < 0.0, op.vector_of(0.0), z) - t * z + small
        p = functions.sigmoid(op, z)
        y[unit] = p
        dx[unit] = (p - t) / share(op) * mask(op)
    give_back(op, loss.value, y)


@kernel(LOSS)
def squared_error(op: Op) -> None:
    """Sum of (y - t)^2; the gradient is 2 (y - t)."""
    wanted, x, dx = take_targets(op), op.vectors(op.x), op.vectors(op.dx)
    loss = op.total()
    for unit in op.loop(op.units):
        off = x[unit] - wanted[unit]
        loss.value = op.multiply_add(off, off, loss.value)
        dx[unit] = off * 2.0 / share(op) * mask(op)
    give_back(op, loss.value, x)
