"""Whether a net bears products of bfloat16: its own layers, weights and pictures are asked, before the first step.

A bfloat16 has 8 bits, so each product is off by up to 2^-8 of itself, by chance up or down; the sums are float32. Over
a whole array of gradients that adds up to a few parts in a thousand. Where it is much more, a layer subtracts large
numbers of nearly equal size, or a gradient is nothing but rounding; then float32 is the better choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from cutaway.layers.layer import Array

if TYPE_CHECKING:
    from cutaway.engines.engine import Batch
    from cutaway.engines.native.trainer import NativeTrainer

LOSS = 0.01
"""How far the mean loss may be off, as a share of it."""
GRADIENT = 0.1
"""How far the gradient of an array of weights may be off, as a share of its length.

Most of it comes from ReLUs whose sum is so near 0 that rounding switches them. Measured on two convolutions of 16
channels: 0.066 with 17 pictures, 0.021 with 128.
"""
NOTHING = 1e-3
"""Gradients shorter than this share of all of them together move nothing that matters: a bias before a norm, say."""


def bears(floats: NativeTrainer, pairs: NativeTrainer, batch: Batch) -> bool:
    """Whether loss and gradients of a batch in bfloat16 are within the bounds above of those in float32."""
    exact, loss = floats.gradients_and_losses(batch)
    rough, rough_loss = pairs.gradients_and_losses(batch)
    if not np.isfinite(rough_loss).all():
        return False
    return abs(rough_loss.mean() - loss.mean()) <= LOSS * abs(loss.mean()) and worst(exact, rough) <= GRADIENT


def worst(exact: Mapping[str, Array], rough: Mapping[str, Array]) -> float:
    """The largest share by which an array is off.

    >>> worst({"a": np.array([3.0, 4.0])}, {"a": np.array([3.0, 4.5])})
    0.1
    """
    lengths = {name: float(np.linalg.norm(array)) for name, array in exact.items()}
    whole = float(np.linalg.norm(list(lengths.values())))
    return max(
        (
            float(np.linalg.norm(rough[name] - exact[name])) / length
            for name, length in lengths.items()
            if length > NOTHING * whole
        ),
        default=0.0,
    )
