"""The one door that leads up: what knows no view hands itself to one when a person asks. Views are loaded only then."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cutaway.model import Model, Predictions
    from cutaway.model.model import Picture
    from cutaway.pictures import Pictures
    from cutaway.trace import CellWorking, Trace


def working(cell: CellWorking) -> str:
    """How a cell came about, as text."""
    from cutaway.views import text

    return text.working(cell)


def figure(cell: CellWorking, *, everything: bool) -> str:
    """How a cell came about, as SVG."""
    from cutaway.views import figure

    return figure.svg(cell, everything=everything)


def trace(trace: Trace) -> str:
    """Every layer of a trace, as text."""
    from cutaway.views import text

    return text.layers(trace)


def write_workbook(trace: Trace, file: Path, **settings: Any) -> None:
    """A trace as an Excel workbook."""
    from cutaway.views import workbook

    workbook.write(trace, file, **settings)


def notebook(shown: Model | Trace) -> dict[str, Any]:
    """The explorer of a model or a trace, as a notebook shows it."""
    from cutaway.views import explorer

    return explorer.notebook(shown)


def write_page(shown: Model | Trace, file: Path, pictures: Sequence[Picture] | None = None) -> None:
    """The explorer of a model or a trace, as a file of HTML."""
    from cutaway.views import explorer

    explorer.write(shown, file, pictures)


def write_report(model: Model, file: Path, pictures: Pictures | None, predictions: Predictions | None) -> None:
    """The report of a model and of what it says of some pictures, as a file of HTML."""
    from cutaway.views import report

    report.write(report.Subject(model, file.resolve().parent.name, pictures, predictions), file)
