"""Batch norm: what it measures over the whole batch, block by block, and what it does with that.

A block leaves its sums of each channel where all threads can read them. After a barrier each thread adds up those of
all blocks, in the same order, so that all have the same numbers; then it goes on with its own blocks.
"""

from __future__ import annotations

from collections.abc import Iterator

from cutaway.engines.native.kernels.layout import BATCH, COUNT, PLACE, header, mask
from cutaway.engines.native.kernels.op import Op, kernel
from cutaway.engines.native.language import Pointer, Value
from cutaway.layers.norm import EPSILON

MEAN, SCALE, INVERSE, VARIANCE, SLOPE, TURN = range(6)
"""Floats of each channel in a thread's `figures`; SLOPE and TURN are for the way back."""
FIGURES = 8
"""Floats per channel."""


def groups(op: Op) -> Iterator[tuple[Value, Value, Value]]:
    """The groups of pictures that are normalised together: (its number, its first block, the one after its last).

    `ghost` pictures each, whole blocks; what is left belongs to the last. 0: the batch is one group.
    """
    count = group_count(op)
    for number in op.loop(count):
        first, last = number * op.ghost // op.lanes, (number + 1) * op.ghost // op.lanes
        yield number, first, op.where(number.equals(count - 1), (header(op, BATCH) + (op.lanes - 1)) // op.lanes, last)


def group_count(op: Op) -> Value:
    """At least one."""
    size = op.where(op.ghost.equals(0), header(op, BATCH), op.ghost)
    return op.larger(op.whole(1), header(op, BATCH) // op.larger(op.whole(1), size))


def of_group(op: Op, number: Value) -> Value:
    """Where the figures of a group are."""
    return op.figures + number * op.channels * (4 * FIGURES)


def own_figures(op: Op) -> Value:
    """Where the figures of this block's group are."""
    size = op.where(op.ghost.equals(0), header(op, BATCH), op.ghost)
    number = header(op, PLACE) * op.lanes // op.larger(op.whole(1), size)
    return of_group(op, op.smaller(number, group_count(op) - 1))


def sums_of(op: Op, place: Value, channel: Value) -> Pointer:
    """Two floats of one block and channel."""
    return op.floats(op.sums + (place * op.channels + channel) * 8)


def figures(op: Op, group: Value, channel: Value) -> Pointer:
    """The floats of one channel, in those of a group."""
    return op.floats(group + channel * (4 * FIGURES))


def real(op: Op, number: Value) -> Value:
    """A whole number as a float."""
    return op.convert("sitofp", number, "float")


@kernel("header channels rows width @x sums")
def norm_moments(op: Op) -> None:
    """Mean of each channel over the block, and the sum of squared distances from it."""
    inside = mask(op)
    cells = real(op, header(op, COUNT) * op.rows * op.width)
    for channel in op.loop(op.channels):
        total = op.total()
        for row in op.loop(op.rows):
            x = op.row("x", channel, row)
            for i in op.loop(op.width):
                total.value += x[i]
        mean = op.sum(total.value * inside) / cells
        spread = op.spread(mean)
        squares = op.total()
        for row in op.loop(op.rows):
            x = op.row("x", channel, row)
            for i in op.loop(op.width):
                off = x[i] - spread
                squares.value = op.multiply_add(off, off, squares.value)
        own = sums_of(op, header(op, PLACE), channel)
        own[0], own[1] = mean, op.sum(squares.value * inside)


def blocks(op: Op, first: Value, last: Value) -> Iterator[tuple[Value, Value]]:
    """Blocks of the batch: (its place, its cells of one channel, as a float)."""
    for place in op.loop(first, last):
        count = op.smaller(op.whole(op.lanes), header(op, BATCH) - place * op.lanes)
        yield place, real(op, count * op.pixels)


def cells_of(op: Op, first: Value, last: Value) -> Value:
    """Cells of one channel in a group, as a float."""
    pictures = op.smaller(last * op.lanes, header(op, BATCH)) - first * op.lanes
    return real(op, pictures * op.pixels)


@kernel("header channels pixels ghost sums gain figures")
def norm_figures(op: Op) -> None:
    """Mean, variance and scale of each channel over each group, from those of the blocks (Chan et al. 1979)."""
    for number, first, last in groups(op):
        cells = cells_of(op, first, last)
        for channel in op.loop(op.channels):
            mean, squares = op.variable(0.0), op.variable(0.0)
            for place, count in blocks(op, first, last):
                mean.value += sums_of(op, place, channel)[0] * (count / cells)
            for place, count in blocks(op, first, last):
                own = sums_of(op, place, channel)
                off = own[0] - mean.value
                squares.value += own[1] + off * off * count
            write_figures(op, of_group(op, number), channel, mean.value, squares.value / cells)


def write_figures(op: Op, group: Value, channel: Value, mean: Value, variance: Value) -> None:
    """What normalising needs of one channel."""
    own = figures(op, group, channel)
    root = op.root(variance + EPSILON)
    own[MEAN], own[VARIANCE] = mean, variance
    own[INVERSE], own[SCALE] = 1.0 / root, op.floats(op.gain)[channel] / root


@kernel("channels mean variance gain figures")
def norm_figures_kept(op: Op) -> None:
    """The same from the running mean and variance, for predicting."""
    for channel in op.loop(op.channels):
        write_figures(op, op.figures, channel, op.floats(op.mean)[channel], op.floats(op.variance)[channel])


@kernel("header channels rows width @x @y ghost figures bias floor ceiling")
def norm(op: Op) -> None:
    """y = (x - mean) scale + bias, kept between floor and ceiling."""
    floor, ceiling = (op.spread(op.bits_as_float(bits)) for bits in (op.floor, op.ceiling))
    group = own_figures(op)
    for channel in op.loop(op.channels):
        own = figures(op, group, channel)
        mean, scale = op.spread(own[MEAN]), op.spread(own[SCALE])
        bias = op.spread(op.floats(op.bias)[channel])
        for row in op.loop(op.rows):
            x, y = op.row("x", channel, row), op.row("y", channel, row)
            for i in op.loop(op.width):
                value = op.multiply_add(x[i] - mean, scale, bias)
                value = op.where(value < floor, floor, value)
                y[i] = op.where(value > ceiling, ceiling, value)


@kernel("header channels rows width @x @y @dy ghost figures sums rectified ceiling")
def norm_back_sums(op: Op) -> None:
    """Sums of dy, and of dy times the normalised x; where y was cut off (rectified), dy becomes 0 first."""
    ceiling = op.spread(op.bits_as_float(op.ceiling))
    group = own_figures(op)
    for rectified in op.either(op.rectified):
        for channel in op.loop(op.channels):
            mean, inverse = op.spread(figures(op, group, channel)[MEAN]), figures(op, group, channel)[INVERSE]
            slopes, products = op.total(), op.total()
            for row in op.loop(op.rows):
                x, dy, y = op.row("x", channel, row), op.row("dy", channel, row), op.row("y", channel, row)
                for i in op.loop(op.width):
                    slope = dy[i]
                    if rectified:
                        slope = op.where(y[i] > 0.0, slope, op.vector_of(0.0))
                        slope = op.where(y[i] < ceiling, slope, op.vector_of(0.0))
                        dy[i] = slope
                    slopes.value += slope
                    products.value = op.multiply_add(slope, x[i] - mean, products.value)
            own = sums_of(op, header(op, PLACE), channel)
            own[0], own[1] = op.sum(slopes.value), op.sum(products.value) * inverse


@kernel("header channels pixels ghost sums figures dgain dbias first")
def norm_back_figures(op: Op) -> None:
    """The gradients of gain and bias (added by the first thread alone), and what each channel's dx takes off."""
    for number, first, last in groups(op):
        cells = cells_of(op, first, last)
        for channel in op.loop(op.channels):
            slopes, products = op.variable(0.0), op.variable(0.0)
            for place, _ in blocks(op, first, last):
                slopes.value += sums_of(op, place, channel)[0]
                products.value += sums_of(op, place, channel)[1]
            own = figures(op, of_group(op, number), channel)
            own[SLOPE] = own[SCALE] * slopes.value / cells
            own[TURN] = own[SCALE] * own[INVERSE] * products.value / cells
            with op.when(op.first.differs(0)):
                for place, total in ((op.dgain, products), (op.dbias, slopes)):
                    op.floats(place)[channel] = op.floats(place)[channel] + total.value


@kernel("header channels rows width @x @dx @dy ghost figures adding")
def norm_back(op: Op) -> None:
    """dx = scale (dy - mean of dy - normalised x times mean of dy times normalised x), in lanes that have a picture."""
    inside, group = mask(op), own_figures(op)
    for adding in op.either(op.adding):
        for channel in op.loop(op.channels):
            own = figures(op, group, channel)
            mean, scale, slope, turn = (op.spread(own[k]) for k in (MEAN, SCALE, SLOPE, TURN))
            for row in op.loop(op.rows):
                x, dx, dy = (op.row(name, channel, row) for name in ("x", "dx", "dy"))
                for i in op.loop(op.width):
                    value = op.multiply_add(dy[i], scale, -slope)
                    value = op.multiply_add(x[i] - mean, -turn, value)
                    op.give(dx, i, value * inside, adding)


@kernel("header channels ghost figures mean variance share trouble first")
def norm_observe(op: Op) -> None:
    """Moves the running mean and variance towards those of the groups, by a share; not where the step failed."""
    share = op.bits_as_float(op.share)
    with op.when(op.pointer(op.trouble, "i64")[0].equals(0) & op.first.differs(0)):
        for channel in op.loop(op.channels):
            for kept, which in ((op.floats(op.mean), MEAN), (op.floats(op.variance), VARIANCE)):
                measured = op.variable(0.0)
                for number, begin, last in groups(op):
                    pictures = op.smaller(last * op.lanes, header(op, BATCH)) - begin * op.lanes
                    weight = real(op, pictures) / real(op, header(op, BATCH))
                    measured.value += figures(op, of_group(op, number), channel)[which] * weight
                kept[channel] = kept[channel] + share * (measured.value - kept[channel])
