"""The small interface behind which every engine stands, and how one is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from cutaway.augmentation import Changes, apply
from cutaway.layers.layer import Array, Weights
from cutaway.losses import Loss
from cutaway.net import Net
from cutaway.optimisers import Optimiser

Pixels = NDArray[np.uint8]
"""Prepared pictures [N, H, W, C]: `net.preparation` of each."""
Targets = NDArray[np.float32]
"""[N, outputs]."""


Rows = NDArray[np.int64]
"""[N]: numbers of pictures."""


def batch_of(pictures: Pixels, rows: Rows | None, changes: Changes | None) -> Pixels:
    """The pictures that a step learns from."""
    chosen = pictures if rows is None else pictures[rows]
    return chosen if changes is None else apply(chosen, changes)


class Stepped(NamedTuple):
    """What one training step says of its batch, before the weights moved."""

    losses: Array
    """[N], float32."""
    outputs: Array
    """[N, outputs], float32: what the net said, from softmax or sigmoid."""


class Predictor(Protocol):
    """A net with its weights, ready to run."""

    def __call__(self, pictures: Pixels) -> NDArray[np.float32]:
        """What the net says of each picture, [N, outputs]."""

    def stages(self, pictures: Pixels) -> dict[str, Array]:
        """Every layer's output [N, *shape] by name, and `input` itself."""


class Trainer(Protocol):
    """A net whose weights move. Two trainers that are given the same do the same, to the last bit."""

    def step(
        self,
        pictures: Pixels,
        targets: Targets,
        rate: float,
        rows: Rows | None = None,
        changes: Changes | None = None,
    ) -> Stepped:
        """Moves the weights once, against the gradient of the batch's mean loss.

        The batch is all of the pictures, or those of `rows`; with `changes`, each changed as its line says
        (`cutaway.augmentation`). There is one target for each picture of the batch.

        Raises NotFinite, and leaves the weights as they were, where a loss or gradient is not a finite number.
        """

    def gradients(self, pictures: Pixels, targets: Targets) -> Mapping[str, Array]:
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
