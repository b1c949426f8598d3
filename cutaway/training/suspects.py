"""Which labels are probably wrong: confident learning (Northcutt, Jiang and Chuang 2021, https://arxiv.org/abs/1911.00068).

Each picture is judged by a last layer that was fitted without it: five parts, each scored by a layer that is fitted to
the others, on what the rest of the net makes of the pictures. Of these out-of-sample probabilities, the mean over a
class's own pictures is its threshold: how sure one usually is of it. A label is suspect where another class reaches its
threshold, and is more probable than the label.

    suspects = found(probs, labels)             # of [n, classes] and [n]
    suspects.rows                               # those pictures, the most suspect first
    suspects.suggested                          # what each is more likely
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from cutaway.errors import DataError, InputError
from cutaway.losses import CrossEntropy
from cutaway.model import Model
from cutaway.model.seen import unit
from cutaway.pictures import Pictures
from cutaway.pictures.prepared import Skipped
from cutaway.training import head
from cutaway.training.features import Computer
from cutaway.wording import first

NEAREST = 2
"""Pictures of each of the two classes that are shown beside a suspect."""
TOGETHER = 1 << 22
"""Distances that are held at a time."""

Numbers = NDArray[np.floating]
Rows = NDArray[np.int64]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Suspects:
    """Labels that are probably wrong, and how many errors there seem to be."""

    probs: Numbers = field(repr=False)
    """[n, classes]: out-of-sample probabilities."""
    labels: Rows = field(repr=False)
    """[n]: as they were given."""
    thresholds: NDArray[np.float64]
    """[classes]: the mean probability of a class over its own pictures; infinite for one that is too small to say."""
    rows: Rows
    """[k]: the pictures whose label is suspect, those first whose label is least probable against the other class."""
    suggested: Rows
    """[k]: the class that each is more likely of."""
    errors: NDArray[np.float64]
    """[classes, classes]: how many pictures with one label (row) are estimated to be of another class (column)."""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def of_label(self) -> Numbers:
        """[k]: the probability of each suspect's label."""
        return self.probs[self.rows, self.labels[self.rows]]

    @property
    def of_suggested(self) -> Numbers:
        """[k]: the probability of what is suggested."""
        return self.probs[self.rows, self.suggested]

    @property
    def estimated(self) -> float:
        """How many labels are estimated to be wrong."""
        return float(self.errors.sum())

    def pairs(self, least: float = 0.5) -> list[tuple[int, int, float]]:
        """(label, other class, how many), the most first; what rounds to none is left out."""
        places = np.argwhere(self.errors >= least)
        every = [(int(label), int(other), float(self.errors[label, other])) for label, other in places]
        return sorted(every, key=lambda pair: -pair[2])


def found(probs: Numbers, labels: Rows) -> Suspects:
    """The suspects among labels [n], by out-of-sample probabilities [n, classes].

    >>> probs = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.3, 0.7], [0.2, 0.8]])
    >>> found(probs, np.array([0, 0, 0, 1, 1])).rows.tolist()
    [2]

    A class of fewer pictures than there are parts cannot be judged: none of its labels is suspect, and it is not
    suggested.
    """
    classes = probs.shape[1]
    thresholds = thresholds_of(probs, labels)
    own = probs[np.arange(len(labels)), labels]
    likely = np.where(probs >= thresholds, probs, -1.0)
    best = likely.argmax(axis=1)
    confident = likely[np.arange(len(labels)), best] >= 0
    judged = np.isfinite(thresholds[labels])
    suspect = confident & judged & (best != labels) & (probs[np.arange(len(labels)), best] > own)
    others = probs.copy()
    others[np.arange(len(labels)), labels] = -1.0
    margin = own - others.max(axis=1)
    rows = np.flatnonzero(suspect)
    rows = rows[np.argsort(margin[rows], kind="stable")]
    sure = confident & judged
    joint = np.zeros((classes, classes))
    np.add.at(joint, (labels[sure], best[sure]), 1)
    return Suspects(probs, labels, thresholds, rows, best[rows], errors_of(joint, labels))


def thresholds_of(probs: Numbers, labels: Rows) -> NDArray[np.float64]:
    """[classes]: the mean probability of each class over the pictures with its label."""
    counts = np.bincount(labels, minlength=probs.shape[1])
    sums = np.bincount(labels, weights=probs[np.arange(len(labels)), labels], minlength=probs.shape[1])
    thresholds: NDArray[np.float64] = np.where(counts >= head.FOLDS, sums / np.maximum(1, counts), np.inf)
    return thresholds


