"""Holds what an engine computed against the declarations: stage by stage, within what float32 rounding allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cutaway.layers.layer import Array, Cell, Layer, Weights, as_float64
from cutaway.net.net import Net
from cutaway.net.run import by_layer


@dataclass(frozen=True)
class StageCheck:
    """One layer's numbers, held against the exact ones."""

    name: str
    cells: int
    """How many numbers were held against theirs."""
    cell: Cell
    """Where the error is the largest share of its bound (without the picture's number)."""
    engine: float
    exact: float
    """The two numbers there."""
    bound: float
    """How far rounding alone could take the engine's number there."""
    ok: bool
    """Whether every cell is within its bound."""

    @property
    def error(self) -> float:
        """How far the engine's number is from the exact one, where that is the largest share of the bound."""
        return abs(self.engine - self.exact)

    @property
    def share(self) -> float:
        """The error as a share of the bound: at most 1 where all is well."""
        return self.error / self.bound if self.bound else float("inf") if self.error else 0.0

    def __str__(self) -> str:
        return (
            f"{self.name}{list(self.cell)} is {self.engine!r}, exactly {self.exact!r}: "
            f"off by {self.error:.3g}, rounding allows {self.bound:.3g}"
        )


def check(net: Net, weights: Weights, stages: Mapping[str, Array]) -> list[StageCheck]:
    """Computes every stage [N, *shape] again in float64, from what the engine itself gave to it.

    The bound of each cell is its layer's: (terms + 1) x 2^-24 x (sum of |w x| + |bias|) for sums of products.
    """
    own = by_layer(weights)
    checks = []
    for node in net:
        fed: Sequence[Array] = [stages[name] for name in node.inputs]
        if not node.layer.keeps_pixels:  # preparation is exact in any type, and a photograph takes much room
            fed = as_float64(fed)
        w = {name: np.asarray(value, np.float64) for name, value in own.get(node.name, {}).items()}
        checks.append(_held(node.name, node.layer, stages[node.name], fed, w))
    return checks


def _held(name: str, layer: Layer, engine: Array, fed: Sequence[Array], w: Weights) -> StageCheck:
    with np.errstate(over="ignore", invalid="ignore"):
        exact = layer.forward(fed, w)
        if np.array_equal(engine, exact):
            first = engine.flat[0].item()
            return StageCheck(name, engine.size, (0,) * (engine.ndim - 1), first, first, 0.0, ok=True)
        bound = np.broadcast_to(layer.bound(fed, w), engine.shape)
        error = abs(engine - exact)
        outside = error - bound
    within = (error <= bound) | ((engine == exact) | (np.isnan(engine) & np.isnan(exact)))
    shares = np.where(
        within, error / np.maximum(bound, np.finfo(float).tiny), np.where(np.isnan(outside), np.inf, 2 + error)
    )
    worst = np.unravel_index(int(np.nan_to_num(shares, nan=0.0).argmax()), shares.shape)
    return StageCheck(
        name,
        engine.size,
        tuple(int(i) for i in worst[1:]),
        float(engine[worst]),
        float(exact[worst]),
        float(bound[worst]),
        bool(within.all()),
    )
