"""What is printed adds up: on a calculator (`decimal`), for whatever numbers."""

from decimal import Decimal, Inexact, localcontext
from fractions import Fraction
from math import inf, isfinite, nan

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cutaway.trace.digits import Ruler, Sum, ruler, shortest, subtotals_that_add_up, terms_that_add_up

FLOAT32 = st.floats(width=32, allow_nan=False, allow_infinity=False)
FLOAT64 = st.floats(allow_nan=False, allow_infinity=False)
NEAR = st.floats(-2, 2, width=32)
NUMBERS = st.lists(st.one_of(NEAR, FLOAT32, FLOAT64), max_size=12)
DIGITS = st.integers(0, 12)
quick = settings(deadline=None, max_examples=60)


def added(terms: tuple[str, ...]) -> Decimal:
    """What a calculator with room enough shows; no digit is lost on the way."""
    with localcontext(prec=3000) as context:
        context.traps[Inexact] = True
        return sum(map(Decimal, terms), Decimal(0))


@quick
@given(NUMBERS, DIGITS)
@example([1 / 3, 1 / 3, 1 / 3], 2)
@example([1e30, -1e30, 1e-30], 3)
@example([5e-324, -5e-324, 0.0, -0.0], 3)
@example([-0.0004, -0.0004], 3)
@example([1e17, 0.3], 3)
def test_printed_terms_add_up_to_the_printed_total(values: list[float], digits: int) -> None:
    printed = terms_that_add_up(values, digits)
    unit = Fraction(1, 10**digits)
    exact = sum(map(Fraction, values), Fraction(0))

    assert added(printed.terms) == Decimal(printed.total)
    assert abs(Fraction(printed.total) - exact) <= unit / 2
    for term, value in zip(printed.terms, values, strict=True):
        assert abs(Fraction(term) - Fraction(value)) < unit
        assert Decimal(term) or not term.startswith("-")


@quick
@given(st.lists(NUMBERS, max_size=6), DIGITS)
def test_subtotals_add_up_too(groups: list[list[float]], digits: int) -> None:
    outer, inner = subtotals_that_add_up(groups, digits)
    unit = Fraction(1, 10**digits)

    assert [group.total for group in inner] == list(outer.terms)
    assert added(outer.terms) == Decimal(outer.total)
    assert abs(Fraction(outer.total) - sum((Fraction(v) for g in groups for v in g), Fraction(0))) <= unit / 2
    for group, values in zip(inner, groups, strict=True):
        assert added(group.terms) == Decimal(group.total)
        assert all(abs(Fraction(t) - Fraction(v)) < unit for t, v in zip(group.terms, values, strict=True))


@quick
@given(NUMBERS, st.lists(st.one_of(NEAR, FLOAT64), min_size=1, max_size=12))
def test_on_a_ruler_sums_add_up_in_units_of_a_power_of_ten(some: list[float], values: list[float]) -> None:
    printed = terms_that_add_up(values, ruler([*some, *values]))
    assert added(printed.terms) == Decimal(printed.total)


@pytest.mark.parametrize(
    ("values", "digits", "printed"),
    [
        ([1, 2, -3], 0, Sum(("1", "2", "-3"), "0")),
        ([0.5, 0.25, 0.25], 1, Sum(("0.5", "0.3", "0.2"), "1.0")),
        ([-1.26, 0.0, -0.0, 0.13], 1, Sum(("-1.2", "0.0", "0.0", "0.1"), "-1.1")),
        ([], 2, Sum((), "0.00")),
        ([1.25, nan, inf, -inf], 1, Sum(("1.2", "nan", "inf", "-inf"), "nan")),
        ([1.25, inf], 0, Sum(("1", "inf"), "inf")),
    ],
)
def test_sums_that_a_person_can_check(values: list[float], digits: int, printed: Sum) -> None:
    assert terms_that_add_up(values, digits) == printed


def test_ordinary_rounding_would_not_add_up() -> None:
    """Otherwise the tests above could not fail."""
    values = np.random.default_rng(0).normal(size=(200, 9))
    fails = [added(tuple(f"{v:.2f}" for v in row)) != Decimal(f"{row.sum():.2f}") for row in values]
    assert sum(fails) > 100


@quick
@given(st.lists(st.one_of(NEAR, FLOAT64), min_size=1, max_size=6))
def test_a_ruler_shows_the_largest_with_three_digits_or_more(values: list[float]) -> None:
    marks = ruler(values)
    largest = max(values, key=abs)
    error = abs(Fraction(marks.text(largest)) - Fraction(largest))
    assert error <= abs(Fraction(largest)) / 100
    assert len(marks.text(largest)) <= 11


@pytest.mark.parametrize(
    ("values", "marks"),
    [
        ([0.0, 255.0], Ruler(0)),
        ([0.0], Ruler(0)),
        ([], Ruler(0)),
        ([0.5, -9.99], Ruler(3)),
        ([0.05], Ruler(4)),
        ([12.5], Ruler(2)),
        ([12345.5, nan, inf], Ruler(0)),
        ([2.5e-7], Ruler(3, -7)),
        ([3e38], Ruler(3, 38)),
    ],
)
def test_rulers(values: list[float], marks: Ruler) -> None:
    assert ruler(values) == marks


@quick
@given(FLOAT32)
def test_the_shortest_name_of_a_float32_names_it(value: float) -> None:
    text = shortest(value)
    assert float(np.float32(text)) == value
    assert not text.endswith(".0")


def test_numbers_that_are_not_finite_are_printed_as_such() -> None:
    assert [Ruler(3).text(value) for value in (nan, inf, -inf)] == ["nan", "inf", "-inf"]
    assert not isfinite(float(Ruler(3, 9).text(inf)))
