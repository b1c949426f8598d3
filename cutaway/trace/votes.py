"""Which features spoke for a class, and which against: activation times weight, ranked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cutaway.errors import InputError
from cutaway.layers.dense import Dense
from cutaway.trace.cell import Cell, CellWorking

if TYPE_CHECKING:
    from cutaway.trace.trace import Trace


@dataclass(frozen=True)
class Vote:
    """One feature's part in the score of a class."""

    cell: Cell
    """The feature: a cell of what the dense layer takes in."""
    activation: float
    weight: float
    value: float
    """activation x weight, exactly."""

    @property
    def origin(self) -> Cell:
        """Where the feature was computed: through flatten, the cell of a map."""
        return self.cell.origin()


@dataclass(frozen=True)
class Votes:
    """All votes for one class: they and the bias add up to the score."""

    working: CellWorking
    """Of the score."""
    ranked: tuple[Vote, ...]
    """The strongest first, whether for or against; features that are 0 come last, they have no vote."""
    bias: float

    @property
    def score(self) -> float:
        """The votes and the bias, added up exactly."""
        return self.working.value


def votes(trace: Trace, class_index: int, layer: str | None = None) -> Votes:
    """The votes for a class in a dense layer, the last one unless it is named."""
    stage = trace[layer or _last_dense(trace)]
    if stage.node is None or not isinstance(stage.node.layer, Dense):
        raise InputError(f"{stage.name} ({stage.text}) is not a dense layer: only those add up votes")
    working = stage[class_index].working()
    source = trace[stage.node.inputs[0]]
    cast = [
        Vote(source[term.factors[0].cell], term.factors[0].value, term.factors[1].value, term.value)
        for term in working.terms
        if len(term.factors) == 2
    ]
    ranked = tuple(sorted(cast, key=lambda vote: -abs(vote.value)))
    return Votes(working, ranked, sum(term.value for term in working.terms if len(term.factors) == 1))


def _last_dense(trace: Trace) -> str:
    names = [node.name for node in trace.net if isinstance(node.layer, Dense)]
    if not names:
        raise InputError("this net has no dense layer, and so no votes; a cell can still be explained")
    return names[-1]
