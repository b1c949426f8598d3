"""Which labels are probably wrong, by confident learning.

Each picture is judged by what was fitted without it (`out_of_sample.py`). Of these probabilities, the mean over a
class's own pictures is its threshold: how sure one usually is of it. A label is suspect where another class reaches its
threshold, and is more probable than the label (Northcutt, Jiang and Chuang 2021, https://arxiv.org/abs/1911.00068).

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
from cutaway.model import Model
from cutaway.model.seen import unit
from cutaway.pictures import Pictures, Prepared
from cutaway.pictures.prepared import Skipped
from cutaway.training import head
from cutaway.training.features import Computer
from cutaway.training.out_of_sample import QUICK, by_last_layer, by_training, is_fresh, seconds_of, why_not
from cutaway.wording import first

NEAREST = 2
"""Pictures of each of the two classes that are shown beside a suspect."""
TOGETHER = 1 << 22
"""Distances that are held at a time."""

ENOUGH = 0.8
"""Labels that have to be guessed out of sample for errors to be counted. At 49% (5,000 pictures of CIFAR-10, 5% of the
labels wrong) 48% are estimated to be wrong, at 91% (MNIST) 5%."""

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

    @property
    def agreement(self) -> float:
        """The share of the labels that are the most probable class."""
        return float((self.probs.argmax(axis=1) == self.labels).mean())

    @property
    def is_weak(self) -> bool:
        """Whether most of what differs from the labels is likelier a mistake of the net."""
        return self.agreement < ENOUGH

    def pairs(self, least: float = 0.5) -> list[tuple[int, int, float]]:
        """(label, other class, how many), the most first; what rounds to none is left out."""
        places = np.argwhere(self.errors >= least)
        every = [(int(label), int(other), float(self.errors[label, other])) for label, other in places]
        return sorted(every, key=lambda pair: -pair[2])


def found(probs: Numbers, labels: Rows) -> Suspects:
    """The suspects among labels [n], by out-of-sample probabilities [n, classes].

    >>> of_cat = np.array([0.9, 0.9, 0.9, 0.9, 0.1, 0.2, 0.2, 0.2, 0.2, 0.7])
    >>> known = found(np.stack([of_cat, 1 - of_cat], axis=1), np.repeat([0, 1], 5))
    >>> known.thresholds.round(2).tolist(), known.rows.tolist()
    ([0.74, 0.7], [4])

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
    thresholds = np.full(probs.shape[1], np.inf)
    for label in range(probs.shape[1]):
        own = probs[labels == label, label]
        if len(own) >= head.FOLDS:
            thresholds[label] = own.mean()
    return thresholds


def errors_of(joint: NDArray[np.float64], labels: Rows) -> NDArray[np.float64]:
    """From the confident joint, counts by label (row) and confident class (column), to all pictures: each row is
    scaled to as many as have its label. The diagonal, which is right, is taken out.
    """
    counts = np.bincount(labels, minlength=len(joint))
    scaled: NDArray[np.float64] = joint * (counts / np.maximum(1, joint.sum(axis=1)))[:, None]
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
    anew: bool = False
    """Whether the net was trained anew for each part."""
    apart: bool = True
    """Whether all that judged a picture was fitted without its label."""

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
        for label in np.unique(labels).tolist():
            among = np.flatnonzero(trusted & (self.found.labels == label))
            wanted = np.flatnonzero(labels == label)
            size = max(1, TOGETHER // max(1, len(among)))
            for some in np.split(wanted, range(size, len(wanted), size)):
                like = self.features[places[some]] @ self.features[among].T
                for place, order in zip(some, np.argsort(-like, axis=1, kind="stable"), strict=True):
                    near[place] = [int(one) for one in among[order[: count + 1]] if one != places[place]][:count]
        return near


def suspects(
    model: Model, pictures: Pictures, progress: Progress | None = None, retrain: bool | None = None
) -> Cleaning:
    """The labels that are probably wrong, of pictures in any part: `suspects(model, cutaway.read("pets/"))`.

    `retrain` trains the net anew for each fifth of the pictures; None: where it saw these labels, and is trained
    within a minute. `progress(done, of)` is told of the reading, the features and the training one after another.

    Raises InputError for a net without features of whole pictures, or one that cannot be trained anew; DataError for
    pictures that cannot be judged.
    """
    require_features(model)
    if pictures.truths is not None:
        raise DataError(
            f"{pictures.title}: a picture may be of several classes; labels are checked where each is of one"
        )
    labelled = pictures.chosen(pictures.labels >= 0)
    require_enough(labelled)
    anew = trained_anew(model, labelled, retrain)
    prepared = labelled.prepared(model.net.preparation, progress)
    judged = labelled.chosen(prepared.kept)
    require_enough(judged)
    features, digests = looked_at(model, prepared, progress)
    folds = head.folds_of(digests, judged.labels)
    if anew:
        probs = by_training(model, judged, folds, progress)
    else:
        probs = by_last_layer(features, judged.labels, len(judged.classes), folds)
    known = found(probs, judged.labels)
    about = prepared.skipped, len(pictures) - len(labelled), anew, anew or is_fresh(model)
    return Cleaning(judged, known, unit(features), digests, *about)


def looked_at(model: Model, prepared: Prepared, progress: Progress | None) -> tuple[NDArray[np.float32], list[bytes]]:
    """Features of each picture, [n, F], from the cache where they are there; and the digests of what the net sees."""
    parts: list[NDArray[np.float32]] = []
    digests: list[bytes] = []
    for features, own in Computer(model if model.onnx else replace(model, onnx=model.to_onnx()))(prepared):
        parts.append(features)
        digests += own
        if progress:
            progress(len(digests), len(prepared))
    return np.concatenate(parts), digests


def trained_anew(model: Model, pictures: Pictures, retrain: bool | None) -> bool:
    """Whether to. Raises InputError where it is asked for and cannot be."""
    hindered = why_not(model, pictures)
    if retrain and hindered:
        raise InputError(f"the net cannot be trained anew: {hindered}; leave out --retrain to fit its last layer alone")
    if retrain is not None or hindered or is_fresh(model):
        return bool(retrain)
    return seconds_of(model) <= QUICK


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
