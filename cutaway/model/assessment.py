"""How good a model is: the figures that the report, the model card and the command line all tell.

They are numbers only, and are kept with the model as `facts["assessment"]`; so they can be told when the pictures are
gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutaway.model.calibration import Bin, calibration_error, is_settled, reliability, temperature, tempered
from cutaway.model.evaluation import ClassFigures, Evaluation, balanced
from cutaway.model.intervals import wilson
from cutaway.model.model import Model
from cutaway.model.neighbours import Nearest
from cutaway.model.outputs import Kind
from cutaway.model.predictions import Predictions
from cutaway.pictures.pictures import TEST, VALIDATION

FACT = "assessment"
"""Under which a model keeps it."""
UNEVEN = 1.5
"""Where the largest class has so many times the pictures of the smallest, the balanced accuracy is told too."""
PAIRS = 300
"""Pairs of classes that are kept, those taken for each other most often first."""


@dataclass(frozen=True)
class Confused:
    """Pictures of one class that were taken for another."""

    true: str
    guess: str
    count: int


@dataclass(frozen=True)
class Calibration:
    """Whether probabilities can be taken at their word, before and after all scores are divided by a temperature."""

    error: float
    """The expected calibration error."""
    bins: tuple[Bin, ...] = field(repr=False)
    temperature: float | None = None
    """None where none is best: no guess was wrong, or none was right."""
    after: float | None = None
    """The calibration error at that temperature."""
    bins_after: tuple[Bin, ...] = field(default=(), repr=False)
    halves: bool = False
    """Whether `after` was measured in two halves, each at the temperature that suits the other."""


@dataclass(frozen=True)
class Assessment:
    """`assess("validation", model.predictions(pictures.validation), model.kind)`."""

    part: str
    """What was judged: `test`, `validation` or `all` the pictures of a set that training did not split."""
    right: int
    count: int
    """Pictures that could be read."""
    loss: float
    skipped: int = 0
    """Pictures that could not."""
    classes: tuple[ClassFigures, ...] = field(default=(), repr=False)
    confused: tuple[Confused, ...] = field(default=(), repr=False)
    """The most frequent first."""
    calibration: Calibration | None = None
    nearest: Nearest | None = None

    @property
    def accuracy(self) -> float:
        """The share that is right."""
        return self.right / self.count

    @property
    def interval(self) -> tuple[float, float]:
        """Between which shares the true one lies, with 95% confidence."""
        return wilson(self.right, self.count)

    @property
    def balanced(self) -> float | None:
        """The balanced accuracy; None where classes are as large, and it says nothing more, or are not known."""
        supports = [one.support for one in self.classes if one.support]
        uneven = bool(supports) and max(supports) > UNEVEN * min(supports)
        return balanced(self.classes) if uneven else None

    @property
    def wrong(self) -> int:
        """Pictures taken for another class."""
        return self.count - self.right

    @property
    def commonest(self) -> ClassFigures | None:
        """The class of most pictures: to say it always is the best guess of who sees no picture."""
        return max(self.classes, key=lambda one: one.support, default=None)

    @property
    def guessing(self) -> float | None:
        """How often that guess is right."""
        return self.commonest.support / self.count if self.commonest else None

    def confusion(self) -> NDArray[np.int64] | None:
        """[classes, classes]: how many of the row's class were taken for the column's; None where not all are kept."""
        if not self.classes or sum(one.count for one in self.confused) != self.wrong:
            return None
        place = {one.label: number for number, one in enumerate(self.classes)}
        matrix = np.zeros((len(place), len(place)), np.int64)
        for one in self.confused:
            matrix[place[one.true], place[one.guess]] = one.count
        supports = np.array([one.support for one in self.classes])
        np.fill_diagonal(matrix, supports - matrix.sum(axis=1))
        return matrix

    def facts(self) -> dict[str, Any]:
        """As JSON can say it; `from_facts` reads it again."""
        told = asdict(self)
        low, high = self.interval
        guessing = self.commonest and {"class": self.commonest.label, "accuracy": self.guessing}
        return told | {"accuracy": self.accuracy, "interval": [low, high], "guessing": guessing}


def assess(
    part: str, predictions: Predictions, kind: Kind, *, chosen_by: Predictions | None = None, known: float | None = None
) -> Assessment:
    """The figures of what a model says of some pictures.

    `chosen_by` is what it says of the validation pictures, where those are others: the temperature is chosen by them.
    `known` is a temperature that was chosen before.
    """
    figures, kept = predictions.figures(), predictions[np.flatnonzero(predictions.read)]
    others = None if chosen_by is None else chosen_by[np.flatnonzero(chosen_by.read)]
    return Assessment(
        part,
        figures.right,
        figures.count,
        figures.loss,
        len(figures.skipped),
        figures.classes,
        tuple(confused(figures)[:PAIRS]),
        calibrated(kept, kind, others, known),
    )


def confused(figures: Evaluation) -> list[Confused]:
    """Every pair of classes of which one was taken for the other, the most frequent first."""
    names = [one.label for one in figures.classes]
    counts = figures.confusion * (1 - np.eye(len(names), dtype=np.int64))
    pairs = [Confused(names[i], names[j], int(counts[i, j])) for i, j in zip(*np.nonzero(counts), strict=True)]
    return sorted(pairs, key=lambda pair: -pair.count)


def calibrated(kept: Predictions, kind: Kind, others: Predictions | None, known: float | None) -> Calibration:
    """How well probabilities and the share of right guesses agree, before and after temperature scaling."""
    error, bins = calibration_error(kept.probs, kept.true), tuple(reliability(kept.probs, kept.true))
    by = kept if others is None else others
    best = temperature(by.probs, by.true, kind) if known is None else known
    if not is_settled(best):
        return Calibration(error, bins)
    halves = others is None and known is None
    after = in_halves(kept, kind) if halves else tempered(kept.probs, best, kind)
    if after is None:
        return Calibration(error, bins, best)
    bins_after = tuple(reliability(after, kept.true))
    return Calibration(error, bins, best, calibration_error(after, kept.true), bins_after, halves)


def in_halves(kept: Predictions, kind: Kind) -> NDArray[np.float64] | None:
    """Each half of the pictures, every second one, at the temperature that suits the other; None where none does."""
    after = np.zeros(kept.probs.shape)
    for first in (0, 1):
        other = slice(1 - first, None, 2)
        if not len(kept.true[other]):
            return None
        best = temperature(kept.probs[other], kept.true[other], kind)
        if not is_settled(best):
            return None
        after[first::2] = tempered(kept.probs[first::2], best, kind)
    return after


# ---- kept with a model


def known_of(model: Model) -> Assessment | None:
    """What a model itself says of how good it is; None where it was never measured.

    A model of before there were assessments has its accuracy only.
    """
    facts = model.facts
    if FACT in facts:
        return from_facts(facts[FACT])
    for part in (TEST, VALIDATION):
        if part in facts:
            own = facts[part]
            return Assessment(part, round(own["accuracy"] * own["count"]), own["count"], own["loss"])
    return None


def temperature_of(model: Model, part: str) -> float | None:
    """The temperature that a model's validation pictures chose; None for those themselves, and where none is known."""
    known = None if part == VALIDATION else known_of(model)
    return known.calibration.temperature if known and known.calibration else None


def from_facts(facts: Mapping[str, Any]) -> Assessment:
    """The assessment that `Assessment.facts` told."""
    calibration, nearest = facts["calibration"], facts["nearest"]
    return Assessment(
        **{name: facts[name] for name in ("part", "right", "count", "loss", "skipped")},
        classes=tuple(ClassFigures(**one) for one in facts["classes"]),
        confused=tuple(Confused(**one) for one in facts["confused"]),
        calibration=calibration
        and Calibration(
            **calibration | {name: read_bins(calibration[name]) for name in ("bins", "bins_after")},
        ),
        nearest=nearest and Nearest(**nearest),
    )


def read_bins(bins: Sequence[Mapping[str, Any]]) -> tuple[Bin, ...]:
    """Bins out of JSON."""
    return tuple(Bin(**one) for one in bins)
