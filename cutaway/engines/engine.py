"""The small interface behind which every engine stands, and how one is chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from cutaway.layers.layer import Array, Weights
from cutaway.net import Net

if TYPE_CHECKING:
    from cutaway.augmentation import Changes
    from cutaway.losses import Loss
    from cutaway.optimisers import Optimiser

Pixels = NDArray[np.uint8]
"""Prepared pictures [N, H, W, C]: `net.preparation` of each."""
Targets = NDArray[np.float32]
"""[N, outputs]."""


Rows = NDArray[np.int64]
"""[N]: numbers of pictures."""


class Batch(NamedTuple):
    """`Batch(pictures, targets)`; `Batch(held, targets, rows, changes)`: some of those that are held, changed."""

    pictures: Pixels
    targets: Targets
    """One for each picture of the batch."""
    rows: Rows | None = None
    """Which of the pictures, one after another; without it, all."""
    changes: Changes | None = None
    """What is done to each picture of the batch first; see `cutaway.augmentation`."""

    def seen(self) -> Pixels:
        """The pictures that are learned from."""
        chosen = self.pictures if self.rows is None else self.pictures[self.rows]
        if self.changes is None:
            return chosen
        from cutaway.augmentation import apply

        return apply(chosen, self.changes)

    def part(self, first: int, last: int) -> Batch:
        """The pictures of the batch from a first to before a last."""
        here = slice(first, last)
        pictures = self.pictures[here] if self.rows is None else self.pictures
        rows, changes = (None if numbers is None else numbers[here] for numbers in (self.rows, self.changes))
        return Batch(pictures, self.targets[here], rows, changes)


class Stepped(NamedTuple):
    """What one training step says of its batch, before the weights moved."""

    losses: Array
    """[N], float32."""
    outputs: Array
    """[N, outputs], float32: what the net said, from softmax or sigmoid."""


Says = Callable[[Pixels], NDArray[np.float32]]
"""What a net says of each picture, [N, outputs]."""


class Predictor(Protocol):
    """A net with its weights, ready to run."""

    def __call__(self, pictures: Pixels) -> NDArray[np.float32]:
        """What the net says of each picture, [N, outputs]."""

    def stages(self, pictures: Pixels) -> dict[str, Array]:
        """Every layer's output [N, *shape] by name, and `input` itself."""


class Trainer(Protocol):
    """A net whose weights move. Two trainers that are given the same do the same, to the last bit."""

    def step(self, batch: Batch, rate: float) -> Stepped:
        """Moves the weights once, against the gradient of the batch's mean loss.

        Raises NotFinite, and leaves the weights as they were, where a loss or gradient is not a finite number.
        """

    def gradients(self, batch: Batch) -> Mapping[str, Array]:
        """The gradients that the next step would follow, by the name of the weight. Moves nothing."""

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """A copy of the weights as they are now."""

    def averaged(self) -> dict[str, NDArray[np.float32]]:
        """A copy of the weights to judge and keep: the averages, where the rule keeps them."""

    def state(self) -> dict[str, Array]:
        """A copy of everything that `restore` needs to go on as if nothing had happened."""

    def restore(self, state: Mapping[str, Array]) -> None:
        """Takes up a state that `state` gave."""


class Engine(Protocol):
    """One way to run and train nets."""

    name: str

    def predictor(self, net: Net, weights: Weights) -> Predictor:
        """The net ready to predict."""

    def trainer(self, net: Net, weights: Weights, loss: Loss, optimiser: Optimiser, seed: int) -> Trainer:
        """The net ready to be trained. `seed` decides what dropout switches off."""


class NotFinite(ArithmeticError):
    """A loss or gradient that is not a finite number; the message names the layer where it began."""
