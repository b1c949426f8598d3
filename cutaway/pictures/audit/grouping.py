"""What belongs together, found by joining two at a time."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


class Groups:
    """Numbers 0 .. n - 1, each alone at first (Tarjan's disjoint sets, with path halving).

    >>> groups = Groups(4)
    >>> groups.join(0, 2), groups.join(2, 0)
    (True, False)
    >>> groups.several()
    [[0, 2]]
    """

    def __init__(self, count: int) -> None:
        self.above = list(range(count))

    def __len__(self) -> int:
        return len(self.above)

    def top(self, one: int) -> int:
        """The number that stands for a group: the smallest in it."""
        above = self.above
        while above[one] != one:
            above[one] = one = above[above[one]]
        return one

    def join(self, one: int, other: int) -> bool:
        """Puts two groups together; whether they were apart."""
        low, high = sorted((self.top(one), self.top(other)))
        self.above[high] = low
        return low != high

    def join_equal(self, keys: Iterable[object], rows: Sequence[int] | None = None) -> None:
        """Puts those together that have the same key; an empty one is nobody's. `rows`: whose the keys are."""
        first: dict[object, int] = {}
        for row, key in zip(range(len(self)) if rows is None else rows, keys, strict=True):
            if key:
                self.join(first.setdefault(key, row), row)

    def tops(self) -> Rows:
        """[n]: the smallest number in the group of each."""
        return np.array([self.top(one) for one in range(len(self))], np.int64)

    def several(self) -> list[list[int]]:
        """The groups of two or more, in the order of their first."""
        found: dict[int, list[int]] = {}
        for one in range(len(self)):
            found.setdefault(self.top(one), []).append(one)
        return [own for own in found.values() if len(own) > 1]
