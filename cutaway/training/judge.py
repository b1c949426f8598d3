"""The last word on a finished run: its accuracy on the test pictures, read once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from cutaway.model import Model
from cutaway.pictures import Pictures


def judged(model: Model, pictures: Pictures, progress: Callable[[int, int], None] | None = None) -> Model:
    """The model, with how well it does on the test pictures among its facts; as it is where there are none."""
    if not len(pictures.test):
        return model
    result = model.evaluate(pictures.test, progress)
    test = {"accuracy": result.accuracy, "loss": result.loss, "count": result.count}
    return replace(model, facts=dict(model.facts) | {"test": test})
