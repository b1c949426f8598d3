"""Two or more models on the same pictures: how they differ, and whether that is more than chance."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cutaway.errors import DataError, InputError
from cutaway.losses import ClassificationError, SquaredError
from cutaway.model.calibration import BINS, calibration_error
from cutaway.model.intervals import Difference, by_chance, of_means, of_shares, wilson
from cutaway.model.predictions import Predictions
from cutaway.wording import first

RESAMPLED = 1000
"""Times that the pictures are drawn again for the interval of a calibration error's difference."""
TOGETHER = 100
"""Drawn at a time: 4 MB for 10,000 pictures."""

ERROR, SQUARED, CROSS, CALIBRATION = "classification error", "mean squared error", "cross-entropy", "calibration error"
MEASURES = (ERROR, SQUARED, CROSS, CALIBRATION)
"""What is compared. Of all, less is better."""


@dataclass(frozen=True)
class Figure:
    """One measure of one model."""

    value: float
    interval: tuple[float, float] | None
    """Between which numbers it lies with 95% confidence; of the classification error alone."""
    difference: Difference | None
    """How much more it is than the first model's; None for the first."""


@dataclass(frozen=True)
class Disagreement:
    """A picture on which the models do not say the same."""

    row: int
    name: str
    true: str
    guesses: tuple[str, ...]
    probs: tuple[float, ...]
    """What each model gives to the true class."""
    right: tuple[bool, ...]


@dataclass(frozen=True, eq=False)
class Comparison:
    """`compare([a, b], ["runs/a", "runs/b"])`: of pictures that every model could read."""

    names: tuple[str, ...]
    """Of the models."""
    said: tuple[Predictions, ...] = field(repr=False)
    """What each says, picture by picture in the same order, classes in the same order."""
    skipped: tuple[str, ...] = ()
    """Pictures that one of them could not read."""

    @property
    def decimals(self) -> int:
        """So many are worth telling: those that a share of so many pictures can have and one more, from 2 to 4."""
        return 2 if self.count < 10 else min(4, math.ceil(math.log10(self.count)) + 1)

    @property
    def count(self) -> int:
        """Pictures compared."""
        return len(self.said[0])

    @cached_property
    def figures(self) -> Mapping[str, tuple[Figure, ...]]:
        """Each measure of each model."""
        return {
            ERROR: self._of(self._wrong, of_shares, intervals=True),
            SQUARED: self._of(self._squared, of_means),
            CROSS: self._of(lambda one: one.losses, of_means),
            CALIBRATION: self._calibration(),
        }

    @cached_property
    def by_chance(self) -> tuple[float, ...]:
        """For each model after the first: how probable at least such a difference of right guesses is by chance."""
        return tuple(by_chance(~self.said[0].right, ~one.right) for one in self.said[1:])

    @cached_property
    def table(self) -> Mapping[tuple[bool, ...], int]:
        """How many pictures which models got right: `{(True, True): 340, (True, False): 8, ...}`."""
        right = np.stack([one.right for one in self.said], axis=1)
        found, counts = np.unique(right, axis=0, return_counts=True)
        rows = sorted(zip(map(tuple, found.tolist()), counts.tolist(), strict=True), reverse=True)
        return dict(rows)

    @cached_property
    def disagreements(self) -> list[Disagreement]:
        """Where the guesses differ; those first whose probabilities of the true class are furthest apart."""
        guessed = np.stack([one.guessed for one in self.said])
        rows = np.flatnonzero((guessed != guessed[0]).any(axis=0))
        apart = np.ptp(self._of_the_true[:, rows], axis=0)
        return [self._disagreement(int(row)) for row in rows[np.argsort(-apart, kind="stable")]]

    @cached_property
    def more_wrong(self) -> tuple[int, ...]:
        """Of pictures that all got wrong: how often each gave the true class the least probability (ties: none)."""
        wrong = ~np.stack([one.right for one in self.said]).any(axis=0)
        given = self._of_the_true[:, wrong]
        least = given == given.min(axis=0, initial=2.0)
        alone = least & (least.sum(axis=0) == 1)
        return tuple(alone.sum(axis=1).tolist())

    @property
    def all_wrong(self) -> int:
        """Pictures that every model got wrong."""
        return self.table.get((False,) * len(self.said), 0)

    # --- how ----------------------------------------------------------------------------------------

    @cached_property
    def _of_the_true(self) -> NDArray[np.float32]:
        """[models, n]: the probability of the true class."""
        rows = np.arange(self.count)
        return np.stack([one.probs[rows, one.true] for one in self.said])

    def _disagreement(self, row: int) -> Disagreement:
        one = self.said[0]
        return Disagreement(
            row,
            one.names[row],
            one.classes[one.true[row]],
            tuple(own.classes[own.guessed[row]] for own in self.said),
            tuple(float(prob) for prob in self._of_the_true[:, row]),
            tuple(bool(own.right[row]) for own in self.said),
        )

    def _of(
        self,
        each: Callable[[Predictions], NDArray[np.generic]],
        apart: Callable[..., Difference],
        *,
        intervals: bool = False,
    ) -> tuple[Figure, ...]:
        """A measure that is a mean over pictures."""
        every = [each(one) for one in self.said]
        return tuple(
            Figure(
                float(own.mean()),
                wilson(int(own.sum()), self.count) if intervals else None,
                apart(every[0], own) if number else None,
            )
            for number, own in enumerate(every)
        )

    @staticmethod
    def _wrong(one: Predictions) -> NDArray[np.bool_]:
        return ClassificationError().value(_chances(one), _targets(one)).astype(bool)

    @staticmethod
    def _squared(one: Predictions) -> NDArray[np.float64]:
        return SquaredError().value(_chances(one), _targets(one))

    def _calibration(self) -> tuple[Figure, ...]:
        """Of the expected calibration error, which is no mean: pictures are drawn again (Efron 1979)."""
        values = [calibration_error(one.probs, one.true) for one in self.said]
        drawn = resampled_calibration(self.said)
        figures = [Figure(values[0], None, None)]
        for value, own in zip(values[1:], drawn[1:], strict=True):
            low, high = np.percentile(own - drawn[0], (2.5, 97.5))
            figures.append(Figure(value, None, Difference(value - values[0], float(low), float(high))))
        return tuple(figures)


