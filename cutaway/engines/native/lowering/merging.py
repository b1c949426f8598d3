"""Where branches meet; local response norm, dropout."""

from __future__ import annotations

from typing import Any

import numpy as np

from cutaway.engines.native.kernels import run as running
from cutaway.engines.native.lowering.lowering import Lowering, by_channel, cells, lowers, whole
from cutaway.layers import Add, Concat, Dropout, Lrn, Multiply, Relu
from cutaway.layers.lrn import ALPHA
from cutaway.net import Node

NO_FLOOR, NO_CEILING = float("-inf"), float("inf")


@lowers(Add)
def add(low: Lowering, node: Node) -> None:
    """With the ReLU after it."""
    first, *others = low.inputs(node)
    after = low.next(node.name)
    rectified = after is not None and isinstance(after.layer, Relu)
    level = max(x.level for x in (first, *others))
    y = low.output([node, after] if after and rectified else node, level)
    low.want(node, y, [first, *others])
    total = first
    for number, other in enumerate(others):
        last = number == len(others) - 1
        floor = 0.0 if rectified and last else NO_FLOOR
        low.add("add", level, a=total, b=other, y=y, floor=floor, **cells(total, other, y))
        total = y

    def back() -> None:
        if not low.has_slope(y):
            return
        dy = low.slope(y)
        if rectified:
            low.add(
                "rectified_back",
                dy.root.level,
                y=y,
                dy=dy,
                db=low.zeros,
                biased=0,
                ceiling=NO_CEILING,
                **cells(y, dy),
            )
        for number, x in enumerate((first, *others)):
            if low.wants(x):
                low.copy_slope(x, dy, f"{node.name} {number}")

    low.back(back)


@lowers(Concat)
def concat(low: Lowering, node: Node) -> None:
    """Channels lie one after another, so branches that feed nothing else are written to where they are joined."""
    xs = low.inputs(node)
    level = max(x.level for x in xs)
    y = low.output(node, level)
    low.want(node, y, xs)
    first = 0
    for number, (name, x) in enumerate(zip(node.inputs, xs, strict=True)):
        part = low.map(x.shape, level)
        part.inside, part.first_channel = y, first
        if low.may_join(node, name, x):
            x.inside, x.first_channel = y, first
            y.beside(x.rows_beside, x.columns_beside)
        else:
            low.add("copy", level, x=x, y=part, adding=0, **cells(x, part))
            low.back(lambda x=x, part=part, n=number: _part_back(low, node, x, part, n))  # type: ignore[misc]
        first += x.channels


def _part_back(low: Lowering, node: Node, x, part, number: int) -> None:  # type: ignore[no-untyped-def]
    """The gradient of a part that was copied."""
    if low.wants(x) and low.has_slope(part.inside):
        low.copy_slope(x, low.slope(part), f"{node.name} {number}")


@lowers(Multiply)
def multiply(low: Lowering, node: Node) -> None:
    x, gate = low.inputs(node)
    level = max(x.level, gate.level)
    y = low.output(node, level)
    low.want(node, y, [x, gate])
    single = len(gate.shape) < len(x.shape)
    if single:
        low.add("multiply_channels", level, x=x, gate=gate, y=y, **by_channel(x, y))
    else:
        low.add("multiply", level, x=x, gate=gate, y=y, **cells(x, gate, y))

    def back() -> None:
        if not low.has_slope(y):
            return
        dy = low.slope(y)
        at = dy.root.level
        for own, other, writer in ((x, gate, "x"), (gate, x, "gate")):
            if not low.wants(own):
                continue
            into: dict[str, Any] = {"into": own, "writer": f"{node.name} {writer}"}
            slope = low.slope(own)
            if not single:
                low.add("multiply_back", at, factor=other, dx=slope, dy=dy, **into, **cells(other, slope, dy))
            elif own is x:
                low.add("multiply_channels_back", at, gate=gate, dx=slope, dy=dy, **into, **by_channel(slope, dy))
            else:
                low.add("gate_back", at, x=x, dy=dy, dgate=slope, **into, **by_channel(x, dy))

    low.back(back)


@lowers(Lrn)
def lrn(low: Lowering, node: Node) -> None:
    (x,) = low.inputs(node)
    layer = node.layer
    assert isinstance(layer, Lrn)
    y = low.output(node, x.level)
    low.want(node, y, [x])
    squares, base = low.map(x.shape, x.level), low.map(x.shape, x.level)
    settings: dict[str, Any] = {"reach": layer.size, "share": float(ALPHA / layer.size)}
    low.add("lrn", x.level, x=x, y=y, squares=squares, base=base, **settings, **whole(x))

    def back() -> None:
        if low.has_slope(y) and low.wants(x):
            dy, dx, room = low.slope(y), low.slope(x), low.map(x.shape, 0)
            maps = {"x": x, "dx": dx, "dy": dy, "squares": room, "base": base}
            low.add("lrn_back", dy.root.level, into=x, writer=node.name, **maps, **settings, **whole(x))

    low.back(back)


@lowers(Dropout)
def dropout(low: Lowering, node: Node) -> None:
    (x,) = low.inputs(node)
    layer = node.layer
    assert isinstance(layer, Dropout)
    if not low.training:
        low.maps[node.name] = x
        return
    y = low.output(node, x.level)
    low.want(node, y, [x])
    low.dropouts.append(low.net.nodes.index(node))
    drawn = {
        "header": low.header,
        "keys": low.word(running.KEYS),
        "layers": lambda: len(low.dropouts),
        "layer": len(low.dropouts) - 1,
        "limit": layer.limit,
        "larger_by": float(np.float32(1) / np.float32(1 - layer.share)),
        **whole(x),
    }
    low.add("dropout", x.level, x=x, y=y, **drawn)

    def back() -> None:
        if low.has_slope(y) and low.wants(x):
            dy, dx = low.slope(y), low.slope(x)
            low.add("dropout_back", dy.root.level, into=x, writer=node.name, dx=dx, dy=dy, **drawn)

    low.back(back)
