"""What the layers with several inputs share: add, multiply, concat. In the notation they are blocks, not words."""

from __future__ import annotations

from typing import ClassVar

from cutaway.layers.layer import Layer


class Merging(Layer):
    """Several inputs in, one output. `residual(a | b)` adds, `concat(a | b)` joins, `squeeze(a)` multiplies."""

    block: ClassVar[str]
    """The word of the block in the notation whose branches it merges."""
