"""What a contender is told: the net, layer by layer, in words that know nothing of cutaway; and how to run it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True)
class Layer:
    """One layer of the net, with all that a framework needs to make the same."""

    name: str
    kind: str
    """Its word in cutaway's notation: conv, norm, relu, relu6, maxpool, flatten, globalmean, dense, dropout, add."""
    inputs: list[str]
    """Names of the layers that feed it, or `input`."""
    given: list[int]
    """The shape of its first input for one picture: height, width, channels; or features."""
    shape: list[int]
    """The shape of its output."""
    size: list[int] = field(default_factory=list)
    stride: list[int] = field(default_factory=list)
    before: list[int] = field(default_factory=list)
    """Cells of border above and left."""
    after: list[int] = field(default_factory=list)
    """Cells of border below and right."""
    groups: int = 1
    bias: bool = True
    share: float = 0.0
    """What dropout switches off."""

    @property
    def count(self) -> int:
        """Kernels, units or channels."""
        return self.shape[-1]

    @property
    def same(self) -> bool:
        """Whether padding of the kind that frameworks call `same` gives this shape."""
        return all(s == -(-g // t) for g, s, t in zip(self.given, self.shape, self.stride, strict=False))

    @property
    def even(self) -> list[int]:
        """Borders, equal on both sides, that give this shape: for those who cannot do otherwise without a copy."""
        borders = [max(both) for both in zip(self.before, self.after, strict=True)]
        for g, s, t, k, b in zip(self.given, self.shape, self.stride, self.size, borders, strict=False):
            assert (g + 2 * b - k) // t + 1 == s, f"{self.name} needs a border that is not the same on both sides"
        return borders


@dataclass(frozen=True)
class Job:
    """One net to train or to predict with."""

    what: str
    """`training` or `prediction`."""
    net: str
    """The net in cutaway's notation, for ourselves."""
    input: list[int]
    outputs: int
    """1 means yes or no, with the logarithmic loss of a sigmoid; else classes, with cross-entropy after softmax."""
    layers: list[Layer]
    """Without those that scale pixels, since others are given them scaled, and without the last: it is in the loss."""
    batch: int
    batches: int
    """How many batches lie ready in memory; one call goes once through them all."""
    threads: int
    options: list[str]
    """What this contender does differently: see `contenders.py`."""
    onnx: str
    """The file with the net for those who take it as such; for prediction only."""

    @classmethod
    def read(cls, told: dict[str, Any]) -> Self:
        """From what JSON made of it."""
        return cls(**told | {"layers": [Layer(**layer) for layer in told["layers"]]})
