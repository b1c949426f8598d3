"""What the layers with several inputs share: add, multiply, concat. In the notation they are blocks, not words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from cutaway.errors import NotationError
from cutaway.layers.layer import Layer


class Merging(Layer):
    """Several inputs in, one output. `residual(a | b)` adds, `concat(a | b)` joins, `squeeze(a)` multiplies."""

    block: ClassVar[str]
    """The word of the block in the notation whose branches it merges."""

    @classmethod
    def inputs(cls, ends: Sequence[str], source: str) -> Sequence[str]:
        """What is merged, from the ends of the branches and what went into the block. Raises NotationError."""
        if len(ends) == 1:
            raise NotationError(f"{cls.block} joins two or more branches, separated by '|'; got 1")
        return ends

    @classmethod
    def written(cls, branches: Sequence[str]) -> Sequence[str]:
        """The branches that the notation writes, from the text of each: those that `inputs` adds are left out."""
        return branches


def operands(count: int) -> tuple[str, ...]:
    """What ONNX nodes call the inputs of a layer: `x`, `x1`, ..."""
    return ("x", *(f"x{number}" for number in range(1, count)))
