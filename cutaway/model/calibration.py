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
HALVINGS = 40
"""Of that way: to one part in 10^11."""
ENOUGH = 2_000_000
"""Probabilities that a temperature is chosen by, at most: about a second."""
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


def temperature(probs: Probs, true: NDArray[np.int64] | NDArray[np.bool_], kind: Kind) -> float:
    """The number by which all scores are to be divided so that these probabilities have the least cross-entropy.

    Guo et al. 2017. Above 1 the net was too sure of itself. Choose it on pictures that the weights were not trained on.
    The slope over 1 / temperature only ever rises, so halving finds the one place where it is 0. Where every guess is
    right, or nothing was learned, there is none: then it is 1 / WIDEST or WIDEST (`is_settled` says so).

    `true` [n] is the class of each picture; [n, classes] which classes are true, where there may be several. Of very
    many probabilities, every second, third, ... row is enough.
    """
    rows = slice(None, None, -(-probs.size // ENOUGH))
    logs = _logs(probs[rows], kind)
    wanted = true[rows] if true.ndim == 2 else np.eye(probs.shape[1])[true[rows]]
    low, high = 1 / WIDEST, WIDEST
    for _ in range(HALVINGS):
        middle = np.sqrt(low * high)
        rising = float(((_shares(logs * middle, kind) - wanted) * logs).sum()) > 0
        low, high = (low, middle) if rising else (middle, high)
    return float(1 / np.sqrt(low * high))


def is_settled(temperature: float) -> bool:
    """Whether a temperature is the best of all, not just the last that was tried."""
    return 1.01 / WIDEST < temperature < WIDEST / 1.01


def tempered(probs: Probs, temperature: float, kind: Kind) -> NDArray[np.float64]:
    """The probabilities that the scores divided by a temperature give."""
    return _shares(_logs(probs, kind) / temperature, kind)


def _logs(probs: Probs, kind: Kind) -> NDArray[np.float64]:
    """What softmax, or sigmoid where each class stands by itself, makes these probabilities of."""
    logs: NDArray[np.float64] = np.log(np.maximum(probs, LEAST).astype(np.float64))
    return logs - np.log(np.maximum(1 - probs, LEAST).astype(np.float64)) if kind == "each" else logs


def _shares(scores: NDArray[np.float64], kind: Kind) -> NDArray[np.float64]:
    """Softmax, or sigmoid; neither overflows."""
    if kind == "each":
        return (1 + np.tanh(scores / 2)) / 2
    powers: NDArray[np.float64] = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
