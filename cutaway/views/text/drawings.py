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
    numbers = _means(numbers, block)
    largest = float(np.nanmax(np.abs(numbers), initial=0.0))
    rows = ["".join(_mark(value, largest) * 2 for value in row).rstrip() for row in numbers]
    means = f"; each mark is the mean of {block}x{block} cells" if block > 1 else ""
    negative = f"≡ {-largest:.3g}, " if (numbers < 0).any() else ""
    return "\n".join([*rows, f"{negative}blank 0, █ {largest:.3g}{means}"])


def guesses(labels: Sequence[str], probabilities: Sequence[float], *, top: int = 5) -> str:
    """The most probable classes, best first, with a bar each.

    >>> print(guesses(["cat", "dog"], [0.25, 0.75]))
    dog  ████████████████████████  75.0 %
    cat  ████████                  25.0 %
    """
    best = sorted(range(len(labels)), key=lambda i: -probabilities[i])[:top]
    rows = [[labels[i], _bar(probabilities[i]), f"{100 * probabilities[i]:.1f} %"] for i in best]
    return "\n".join(columns(rows, "ll."))


def _mark(value: float, largest: float) -> str:
    if not np.isfinite(value):
        return "?"
    share = abs(value) / largest if largest else 0.0
    return (BELOW if value < 0 else SHADES)[round(share * (len(SHADES) - 1))]


def _bar(share: float) -> str:
    eighths = round(8 * BAR * share) if share == share else 0
    return EIGHTHS[8] * (eighths // 8) + EIGHTHS[eighths % 8].strip()


def _means(numbers: NDArray[np.float64], block: int) -> NDArray[np.float64]:
    """The mean of each block of cells; blocks at the end may be smaller."""
    sizes = np.ones_like(numbers)
    for axis in (0, 1):
        starts = np.arange(0, numbers.shape[axis], block)
        numbers, sizes = np.add.reduceat(numbers, starts, axis), np.add.reduceat(sizes, starts, axis)
    return np.asarray(numbers / sizes)