def compare(said: Sequence[Predictions], names: Sequence[str]) -> Comparison:
    """Brings what several models say of the same pictures into one order.

    Raises InputError for fewer than two, DataError, which names it, for a picture or class that only one of them has.
    """
    if len(said) < 2:
        raise InputError("one model cannot be compared; name two or more")
    base = said[0]
    aligned = [base, *(_aligned(base, one, names[0], name) for one, name in zip(said[1:], names[1:], strict=True))]
    read = np.all([one.read for one in aligned], axis=0)
    if not read.any():
        raise DataError("no picture could be read by all of the models, so there is nothing to compare")
    rows = np.flatnonzero(read)
    skipped = tuple(base.names[row] for row in np.flatnonzero(~read))
    return Comparison(tuple(names), tuple(one[rows] for one in aligned), skipped)


def _aligned(base: Predictions, one: Predictions, first_name: str, name: str) -> Predictions:
    """What a model says, in the order of the first one's pictures and classes."""
    for own, other, where in ((base, one, first_name), (one, base, name)):
        if missing := [label for label in own.classes if label not in other.classes]:
            raise DataError(
                f"only {where} knows the class {missing[0]!r}: {_both(base, one)}; compare models of the same"
            )
    if base.names != one.names:
        place = {own: row for row, own in enumerate(one.names)}
        missing = sorted(set(base.names) ^ set(one.names))
        if missing or len(place) < len(one):
            odd = missing[0] if missing else "a picture that is there twice"
            raise DataError(f"{first_name} and {name} are not of the same pictures; only one has {odd}")
        one = one[np.array([place[own] for own in base.names])]
    order = np.array([one.classes.index(label) for label in base.classes])
    true = np.argsort(order)[one.true]
    if (true != base.true).any():
        row = int(np.flatnonzero(true != base.true)[0])
        labels = base.classes[base.true[row]], base.classes[true[row]]
        raise DataError(f"{base.names[row]} is {labels[0]!r} in {first_name} and {labels[1]!r} in {name}")
    return Predictions(base.classes, one.names, true, one.probs[:, order], one.losses, one.reasons)


def _both(base: Predictions, one: Predictions) -> str:
    return f"{first(base.classes, 5)} against {first(one.classes, 5)}"


def _chances(one: Predictions) -> NDArray[np.float64]:
    return one.probs.astype(np.float64)


def _targets(one: Predictions) -> NDArray[np.float64]:
    """[n, classes]: 1 for the true class."""
    return np.eye(len(one.classes))[one.true]


def resampled_calibration(said: Sequence[Predictions]) -> NDArray[np.float64]:
    """[models, RESAMPLED]: the calibration error of each over pictures drawn again, the same for all of them.

    Each picture counts so often as a Poisson number of mean 1 says, which for many pictures is the same as drawing.
    """
    random = np.random.default_rng(0)
    gaps = []
    for one in said:
        place = np.minimum((one.sure * BINS).astype(int), BINS - 1)
        gap = np.zeros((len(one), BINS), np.float32)
        gap[np.arange(len(one)), place] = one.sure - one.right
        gaps.append(gap)
    drawn: list[list[NDArray[np.float64]]] = [[] for _ in said]
    for _ in range(RESAMPLED // TOGETHER):
        times = random.poisson(1.0, (TOGETHER, len(said[0]))).astype(np.float32)
        total = np.maximum(1.0, times.sum(axis=1))
        for own, gap in zip(drawn, gaps, strict=True):
            own.append(abs(times @ gap).sum(axis=1) / total)
    return np.stack([np.concatenate(own) for own in drawn]).astype(np.float64)
