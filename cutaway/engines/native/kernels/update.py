"""How weights move: gradients of all threads added up, then the optimiser's rule; each thread its part of all weights."""

from __future__ import annotations

from cutaway.engines.native.kernels.layout import STEP, header, say_trouble
from cutaway.engines.native.kernels.op import Op, kernel
from cutaway.engines.native.language import Pointer, Value


NUMBERS = 4
"""Floats of each step: learning rate, c1, c2, and one unused."""


def ranges(op: Op, *names: str) -> list[Pointer]:
    """Vectors that may stand anywhere."""
    return [op.pointer(getattr(op, name), op.machine.vector, aligned=False) for name in names]


@kernel("header gradients first last threads pitch trouble")
def gather_gradients(op: Op) -> None:
    """The first thread's gradients += those of the others, in order; says so where one is not finite.

    `first` to `last`: registers; `pitch`: bytes from thread to thread.
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


@kernel("gradients first last")
def clear_gradients(op: Op) -> None:
    """Zeros, before a batch."""
    total = op.vectors(op.gradients)
    for i in op.loop(op.first, op.last):
        total[i] = op.vector_of(0.0)


def numbers(op: Op) -> Pointer:
    """The floats of this step: learning rate, c1, c2."""
    return op.floats(op.pointer(op.numbers, "i64")[0] + header(op, STEP) * (4 * NUMBERS))


def rule(op: Op) -> tuple[Value, Value]:
    """The rate and the decay of these weights."""
    return (
        op.spread(numbers(op)[0] * op.bits_as_float(op.rate)),
        op.spread(op.bits_as_float(op.decay)),
    )


RULE = "header numbers trouble w g first last rate decay"
"""Fields: weights, gradients, from which register to which; a factor on the learning rate; the decay, 0 for none."""


@kernel(f"{RULE} v momentum nesterov")
def sgd(op: Op) -> None:
    """v = momentum v + g + decay w; w = w - rate v, or (nesterov) w - rate (g + decay w + momentum v)."""
    w, g, v = ranges(op, "w", "g", "v")
    with op.when(op.pointer(op.trouble, "i64")[0].equals(0)):
        rate, decay = rule(op)
        momentum = op.spread(op.bits_as_float(op.momentum))
        for nesterov in op.either(op.nesterov):
            for i in op.loop(op.first, op.last):
                pull = g[i] + decay * w[i]
                speed = v[i] * momentum + pull
                v[i] = speed
                w[i] = w[i] - rate * (pull + momentum * speed if nesterov else speed)


@kernel(f"{RULE} m s momentum spread_share epsilon")
def adamw(op: Op) -> None:
    """m, s: means of g and g^2; w = w - rate (m / c1 / (sqrt(s / c2) + epsilon) + decay w)."""
    w, g, m, s = ranges(op, "w", "g", "m", "s")
    with op.when(op.pointer(op.trouble, "i64")[0].equals(0)):
        rate, decay = rule(op)
        c1, c2 = op.spread(numbers(op)[1]), op.spread(numbers(op)[2])
        slow, slower = (op.spread(op.bits_as_float(bits)) for bits in (op.momentum, op.spread_share))
        epsilon = op.spread(op.bits_as_float(op.epsilon))
        for i in op.loop(op.first, op.last):
            slope = g[i]
            mean = m[i] + slow * (slope - m[i])
            square = s[i] + slower * (slope * slope - s[i])
            m[i], s[i] = mean, square
            move = mean / c1 / (op.root(square / c2) + epsilon)
            w[i] = w[i] - rate * (move + decay * w[i])
