"""How sure a measured share is, or a difference between two that were measured on the same pictures."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Z = 1.959963984540054
"""Of a normal distribution, 95% lie within so many standard deviations."""


def wilson(right: int, count: int) -> tuple[float, float]:
    """Between which shares the true one lies, with 95% confidence, where `right` of `count` were counted.

    >>> low, high = wilson(98, 100)
    >>> round(low, 3), round(high, 3)
    (0.93, 0.994)

    Wilson 1927: unlike the plain formula it holds for few pictures, and where all are right.
    """
    if not count:
        return 0.0, 1.0
    share, spread = right / count, Z * Z / count
    middle = (share + spread / 2) / (1 + spread)
    reach = Z * math.sqrt(share * (1 - share) / count + spread / (4 * count)) / (1 + spread)
    return max(0.0, middle - reach), min(1.0, middle + reach)


@dataclass(frozen=True)
class Difference:
    """How much more the second has than the first, and between which numbers that lies with 95% confidence."""

    value: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether chance alone would seldom bring it about: 0 is outside."""
        return self.low > 0 or self.high < 0


def of_shares(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> Difference:
    """The difference of two shares over the same pictures, [n] each: whether each model was wrong.

    >>> round(of_shares(np.arange(100) < 10, np.arange(100) < 20).value, 9)
    0.1

    Only pictures on which the two differ tell them apart. The interval is Wald's with half a picture more in each cell
    of the two-by-two table (Agresti and Min 2005), which holds for few pictures, and where the two never differ.
    """
    count, gained, lost = len(first), int((second & ~first).sum()), int((first & ~second).sum())
    more, less, whole = gained + 0.5, lost + 0.5, count + 2
    middle = (more - less) / whole
    reach = Z * math.sqrt(more + less - (more - less) ** 2 / whole) / whole
    return Difference((gained - lost) / max(1, count), max(-1.0, middle - reach), min(1.0, middle + reach))


def by_chance(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    """How probable at least as uneven a split of the pictures on which the two differ is, if they are equally good.

    >>> by_chance(np.zeros(10, bool), np.arange(10) < 6)
    0.03125

    McNemar's test in its exact form: each such picture is a coin.
    """
    from scipy.special import bdtr

    gained, lost = int((second & ~first).sum()), int((first & ~second).sum())
    return min(1.0, 2 * float(bdtr(min(gained, lost), gained + lost, 0.5)))


def of_means(first: NDArray[np.float64], second: NDArray[np.float64]) -> Difference:
    """The difference of two means over the same pictures, [n] each, by Student's t (Gosset 1908).

    Of a single picture nothing is known but the difference itself: the interval is endless.
    """
    from scipy.special import stdtrit

    apart = second - first
    mean = float(apart.mean())
    if len(apart) < 2:
        return Difference(mean, -math.inf, math.inf)
    reach = float(stdtrit(len(apart) - 1, 0.975)) * float(apart.std(ddof=1)) / math.sqrt(len(apart))
    return Difference(mean, mean - reach, mean + reach)
