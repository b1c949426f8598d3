"""Numbers as a person reads them: rounded so that what is printed adds up, on paper or on a calculator.

    >>> terms_that_add_up([1 / 3, 1 / 3, 1 / 3], digits=2)
    Sum(terms=('0.34', '0.33', '0.33'), total='1.00')

All arithmetic on the way is exact (whole numbers of the last printed place), however far the magnitudes spread.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

DECIMALS = 3
"""Decimals of numbers around 1; numbers over 10 have fewer, numbers under 0.1 more."""
PLAIN = (1e-5, 1e7)
"""Numbers within these are printed plainly; others times a power of ten."""


@dataclass(frozen=True)
class Sum:
    """Terms and their total, printed. As decimals, the terms add up exactly to the total."""

    terms: tuple[str, ...]
    total: str


@dataclass(frozen=True)
class Ruler:
    """How numbers that are read together are printed: with so many decimals, times 10^exponent (0 nearly always)."""

    decimals: int
    exponent: int = 0

    def text(self, value: float) -> str:
        """One number, correctly rounded; minus zero is zero.

        >>> Ruler(3).text(-0.0004), Ruler(3, -9).text(2e-9), Ruler(2).text(float("nan"))
        ('0.000', '2.000e-09', 'nan')
        """
        return self.printed(round(self.units(value))) if math.isfinite(value) else str(value)

    def units(self, value: float) -> Fraction:
        """A number in units of the last printed place, exactly."""
        return Fraction(value) * Fraction(10) ** (self.decimals - self.exponent)

    def printed(self, units: int) -> str:
        """-1234 units of 10^-3 -> "-1.234"."""
        whole, part = divmod(abs(units), 10**self.decimals)
        fraction = f".{part:0{self.decimals}}" if self.decimals else ""
        exponent = f"e{self.exponent:+03d}" if self.exponent else ""
        return f"{'-' if units < 0 else ''}{whole}{fraction}{exponent}"


def terms_that_add_up(values: Sequence[float], digits: int | Ruler) -> Sum:
    """Prints numbers and their sum with so many digits after the point, and so that they add up.

    The total is the exact sum, rounded as usual. Each term is the true one rounded down or up, never further off: those
    with the largest remainders go up, as many as it takes (the method by which seats are shared out in parliaments).
    A number that is not finite is printed as such, and then nothing adds up.
    """
    outer, _ = subtotals_that_add_up([[value] for value in values], digits)
    return outer


def subtotals_that_add_up(groups: Sequence[Sequence[float]], digits: int | Ruler) -> tuple[Sum, list[Sum]]:
    """The same with subtotals: the terms of each group add up to its subtotal, the subtotals to the total.

    >>> outer, inner = subtotals_that_add_up([[0.26, 0.26], [0.26]], digits=1)
    >>> outer, inner[0].terms
    (Sum(terms=('0.5', '0.3'), total='0.8'), ('0.3', '0.2'))
    """
    marks = digits if isinstance(digits, Ruler) else Ruler(digits)
    if not all(math.isfinite(value) for group in groups for value in group):
        return _not_finite(groups, marks)
    exact = [[marks.units(value) for value in group] for group in groups]
    subtotals = [sum(group, Fraction(0)) for group in exact]
    total = round(sum(subtotals, Fraction(0)))
    shared = _shared(subtotals, total)
    inner = [_printed(_shared(group, part), part, marks) for group, part in zip(exact, shared, strict=True)]
    return _printed(shared, total, marks), inner


def ruler(values: Iterable[float], decimals: int | None = None) -> Ruler:
    """The ruler for numbers: whole ones stay whole, others show 3 or 4 digits of the largest, or so many `decimals`.

    >>> ruler([0.5, 2.0]), ruler([0, 255]), ruler([3e-9])
    (Ruler(decimals=3, exponent=0), Ruler(decimals=0, exponent=0), Ruler(decimals=3, exponent=-9))
    """
    finite = [float(value) for value in values if math.isfinite(value)]
    largest = max(map(abs, finite), default=0.0)
    if largest < PLAIN[1] and all(map(float.is_integer, finite)):
        return Ruler(0)
    power = int(f"{largest:e}".partition("e")[2])
    if not PLAIN[0] <= largest < PLAIN[1]:
        return Ruler(DECIMALS, power)
    return Ruler(max(0, DECIMALS - power - (power < 0)) if decimals is None else decimals)


def shortest(value: float) -> str:
    """The shortest decimals that name this float32 and no other.

    >>> shortest(0.10000000149011612), shortest(3.0)
    ('0.1', '3')
    """
    return str(np.float32(value)).removesuffix(".0")


def _shared(exact: Sequence[Fraction], total: int) -> list[int]:
    """Whole numbers that add up to the total, each the one below or above its own."""
    units = [math.floor(value) for value in exact]
    by_remainder = sorted(range(len(units)), key=lambda i: units[i] - exact[i])
    for i in by_remainder[: total - sum(units)]:
        units[i] += 1
    return units


def _printed(units: Sequence[int], total: int, marks: Ruler) -> Sum:
    return Sum(tuple(map(marks.printed, units)), marks.printed(total))


def _not_finite(groups: Sequence[Sequence[float]], marks: Ruler) -> tuple[Sum, list[Sum]]:
    sums = [sum(group) for group in groups]
    inner = [Sum(tuple(map(marks.text, group)), marks.text(part)) for group, part in zip(groups, sums, strict=True)]
    return Sum(tuple(map(marks.text, sums)), marks.text(sum(sums))), inner
