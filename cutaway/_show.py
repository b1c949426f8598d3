"""The one door that leads up: what knows no view hands itself to one when a person asks. Views are loaded only then."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cutaway.trace import CellWorking, Trace


def working(cell: CellWorking) -> str:
    """How a cell came about, as text."""
    from cutaway.views import text

    return text.working(cell)


def trace(trace: Trace) -> str:
    """Every layer of a trace, as text."""
    from cutaway.views import text

    return text.layers(trace)
