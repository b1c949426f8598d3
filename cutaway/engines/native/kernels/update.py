"""How weights move: gradients of all threads added up, then the optimiser's rule; each thread its part of all weights.

`first` to `last` are registers. Nothing moves in a step in which a number was not finite.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cutaway.engines.native.kernels.layout import STEP, header, say_trouble
from cutaway.engines.native.kernels.op import Op, kernel
from cutaway.engines.native.language import Value, Variable, vector

RATE, C1, C2, SHARE = range(4)
"""Floats that the update is told of each step: learning rate; AdamW's corrections; how far averages follow."""
NUMBERS = 4


@contextmanager
def untroubled(op: Op) -> Iterator[None]:
    """What is written inside happens only where all numbers of this step were finite."""
    with op.when(op.pointer(op.trouble, "i64")[0].equals(0)):
        yield


def number(op: Op, which: int) -> Value:
    """One of the floats of this step."""
    start = op.pointer(op.numbers, "i64")[0] + header(op, STEP) * (4 * NUMBERS)
    return op.floats(start)[which]


def rate_and_decay(op: Op) -> tuple[Value, Value]:
    """Of these weights in this step, in every lane."""
    return op.spread(number(op, RATE) * op.bits_as_float(op.rate)), setting(op, op.decay)


def setting(op: Op, bits: Value) -> Value:
    """A field that holds a float, in every lane."""
    return op.spread(op.bits_as_float(bits))


@kernel("gradients first last")
def clear_gradients(op: Op) -> None:
    """Zeros, before a batch."""
    total = op.vectors(op.gradients)
    for i in op.loop(op.first, op.last):
        total[i] = op.vector_of(0.0)


@kernel("header gradients first last threads pitch trouble")
def gather_gradients(op: Op) -> None:
    """The first thread's gradients += those of the others, in order; says so where one is not finite.

    `pitch`: bytes from thread to thread.
    """
    total = op.vectors(op.gradients)
    strange = op.total()
    for i in op.loop(op.first, op.last):
        own = op.variable(total[i])
        for thread in op.loop(1, op.threads):
            own.value += op.vectors(op.gradients + thread * op.pitch)[i]
        total[i] = own.value
        strange.value += own.value * 0.0
    with op.when(op.sum(strange.value).differs(0.0)):
        say_trouble(op)


# --- clipping -------------------------------------------------------------------------------------


def doubles(op: Op) -> Variable:
    """A register of float64 to add squares to: in float32, the length of many gradients would lose digits."""
    return op.variable(op.of(vector("double", op.lanes), 0.0))


def add_square(op: Op, total: Variable, x: Value) -> None:
    """total += x^2, in float64."""
    wide = op.convert("fpext", x, total.value.kind)
    total.value += wide * wide


@kernel("gradients first last squares thread")
def square_gradients(op: Op) -> None:
    """The sum of this thread's squares."""
    total = doubles(op)
    for i in op.loop(op.first, op.last):
        add_square(op, total, op.vectors(op.gradients)[i])
    op.pointer(op.squares, "double")[op.thread] = op.sum(total.value)


def length(op: Op) -> Value:
    """The root of the sums of all threads, float64."""
    total = op.variable(op.of("double", 0.0))
    for thread in op.loop(op.threads):
        total.value += op.pointer(op.squares, "double")[thread]
    return op.root(total.value)


@kernel("gradients first last squares threads most")
def clip_gradients(op: Op) -> None:
    """Scales all gradients down where together they are longer than `most`."""
    size, most = length(op), op.convert("fpext", op.bits_as_float(op.most), "double")
    with op.when(size > most):
        factor = op.spread(op.convert("fptrunc", most / size, "float"))
        g = op.vectors(op.gradients)
        for i in op.loop(op.first, op.last):
            g[i] = g[i] * factor


# --- rules ----------------------------------------------------------------------------------------

RULE = "header numbers trouble w g first last rate decay"
"""Fields: weights, gradients; a factor on the learning rate; the decay, 0 for none."""


@kernel(f"{RULE} v momentum nesterov")
def sgd(op: Op) -> None:
    """v = momentum v + g + decay w; w = w - rate v, or (nesterov) w - rate (g + decay w + momentum v)."""
    w, g, v = (op.vectors(address) for address in (op.w, op.g, op.v))
    with untroubled(op):
        rate, decay = rate_and_decay(op)
        momentum = setting(op, op.momentum)
        for nesterov in op.either(op.nesterov):
            for i in op.loop(op.first, op.last):
                pull = g[i] + decay * w[i]
                v[i] = speed = v[i] * momentum + pull
                w[i] = w[i] - rate * (pull + momentum * speed if nesterov else speed)


@kernel(f"{RULE} m s momentum spread_share epsilon")
def adamw(op: Op) -> None:
    """m, s: means of g and g^2; w = w - rate (m / c1 / (sqrt(s / c2) + epsilon) + decay w)."""
    w, g, m, s = (op.vectors(address) for address in (op.w, op.g, op.m, op.s))
    with untroubled(op):
        rate, decay = rate_and_decay(op)
        c1, c2 = op.spread(number(op, C1)), op.spread(number(op, C2))
        slow, slower, epsilon = (setting(op, bits) for bits in (op.momentum, op.spread_share, op.epsilon))
        for i in op.loop(op.first, op.last):
            slope = g[i]
            m[i] = mean = m[i] + slow * (slope - m[i])
            s[i] = square = s[i] + slower * (slope * slope - s[i])
            w[i] = w[i] - rate * (mean / c1 / (op.root(square / c2) + epsilon) + decay * w[i])


@kernel("header numbers trouble w average first last")
def follow(op: Op) -> None:
    """average += share (w - average)."""
    w, average = op.vectors(op.w), op.vectors(op.average)
    with untroubled(op):
        share = op.spread(number(op, SHARE))
        for i in op.loop(op.first, op.last):
            average[i] = average[i] + share * (w[i] - average[i])
