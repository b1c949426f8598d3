"""The one way in which tests compare arrays: value, shape and type, with the worst place and both numbers.

assert_equal(layer.forward(xs, w), expected, "conv1: forward")
assert_within(engine, exact, layer.bound(xs, w), "conv1: float32", dtype=np.float32)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from cutaway.layers.layer import Array


def assert_equal(actual: Array, expected: ArrayLike, name: str, dtype: DTypeLike | None = None) -> None:
    """Raises unless both are the same to the last bit. `name` says which step and case."""
    assert_within(actual, expected, 0.0, name, dtype)


def assert_within(
    actual: Array, expected: ArrayLike, bound: ArrayLike, name: str, dtype: DTypeLike | None = None
) -> None:
    """Raises unless every cell is within its bound of what is expected.

    `bound` is one number or one per cell. `dtype` is the type that is due, if not that of `expected`.
    """
    expected = np.asarray(expected)
    due = np.dtype(dtype or expected.dtype)
    if not isinstance(actual, np.ndarray):
        raise AssertionError(f"{name}: {type(actual).__name__}; due is an array")
    if actual.shape != expected.shape:
        raise AssertionError(f"{name}: shape {actual.shape}; due is {expected.shape}")
    if actual.dtype != due:
        raise AssertionError(f"{name}: type {actual.dtype}; due is {due}")
    given, exact = actual.astype(np.float64), expected.astype(np.float64)
    with np.errstate(invalid="ignore"):  # two equal infinities
        off = np.where(given == exact, 0.0, abs(given - exact))
    outside = ~(off <= bound)  # so that what is not a number is outside
    if outside.any():
        worst = _worst(given, exact, off, np.broadcast_to(bound, off.shape), outside)
        raise AssertionError(f"{name}: {worst}")


def _worst(given: Array, exact: Array, off: Array, bound: Array, outside: Array) -> str:
    """Where the error is the largest share of its bound, and how many cells are outside theirs."""
    shares = np.where(outside, np.nan_to_num(off / np.maximum(bound, 1e-300), nan=np.inf), -1.0)
    place = tuple(int(i) for i in np.unravel_index(int(shares.argmax()), shares.shape))
    return (
        f"at {list(place)} {float(given[place])!r}; due is {float(exact[place])!r} (off by {off[place]:.3g}, "
        f"allowed {bound[place]:.3g}); {int(outside.sum())} of {off.size} are outside"
    )
