"""The comparison that all other tests lean on must itself be able to fail."""

from __future__ import annotations

import numpy as np
import pytest

from tests.compare import assert_equal, assert_within

DUE = np.array([[1.0, 2.0], [3.0, 4.0]])
HALF = np.array([[0.0, 0.5], [0.0, 0.0]])


def test_what_is_equal_or_within_passes() -> None:
    assert_equal(DUE.copy(), DUE, "same")
    assert_equal(np.array([-0.0, np.inf]), np.array([0.0, np.inf]), "zeros and infinities")
    assert_equal(DUE.astype(np.float32), DUE, "narrower", dtype=np.float32)
    assert_within(DUE + HALF, DUE, HALF, "on the bound")


@pytest.mark.parametrize(
    ("actual", "message"),
    [
        (DUE + np.array([[0, 0], [0, 1e-15]]), r"at \[1, 1\] 4.000000000000001; due is 4.0 .*; 1 of 4 are outside"),
        (DUE * np.array([1, np.nan]), r"at \[0, 1\] nan; due is 2.0 .*; 2 of 4"),
        (DUE.astype(np.float32), "type float32; due is float64"),
        (DUE.T[:1], r"shape \(1, 2\); due is \(2, 2\)"),
        (DUE.tolist(), "list; due is an array"),
    ],
)
def test_what_differs_is_named(actual: np.ndarray, message: str) -> None:
    with pytest.raises(AssertionError, match=f"step 3 of a case: .*{message}"):
        assert_equal(actual, DUE, "step 3 of a case")


def test_the_worst_is_the_largest_share_of_its_bound() -> None:
    with pytest.raises(AssertionError, match=r"at \[0, 0\] 1.5; due is 1.0 \(off by 0.5, allowed 0.1\); 2 of 4"):
        assert_within(DUE + np.array([[0.5, 0], [0, 2]]), DUE, np.array([[0.1, 0], [0, 1]]), "worst")
