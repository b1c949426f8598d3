"""What a model says of each of many labelled pictures: one row a picture, in the order in which they were given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cutaway.model.evaluation import Evaluation, figures
from cutaway.pictures import Skipped


@dataclass(frozen=True, eq=False)
class Predictions:
    """`model.predictions(cutaway.read("pets/").validation)`: every probability, and the true class beside it.

    n pictures in the order given, also those that could not be read: their numbers are NaN.
    """

    classes: tuple[str, ...]
    names: tuple[str, ...] = field(repr=False)
    """[n]: the path of each picture, or its set and number."""
    true: NDArray[np.int64] = field(repr=False)
    """[n]: the place of each picture's class in `classes`."""
    probs: NDArray[np.float32] = field(repr=False)
    """[n, classes]"""
    losses: NDArray[np.float64] = field(repr=False)
    """[n]: cross-entropy, or log loss where outputs stand by themselves."""
    reasons: tuple[str, ...] = field(repr=False)
    """[n]: why a picture could not be read; "" where it could."""

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def read(self) -> NDArray[np.bool_]:
        """[n]: whether a picture could be read."""
        return np.array([not reason for reason in self.reasons], bool)

    @cached_property
    def guessed(self) -> NDArray[np.int64]:
        """[n]: the place of the best guess; -1 for a picture that could not be read."""
        best = np.full(len(self), -1, np.int64)
        best[self.read] = self.probs[self.read].argmax(axis=1)
        return best

    @cached_property
    def right(self) -> NDArray[np.bool_]:
        """[n]: whether the best guess is the true class."""
        return self.guessed == self.true

    @cached_property
    def sure(self) -> NDArray[np.float32]:
        """[n]: the probability of the best guess."""
        return self.probs.max(axis=1)

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """The pictures that could not be read."""
        return tuple(Skipped(name, why) for name, why in zip(self.names, self.reasons, strict=True) if why)

    def figures(self) -> Evaluation:
        """How well the model does on these pictures."""
        read = self.read
        return figures(self.classes, self.true[read], self.guessed[read], self.losses[read], self.skipped)

    def __getitem__(self, rows: Sequence[int] | NDArray[np.int64]) -> Predictions:
        """Some of them, in the order asked for."""
        names, reasons = (tuple(given[row] for row in rows) for given in (self.names, self.reasons))
        return Predictions(self.classes, names, self.true[rows], self.probs[rows], self.losses[rows], reasons)
