"""Pictures that may be of several classes: each class by itself is true or not, above a threshold of its own.

marks = model.marks(pictures.validation)
chosen = thresholds(marks.probs, marks.truths)
print(marks.figures(chosen))
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutaway.errors import DataError
from cutaway.model.evaluation import ClassFigures, Evaluation
from cutaway.model.outputs import THRESHOLD
from cutaway.pictures import Skipped
from cutaway.pictures.pictures import VALIDATION

THRESHOLDS = "thresholds"
"""Under which a model keeps its thresholds, by the names of the classes."""
FACT = "several"
"""Under which it keeps how good it is, class by class."""

ONE_CLASS = "a picture may be of several classes, and the model says one; train one with --label-delim"
"""What is said of such pictures to a model that ends in softmax."""

MEANS = ("precision", "recall", "f1", "average_precision")
"""The figures whose means over the classes are told."""

Probs = NDArray[np.floating]
Truths = NDArray[np.bool_]


@dataclass(frozen=True)
class LabelFigures(ClassFigures):
    """How one class fares that is true or not by itself. None where there is nothing to divide by."""

    f1: float | None
    """The harmonic mean of precision and recall: 2 right / (marked + support)."""
    average_precision: float | None
    """Precision averaged over all thresholds, each by the recall it adds: what the ranking is worth, whatever the
    threshold."""
    threshold: float
    marked: int
    """Pictures that the model says are of this class: those with a probability above the threshold."""
    right: int
    """Those of them that are."""


@dataclass(frozen=True, eq=False)
class SeveralEvaluation(Evaluation):
    """`print(model.evaluate(pictures))`, of pictures that may be of several classes.

    `accuracy` is the share of pictures with every class right, also called subset accuracy. There is no confusion
    matrix: no class is taken for another.
    """

    classes: tuple[LabelFigures, ...]

    @property
    def right(self) -> int:
        """Pictures of which every class is right."""
        return round(self.accuracy * self.count)

    def macro(self, name: str) -> float | None:
        """The mean of a figure over the classes that have it: `macro("f1")`."""
        values = [value for one in self.classes if (value := getattr(one, name)) is not None]
        return float(np.mean(values)) if values else None

    def __str__(self) -> str:
        left_out = f", {len(self.skipped)} could not be read" if self.skipped else ""
        means = ", ".join(
            f"{said} {value:.1%}"
            for said, name in (("F1", "f1"), ("average precision", "average_precision"))
            if (value := self.macro(name)) is not None
        )
        return (
            f"every class right in {self.accuracy:.2%} ({self.right:,} of {self.count:,} pictures), "
            f"loss {self.loss:.4f}; mean over the classes: {means}{left_out}"
        )

    def facts(self, part: str) -> dict[str, Any]:
        """As JSON can say it; `part` is which pictures these are."""
        means = {name: self.macro(name) for name in MEANS}
        own = {"part": part, "accuracy": self.accuracy, "loss": self.loss, "count": self.count, "macro": means}
        return own | {"skipped": len(self.skipped), "classes": [asdict(one) for one in self.classes]}


@dataclass(frozen=True, eq=False)
class Marks:
    """`model.marks(pictures)`: every probability, and the true classes beside them.

    n pictures in the order given, also those that could not be read: their numbers are NaN.
    """

    classes: tuple[str, ...]
    names: tuple[str, ...] = field(repr=False)
    """[n]: the path of each picture."""
    truths: Truths = field(repr=False)
    """[n, classes]"""
    probs: NDArray[np.float32] = field(repr=False)
    """[n, classes]"""
    losses: NDArray[np.float64] = field(repr=False)
    """[n]: log loss, added up over the classes."""
    reasons: tuple[str, ...] = field(repr=False)
    """[n]: why a picture could not be read; "" where it could."""

    def __len__(self) -> int:
        return len(self.names)

    @property
    def read(self) -> Truths:
        """[n]: whether a picture could be read."""
        return np.array([not reason for reason in self.reasons], bool)

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """The pictures that could not be read."""
        return tuple(Skipped(name, why) for name, why in zip(self.names, self.reasons, strict=True) if why)

    def figures(self, thresholds: NDArray[np.float64]) -> SeveralEvaluation:
        """How well the model does on these pictures with these thresholds, [classes]."""
        read = self.read
        if not read.any():
            raise DataError(f"none of {len(self):,} pictures can be read")
        probs, truths = self.probs[read], self.truths[read]
        marked = probs > thresholds
        return SeveralEvaluation(
            accuracy=float((marked == truths).all(axis=1).mean()),
            loss=float(self.losses[read].mean()),
            count=int(read.sum()),
            classes=tuple(
                label_figures(name, probs[:, k], truths[:, k], float(thresholds[k]))
                for k, name in enumerate(self.classes)
            ),
            confusion=np.zeros((0, 0), np.int64),
            skipped=self.skipped,
        )

    def best(self) -> NDArray[np.float64]:
        """[classes]: the thresholds of the best F1 on these pictures."""
        read = self.read
        return thresholds(self.probs[read], self.truths[read])


def label_figures(name: str, probs: Probs, truth: Truths, threshold: float) -> LabelFigures:
    """The figures of one class: its probabilities [n], and for which of the pictures it is true."""
    marked = probs > threshold
    right, said, support = int((marked & truth).sum()), int(marked.sum()), int(truth.sum())
    return LabelFigures(
        name,
        precision=right / said if said else None,
        recall=right / support if support else None,
        support=support,
        f1=2 * right / (said + support) if said + support else None,
        average_precision=average_precision(probs, truth),
        threshold=threshold,
        marked=said,
        right=right,
    )


def average_precision(probs: Probs, truth: Truths) -> float | None:
    """The mean of the precisions at each recall, going down from the most probable picture; None where none is true.

    >>> average_precision(np.array([0.9, 0.8, 0.7]), np.array([True, False, True])).__round__(4)
    0.8333

    The 1st is right (precision 1), of the first 3 2 are: (1 + 2/3) / 2. Equal probabilities count together.
    """
    if not truth.any():
        return None
    right, upto = steps(probs, truth)
    gained = np.diff(right, prepend=0)
    return float((gained * right / upto).sum() / right[-1])


def thresholds(probs: Probs, truths: Truths) -> NDArray[np.float64]:
    """[classes]: for each class the threshold with the best F1, from probabilities and truths [n, classes].

    Half way between two pictures' probabilities; of equally good ones that next to one half, which it is also for a
    class that no picture has.
    """
    return np.array([threshold(probs[:, k], truths[:, k]) for k in range(probs.shape[1])])


def threshold(probs: Probs, truth: Truths) -> float:
    """The threshold of one class.

    >>> threshold(np.array([0.9, 0.375, 0.125]), np.array([True, True, False]))
    0.25
    """
    if not probs[truth].any():  # a probability that rounded to 0 is above no threshold
        return THRESHOLD
    right, upto = steps(probs, truth)
    f1 = np.where(np.unique(probs)[::-1] > 0, 2 * right / (upto + right[-1]), -1)
    levels = np.append(np.unique(probs)[::-1].astype(np.float64), 0.0)
    between = (levels[:-1] + levels[1:]) / 2
    between[(levels[:-1] > THRESHOLD) & (levels[1:] <= THRESHOLD)] = THRESHOLD  # where it is as good as any
    good = np.flatnonzero(f1 >= f1.max() - 1e-12)
    return float(between[good[np.abs(between[good] - THRESHOLD).argmin()]])


def steps(probs: Probs, truth: Truths) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each different probability, from the highest: of the pictures down to there, how many are true; how many."""
    levels, counts = np.unique(probs, return_counts=True)
    true = np.zeros(len(levels), np.int64)
    np.add.at(true, np.searchsorted(levels, probs[truth]), 1)
    return true[::-1].cumsum(), counts[::-1].cumsum()


# ---- kept with a model


def kept(classes: Sequence[str], chosen: NDArray[np.float64]) -> dict[str, float]:
    """Thresholds as a model keeps them."""
    return dict(zip(classes, chosen.tolist(), strict=True))


def known(facts: Mapping[str, Any], classes: Sequence[str]) -> NDArray[np.float64]:
    """[classes]: the thresholds that a model keeps; one half where it keeps none."""
    own = facts.get(THRESHOLDS, {})
    return np.array([own.get(name, THRESHOLD) for name in classes], np.float64)


def from_facts(facts: Mapping[str, Any]) -> tuple[LabelFigures, ...]:
    """The figures of each class that `SeveralEvaluation.facts` told."""
    return tuple(LabelFigures(**one) for one in facts["classes"])


def explained(part: str) -> str:
    """How the figures of each class came about, in words; `part` is which pictures were judged."""
    same = "; the figures flatter them, since it is these pictures that chose them" if part == VALIDATION else ""
    return (
        "A picture may be of several classes, or of none: each class is true or not by itself, above a threshold of "
        f"its own, chosen by the best F1 on the validation pictures{same}. A picture is right where every class is."
    )
