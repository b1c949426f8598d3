"""What one layer made of the picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, SupportsIndex

import numpy as np
from numpy.typing import NDArray

from cutaway.errors import InputError
from cutaway.layers import Shape
from cutaway.layers.layer import Array
from cutaway.layers.layer import Cell as Place
from cutaway.layers.working import Factor, Working, summed, times
from cutaway.net import Node
from cutaway.trace.address import checked
from cutaway.trace.cell import Cell

if TYPE_CHECKING:
    from cutaway.trace.trace import Trace


@dataclass(frozen=True, eq=False, repr=False)
class Stage:
    """The output of one layer for one picture. `trace["conv1"]`; `trace["input"]` is the picture itself.

    >>> trace["conv1"].map(3)                # doctest: +SKIP
    >>> trace["conv1"][12, 7, 3].working()   # doctest: +SKIP
    """

    trace: Trace
    name: str
    node: Node | None
    """The layer and what feeds it; none for the picture."""

    @property
    def text(self) -> str:
        """The layer in the notation: `conv 6 5x5`."""
        return self.node.layer.text() if self.node else "picture"

    @property
    def shape(self) -> Shape:
        """(rows, columns, channels), or (slots,)."""
        return self.output.shape

    @property
    def output(self) -> NDArray[np.float32]:
        """Every number, as the engine computed it; read-only."""
        return self.trace.stages[self.name]

    @property
    def range(self) -> tuple[float, float]:
        """The smallest and the largest number."""
        return float(self.output.min()), float(self.output.max())

    @property
    def zeros(self) -> float:
        """The share of cells that are exactly 0."""
        return 1 - np.count_nonzero(self.output) / self.output.size

    def map(self, channel: int) -> NDArray[np.float32]:
        """The feature map of one channel, [rows, columns]."""
        if len(self.shape) != 3:
            raise InputError(f"{self.name} is a list of {self.shape[0]} numbers, it has no maps")
        if not 0 <= channel < self.shape[2]:
            raise InputError(f"{self.name} has no map {channel}: its maps are 0 to {self.shape[2] - 1}")
        return self.output[:, :, channel]

    def __getitem__(self, place: SupportsIndex | tuple[SupportsIndex, ...]) -> Cell:
        places = place if isinstance(place, tuple) else (place,)
        return Cell(self, checked(self.name, self.shape, places))

    # --- what explains a cell ---------------------------------------------------------------------

    @property
    def fed(self) -> list[Array]:
        """What the engine gave to this layer, in the layer's order."""
        return [self.trace.stages[name] for name in self.node.inputs] if self.node else []

    @property
    def weights(self) -> Mapping[str, Array]:
        """The layer's own weights: `kernel`, `bias`, ..."""
        return self.trace.by_layer.get(self.name, {})

    def terms(self, place: Place) -> Working:
        """The arithmetic of a cell. A pixel has none: it is what it is."""
        if self.node:
            return self.node.layer.terms(place, self.fed, self.weights)
        return summed([times(Factor("picture", place, float(self.output[place])))])

    @cached_property
    def bounds(self) -> Array:
        """How far rounding alone could take each cell from the exact number.

        Costs one forward pass of the layer, in float32: half the time of float64, and a bound needs no more digits.
        """
        if not self.node:
            return np.zeros(self.shape)
        with np.errstate(over="ignore", invalid="ignore"):
            bound = self.node.layer.bound([x[None] for x in self.fed], self.weights)
        return np.broadcast_to(bound[0], self.shape)

    def __repr__(self) -> str:
        low, high = self.range
        return f"<Stage {self.name}: {self.text}, {'x'.join(map(str, self.shape))}, {low:.4g} to {high:.4g}>"
