"""Probabilities of each picture from what was fitted without it, in five parts: by the last layer alone, or by the net.

Fitting the last layer anew is enough where the rest of the net never saw these labels, as with a pretrained one. A net
that was trained on them has drawn the pictures to their labels, wrong ones too: of 5,000 digits with 5% wrong labels
its own features then show 50%, and nets that are trained anew 81% (2026-11-28). So such a net is trained anew where
that is cheap.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutaway.losses import CrossEntropy
from cutaway.model import Model
from cutaway.pictures import Pictures
from cutaway.training import head
from cutaway.training.loop import Epoch, Step, run
from cutaway.training.recipe import Recipe
from cutaway.training.setup import Setup

QUICK = 60.0
"""Seconds of training up to which a net is trained anew without being asked: four times as much, then."""

Rows = NDArray[np.int64]
Progress = Callable[[int, int], None]


def by_last_layer(features: NDArray[np.float32], labels: Rows, classes: int, folds: Rows) -> NDArray[np.float64]:
    """[n, classes]: of features [n, F], what a last layer says that was fitted to the other parts.

    It is a softmax whatever the net ends in: one class is true of each picture.
    """
    wanted = np.eye(classes)[labels]
    scores = head.fitted(features, wanted, CrossEntropy(), "one", folds, np.ones(len(labels))).out_of_fold
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    result: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return result


def by_training(model: Model, pictures: Pictures, folds: Rows, progress: Progress | None = None) -> NDArray[np.float64]:
    """[n, classes]: what the net says that is trained on the other parts, by the recipe of the model and to its end."""
    recipe = recipe_of(model)
    assert recipe
    probs = np.zeros((len(pictures), len(pictures.classes)))
    for fold in range(head.FOLDS):
        out = folds == fold
        others, own = (pictures.chosen(some).prepared(model.net.preparation) for some in (~out, out))
        facts = {"fingerprint": f"part {fold}", "seed": pictures.seed}
        last: Model | None = None
        for event in run(Setup(model.net, pictures.classes, others, own, recipe, data=facts)):
            if isinstance(event, Step) and progress:
                done = fold + (event.epoch - 1 + event.step / event.steps) / recipe.epochs
                progress(round(1000 * done), 1000 * head.FOLDS)
            if isinstance(event, Epoch):
                last = event.model  # not the best one: that would be chosen by the labels that it is to judge
        assert last
        probs[out] = last.probabilities(own.take(np.arange(len(own))))
    return probs


def is_fresh(model: Model) -> bool:
    """Whether all but the last layer is as it was before it saw these pictures."""
    return "pretrained" in model.facts and len(model.facts.get("epochs", ())) == 1


def why_not(model: Model, pictures: Pictures) -> str:
    """Why a net cannot be trained anew on these; nothing where it can."""
    if "pretrained" in model.facts:
        return "it began with pretrained weights"
    if recipe_of(model) is None:
        return "it does not say how it was trained"
    if model.classes != pictures.classes:
        return "the pictures have other classes than it was trained for"
    if model.kind == "each":
        return "it takes a picture for any number of classes"
    return ""


def seconds_of(model: Model) -> float:
    """How long the model was trained."""
    return float(sum(epoch.get("seconds", 0.0) for epoch in model.facts.get("epochs", ())))


def recipe_of(model: Model) -> Recipe | None:
    """How it was trained, to the last epoch; None where it does not say so."""
    facts: dict[str, Any] = model.facts.get("recipe", {})
    try:
        return replace(Recipe(**facts), until=None) if facts else None
    except (TypeError, ValueError):  # of another version
        return None
