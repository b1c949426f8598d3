"""How sure a measured share is."""

from __future__ import annotations

import math

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
