"""Numbers that look random and depend on nothing but what goes in: no state, no order, any thread."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Hashes = NDArray[np.uint64]


def mix(seed: int, *numbers: ArrayLike) -> Hashes:
    """One 64-bit hash for each place of the numbers, which broadcast together.

    >>> mix(0, 3, [10, 11, 12]).shape
    (3,)

    Each number goes through splitmix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
    generators", 2014) before the next one is added. About 10 ns for each hash and number.
    """
    state = _scramble(np.array([seed % 2**64], np.uint64))
    for number in numbers:
        state = _scramble(state ^ np.atleast_1d(np.asarray(number).astype(np.uint64)))
    return state


def below(limit: int, hashes: Hashes) -> NDArray[np.int64]:
    """Whole numbers from 0 to limit - 1, equally likely; limit < 2**31."""
    return (((hashes >> np.uint64(32)) * np.uint64(limit)) >> np.uint64(32)).astype(np.int64)


def _scramble(x: Hashes) -> Hashes:
    x = x + np.uint64(0x9E3779B97F4A7C15)  # arrays wrap around at 2**64, which is what is wanted here
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
