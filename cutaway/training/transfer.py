"""Transfer: a net that was trained on ImageNet, with a last layer of one's own.

Everything but the last dense layer stays as it is, so what it makes of each picture is computed once and kept
(`features.py`); the last layer is then the best there is for these numbers (`head.py`). 440 photos take 2 seconds for
the features and 1 for the layer, on two cores.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutaway.layers.dense import Dense
from cutaway.layers.layer import Array
from cutaway.losses import loss_for
from cutaway.model import Model
from cutaway.model.backbones import facts_of
from cutaway.net import Net
from cutaway.pictures import Prepared
from cutaway.training import features, head
from cutaway.training.measure import count_right, targets
from cutaway.training.setup import Setup

UNEVEN = 1.5
"""Where the largest class has so many times the pictures of the smallest, each picture counts by its class."""


@dataclass(frozen=True)
class Looked:
    """How many pictures the pretrained net has looked at, training and validation together."""

    done: int
    of: int


@dataclass(frozen=True, eq=False)
class Transferred:
    """A pretrained net with its new last layer, and what was seen while that was made."""

    weights: dict[str, NDArray[np.float32]] = field(repr=False)
    figures: dict[str, Any]
    """As an epoch has them."""
    facts: dict[str, Any]
    """What the model should say of it."""
    out_of_fold: NDArray[np.float64] = field(repr=False)
    """[n, outputs]: see `head.Head`."""


def transferred(setup: Setup) -> Generator[Looked, None, Transferred]:
    """Yields how far the features are, and returns the net with the best last layer."""
    began, net = time.perf_counter(), setup.net
    model = Model(net, started(setup), setup.classes)
    computer = features.Computer(replace(model, onnx=model.to_onnx()))
    x, digests = yield from _features(computer, setup.train, 0, setup)
    y, _ = yield from _features(computer, setup.validation, len(setup.train), setup)
    loss, outputs = loss_for(net.output.layer), net.shapes()[net.output.name][0]
    wanted, labels = targets(setup.train.true, outputs), setup.train.labels
    counts = np.bincount(labels[labels >= 0], minlength=len(setup.classes))
    uneven = not setup.several and counts.max() > UNEVEN * counts.min()
    shares = head.balanced(labels, len(counts)) if uneven else np.ones(len(labels))
    if setup.train.weights is not None:
        shares = shares * setup.train.weights
    folds = head.folds_of(companions(digests, setup.groups), labels)
    found = head.fitted(x, wanted, loss, model.kind, folds, shares)
    last = last_dense(net)
    weights = dict(model.weights) | {f"{last}.weight": found.weight, f"{last}.bias": found.bias}

    def measured(seen: Array, truth: Array) -> tuple[float, float]:
        scores = (seen @ found.weight + found.bias).astype(np.float64)
        said = net.output.layer.forward([scores], {})
        right = count_right(said, truth, setup.several)
        return float(loss.value_of_scores(scores, truth).mean()), right / max(1, len(truth))

    (own_loss, own), (held_loss, held) = measured(x, wanted), measured(y, targets(setup.validation.true, outputs))
    figures = {
        "number": 1,
        "seconds": round(time.perf_counter() - began, 3),
        "loss": own_loss,
        "accuracy": own,
        "validation_loss": held_loss,
        "validation_accuracy": held,
        "rate": 0.0,
    }
    facts: dict[str, Any] = {
        "pretrained": facts_of(setup.pretrained) if setup.pretrained else {},
        "head": {"decay": found.decay, "folds": head.FOLDS, "temperature": round(found.temperature, 4)}
        | ({"classes": "each class counts the same"} if uneven else {}),
    }
    if setup.groups is not None and not setup.several:
        alone = head.out_of_fold(x, wanted, loss, head.folds_of(digests, labels), shares, found.decay)
        facts["head"] |= {
            "grouped_accuracy": count_right(found.out_of_fold, wanted) / len(labels),
            "naive_accuracy": count_right(alone, wanted) / len(labels),
        }
    return Transferred(weights, figures, facts, found.out_of_fold)


def companions(digests: list[bytes], groups: NDArray[Any] | None) -> list[bytes]:
    """What says which pictures a fold keeps together: the name of a group, or the picture itself where it has none."""
    if groups is None:
        return digests
    return [name.encode("utf-8", "surrogateescape") or own for name, own in zip(groups, digests, strict=True)]


def started(setup: Setup) -> dict[str, NDArray[np.float32]]:
    """The pretrained weights, and a last layer that says nothing yet."""
    assert setup.pretrained is not None
    own, last = setup.pretrained.weights, last_dense(setup.net)
    return {
        name: np.zeros(parameter.shape, np.float32) if name.startswith(f"{last}.") else own[name]
        for name, parameter in setup.net.parameters().items()
    }


def last_dense(net: Net) -> str:
    """The name of the layer that votes for the classes."""
    return next(node.name for node in reversed(net.nodes) if isinstance(node.layer, Dense))


def _features(
    computer: features.Computer, pictures: Prepared, before: int, setup: Setup
) -> Generator[Looked, None, tuple[NDArray[np.float32], list[bytes]]]:
    total = len(setup.train) + len(setup.validation)
    found: list[NDArray[np.float32]] = []
    digests: list[bytes] = []
    for some, own in computer(pictures):
        found.append(some)
        digests += own
        yield Looked(before + len(digests), total)
    return np.concatenate(found) if found else np.zeros((0, computer.width), np.float32), digests
