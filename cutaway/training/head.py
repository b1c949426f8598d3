"""The last layer by itself, on features that do not change: a problem with one best answer, solved to its end.

Mean loss plus decay / 2 times the sum of squared weights, for softmax and sigmoid alike: (multinomial) logistic
regression. How much decay is chosen by cross-validation, which also gives each training picture a score from a layer
that never saw it: from these come the temperature and the suspects among the labels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cutaway.losses import Loss
from cutaway.model.calibration import is_settled, temperature
from cutaway.model.outputs import Kind
from cutaway.pictures.choice import evenly

Numbers = NDArray[np.floating]
Rows = NDArray[np.int64]

DECAYS = tuple(10.0 ** (-power / 2) for power in range(5, 13))
"""Tried from much to little, as shares of the features' mean squared length, so that their scale does not matter."""
CHOSEN_BY = 4_000
"""Pictures that the decay is chosen by, where there are more."""
FOLDS = 5
STEPS = 100
"""Of L-BFGS at most; 20 to 40 are usual."""
EXACT = 20_000_000
"""Numbers that are multiplied in float64; more are in float32, which the solver's tolerance allows."""


@dataclass(frozen=True, eq=False)
class Head:
    """A dense layer, and what was seen while it was made."""

    weight: NDArray[np.float32]
    """[F, outputs]"""
    bias: NDArray[np.float32]
    """[outputs]"""
    decay: float
    """The share that was chosen."""
    temperature: float
    """By which weight and bias are divided already."""
    out_of_fold: NDArray[np.float64]
    """[n, outputs]: of each training picture, the score from a layer that was fitted without it, divided likewise."""


def fitted(x: NDArray[np.float32], wanted: Numbers, loss: Loss, kind: Kind, folds: Rows, shares: Numbers) -> Head:
    """The best dense layer for features [n, F] and targets [n, outputs].

    `folds` says in which part each picture is left out, `shares` how much it counts.
    """
    numbers: Numbers = x.astype(np.float64) if x.size <= EXACT else x
    length = mean_square(x)
    some = evenly(len(x), CHOSEN_BY)
    part = numbers[some], wanted[some], loss, folds[some], shares[some]
    losses = [_mean(loss, _out_of_fold(*part, share * length), wanted[some], shares[some]) for share in DECAYS]
    best = DECAYS[int(np.argmin(losses))]
    scores = _out_of_fold(numbers, wanted, loss, folds, shares, best * length)
    weight, bias = _solved(numbers, wanted, loss, shares, best * length)
    heat = _heat(scores, wanted, loss, kind)
    return Head((weight / heat).astype(np.float32), (bias / heat).astype(np.float32), best, heat, scores / heat)


def out_of_fold(
    x: NDArray[np.float32], wanted: Numbers, loss: Loss, folds: Rows, shares: Numbers, decay: float
) -> NDArray[np.float64]:
    """[n, outputs]: scores of each part from the others, at a decay that was chosen."""
    return _out_of_fold(x, wanted, loss, folds, shares, decay * mean_square(x))


def mean_square(x: NDArray[np.float32]) -> float:
    """The mean squared length of features."""
    return float(np.einsum("nf,nf->", x, x, dtype=np.float64)) / max(1, len(x))


def folds_of(digests: list[bytes], labels: Rows, count: int = FOLDS) -> Rows:
    """Which of `count` parts each picture is in: every class evenly, equal pictures together, whatever their order."""
    order = sorted(range(len(labels)), key=lambda row: (int(labels[row]), digests[row]))
    folds, number, before = np.zeros(len(labels), np.int64), -1, None
    for row in order:
        number += digests[row] != before
        before = digests[row]
        folds[row] = number % count
    return folds


def balanced(labels: Rows, classes: int) -> NDArray[np.float64]:
    """How much each picture counts so that all classes count the same; 1 on average."""
    counts = np.bincount(labels, minlength=classes)
    return (len(labels) / (np.count_nonzero(counts) * counts))[labels]


def _heat(scores: Numbers, wanted: Numbers, loss: Loss, kind: Kind) -> float:
    """The temperature of scores that their layer was not fitted to; 1 where none is best."""
    assert loss.last is not None
    probs = loss.last().forward([scores], {})
    if kind == "two":
        probs = np.concatenate([1 - probs, probs], axis=1)
    true = wanted.argmax(axis=1) if kind != "two" else wanted[:, 0].astype(np.int64)
    found = temperature(probs, wanted > 0.5 if kind == "each" else true, kind)
    return found if is_settled(found) else 1.0


def _mean(loss: Loss, scores: Numbers, wanted: Numbers, shares: Numbers) -> float:
    return float(np.average(loss.value_of_scores(scores, wanted), weights=shares))


def _out_of_fold(
    x: Numbers, wanted: Numbers, loss: Loss, folds: Rows, shares: Numbers, decay: float
) -> NDArray[np.float64]:
    """[n, outputs]: scores of each part from the others."""
    scores = np.zeros(wanted.shape)
    for fold in np.unique(folds):
        out = folds == fold
        weight, bias = _solved(x[~out], wanted[~out], loss, shares[~out], decay)
        scores[out] = x[out] @ weight + bias
    return scores


def _solved(x: Numbers, wanted: Numbers, loss: Loss, shares: Numbers, decay: float) -> tuple[Numbers, Numbers]:
    """Weight and bias where the slope is nothing."""
    from scipy.optimize import minimize  # 0.4 s

    features, outputs = x.shape[1], wanted.shape[1]
    parts = (shares / shares.sum())[:, None]
    transposed = np.ascontiguousarray(x.T)

    def value_and_slope(point: Numbers) -> tuple[float, Numbers]:
        weight, bias = point[:-outputs].reshape(features, outputs), point[-outputs:]
        scores = (x @ weight.astype(x.dtype) + bias).astype(np.float64)
        value = float(parts[:, 0] @ loss.value_of_scores(scores, wanted)) + decay / 2 * float((weight**2).sum())
        slope = loss.gradient_of_scores(scores, wanted) * parts
        of_weight = transposed @ slope.astype(x.dtype) + decay * weight
        return value, np.concatenate([of_weight.ravel(), slope.sum(axis=0)]).astype(np.float64)

    start = np.zeros((features + 1) * outputs)
    found = minimize(value_and_slope, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS}).x
    return found[:-outputs].reshape(features, outputs), found[-outputs:]
