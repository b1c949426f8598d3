"""Whether probabilities can be taken at their word: of all guesses made at 80%, are 80% right?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cutaway.model.outputs import Kind

BINS = 15
"""As Guo et al. 2017 and most after them."""
WIDEST = 100.0
"""The temperature is looked for from 1 / WIDEST to WIDEST."""
LEAST = 1e-30
"""Probabilities below it are taken for it, where their logarithm is asked for."""

Probs = NDArray[np.floating]


@dataclass(frozen=True)
class Bin:
    """Guesses of about the same probability."""

    low: float
    high: float
    count: int
    sure: float
    """The mean probability of these guesses."""
    right: float
    """The share of them that are right."""


def reliability(probs: Probs, true: NDArray[np.int64], bins: int = BINS) -> list[Bin]:
    """The best guesses [n, classes] sorted into bins of equal width by their probability; empty bins are left out."""
    sure, right = probs.max(axis=1).astype(np.float64), probs.argmax(axis=1) == true
    places = np.minimum((sure * bins).astype(int), bins - 1)
    found = [(place, places == place) for place in np.unique(places)]
    return [
        Bin(place / bins, (place + 1) / bins, int(of.sum()), float(sure[of].mean()), float(right[of].mean()))
        for place, of in found
    ]


def calibration_error(probs: Probs, true: NDArray[np.int64], bins: int = BINS) -> float:
    """The expected calibration error: how far the share of right guesses is from their probability, on average.

    >>> calibration_error(np.array([[0.75, 0.25]] * 4), np.array([0, 0, 0, 1]))
    0.0

    Naeini et al. 2015, over bins of equal width, each by its share of the guesses.
    """
    return sum(one.count * abs(one.sure - one.right) for one in reliability(probs, true, bins)) / max(1, len(true))


def temperature(probs: Probs, true: NDArray[np.int64], kind: Kind) -> float:
    """The number by which all scores are to be divided so that these probabilities have the least cross-entropy.

    Guo et al. 2017. Above 1 the net was too sure of itself. Choose it on pictures that the weights were not trained on.
    The slope over 1 / temperature only ever rises, so halving finds the one place where it is 0.
    """
    low, high = 1 / WIDEST, WIDEST
    for _ in range(60):
        middle = np.sqrt(low * high)
        low, high = (low, middle) if _slope(probs, true, kind, middle) > 0 else (middle, high)
    return float(1 / np.sqrt(low * high))


def tempered(probs: Probs, temperature: float, kind: Kind) -> NDArray[np.float64]:
    """The probabilities that the scores divided by a temperature give."""
    powers = np.maximum(probs, LEAST).astype(np.float64) ** (1 / temperature)
    if kind == "each":
        return powers / (powers + np.maximum(1 - probs, LEAST).astype(np.float64) ** (1 / temperature))
    return powers / powers.sum(axis=1, keepdims=True)


def _slope(probs: Probs, true: NDArray[np.int64], kind: Kind, inverse: float) -> float:
    """Of the mean loss, as 1 / temperature grows."""
    logs = np.log(np.maximum(probs, LEAST).astype(np.float64))
    if kind == "each":
        logs -= np.log(np.maximum(1 - probs, LEAST).astype(np.float64))
    wanted = np.eye(probs.shape[1])[true]
    return float(((tempered(probs, 1 / inverse, kind) - wanted) * logs).sum(axis=1).mean())
