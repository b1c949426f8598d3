"""How many columns, channels and taps a product takes at a time: what keeps the multipliers busiest.

A processor with 512-bit registers starts one multiply-add of a whole register in a cycle; a sum can be added to again
after four. The formulas count cycles of a pass over all tiles; their constants were fitted to measurements of ten
convolutions (`benchmarks/tiles.py`), where their choice is the best one or within 3% of it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from itertools import product
from typing import NamedTuple

LATENCY = 4
"""Cycles until a sum can be added to again."""
CALL = 100
"""Cycles that handing over to a product takes, the sums' way in and out included."""
READ = 0.12
"""Cycles that an instruction takes which only reads: the fewer there are, the further ahead the processor reads. Where
one column is taken at a time, a weight is multiplied once, and is read by the multiplication itself."""


def split(total: int, largest: int) -> list[int]:
    """As `Code.pieces` cuts: sizes nearly equal, none larger.

    >>> split(10, 4)
    [4, 3, 3]
    """
    count = -(-total // largest)
    return [total // count + (place < total % count) for place in range(count)]


class Tiles(NamedTuple):
    """How a convolution is cut: cycles, about; channels at a time; columns at a time, in each of its parts."""

    cost: float
    channels: int
    columns: tuple[int, ...]


@lru_cache(maxsize=4096)
def product_tiles(parts: tuple[tuple[int, int], ...], channels: int, shapes: frozenset[tuple[int, int]]) -> Tiles:
    """For a convolution of so many channels, whose parts have (columns, products a cell) each."""

    def cost(part: tuple[int, int], p: int, q: int) -> float:
        columns, fan = part
        pieces = list(product(counted(columns, p), counted(channels, q)))
        if not shapes.issuperset((own_p, own_q) for (own_p, _), (own_q, _) in pieces):
            return math.inf
        return sum(
            m * n * (fan * (max(own_p * own_q, LATENCY) + READ * (own_p + own_q * (own_p > 1))) + CALL)
            for (own_p, m), (own_q, n) in pieces
        )

    def with_channels(q: int) -> Tiles:
        best = [min((cost(part, p, q), p) for p in {p for p, _ in shapes}) for part in parts]
        return Tiles(sum(cycles for cycles, _ in best), q, tuple(p for _, p in best))

    return min(with_channels(q) for q in {q for _, q in shapes})


@lru_cache(maxsize=4096)
def counted(total: int, largest: int) -> tuple[tuple[int, int], ...]:
    """The sizes of the pieces, and how many there are of each."""
    return tuple(Counter(split(total, largest)).items())


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
        cuts = [counted(total, size) for total, size in zip(totals, tile, strict=True)]
        pieces = [tuple(zip(*piece, strict=True)) for piece in product(*cuts)]  # of each: its sizes, and their counts
        if not shapes.issuperset(sizes for sizes, _ in pieces):
            return math.inf
        return sum(math.prod(counts) * cost(*sizes) for sizes, counts in pieces)

    return min(sorted(shapes), key=whole)
