"""What a set of pictures must have before a net can be trained on it."""

import numpy as np

from cutaway.errors import DataError
from cutaway.pictures.pictures import TEST, TRAIN, VALIDATION, Pictures
from cutaway.wording import first

NAMED = 5
"""So many classes are named in one message."""


def require_trainable(pictures: Pictures) -> None:
    """Raises DataError unless there are two classes, each with pictures to learn from and to check with."""
    if not pictures.classes:
        raise DataError(f"{pictures.title}: pictures without labels; give each class a folder with its pictures in it")
    of_part = {part: _counts(pictures, part) for part in ("", TRAIN, VALIDATION, TEST)}
    to_learn = of_part[""] + of_part[TRAIN]
    if not to_learn.any():
        raise DataError(f"{pictures.title}: no pictures to train on: there is a {_given(pictures)} part, but no train")
    if pictures.weights is not None and not pictures.weights[np.isin(pictures.given, ("", TRAIN))].any():
        raise DataError(f"{pictures.title}: the weights of all pictures to train on are 0; give some a larger one")
    if len(pictures.classes) < 2:
        raise DataError(
            f"{pictures.title}: one class only ({pictures.classes[0]}); "
            "a classifier needs at least two, such as the folders cat and dog"
        )
    if none := _named(pictures, to_learn == 0):
        raise DataError(f"{pictures.title}: no picture to train on in class {none}; add some, or remove the class")
    if not of_part[VALIDATION].any() and (one := _named(pictures, to_learn == 1)):
        raise DataError(
            f"{pictures.title}: only 1 picture in class {one}; "
            "training needs at least 2 of each class: one to learn from and one to check with"
        )


def _counts(pictures: Pictures, part: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    some = pictures.given == part
    if pictures.truths is not None:
        return pictures.truths[some].sum(axis=0)
    return np.bincount(pictures.labels[some], minlength=len(pictures.classes))


def _given(pictures: Pictures) -> str:
    return " and ".join(sorted(set(pictures.given.tolist()) - {""}))


def _named(pictures: Pictures, which: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> str:
    names = [name for name, chosen in zip(pictures.classes, which, strict=True) if chosen]
    return first(names, NAMED)
