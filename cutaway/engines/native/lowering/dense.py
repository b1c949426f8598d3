"""Dense layers with the ReLU after them; and back. In float32, or in pairs of bfloat16 where that pays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cutaway.engines.native.kernels import products
from cutaway.engines.native.lowering.lowering import Lowering, cells, lowers, shares
from cutaway.engines.native.maps import Map, Place
from cutaway.layers import Dense, Relu
from cutaway.net import Node

NO_FLOOR = float("-inf")
LEAST_FEATURES, LEAST_UNITS = 64, 8
"""From how many features and units on pairs of bfloat16 pay: both are converted."""


@dataclass(eq=False)
class Product:
    """The numbers of one dense layer. Its weights are [units][features], `pitch` bytes from unit to unit."""

    low: Lowering
    node: Node
    layer: Dense
    x: Map
    pairs: bool

    @property
    def pitch(self) -> int:
        return 4 * self.low.weights.slices[f"{self.node.name}.weight"].pitch

    @property
    def weight(self) -> Place:
        return self.low.weight(self.node, "weight")


@lowers(Dense)
def dense(low: Lowering, node: Node) -> None:
    (x,) = low.inputs(node)
    layer = node.layer
    assert isinstance(layer, Dense)
    after = low.next(node.name)
    rectified = after is not None and isinstance(after.layer, Relu)
    y = low.output([node, after] if after and rectified else node, x.level)
    low.want(node, y, [x])
    own = Product(
        low, node, layer, x, low.purpose.pairs and x.channels >= LEAST_FEATURES and layer.units >= LEAST_UNITS
    )
    forward(own, y, rectified)
    low.back(lambda: backward(own, y, rectified))


def forward(own: Product, y: Map, rectified: bool) -> None:
    """y = w x + bias."""
    bias, _ = own.low.bias(own.node, own.layer.biased)
    given: dict[str, Any] = {
        "x": own.x,
        "w": own.weight,
        "count": own.x.channels,
        "step": own.pitch,
        "pitch": own.pitch,
    }
    if own.pairs:
        pitch = own.pitch // 2
        given = {"x": own.low.in_pairs(own.x), "w": neighbours(own), "count": -(-own.x.channels // 2)}
        given |= {"step": pitch, "pitch": pitch}
    own.low.add(
        "dense",
        own.x.level,
        y=y,
        bias=bias,
        floor=0.0 if rectified else NO_FLOOR,
        outputs=own.layer.units,
        tile=products.DENSE,
        products=own.low.product_table("dense", near=True, pairs=own.pairs),
        adding=0,
        **given,
    )


def backward(own: Product, y: Map, rectified: bool) -> None:
    """The records of the way back."""
    low = own.low
    if not low.has_slope(y):
        return
    dy = low.slope(y)
    if rectified:
        none: dict[str, Any] = {"db": low.zeros, "biased": 0, "ceiling": float("inf")}
        low.add("rectified_back", dy.root.level, y=y, dy=dy, **none, **cells(y, dy))
    weights(own, dy)
    if low.wants(own.x):
        data(own, dy)


def weights(own: Product, dy: Map) -> None:
    """The gradient of the weights."""
    low, lanes = own.low, own.low.machine.lanes
    tile_p, tile_q = products.matrix_tile(low.machine)
    turned = low.build.scratchpad(lanes * own.pitch + (2 * lanes * own.layer.units if own.pairs else 0))
    _, db = low.bias(own.node, own.layer.biased)
    room: dict[str, Any] = {"shorts": turned.after(lanes * own.pitch)} if own.pairs else {}
    low.add(
        "dense_weights_pairs" if own.pairs else "dense_weights",
        dy.root.level,
        x=own.x,
        dy=dy,
        dw=low.gradient(own.node, "weight"),
        db=db,
        features=own.x.channels,
        units=own.layer.units,
        pitch=own.pitch,
        turned=turned,
        tile_p=tile_p,
        tile_q=tile_q,
        products=low.product_table("matrix", pairs=own.pairs),
        biased=int(own.layer.biased),
        **room,
    )


def data(own: Product, dy: Map) -> None:
    """The gradient of what came in: down the columns of w."""
    low = own.low
    given: dict[str, Any] = {"x": dy, "w": own.weight, "count": own.layer.units}
    if own.pairs:
        given = {"x": low.in_pairs(dy), "w": pairs_of_rows(own), "count": -(-own.layer.units // 2)}
    low.add(
        "dense",
        dy.root.level,
        into=own.x,
        writer=own.node.name,
        y=low.slope(own.x),
        bias=low.zeros,
        floor=NO_FLOOR,
        outputs=own.x.channels,
        pitch=own.pitch,
        step=4,
        tile=products.DENSE,
        products=low.product_table("dense", near=False, pairs=own.pairs),
        **given,
    )


def neighbours(own: Product) -> Place:
    """The weights in bfloat16, filled in once a step: a pair is two features of one unit."""
    low, registers = own.low, own.layer.units * own.pitch // own.low.build.vector
    place = low.build.in_shared(own.layer.units * own.pitch // 2)
    low.build.add_for_batch("round_rows", -1, packed=place, w=own.weight, **shares(low, registers))
    return place


def pairs_of_rows(own: Product) -> Place:
    """The same where a pair is two units of one feature."""
    low, pairs = own.low, -(-own.layer.units // 2)
    place = low.build.in_shared(pairs * own.pitch)
    rows: dict[str, Any] = {"pitch": own.pitch, "units": own.layer.units}
    low.build.add_for_batch("pair_rows", -1, packed=place, w=own.weight, **rows, **shares(low, pairs))
    return place
