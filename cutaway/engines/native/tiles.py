"""How many columns, channels and taps a product takes at a time: what keeps the multipliers busiest.

A processor with 512-bit registers starts one multiply-add of a whole register in a cycle and loads one register, or two
numbers to be spread; a sum can be added to again after four cycles. The formulas count cycles of a pass over all tiles.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from itertools import product

LATENCY = 4
"""Cycles until a sum can be added to again."""
CALL = 40
"""Cycles that handing over to a product takes."""


def split(total: int, largest: int) -> list[int]:
    """As `Code.pieces` cuts: sizes nearly equal, none larger.

    >>> split(10, 4)
    [4, 3, 3]
    """
    count = -(-total // largest)
    return [total // count + (place < total % count) for place in range(count)]


@lru_cache(maxsize=4096)
def product_tile(columns: int, channels: int, fan: int, shapes: frozenset[tuple[int, int]]) -> tuple[int, int]:
    """P and Q for a convolution of so many columns and channels, `fan` products a cell."""

    def cost(p: int, q: int) -> float:
        return fan * max(p * q, LATENCY, p + q / 2) + CALL

    p, q = best(shapes, (columns, channels), cost)
    return p, q


@lru_cache(maxsize=4096)
def gradient_tile(
    rows: int, taps: int, channels: int, cells: int, shapes: frozenset[tuple[int, int, int]]
) -> tuple[int, int, int]:
    """R, S and Q for the weight gradient of so many rows of taps, taps in a row and channels, over `cells` places."""

    def cost(r: int, s: int, q: int) -> float:
        return cells * max(r * s * q, LATENCY, r * s + q) + CALL + 8 * r * s * q

    r, s, q = best(shapes, (rows, taps, channels), cost)
    return r, s, q


def best(shapes: frozenset[tuple[int, ...]], totals: tuple[int, ...], cost: Callable[..., float]) -> tuple[int, ...]:
    """The tile whose pieces are all among the shapes and cost least in sum; of equal ones, the smallest."""

    def whole(tile: tuple[int, ...]) -> float:
        cuts = [Counter(split(total, size)).items() for total, size in zip(totals, tile, strict=True)]
        pieces = [tuple(zip(*piece, strict=True)) for piece in product(*cuts)]  # of each: its sizes, and their counts
        if not shapes.issuperset(sizes for sizes, _ in pieces):
            return math.inf
        return sum(math.prod(counts) * cost(*sizes) for sizes, counts in pieces)

    return min(sorted(shapes), key=whole)
