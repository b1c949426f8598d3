"""Activations, cell by cell, forward and back, as their layers declare them."""

from __future__ import annotations

import math
from collections.abc import Callable

from cutaway.engines.native import functions
from cutaway.engines.native.kernels.op import Op, kernel
from cutaway.engines.native.language import Value

Curve = Callable[[Op, Value], Value]


def relu(op: Op, x: Value) -> Value:
    return op.where(x < 0.0, op.vector_of(0.0), x)


def relu6(op: Op, x: Value) -> Value:
    return op.where(relu(op, x) > 6.0, op.vector_of(6.0), relu(op, x))


def hardsigmoid(op: Op, x: Value) -> Value:
    y = relu(op, x / 6.0 + 0.5)
    return op.where(y > 1.0, op.vector_of(1.0), y)


def leaky(op: Op, x: Value) -> Value:
    return op.where(x > 0.0, x, x * leak(op))


def leak(op: Op) -> Value:
    """The field that holds the leak's bits."""
    return op.spread(op.bits_as_float(op.leak))


def below(op: Op, x: Value) -> Value:
    """The share of a normal distribution below x."""
    return (functions.erf(op, x * math.sqrt(0.5)) + 1.0) * 0.5


def steps(op: Op, condition: Value, high: float = 1.0) -> Value:
    """A number where a condition holds, else 0."""
    return op.where(condition, op.vector_of(high), op.vector_of(0.0))


def silu_slope(op: Op, x: Value) -> Value:
    y = functions.sigmoid(op, x)
    return y * (x * (1.0 - y) + 1.0)


def gelu_slope(op: Op, x: Value) -> Value:
    density = functions.exp(op, x * x * -0.5) * (1 / math.sqrt(2 * math.pi))
    return op.multiply_add(x, density, below(op, x))


def hardswish_slope(op: Op, x: Value) -> Value:
    middle = steps(op, op.size(x) < 3.0) / 6.0
    return op.multiply_add(x, middle, hardsigmoid(op, x))


def sigmoid_slope(op: Op, x: Value) -> Value:
    y = functions.sigmoid(op, x)
    return y * (1.0 - y)


def tanh_slope(op: Op, x: Value) -> Value:
    y = functions.tanh(op, x)
    return 1.0 - y * y


ACTIVATIONS: dict[str, tuple[Curve, Curve]] = {
    "relu": (relu, lambda op, x: steps(op, x > 0.0)),
    "relu6": (relu6, lambda op, x: op.where(x < 6.0, steps(op, x > 0.0), op.vector_of(0.0))),
    "leaky": (leaky, lambda op, x: op.where(x > 0.0, op.vector_of(1.0), leak(op))),
    "tanh": (functions.tanh, tanh_slope),
    "sigmoid": (functions.sigmoid, sigmoid_slope),
    "silu": (lambda op, x: x * functions.sigmoid(op, x), silu_slope),
    "gelu": (lambda op, x: x * below(op, x), gelu_slope),
    "hardsigmoid": (hardsigmoid, lambda op, x: steps(op, op.size(x) < 3.0) / 6.0),
    "hardswish": (lambda op, x: x * hardsigmoid(op, x), hardswish_slope),
}
"""f and f' by the layer's word."""


def activation(word: str, value: Curve, slope: Curve) -> None:
    """The two kernels of an activation."""

    @kernel("channels rows width @x @y leak", name=word)
    def forward(op: Op) -> None:
        for _, _, (x, y) in op.rows_of("x", "y"):
            for i in op.loop(op.width):
                y[i] = value(op, x[i])

    @kernel("channels rows width @x @dx @dy leak adding", name=f"{word}_back")
    def backward(op: Op) -> None:
        for adding in op.either(op.adding):
            for _, _, (x, dx, dy) in op.rows_of("x", "dx", "dy"):
                for i in op.loop(op.width):
                    op.give(dx, i, dy[i] * slope(op, x[i]), adding)


for word, curves in ACTIVATIONS.items():
    activation(word, *curves)


@kernel("channels rows width @y @dy db biased ceiling")
def rectified_back(op: Op) -> None:
    """The way back through a ReLU that a convolution or dense layer has taken along, and the gradient of its bias.

    dy = dy where 0 < y < ceiling, else 0, in place; db[channel] += its sum.
    """
    db = op.floats(op.db)
    ceiling = op.spread(op.bits_as_float(op.ceiling))
    for channel in op.loop(op.channels):
        total = op.total()
        for row in op.loop(op.rows):
            y, dy = op.row("y", channel, row), op.row("dy", channel, row)
            for i in op.loop(op.width):
                slope = op.where(y[i] > 0.0, dy[i], op.vector_of(0.0))
                slope = op.where(y[i] < ceiling, slope, op.vector_of(0.0))
                dy[i] = slope
                total.value += slope
        with op.when(op.biased.differs(0)):
            db[channel] = db[channel] + op.sum(total.value)


@kernel("channels rows width @dy db")
def bias_gradient(op: Op) -> None:
    """db[channel] += the sum of dy."""
    db = op.floats(op.db)
    for channel in op.loop(op.channels):
        total = op.total()
        for row in op.loop(op.rows):
            dy = op.row("dy", channel, row)
            for i in op.loop(op.width):
                total.value += dy[i]
        db[channel] = db[channel] + op.sum(total.value)


@kernel("channels rows width @x @y leaks")
def prelu(op: Op) -> None:
    """y = x where x is positive, else its channel's leak times x."""
    for channel, _, (x, y) in op.rows_of("x", "y"):
        own = op.spread(op.floats(op.leaks)[channel])
        for i in op.loop(op.width):
            y[i] = op.where(x[i] > 0.0, x[i], x[i] * own)


@kernel("channels rows width @x @dx @dy leaks dleaks adding wanted")
def prelu_back(op: Op) -> None:
    """The gradient of x (if it is wanted), and of the leaks."""
    dleaks = op.floats(op.dleaks)
    for channel in op.loop(op.channels):
        own, total = op.spread(op.floats(op.leaks)[channel]), op.total()
        for row in op.loop(op.rows):
            x, dy = op.row("x", channel, row), op.row("dy", channel, row)
            for i in op.loop(op.width):
                total.value += op.where(x[i] > 0.0, op.vector_of(0.0), dy[i] * x[i])
            with op.when(op.wanted.differs(0)):
                dx = op.row("dx", channel, row)
                for adding in op.either(op.adding):
                    for i in op.loop(op.width):
                        op.give(dx, i, op.where(x[i] > 0.0, dy[i], dy[i] * own), adding)
        dleaks[channel] = dleaks[channel] + op.sum(total.value)


@kernel("channels rows width @x @y shifts divisors")
def shift_divide(op: Op) -> None:
    """y = (x - shift) / divisor, channel by channel: `scale` and `normalise`."""
    for channel, _, (x, y) in op.rows_of("x", "y"):
        shift, by = op.spread(op.floats(op.shifts)[channel]), op.spread(op.floats(op.divisors)[channel])
        for i in op.loop(op.width):
            y[i] = (x[i] - shift) / by


@kernel("channels rows width @dx @dy divisors adding")
def shift_divide_back(op: Op) -> None:
    """dx = dy / divisor."""
    for adding in op.either(op.adding):
        for channel, _, (dx, dy) in op.rows_of("dx", "dy"):
            by = op.spread(op.floats(op.divisors)[channel])
            for i in op.loop(op.width):
                op.give(dx, i, dy[i] / by, adding)
