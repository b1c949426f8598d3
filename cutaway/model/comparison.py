"""Two or more models on the same pictures: how they differ, and whether that is more than chance."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cutaway.errors import DataError, InputError
from cutaway.losses import ClassificationError, CrossEntropy, SquaredError
from cutaway.model.calibration import BINS, calibration_error
from cutaway.model.intervals import Difference, by_chance, of_means, of_shares, wilson
from cutaway.model.predictions import Predictions
from cutaway.wording import first

RESAMPLED = 1000
"""Times that the pictures are drawn again for the interval of a calibration error's difference."""
TOGETHER = 100
"""Drawn at a time: 4 MB for 10,000 pictures."""

ERROR, SQUARED, CROSS, CALIBRATION = "classification error", "mean squared error", "cross-entropy", "calibration error"
ENOUGH = 50
"""Pictures from which calibration errors are held against each other: of fewer, chance makes most of them."""
LEAST, FAR = 1e-30, 60.0
"""Where a probability came so near to 0, a loss from the scores need only be as large as the second number."""
MORE, EDGE, MAY_BE, TOO_FEW = "more than chance", "at the edge of chance", "may be chance", "too few pictures"
"""What a difference is worth."""
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
    more_wrong: int | None = None
    """Where all are wrong: the number of the model that gave the true class the least probability; None for a tie."""


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
            CROSS: self._of(self._cross_entropy, of_means),
            CALIBRATION: self._calibration(),
        }

    @cached_property
    def other_losses(self) -> tuple[str, ...]:
        """Models whose losses count every class by itself (log loss): those are no cross-entropy of the true class.

        Where there is one, the cross-entropy of all models is worked out from their probabilities.
        """
        return tuple(name for name, one in zip(self.names, self.said, strict=True) if not _is_cross_entropy(one))

    def worth(self, measure: str, number: int) -> str:
        """Whether a difference from the first model is more than chance.

        For the classification error the interval and McNemar's test may not agree; then it is at the edge.
        """
        own = self.figures[measure][number].difference
        assert own
        if not math.isfinite(own.low):
            return TOO_FEW
        if measure == ERROR and own.is_clear != (self.by_chance[number - 1] < 0.05):
            return EDGE
        return MORE if own.is_clear else MAY_BE

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
    def wrong(self) -> list[Disagreement]:
        """Where all are wrong, also in the same way; in the same order."""
        rows = np.flatnonzero(self._all_wrong)
        apart = np.ptp(self._of_the_true[:, rows], axis=0)
        return [self._disagreement(int(row)) for row in rows[np.argsort(-apart, kind="stable")]]

    @cached_property
    def more_wrong(self) -> tuple[int, ...]:
        """Of pictures that all got wrong: how often each gave the true class the least probability (ties: none)."""
        own = self._worst[self._all_wrong]
        return tuple(int((own == number).sum()) for number in range(len(self.said)))

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

    @cached_property
    def _all_wrong(self) -> NDArray[np.bool_]:
        return np.logical_and.reduce([~one.right for one in self.said])

    @cached_property
    def _worst(self) -> NDArray[np.int64]:
        """[n]: the model that gave the true class the least probability; of several, by the loss; -1 for a tie."""
        given = self._of_the_true
        losses = np.stack([self._cross_entropy(one) for one in self.said])
        losses = np.where(given == given.min(axis=0), losses, -np.inf)
        alone = (losses == losses.max(axis=0)).sum(axis=0) == 1
        return np.where(alone, losses.argmax(axis=0), -1)

    def _disagreement(self, row: int) -> Disagreement:
        one = self.said[0]
        return Disagreement(
            row,
            one.names[row],
            one.classes[one.true[row]],
            tuple(own.classes[own.guessed[row]] for own in self.said),
            tuple(float(prob) for prob in self._of_the_true[:, row]),
            tuple(bool(own.right[row]) for own in self.said),
            int(self._worst[row]) if self._all_wrong[row] and self._worst[row] >= 0 else None,
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

    def _cross_entropy(self, one: Predictions) -> NDArray[np.float64]:
        return CrossEntropy().value(_chances(one), _targets(one)) if self.other_losses else one.losses

    def _calibration(self) -> tuple[Figure, ...]:
        """Of the expected calibration error, which is no mean: pictures are drawn again (Efron 1979).

        It is too large by chance alone, and of pictures drawn again still larger. The basic interval (Davison and
        Hinkley 1997) takes that away, not always enough; so this goes from the lower to the higher end of both.
        """
        values = [calibration_error(one.probs, one.true) for one in self.said]
        drawn = resampled_calibration(self.said)
        figures = [Figure(values[0], None, None)]
        for value, own in zip(values[1:], drawn[1:], strict=True):
            apart = value - values[0]
            low, high = map(float, np.percentile(own - drawn[0], (2.5, 97.5)))
            low, high = min(low, 2 * apart - high), max(high, 2 * apart - low)
            few = self.count < ENOUGH
            figures.append(Figure(value, None, Difference(apart, -math.inf if few else low, math.inf if few else high)))
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
        _same_pictures(base.names, one.names, first_name, name)
        place = {own: row for row, own in enumerate(one.names)}
        one = one[np.array([place[own] for own in base.names])]
    order = np.array([one.classes.index(label) for label in base.classes])
    true = np.argsort(order)[one.true]
    if (true != base.true).any():
        row = int(np.flatnonzero(true != base.true)[0])
        labels = base.classes[base.true[row]], base.classes[true[row]]
        raise DataError(f"{base.names[row]} is {labels[0]!r} in {first_name} and {labels[1]!r} in {name}")
    return Predictions(base.classes, one.names, true, one.probs[:, order], one.losses, one.reasons)


def _same_pictures(base: Sequence[str], one: Sequence[str], first_name: str, name: str) -> None:
    """Raises DataError where pictures cannot be matched by name."""
    for pictures, others, where in ((base, set(one), first_name), (one, set(base), name)):
        if odd := next((picture for picture in pictures if picture not in others), None):
            raise DataError(f"{first_name} and {name} are not of the same pictures; only {where} has {odd}")
        if len(set(pictures)) < len(pictures):
            raise DataError(f"{where} has a picture twice; put the rows of {first_name} and {name} in the same order")


def _both(base: Predictions, one: Predictions) -> str:
    return f"{first(base.classes, 5)} against {first(one.classes, 5)}"


def _chances(one: Predictions) -> NDArray[np.float64]:
    return one.probs.astype(np.float64)


def _targets(one: Predictions) -> NDArray[np.float64]:
    """[n, classes]: 1 for the true class."""
    return np.eye(len(one.classes))[one.true]


def _is_cross_entropy(one: Predictions) -> bool:
    """Whether the losses are the cross-entropy of the probabilities, as good as it can be told from float32."""
    prob = one.probs[np.arange(len(one)), one.true].astype(np.float64)
    near = abs(one.losses + np.log(np.maximum(prob, LEAST))) <= 1e-3 * (1 + abs(one.losses))
    return bool((near | ((prob < LEAST) & (one.losses > FAR))).all())


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
