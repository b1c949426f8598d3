"""Signed colours: blue below 0, white at 0, orange above; told apart without red and green, and by their greys."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

RGB = tuple[int, int, int]

BELOW: RGB = (0x3B, 0x6F, 0xB6)
ZERO: RGB = (0xFF, 0xFF, 0xFF)
ABOVE: RGB = (0xD9, 0x82, 0x2B)
INK, PAPER, GREY = "#1A1A1A", "#FFFFFF", "#5C5C5C"
DARK = 0.179
"""Luminance under which white numbers have more contrast than black ones; the better one always has 4.5 to 1."""
BLACK = "#000000"
LINEAR = 12.92, 0.055, 2.4
"""Of sRGB: the slope near black; offset and power of the rest (IEC 61966-2-1)."""
SHARES = (0.2126, 0.7152, 0.0722)
"""Of red, green and blue in luminance (ITU-R BT.709)."""


def fill(value: float, largest: float) -> str:
    """The colour of a number on a scale from -largest to largest.

    >>> fill(0.0, 2.0), fill(2.0, 2.0), fill(-1.0, 2.0)
    ('#FFFFFF', '#D9822B', '#9DB7DA')
    """
    return _code(_colour(value, largest))


def ink(value: float, largest: float) -> str:
    """The colour in which a number can be read on its own colour."""
    return PAPER if _luminance(_colour(value, largest)) < DARK else BLACK


def scale(values: Iterable[float]) -> float:
    """The end of the scale for some numbers: the largest, whatever its sign."""
    return max((abs(value) for value in values if math.isfinite(value)), default=0.0)


def _colour(value: float, largest: float) -> RGB:
    if not largest or not math.isfinite(value):
        return ZERO
    share = min(1.0, abs(value) / largest)
    end = BELOW if value < 0 else ABOVE
    red, green, blue = (round(zero + share * (full - zero)) for zero, full in zip(ZERO, end, strict=True))
    return red, green, blue


def _code(colour: RGB) -> str:
    return "#" + "".join(f"{part:02X}" for part in colour)


def _luminance(colour: Sequence[int]) -> float:
    slope, offset, power = LINEAR
    parts = (part / 255 for part in colour)
    linear = (part / slope if part < 0.04045 else ((part + offset) / (1 + offset)) ** power for part in parts)
    return sum(share * part for share, part in zip(SHARES, linear, strict=True))
