"""Small pictures made of characters: a feature map, and guesses as bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutaway.views.text.blocks import columns

SHADES = " ░▒▓█"
"""From 0 to the largest number."""
BELOW = " ·-=≡"
"""From 0 to the smallest: lines instead of shades, so that the sign is seen without colour."""
EIGHTHS = " ▏▎▍▌▋▊▉█"
BAR = 32
"""Columns of the longest bar."""


def map(array: NDArray[Any], width: int = 80) -> str:
    """A feature map or a grey picture [rows, columns], two characters a cell, and what its shades mean.

    Shades are positive and lines negative numbers, on one scale for both: half as dense is half as large. A map of
    more cells than fit is drawn from the means of blocks of cells.
    """
    numbers = np.asarray(array, np.float64)
    block = max(1, -(-2 * numbers.shape[1] // width))
    numbers = means(numbers, block)
    largest = _largest(numbers)
    rows = ["".join(mark * 2 for mark in row).rstrip() for row in shaded(numbers)]
    told = f"; each mark is the mean of {block}x{block} cells" if block > 1 else ""
    negative = f"≡ {-largest:.3g}, " if (numbers < 0).any() else ""
    return "\n".join([*rows, f"{negative}blank 0, █ {largest:.3g}{told}"])


def shaded(numbers: NDArray[np.float64]) -> list[str]:
    """Numbers [rows, columns] as marks, one a number, on one scale for all.

    >>> shaded(np.array([[0.0, 1.0, 2.0], [0.0, -1.0, -2.0]]))
    [' ▒█', ' -≡']
    """
    largest = _largest(numbers)
    return ["".join(_mark(value, largest) for value in row) for row in numbers]


def means(numbers: NDArray[Any], block: int) -> NDArray[np.float64]:
    """The mean of each block of cells; blocks at the end may be smaller."""
    numbers = np.asarray(numbers, np.float64)
    sizes = np.ones_like(numbers)
    for axis in (0, 1):
        starts = np.arange(0, numbers.shape[axis], block)
        numbers, sizes = np.add.reduceat(numbers, starts, axis), np.add.reduceat(sizes, starts, axis)
    return np.asarray(numbers / sizes)


def shrunk(numbers: NDArray[Any], rows: int, columns: int) -> NDArray[np.float64]:
    """A map as so many rows and columns of means; a cell that lies on an edge counts for both sides by its share.

    >>> shrunk(np.array([[1, 2, 3]]), 1, 2)          # the 2 is halved: (1 + 2/2) / 1.5
    array([[1.33333333, 2.66666667]])
    """
    down, across = _shares(len(numbers), rows), _shares(len(numbers[0]), columns)
    finite = np.isfinite(numbers)
    small = down @ np.where(finite, numbers, 0.0).astype(np.float64) @ across.T
    return np.where(down @ ~finite @ across.T > 0, np.nan, small)  # nan itself would spread over its row and column


def guesses(labels: Sequence[str], probabilities: Sequence[float], *, top: int = 5) -> str:
    """The most probable classes, best first, with a bar each.

    >>> print(guesses(["cat", "dog"], [0.25, 0.75]))
    dog  ████████████████████████  75.0 %
    cat  ████████                  25.0 %
    """
    best = sorted(range(len(labels)), key=lambda i: -probabilities[i])[:top]
    rows = [[labels[i], _bar(probabilities[i]), f"{100 * probabilities[i]:.1f} %"] for i in best]
    return "\n".join(columns(rows, "ll."))


def _largest(numbers: NDArray[np.float64]) -> float:
    return float(np.nanmax(np.abs(numbers), initial=0.0))


def _shares(cells: int, marks: int) -> NDArray[np.float64]:
    """Of each mark, the share that each cell has in it: [marks, cells], rows that add up to 1."""
    edges = np.arange(marks + 1) * cells / marks
    starts = np.arange(cells)
    low, high = np.maximum(edges[:-1, None], starts), np.minimum(edges[1:, None], starts + 1)
    return np.maximum(high - low, 0) * marks / cells


def _mark(value: float, largest: float) -> str:
    if not np.isfinite(value):
        return "?"
    share = abs(value) / largest if largest else 0.0
    return (BELOW if value < 0 else SHADES)[round(share * (len(SHADES) - 1))]


def _bar(share: float) -> str:
    eighths = round(8 * BAR * share) if share == share else 0
    return EIGHTHS[8] * (eighths // 8) + EIGHTHS[eighths % 8].strip()
