"""How many columns, channels and taps a product takes at a time: what keeps the multipliers busiest.

A processor with 512-bit registers starts one multiply-add of a whole register in a cycle and loads one register, or two
numbers to be spread; a sum can be added to again after four cycles. The formulas count cycles of a pass over all tiles.
"""

from __future__ import annotations

from collections.abc import Iterable
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

    return best(shapes, lambda tile: [split(columns, tile[0]), split(channels, tile[1])], cost, shapes)


@lru_cache(maxsize=4096)
def gradient_tile(
    rows: int, taps: int, channels: int, cells: int, shapes: frozenset[tuple[int, int, int]]
) -> tuple[int, int, int]:
    """R, S and Q for the weight gradient of so many rows of taps, taps in a row and channels, over `cells` places."""

    def cost(r: int, s: int, q: int) -> float:
        return cells * max(r * s * q, LATENCY, r * s + q) + CALL + 8 * r * s * q

    def pieces(tile: tuple[int, int, int]) -> list[list[int]]:
        return [split(rows, tile[0]), split(taps, tile[1]), split(channels, tile[2])]

    return best(shapes, pieces, cost, shapes)


def best(tiles: Iterable, pieces, cost, shapes):  # type: ignore[no-untyped-def, type-arg]
    """The tile whose pieces are all there and cost least in sum."""
    found, least = None, float("inf")
    for tile in sorted(tiles):
        cuts = [sorted({size: cut.count(size) for size in cut}.items()) for cut in pieces(tile)]
        total = 0.0
        for sizes in product(*cuts):
            shape = tuple(size for size, _ in sizes)
            if shape not in shapes:
                break
            times = 1
            for _, count in sizes:
                times *= count
            total += times * cost(*shape)
        else:
            if total < least:
                found, least = tile, total
    assert found
    return found
