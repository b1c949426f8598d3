"""How wrong and how often right a net is: over a batch, and over a whole set of prepared pictures."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from cutaway.engines.engine import Engine, NotFinite, Pixels, Predictor
from cutaway.layers.layer import Array
from cutaway.losses import decided, loss_for
from cutaway.model.outputs import THRESHOLD
from cutaway.net import Net
from cutaway.net.run import first_not_finite
from cutaway.pictures import Prepared

TOGETHER = 512
"""Pictures that are taken at a time."""


def measure(
    engine: Engine, net: Net, weights: Mapping[str, NDArray[np.float32]], pictures: Prepared
) -> tuple[float, float]:
    """Mean loss and accuracy over prepared pictures.

    The loss is computed from the scores, as in training: a probability that rounds to 1 still has one. Raises
    NotFinite, naming the layer, where a score is not a finite number.
    """
    loss, last = loss_for(net.output.layer), net.output.layer
    fused = type(last) is loss.last
    predictor = engine.predictor(net.scores if fused else net, weights)
    total, right = 0.0, 0
    for first in range(0, len(pictures), TOGETHER):
        rows = np.arange(first, min(first + TOGETHER, len(pictures)))
        batch = pictures.take(rows)
        scores = predictor(batch)
        refuse_what_is_not_finite(net, predictor, batch, scores)
        wanted = targets(pictures.true[rows], scores.shape[1])
        losses = loss.value_of_scores(scores, wanted) if fused else loss.value(scores, wanted)
        total += float(losses.sum(dtype=np.float64))
        right += count_right(last.forward([scores], {}) if fused else scores, wanted, pictures.truths is not None)
    return total / max(1, len(pictures)), right / max(1, len(pictures))


def refuse_what_is_not_finite(net: Net, predictor: Predictor, batch: Pixels, scores: Array) -> None:
    """Raises NotFinite, naming the first layer whose output is not finite, where a picture's scores are not."""
    wrong = np.flatnonzero(~np.isfinite(scores).all(axis=1))
    if len(wrong):
        node = first_not_finite(net, predictor.stages(batch[wrong[:1]]))
        assert node
        raise NotFinite(f"the output of {node.name} ({node.layer.text()}) is not finite for a validation picture")


def targets(labels: NDArray[np.int64] | NDArray[np.bool_], outputs: int, smoothing: float = 0.0) -> NDArray[np.float32]:
    """[N, outputs]: 1 for each picture's class, with the share `smoothing` spread evenly over all.

    A single output stands for the second of two classes: 1 or 0. Labels [N, outputs] say of each class by itself
    whether it is true (`Prepared.true`).
    """
    if labels.ndim == 2:
        return labels.astype(np.float32) * np.float32(1 - smoothing) + np.float32(smoothing / 2)
    if outputs == 1:
        hard = labels[:, None].astype(np.float32)
        return hard * np.float32(1 - smoothing) + np.float32(smoothing / 2)
    hard = np.zeros((len(labels), outputs), np.float32)
    hard[np.arange(len(labels)), labels] = 1
    return hard * np.float32(1 - smoothing) + np.float32(smoothing / outputs)


def count_right(outputs: Array, wanted: Array, several: bool = False) -> int:
    """How many pictures' best guess is the true class; with `several`, of how many every class is guessed right."""
    if several:
        return int(((outputs > THRESHOLD) == (wanted > 0.5)).all(axis=-1).sum())
    return int((decided(outputs) == decided(wanted)).all(axis=-1).sum())
