"""The last word on a run: how good its model is, kept with the model, told in its report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cutaway import _show
from cutaway.errors import CutawayError
from cutaway.model import Model, Predictions, tables
from cutaway.model.assessment import FACT, assess
from cutaway.model.folder import save, save_onnx
from cutaway.model.neighbours import nearest
from cutaway.model.proof import prove
from cutaway.pictures import Pictures, Prepared
from cutaway.pictures.choice import evenly
from cutaway.pictures.pictures import TEST, VALIDATION
from cutaway.training.setup import Setup

PROVED = 500
"""Pictures on which model.onnx is held against the model, where there are more; `cutaway export` takes all."""
WORK = 5_000_000_000
"""Multiplications that this may cost the model itself: a second or two."""
REPORT, PREDICTIONS = "report.html", "predictions.csv"

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Verdict:
    """A model with its figures among its facts, and what it was judged by."""

    model: Model
    pictures: Pictures
    """The test pictures, or, where there are none, the validation pictures."""
    predictions: Predictions
    """What it says of each of them."""


def tested(model: Model, pictures: Pictures, progress: Progress | None = None) -> Model:
    """The model, with how well it does on the test pictures among its facts; as it is where there are none."""
    if not len(pictures.test):
        return model
    result = model.evaluate(pictures.test, progress)
    test = {"accuracy": result.accuracy, "loss": result.loss, "count": result.count}
    return with_facts(model, test=test)


def judged(model: Model, pictures: Pictures, setup: Setup, progress: Progress | None = None) -> Verdict:
    """Everything that is measured of a finished run; `setup` has its pictures as they were read for it."""
    validation = model.predictions(pictures.validation, progress, setup.validation)
    if not len(pictures.test):
        known = assess(VALIDATION, validation, model.kind)
        known = replace(known, nearest=nearest(setup.train, setup.validation))
        return Verdict(with_facts(model, **{FACT: known.facts()}), pictures.validation, validation)
    prepared = pictures.test.prepared(model.net.preparation, progress)
    said = model.predictions(pictures.test, progress, prepared)
    known = replace(assess(TEST, said, model.kind, chosen_by=validation), nearest=nearest(setup.train, prepared))
    test = {"accuracy": known.accuracy, "loss": known.loss, "count": known.count}
    return Verdict(with_facts(model, test=test, **{FACT: known.facts()}), pictures.test, said)


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
    if verdict.model.onnx:
        save_onnx(verdict.model.onnx, folder)
    try:
        tables.write(verdict.predictions, folder / PREDICTIONS)
    except CutawayError as error:
        troubles.append(f"the model is saved, but not what it says of each picture: {error}")
    try:
        _show.write_report(verdict.model, folder / REPORT, verdict.pictures, verdict.predictions)
    except Exception as error:  # whatever is wrong with the report, the model is there
        troubles.append(f"the model is saved, but its report could not be written: {_said(error)}")
    return verdict.model, troubles


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
