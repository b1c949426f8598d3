"""Which features spoke for a class, and which against: activation times weight, ranked.

    >>> trace.votes(7).ranked[0].origin            # the feature that spoke loudest        # doctest: +SKIP
    >>> trace.why_not(7, 4).difference             # the score of 7 less that of 4         # doctest: +SKIP

All of it is arithmetic of the last dense layer alone. Of two classes, the bias and every feature's share in the
difference of the scores add up to it exactly; no approximation is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from cutaway.errors import InputError
from cutaway.layers.dense import Dense
from cutaway.layers.logsoftmax import LogSoftmax
from cutaway.layers.sigmoid import Sigmoid
from cutaway.layers.softmax import Softmax
from cutaway.layers.working import exact_sum
from cutaway.trace.cell import Cell, CellWorking

if TYPE_CHECKING:
    from cutaway.trace.stage import Stage
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
    """0 where the layer has none."""

    @property
    def biased(self) -> bool:
        """Whether the layer has a bias."""
        return len(self.ranked) < len(self.working.terms)

    @property
    def score(self) -> float:
        """The votes and the bias, added up exactly."""
        return self.working.value


@dataclass(frozen=True)
class Lead:
    """One feature's part in the difference of two scores."""

    cell: Cell
    """The feature: a cell of what the dense layer takes in."""
    activation: float
    weight: float
    """To the first class."""
    other: float
    """The weight to the second."""

    @property
    def halves(self) -> tuple[float, float]:
        """What it gives to the first score and takes from it for the second, both exactly."""
        return self.activation * self.weight, -self.activation * self.other

    @property
    def value(self) -> float:
        """activation x (weight - other), rounded once."""
        return exact_sum(self.halves)

    @property
    def origin(self) -> Cell:
        """Where the feature was computed: through flatten, the cell of a map."""
        return self.cell.origin()


@dataclass(frozen=True)
class Leads:
    """Why one class and not another: every feature's part, and the biases, add up to the difference of the scores."""

    layer: str
    """The dense layer."""
    classes: tuple[int, int]
    ranked: tuple[Lead, ...]
    """The strongest first, whether for the first class or for the second."""
    biases: tuple[float, float]
    """Of the first and of the second class; 0 where the layer has none."""
    biased: bool
    """Whether the layer has biases."""
    single: bool
    """Whether one score decides between two classes: that of the second, while the score of the first is 0."""

    @property
    def bias(self) -> float:
        """The difference of the biases."""
        return self.biases[0] - self.biases[1]

    @property
    def difference(self) -> float:
        """The first score less the second, added up exactly and rounded once."""
        halves = [half for lead in self.ranked for half in lead.halves]
        return exact_sum([*halves, self.biases[0], -self.biases[1]])


def votes(trace: Trace, class_index: int, layer: str | None = None) -> Votes:
    """The votes for a class in a dense layer, the one that adds up the scores unless it is named."""
    stage = _dense(trace, layer)
    working = stage[class_index].working()
    ranked = sorted(_cast(trace, working), key=lambda vote: -abs(vote.value))
    return Votes(working, tuple(ranked), _bias(working))


def why_not(trace: Trace, first: int, second: int, layer: str | None = None) -> Leads:
    """Every feature's part in the score of the first class less that of the second."""
    stage = _dense(trace, layer)
    single = stage.shape == (1,) and isinstance(trace.net.output.layer, Sigmoid)
    workings = [unit.working() if (unit := _unit(stage, one, single)) else None for one in (first, second)]
    cast = [_cast(trace, working) if working else [] for working in workings]
    leads = [_lead(*pair) for pair in zip_longest(*cast)]
    ranked = tuple(sorted(leads, key=lambda lead: -abs(lead.value)))
    biases = [_bias(working) if working else 0.0 for working in workings]
    biased = any(len(working.terms) > len(leads) for working in workings if working)
    return Leads(stage.name, (first, second), ranked, (biases[0], biases[1]), biased, single)


def score_layer(trace: Trace) -> str:
    """The layer that adds up the scores which the last softmax or sigmoid turns into probabilities.

    Raises InputError where that is not a dense layer: there are no votes then.
    """
    output = trace.net.output
    last = isinstance(output.layer, Softmax | LogSoftmax | Sigmoid)
    stage = trace[output.inputs[0] if last else output.name]
    made = stage[(0,) * len(stage.shape)].origin().stage  # back through dropout
    if made.node is not None and isinstance(made.node.layer, Dense):
        return made.name
    if not any(isinstance(node.layer, Dense) for node in trace.net):
        raise InputError("this net has no dense layer, and so no votes; a cell can still be explained")
    raise InputError(
        f"the scores come from {made.name} ({made.text}), which is not a dense layer: only those add up votes; "
        f"a cell can still be explained"
    )


def _dense(trace: Trace, layer: str | None) -> Stage:
    stage = trace[layer or score_layer(trace)]
    if stage.node is None or not isinstance(stage.node.layer, Dense):
        raise InputError(f"{stage.name} ({stage.text}) is not a dense layer: only those add up votes")
    return stage


def _lead(one: Vote | None, other: Vote | None) -> Lead:
    """Of two votes of the same feature; the weight to a class that has no score of its own is 0."""
    vote = one or other
    assert vote
    return Lead(vote.cell, vote.activation, one.weight if one else 0.0, other.weight if other else 0.0)


def _cast(trace: Trace, working: CellWorking) -> list[Vote]:
    """The votes in the working of a score, in the order of the features."""
    source = trace[working.inputs[0]]
    return [
        Vote(source[term.factors[0].cell], term.factors[0].value, term.factors[1].value, term.value)
        for term in working.terms
        if len(term.factors) == 2
    ]


def _bias(working: CellWorking) -> float:
    return sum(term.value for term in working.terms if len(term.factors) == 1)


def _unit(stage: Stage, number: int, single: bool) -> Cell | None:
    """The cell that is the score of a class; none for the first of two classes that one score decides between."""
    if not single:
        return stage[number]
    if number not in (0, 1):
        raise InputError(f"there is no class {number}: one score decides between the classes 0 and 1")
    return stage[0] if number else None
