"""Flatten, pooling, activations: the layers with one input that are a record or two."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from cutaway.engines.native.kernels.activation import ACTIVATIONS
from cutaway.engines.native.lowering.lowering import (
    LOWER,
    Lowering,
    Unsupported,
    by_channel,
    cells,
    lowers,
    whole,
)
from cutaway.layers import (
    Flatten,
    GlobalMean,
    Leaky,
    MaxPool,
    MeanPool,
    Normalise,
    PRelu,
    Scale,
    SumPool,
)
from cutaway.layers.pooling import Pooling
from cutaway.layers.window import Axis
from cutaway.net import Node

MOST_CODES = 256
"""Cells of a pooling's window that a byte can tell apart."""


@lowers(Flatten)
def flatten(low: Lowering, node: Node) -> None:
    (x,) = low.inputs(node)
    if len(x.shape) == 1:
        low.maps[node.name] = x
        return
    y = low.output(node, x.level)
    low.want(node, y, [x])
    low.add("flatten", x.level, x=x, y=y, **whole(x))

    def back() -> None:
        if low.has_slope(y) and low.wants(x):
            dy = low.slope(y)
            low.add("unflatten", dy.root.level, into=x, writer=node.name, dx=low.slope(x), dy=dy, **whole(x))

    low.back(back)


# --- pooling --------------------------------------------------------------------------------------


@lowers(MaxPool, MeanPool, SumPool)
def pooling(low: Lowering, node: Node) -> None:
    (x,) = low.inputs(node)
    layer = node.layer
    assert isinstance(layer, Pooling)
    if isinstance(layer, MaxPool) and layer.size[0] * layer.size[1] > MOST_CODES:
        raise Unsupported(f"{node.name} ({layer.text()}) has windows of more than {MOST_CODES} cells")
    y = low.output(node, x.level)
    low.want(node, y, [x])
    down, across = (low.build.table(partial(stops, axis), "int64") for axis in layer.axes(x.shape))
    windows = {"down": down, "across": across, "kernel_width": layer.size[1], **whole(y)}
    largest = isinstance(layer, MaxPool)
    if largest:
        windows["codes_address"] = low.build.in_slot(y.channels * y.rows * y.width * low.machine.lanes)
    else:
        windows["mean"] = int(isinstance(layer, MeanPool))
    low.add("maxpool" if largest else "sumpool", x.level, x=x, y=y, **windows)

    def back() -> None:
        if low.has_slope(y) and low.wants(x):
            dy, dx = low.slope(y), low.slope(x)
            level = dy.root.level
            low.add("clear", level, into=x, writer=node.name, dx=dx, **cells(dx))
            kernel = "maxpool_back" if largest else "sumpool_back"
            low.add(kernel, level, into=x, writer=node.name, dx=dx, dy=dy, **windows)

    low.back(back)


def stops(axis: Axis) -> NDArray[np.int64]:
    """Of each stop the first cell inside the picture, how many, and how many of the window's lie before it."""
    reach = [axis.reach(stop) for stop in range(axis.count)]
    return np.array(
        [(r.start, len(r), axis.tap(stop, r.start)) if len(r) else (0, 0, 0) for stop, r in enumerate(reach)], np.int64
    )


@lowers(GlobalMean)
def globalmean(low: Lowering, node: Node) -> None:
    (x,) = low.inputs(node)
    y = low.output(node, x.level)
    low.want(node, y, [x])
    low.add("globalmean", x.level, x=x, y=y, **whole(x))

    def back() -> None:
        if low.has_slope(y) and low.wants(x):
            dy = low.slope(y)
            low.add("globalmean_back", dy.root.level, into=x, writer=node.name, dx=low.slope(x), dy=dy, **whole(x))

    low.back(back)


# --- cell by cell ---------------------------------------------------------------------------------


def activation(low: Lowering, node: Node) -> None:
    """Any of the activations without weights."""
    (x,) = low.inputs(node)
    layer = node.layer
    y = low.output(node, x.level)
    low.want(node, y, [x])
    leak = float(layer.leak) if isinstance(layer, Leaky) else 0.0
    low.add(layer.word, x.level, x=x, y=y, leak=leak, **cells(x, y))

    def back() -> None:
        if low.has_slope(y) and low.wants(x):
            dy, dx = low.slope(y), low.slope(x)
            kernel = f"{layer.word}_back"
            low.add(kernel, dy.root.level, into=x, writer=node.name, x=x, dx=dx, dy=dy, leak=leak, **cells(x, dx, dy))

    low.back(back)


def register_activations() -> None:
    """Every kind of layer whose word is that of an activation here."""
    from cutaway.layers import KINDS

    for kind in KINDS.values():
        if kind.word in ACTIVATIONS:
            LOWER[kind] = activation


register_activations()


@lowers(PRelu)
def prelu(low: Lowering, node: Node) -> None:
    (x,) = low.inputs(node)
    y = low.output(node, x.level)
    low.want(node, y, [x])
    leaks = low.weight(node, "leak")
    low.add("prelu", x.level, x=x, y=y, leaks=leaks, **by_channel(x, y))

    def back() -> None:
        if not low.has_slope(y):
            return
        dy, wanted = low.slope(y), low.wants(x)
        dx = low.slope(x) if wanted else dy
        low.add(
            "prelu_back",
            dy.root.level,
            into=x if wanted else None,
            writer=node.name,
            x=x,
            dx=dx,
            dy=dy,
            leaks=leaks,
            dleaks=low.gradient(node, "leak"),
            wanted=int(wanted),
            **({} if wanted else {"adding": 0}),
            **by_channel(x, dx, dy),
        )

    low.back(back)


@lowers(Scale, Normalise)
def shift_divide(low: Lowering, node: Node) -> None:
    (x,) = low.inputs(node)
    layer = node.layer
    y = low.output(node, x.level)
    low.want(node, y, [x])
    if isinstance(layer, Scale):
        mean, by = np.zeros(x.channels), np.full(x.channels, layer.divisor)
    else:
        assert isinstance(layer, Normalise)
        mean, by = (np.broadcast_to(v, x.channels) for v in (layer.mean, layer.deviation))
    divisors = low.build.constants(by)
    low.add("shift_divide", x.level, x=x, y=y, shifts=low.build.constants(mean), divisors=divisors, **by_channel(x, y))

    def back() -> None:
        if low.has_slope(y) and low.wants(x):
            dy, dx = low.slope(y), low.slope(x)
            low.add(
                "shift_divide_back",
                dy.root.level,
                into=x,
                writer=node.name,
                dx=dx,
                dy=dy,
                divisors=divisors,
                **by_channel(dx, dy),
            )

    low.back(back)