def errors_of(joint: NDArray[np.float64], labels: Rows) -> NDArray[np.float64]:
    """From the confident joint, counts by label (row) and confident class (column), to all pictures: each row is
    scaled to as many as have its label. The diagonal, which is right, is taken out.
    """
    counts = np.bincount(labels, minlength=len(joint))
    scaled = joint * (counts / np.maximum(1, joint.sum(axis=1)))[:, None]
    np.fill_diagonal(scaled, 0)
    return scaled


@dataclass(frozen=True, eq=False)
class Cleaning:
    """The suspects of a set of pictures, with what shows why."""

    pictures: Pictures
    """Those that were judged: with a label, and readable."""
    found: Suspects
    features: NDArray[np.float32] = field(repr=False)
    """[n, F], each of length 1."""
    digests: Sequence[bytes] = field(repr=False)
    """[n]: of each picture's pixels, as the net sees them."""
    skipped: tuple[Skipped, ...] = ()
    """What could not be read."""
    unlabelled: int = 0

    @property
    def small(self) -> list[str]:
        """The classes that are too small to be judged."""
        return [
            name
            for name, threshold in zip(self.pictures.classes, self.found.thresholds, strict=True)
            if not np.isfinite(threshold)
        ]

    def nearest(self, places: Rows, labels: Rows, count: int = NEAREST) -> list[list[int]]:
        """For each of some pictures, the most similar ones with a given label: `nearest(rows, suggested)`.

        Similar are those whose features point the same way (`cutaway.model.seen`). Suspects are no evidence.
        """
        trusted = np.ones(len(self.pictures), bool)
        trusted[self.found.rows] = False
        near: list[list[int]] = [[] for _ in places]
        for label in np.unique(labels):
            among = np.flatnonzero(trusted & (self.found.labels == label))
            for start in range(0, len(places), size := max(1, TOGETHER // max(1, len(among)))):
                some = [place for place in range(start, min(start + size, len(places))) if labels[place] == label]
                like = self.features[places[some]] @ self.features[among].T
                for place, order in zip(some, np.argsort(-like, axis=1, kind="stable"), strict=True):
                    near[place] = [int(one) for one in among[order[: count + 1]] if one != places[place]][:count]
        return near


def suspects(model: Model, pictures: Pictures, progress: Progress | None = None) -> Cleaning:
    """The labels that are probably wrong, of pictures in any part: `suspects(model, cutaway.read("pets/"))`.

    Raises InputError for a net without features of whole pictures, DataError for pictures that cannot be judged.
    """
    require_features(model)
    if pictures.truths is not None:
        raise DataError(
            f"{pictures.title}: a picture may be of several classes; labels are checked where each is of one"
        )
    labelled = pictures.chosen(pictures.labels >= 0)
    require_enough(labelled)
    total = 2 * len(labelled)
    prepared = labelled.prepared(model.net.preparation, progress and (lambda done, _: progress(done, total)))
    judged = labelled.chosen(prepared.kept)
    require_enough(judged)
    computer = Computer(model if model.onnx else replace(model, onnx=model.to_onnx()))
    parts, digests = [], list[bytes]()
    for features, own in computer(prepared):
        parts.append(features)
        digests += own
        if progress:
            progress(total - len(judged) + len(digests), total)
    features = np.concatenate(parts)
    probs = out_of_sample(features, judged.labels, len(judged.classes), digests)
    known = found(probs, judged.labels)
    return Cleaning(judged, known, unit(features), digests, prepared.skipped, len(pictures) - len(labelled))


def out_of_sample(
    features: NDArray[np.float32], labels: Rows, classes: int, digests: list[bytes]
) -> NDArray[np.float64]:
    """[n, classes]: of each picture, what a last layer says that was fitted without it and without its equals.

    It is a softmax whatever the net ends in: one class is true of each picture.
    """
    wanted, folds = np.eye(classes)[labels], head.folds_of(digests, labels)
    scores = head.fitted(features, wanted, CrossEntropy(), "one", folds, np.ones(len(labels))).out_of_fold
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    result: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return result


def require_features(model: Model) -> None:
    """Raises InputError where a net has no features of whole pictures."""
    if model.net.features is None:
        raise InputError(
            "the net has no dense layer, so it gives no features to judge labels by; "
            "use a run of one that has, as `cutaway train` makes without --net"
        )


def require_enough(pictures: Pictures) -> None:
    """Raises DataError where fewer than two classes are large enough."""
    counts = pictures.counts()
    if sum(count >= head.FOLDS for count in counts.values()) < 2:
        said = first([f"{name} {count:,}" for name, count in counts.items()], 5) or "none"
        raise DataError(
            f"{pictures.title}: two classes need {head.FOLDS} readable pictures or more for labels to be checked; "
            f"there are: {said}"
        )
