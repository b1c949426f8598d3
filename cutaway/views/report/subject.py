"""What a report is about: a model, what is known of how good it is, and the pictures that show it, where they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from cutaway.model import Model, Predictions
from cutaway.model.assessment import Assessment, known_of
from cutaway.model.origin import short
from cutaway.pictures import Pictures


@dataclass(frozen=True, eq=False)
class Subject:
    """`Subject(model, "pets-1", pictures.validation, model.predictions(pictures.validation))`."""

    model: Model
    title: str
    pictures: Pictures | None = None
    """What was judged; None where the pictures are not at hand."""
    predictions: Predictions | None = None
    """What the model says of each of them, in their order."""
    assessment: Assessment | None = None
    """How good it is; without it, what the model itself says."""
    missing: tuple[str, ...] = field(default=())
    """What could not be shown, and why, in a sentence each."""

    @cached_property
    def known(self) -> Assessment | None:
        """How good it is, where anything is known of that."""
        return self.assessment or known_of(self.model)

    @property
    def facts(self) -> Mapping[str, Any]:
        """What the model says of how it was made."""
        return self.model.facts

    @property
    def source(self) -> str:
        """What the pictures of its training are called; the way there is nobody else's business."""
        return Path(str(self.facts.get("data", {}).get("source", ""))).name

    def name(self, row: int) -> str:
        """What a picture is called within its set."""
        assert self.pictures is not None
        assert self.predictions is not None
        return short(self.pictures, self.predictions.names[row])
