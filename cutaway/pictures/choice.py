"""Which of many pictures are looked at, where not all can be: the same each time."""

import numpy as np
from numpy.typing import NDArray


def evenly(count: int, most: int) -> NDArray[np.int64]:
    """At most so many of 0 .. count - 1, evenly spread.

    >>> evenly(10, 4).tolist(), evenly(3, 4).tolist()
    ([0, 3, 6, 9], [0, 1, 2])
    """
    return np.unique(np.linspace(0, max(0, count - 1), min(count, most)).round().astype(np.int64))


def in_turn(labels: NDArray[np.int64]) -> list[int]:
    """The first of each class, then the second of each, ..."""
    seen: dict[int, int] = {}
    rounds = []
    for label in labels.tolist():
        seen[label] = seen.get(label, 0) + 1
        rounds.append(seen[label])
    return sorted(range(len(labels)), key=lambda row: (rounds[row], labels[row]))
