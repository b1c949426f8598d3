"""That an exported file says what the model says, shown on pictures of the user's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cutaway.engines import choose
from cutaway.errors import JobError
from cutaway.model import outputs
from cutaway.net.onnx import names

if TYPE_CHECKING:
    from cutaway.model.model import Model
    from cutaway.pictures import Prepared

FEW = 3_000_000_000
"""Multiplications up to which the reference engine is the other one: it needs no compiling, about a second."""
BATCH = 32
"""Pictures at a time."""
TIE = 1e-5
"""Two classes whose probabilities differ by less are equally probable: float32 alone may swap them."""


@dataclass(frozen=True)
class Proof:
    """`equal probabilities on 88 pictures: the largest difference is 2.4e-07`."""

    count: int
    largest: float
    """Of all differences between two probabilities of the same class."""

    def __str__(self) -> str:
        many = f"{self.count:,} picture{'s' * (self.count != 1)}"
        return f"the same guess on {many}; probabilities differ by {self.largest:.1e} at most"


def prove(model: Model, onnx: bytes, pictures: Prepared, rows: NDArray[np.int64] | None = None) -> Proof:
    """Runs the file in ONNX Runtime, and the model's net in another engine, on prepared pictures: `rows`, or all.

    Raises JobError where the best guess for one of them is another.
    """
    from cutaway.engines.onnx import Session, at_once

    rows = np.arange(len(pictures)) if rows is None else rows
    work = len(rows) * model.net.cost().multiplications
    engine = choose("reference" if work <= FEW else "auto", model.net, precision="float32")
    predictor = engine.predictor(model.net, model.weights)
    session, largest = Session(onnx, at_once=at_once(model.net)), 0.0
    for start in range(0, len(rows), BATCH):
        some = rows[start : start + BATCH]
        batch = pictures.take(some)
        own = outputs.probabilities(model.net, model.kind, predictor(batch))
        given = session(batch, names.PROBABILITIES)[0]
        best, guessed = own.argmax(axis=1), given.argmax(axis=1)
        each = np.arange(len(some))
        changed = np.flatnonzero(own[each, best] - own[each, guessed] > TIE)
        if len(changed):
            first = int(changed[0])
            raise JobError(
                f"the file is not written: of {pictures.names[int(some[first])]} it says "
                f"{model.classes[guessed[first]]!r} where the model says {model.classes[best[first]]!r}"
            )
        largest = max(largest, float(abs(own - given).max(initial=0)))
    return Proof(len(rows), largest)
