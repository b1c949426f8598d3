"""How wrong and how often right a net is: over a batch, and over a whole set of prepared pictures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cutaway.engines.engine import Predictor
from cutaway.layers.layer import Array
from cutaway.losses import Loss, decided
from cutaway.pictures import Prepared

TOGETHER = 512
"""Pictures that are taken at a time."""


def measure(predictor: Predictor, pictures: Prepared, loss: Loss) -> tuple[float, float]:
    """Mean loss and accuracy over prepared pictures."""
    total, right = 0.0, 0
    for first in range(0, len(pictures), TOGETHER):
        rows = np.arange(first, min(first + TOGETHER, len(pictures)))
        outputs = predictor(pictures.take(rows))
        wanted = targets(pictures.labels[rows], outputs.shape[1])
        total += float(loss.value(outputs, wanted).sum(dtype=np.float64))
        right += count_right(outputs, wanted)
    return total / max(1, len(pictures)), right / max(1, len(pictures))


def targets(labels: NDArray[np.int64], outputs: int, smoothing: float = 0.0) -> NDArray[np.float32]:
    """[N, outputs]: 1 for each picture's class, with the share `smoothing` spread evenly over all.

    A single output stands for the second of two classes: 1 or 0.
    """
    if outputs == 1:
        hard = labels[:, None].astype(np.float32)
        return hard * np.float32(1 - smoothing) + np.float32(smoothing / 2)
    hard = np.zeros((len(labels), outputs), np.float32)
    hard[np.arange(len(labels)), labels] = 1
    return hard * np.float32(1 - smoothing) + np.float32(smoothing / outputs)


def count_right(outputs: Array, wanted: Array) -> int:
    """How many pictures' best guess is the true class."""
    return int((decided(outputs) == decided(wanted)).all(axis=-1).sum())
