"""The last word on a run: how good its model is, kept with the model, told in its report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutaway import _show
from cutaway.errors import CutawayError
from cutaway.model import Model, Predictions, abstaining, several, tables
from cutaway.model.assessment import FACT, assess
from cutaway.model.folder import finish, save
from cutaway.model.neighbours import nearest
from cutaway.model.proof import prove
from cutaway.model.seen import Seen, seen
from cutaway.model.several import Marks
from cutaway.pictures import Pictures, Prepared
from cutaway.pictures.choice import evenly
from cutaway.pictures.pictures import TEST, VALIDATION
from cutaway.training import features
from cutaway.training.setup import Setup

PROVED = 500
"""Pictures on which model.onnx is held against the model, where there are more; `cutaway export` takes all."""
WORK = 2_000_000_000
"""Multiplications that this may cost the model itself: about a second."""
KEPT, NEEDED = 2000, 50
"""Training pictures that new ones are compared with, at most and at least."""
FEATURES = 100_000_000_000
"""Multiplications that looking at these may cost: about two seconds."""
BATCH = 32
REPORT, PREDICTIONS = "report.html", "predictions.csv"

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Verdict:
    """A model with its figures among its facts, and what it was judged by."""

    model: Model
    pictures: Pictures
    """The test pictures, or, where there are none, the validation pictures."""
    predictions: Predictions | Marks
    """What it says of each of them; marks, where a picture may be of several classes."""


def tested(model: Model, pictures: Pictures, progress: Progress | None = None) -> Model:
    """The model, with how well it does on the test pictures among its facts; as it is where there are none.

    Where a picture may be of several classes, its thresholds are chosen by the validation pictures.
    """
    if pictures.truths is not None:
        best = model.marks(pictures.validation, progress).best()
        model = with_facts(model, **{several.THRESHOLDS: several.kept(model.classes, best)})
    if not len(pictures.test):
        return model
    result = model.evaluate(pictures.test, progress)
    test = {"accuracy": result.accuracy, "loss": result.loss, "count": result.count}
    return with_facts(model, test=test)


def judged(model: Model, pictures: Pictures, setup: Setup, progress: Progress | None = None) -> Verdict:
    """Everything that is measured of a finished run; `setup` has its pictures as they were read for it."""
    if setup.several:
        return judged_of_several(model, pictures, setup, progress)
    validation = model.predictions(pictures.validation, progress, setup.validation)
    if not len(pictures.test):
        known = assess(VALIDATION, validation, model.kind)
        known = replace(known, nearest=nearest(setup.train, setup.validation))
        more = {FACT: known.facts(), abstaining.FACT: _sureness(validation)}
        return Verdict(with_facts(model, **more), pictures.validation, validation)
    prepared = pictures.test.prepared(model.net.preparation, progress)
    said = model.predictions(pictures.test, progress, prepared)
    known = replace(assess(TEST, said, model.kind, chosen_by=validation), nearest=nearest(setup.train, prepared))
    test = {"accuracy": known.accuracy, "loss": known.loss, "count": known.count}
    more = {FACT: known.facts(), abstaining.FACT: _sureness(validation)}
    return Verdict(with_facts(model, test=test, **more), pictures.test, said)


def _sureness(validation: Predictions) -> list[list[float]]:
    """How many of the pictures that the model was chosen by are answered rightly, from the surest on."""
    read = validation.read
    return [list(point) for point in abstaining.curve(validation.sure[read], validation.right[read])]


def judged_of_several(model: Model, pictures: Pictures, setup: Setup, progress: Progress | None = None) -> Verdict:
    """The same where a picture may be of several classes: the validation pictures choose the thresholds."""
    validation = model.marks(pictures.validation, progress, setup.validation)
    model = with_facts(model, **{several.THRESHOLDS: several.kept(model.classes, validation.best())})
    known = validation.figures(model.thresholds)
    own = {"accuracy": known.accuracy, "loss": known.loss, "count": known.count}
    model = with_facts(model, validation=own)  # while it was trained, all thresholds were one half
    if not len(pictures.test):
        return Verdict(with_facts(model, **{several.FACT: known.facts(VALIDATION)}), pictures.validation, validation)
    said = model.marks(pictures.test, progress)
    known = said.figures(model.thresholds)
    test = {"accuracy": known.accuracy, "loss": known.loss, "count": known.count}
    return Verdict(with_facts(model, test=test, **{several.FACT: known.facts(TEST)}), pictures.test, said)


def concluded(
    model: Model, pictures: Pictures, setup: Setup, folder: Path, progress: Progress | None = None
) -> tuple[Model, list[str]]:
    """Judges a model and writes all that is known of it into its folder: the model, what it says of each picture, and
    the report.

    What cannot be done is said in a line each; the model is safe before anything else is tried.
    """
    troubles = []
    try:
        model = replace(model, onnx=proved(model, setup.validation))  # ONNX Runtime judges: it is ready at once
    except Exception as error:  # whatever is wrong with the file, the model is there
        troubles.append(f"the model is saved, but not as ONNX: {_said(error)}")
    try:
        verdict = judged(model, pictures, setup, progress)
    except CutawayError as error:
        return model, [*troubles, f"the model is saved, but could not be judged: {error}"]
    save(verdict.model, folder)
    finish(replace(verdict.model, seen=looked_at(model, setup)), folder)
    try:
        _write_table(verdict, folder / PREDICTIONS)
    except CutawayError as error:
        troubles.append(f"the model is saved, but not what it says of each picture: {error}")
    try:
        own = None if isinstance(verdict.predictions, Marks) else verdict.predictions
        _show.write_report(verdict.model, folder / REPORT, None if own is None else verdict.pictures, own)
    except Exception as error:  # whatever is wrong with the report, the model is there
        troubles.append(f"the model is saved, but its report could not be written: {_said(error)}")
    return verdict.model, troubles


def _write_table(verdict: Verdict, file: Path) -> None:
    if isinstance(verdict.predictions, Marks):
        tables.write_marks(verdict.predictions, verdict.model.thresholds, verdict.pictures.label_delim or "|", file)
    else:
        tables.write(verdict.predictions, file)


def looked_at(model: Model, setup: Setup) -> Seen | None:
    """Evenly chosen training pictures as the net sees them; None where it has no features of whole pictures."""
    if model.net.features is None:
        return None
    most = max(NEEDED, min(KEPT, FEATURES // model.net.cost().multiplications))
    known, held = (evenly(len(part), most) for part in (setup.train, setup.validation))
    own, other = (
        _features(model, setup, part, rows) for part, rows in ((setup.train, known), (setup.validation, held))
    )
    names = [setup.train.names[row] for row in known]
    return seen(own, setup.train.labels[known], names, len(setup.train), other)


def _features(model: Model, setup: Setup, pictures: Prepared, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    if setup.pretrained and not setup.finetune:  # they are at hand
        return np.concatenate([some for some, _ in features.Computer(model)(pictures)])[rows]
    parts = [model.features(pictures.take(some)) for some in np.split(rows, range(BATCH, len(rows), BATCH))]
    return np.concatenate(parts)


def proved(model: Model, pictures: Prepared) -> bytes:
    """The model as ONNX, after it said the same of some of the pictures that the model was chosen by."""
    onnx = model.to_onnx()
    most = min(PROVED, max(1, WORK // model.net.cost().multiplications))
    prove(model, onnx, pictures, evenly(len(pictures), most))
    return onnx


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, CutawayError) else f"{type(error).__name__}: {error}"


def with_facts(model: Model, **more: Any) -> Model:
    """The model with more facts."""
    return replace(model, facts=dict(model.facts) | more)
