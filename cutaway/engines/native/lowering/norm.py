"""Batch norm with the ReLU (or ReLU6) after it. It ends a stage: what it measures needs every block of the batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cutaway.engines.native.kernels.norm import FIGURES
from cutaway.engines.native.lowering.lowering import Lowering, by_channel, lowers
from cutaway.engines.native.maps import Map, Place
from cutaway.layers import Norm, Relu, Relu6
from cutaway.net import Node

NO_FLOOR, NO_CEILING = float("-inf"), float("inf")


@dataclass(eq=False)
class Normalising:
    """The numbers of one norm, and what was taken along."""

    low: Lowering
    node: Node
    x: Map
    y: Map
    rectified: bool
    ceiling: float
    ghost: int
    """Pictures that are normalised together while training; 0 for the whole batch."""
    figures: Place
    """Mean, scale and more of each channel, group after group: each thread has its own."""

    def sums(self) -> Place:
        """Room for two numbers of each block and channel, which all threads see."""
        return self.low.build.in_shared(8 * self.x.channels * self.low.blocks)

    @property
    def of_batch(self) -> dict[str, Any]:
        """What the kernels between stages are told."""
        pixels = self.x.rows * self.x.width
        own = {"channels": self.x.channels, "pixels": pixels, "ghost": self.ghost, "figures": self.figures}
        return {"header": self.low.header, **own}

    @property
    def of_block(self) -> dict[str, Any]:
        """What the kernels of a block are told."""
        return {"header": self.low.header, "x": self.x, "ghost": self.ghost, "figures": self.figures}


@lowers(Norm)
def norm(low: Lowering, node: Node) -> None:
    (x,) = low.inputs(node)
    layer = node.layer
    assert isinstance(layer, Norm)
    after = low.next(node.name)
    rectified = after is not None and isinstance(after.layer, Relu | Relu6)
    ceiling = 6.0 if after and isinstance(after.layer, Relu6) else NO_CEILING
    y = low.output([node, after] if after and rectified else node, x.level + 1 if low.training else x.level)
    low.want(node, y, [x])
    ghost = layer.ghost if low.training else 0
    groups = max(1, low.batch // ghost) if ghost else 1
    figures = low.build.in_thread(4 * FIGURES * x.channels * groups)
    own = Normalising(low, node, x, y, rectified, ceiling, ghost, figures)
    forward(own)
    low.back(lambda: backward(own))


def forward(own: Normalising) -> None:
    """Mean and variance of the batch, or the running ones; then y."""
    low, node, x, y = own.low, own.node, own.x, own.y
    gain, mean, variance = (low.weight(node, part) for part in ("gain", "mean", "variance"))
    if low.training:
        sums = own.sums()
        low.add("norm_moments", x.level, header=low.header, x=x, sums=sums, **by_channel(x))
        low.build.add_for_batch("norm_figures", y.level, sums=sums, gain=gain, **own.of_batch)
        low.observe(node, own.figures, x.channels, own.ghost)
    else:
        kept: dict[str, Any] = {"mean": mean, "variance": variance, "gain": gain}
        low.build.add_for_batch("norm_figures_kept", -1, channels=x.channels, figures=own.figures, **kept)
    limits: dict[str, Any] = {"floor": 0.0 if own.rectified else NO_FLOOR, "ceiling": own.ceiling}
    low.add("norm", y.level, y=y, bias=low.weight(node, "bias"), **limits, **own.of_block, **by_channel(x, y))


def backward(own: Normalising) -> None:
    """The records of the way back; they too wait for every block."""
    low, node, x, y = own.low, own.node, own.x, own.y
    if not low.has_slope(y):
        return
    dy, sums = low.slope(y), own.sums()
    first = dy.root.level
    cut: dict[str, Any] = {"rectified": int(own.rectified), "ceiling": own.ceiling}
    low.add("norm_back_sums", first, y=y, dy=dy, sums=sums, **cut, **own.of_block, **by_channel(x, y, dy))
    low.build.add_for_batch(
        "norm_back_figures",
        first + 1,
        sums=sums,
        dgain=low.gradient(node, "gain"),
        dbias=low.gradient(node, "bias"),
        first=np.arange(low.threads) == 0,
        **own.of_batch,
    )
    if low.wants(x):
        dx = low.slope(x)
        low.add("norm_back", first + 1, into=x, writer=node.name, dx=dx, dy=dy, **own.of_block, **by_channel(x, dx, dy))
