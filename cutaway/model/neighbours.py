"""The baseline that needs no training: a picture is taken for what the most similar training picture is.

Similar are pictures whose squared differences, pixel by pixel, add up to little (Cover and Hart 1967). What cannot beat
that has learned nothing that the pictures did not show by themselves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutaway.engines.engine import Pixels
from cutaway.model.intervals import wilson
from cutaway.pictures import Prepared
from cutaway.pictures.choice import evenly

WORK = 20_000_000_000
"""Multiplications that a comparison may cost: about half a second on two cores."""
JUDGED = 2_000
"""Pictures that are judged, where there are more and not all can be compared with all."""
TOGETHER = 1 << 22
"""Distances that are held at a time."""
EXACT = 1024
"""Products of centred pixels, each up to 2^14, that a float32 can add up without rounding, in any order."""


@dataclass(frozen=True)
class Nearest:
    """How the baseline does."""

    right: int
    count: int
    """Pictures that were judged."""
    known: int
    """Training pictures that they were compared with."""
    of_count: int
    """How many could have been judged."""
    of_known: int

    @property
    def accuracy(self) -> float:
        """The share of pictures whose nearest one is of their class."""
        return self.right / self.count

    @property
    def interval(self) -> tuple[float, float]:
        """Between which shares the true one lies, with 95% confidence."""
        return wilson(self.right, self.count)

    def facts(self) -> dict[str, Any]:
        """As JSON can say it."""
        return vars(self)


def nearest(train: Prepared, judged: Prepared, work: int = WORK) -> Nearest:
    """How many of some pictures have a training picture of their class as the nearest one.

    Both as the net sees them. Where comparing all with all would take more than `work` multiplications, evenly chosen
    ones of both are taken, the same each time. The distances are whole numbers and exact; of equally near ones the
    first counts.
    """
    known, count = affordable(len(train), len(judged), int(np.prod(train.shape)), work)
    mine, theirs = evenly(len(train), known), evenly(len(judged), count)
    found = train.labels[mine][places(train.take(mine), judged.take(theirs))]
    right = int((found == judged.labels[theirs]).sum())
    return Nearest(right, len(theirs), len(mine), len(judged), len(train))


def affordable(train: int, judged: int, pixels: int, work: int) -> tuple[int, int]:
    """How many training pictures to compare with how many. All, or else as many of each; 2,000 judged are enough."""
    pairs = max(1, work // max(1, pixels))
    count = min(judged, max(min(JUDGED, math.isqrt(pairs)), pairs // max(1, train)))
    return min(train, max(1, pairs // max(1, count))), count


def places(train: Pixels, judged: Pixels) -> NDArray[np.int64]:
    """[judged]: the place of the nearest training picture of each."""
    mine, theirs = (centred(pixels) for pixels in (train, judged))
    own = sum_of_products(mine)
    each = max(1, TOGETHER // max(1, len(mine)))
    parts = [theirs[start : start + each] for start in range(0, len(theirs), each)]
    # |a - b|^2 = |a|^2 - 2 a b + |b|^2, and |b|^2 is the same for all a
    found = [(own - 2 * products(part, mine)).argmin(axis=1) for part in parts]
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def products(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float64]:
    """a b^T, exactly: in pieces whose sums have no more bits than a float32 holds."""
    total = np.zeros((len(a), len(b)))
    for start in range(0, a.shape[1], EXACT):
        total += a[:, start : start + EXACT] @ b[:, start : start + EXACT].T
    return total


def sum_of_products(pixels: NDArray[np.float32]) -> NDArray[np.float64]:
    """Of each picture with itself."""
    return np.einsum("np,np->n", pixels, pixels, dtype=np.float64)


def centred(pixels: Pixels) -> NDArray[np.float32]:
    """[n, pixels]: from -128 to 127."""
    return pixels.reshape(len(pixels), -1).astype(np.float32) - 128
