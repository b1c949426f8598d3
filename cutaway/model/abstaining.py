"""When not to answer: how sure a guess must be so that few of the answers are wrong.

Of the pictures that the model was chosen by, those it is surest of are answered first; with each further one the share
that is answered grows, and the share that is wrong with it (El-Yaniv and Wiener 2010: the risk-coverage curve).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cutaway.errors import InputError
from cutaway.model.intervals import wilson

FACT = "sureness"
"""Under which a model keeps the curve."""
POINTS = 200
"""Of the curve, at most."""


class Point(NamedTuple):
    """Answering only what is at least so sure."""

    sure: float
    answered: int
    wrong: int


class Threshold(NamedTuple):
    """How sure a guess must be, and what came of it on the validation pictures."""

    sure: float
    answered: int
    wrong: int
    of: int

    def __str__(self) -> str:
        low, high = wilson(self.wrong, self.answered)
        return (
            f"answers where it is at least {self.sure:.1%} sure: {self.answered / self.of:.1%} of {self.of:,} "
            f"validation pictures, {self.wrong / self.answered:.2%} of them wrongly "
            f"(95% interval {low:.1%} to {high:.1%})"
        )


def curve(sure: NDArray[np.floating], right: NDArray[np.bool_]) -> list[Point]:
    """From the surest guess alone to all of them; where there are many, evenly chosen points of it.

    >>> curve(np.array([0.9, 0.6, 0.8]), np.array([True, False, True]))[-1]
    Point(sure=0.6, answered=3, wrong=1)
    """
    order = np.argsort(-sure, kind="stable")
    wrong, levels = np.cumsum(~right[order]), sure[order]
    ends = np.flatnonzero(np.append(levels[1:] != levels[:-1], True))  # equally sure ones are answered together
    chosen = ends[np.unique(np.linspace(0, len(ends) - 1, min(POINTS, len(ends))).round().astype(int))]
    return [Point(float(levels[end]), int(end) + 1, int(wrong[end])) for end in chosen]


def threshold(points: Sequence[Sequence[float]], error: float) -> Threshold:
    """How sure a guess must be so that at most this share of the answers is wrong, and most pictures are answered.

    Raises InputError where not even the surest guesses are that good, or where the model has no curve.
    """
    if not points:
        raise InputError("the model does not say how sure it was of its validation pictures; train it again")
    known = [Point(float(sure), int(answered), int(wrong)) for sure, answered, wrong in points]
    good = [point for point in known if point.wrong <= error * point.answered]
    if not good:
        least = min(known, key=lambda point: point.wrong / point.answered)
        raise InputError(
            f"no threshold keeps the error at {error:.2%} on {known[-1].answered:,} validation pictures; "
            f"the least is {least.wrong / least.answered:.2%}, answering {least.answered:,} of them"
        )
    best = max(good, key=lambda point: point.answered)
    return Threshold(*best, known[-1].answered)
