"""How well a model does on labelled pictures: overall, class by class, and which it takes for which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cutaway.errors import DataError
from cutaway.pictures import Pictures, Skipped
from cutaway.wording import first, nearest


@dataclass(frozen=True)
class ClassFigures:
    """How one class fares. None where there is nothing to divide by."""

    label: str
    precision: float | None
    """Of the pictures that were taken for this class, the share that is of it."""
    recall: float | None
    """Of the pictures of this class, the share that was taken for it."""
    support: int
    """Pictures of this class."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """`print(model.evaluate(pictures))`: the accuracy, and where it falls short."""

    accuracy: float
    """The share of pictures whose best guess is the true class, 0 to 1."""
    loss: float
    """Mean over the pictures: cross-entropy, or log loss where outputs stand by themselves."""
    count: int
    """Pictures that were judged."""
    classes: tuple[ClassFigures, ...]
    confusion: NDArray[np.int64] = field(repr=False)
    """[classes, classes]: how many pictures of the row's class were taken for the column's."""
    skipped: tuple[Skipped, ...]
    """Pictures that could not be read; they count neither as right nor as wrong."""

    @property
    def right(self) -> int:
        """Pictures whose best guess is the true class."""
        return int(np.trace(self.confusion))

    @property
    def balanced(self) -> float:
        """The mean of the classes' recall: the accuracy if all classes had as many pictures."""
        return balanced(self.classes)

    def __str__(self) -> str:
        left_out = f", {len(self.skipped)} could not be read" if self.skipped else ""
        return f"{self.accuracy:.2%} right ({self.right:,} of {self.count:,} pictures), loss {self.loss:.4f}{left_out}"


def balanced(classes: Sequence[ClassFigures]) -> float:
    """The balanced accuracy: the mean recall of the classes that have pictures (Brodersen et al. 2010)."""
    recalls = [one.recall for one in classes if one.recall is not None]
    return sum(recalls) / max(1, len(recalls))


def figures(
    classes: Sequence[str],
    true: NDArray[np.int64],
    guessed: NDArray[np.int64],
    losses: NDArray[np.float64],
    skipped: tuple[Skipped, ...],
) -> Evaluation:
    """The figures for pictures with these true and guessed classes, [N] each, and losses, [N]."""
    n = len(classes)
    confusion = np.bincount(true * n + guessed, minlength=n * n).reshape(n, n)
    right, taken, support = np.diag(confusion), confusion.sum(axis=0), confusion.sum(axis=1)
    rows = tuple(
        ClassFigures(name, _share(right[k], taken[k]), _share(right[k], support[k]), int(support[k]))
        for k, name in enumerate(classes)
    )
    return Evaluation(float(right.sum() / len(true)), float(losses.mean()), len(true), rows, confusion, skipped)


def same_classes(pictures: Pictures, classes: Sequence[str]) -> NDArray[np.int64]:
    """Where each class of the pictures stands among the model's. Raises DataError where the model does not know one."""
    if not pictures.classes:
        raise DataError(
            f"{pictures.title}: these pictures have no classes to compare with; give a folder of class folders"
        )
    for name in pictures.classes:
        if name not in classes:
            raise DataError(
                f"{pictures.title}: the model does not know the class {name!r}{nearest(name, classes)}; "
                f"it knows {first(classes, 10)}"
            )
    return np.array([classes.index(name) for name in pictures.classes], np.int64)


def _share(part: np.int64, whole: np.int64) -> float | None:
    return float(part / whole) if whole else None
