"""How one cell came about: its terms, what they come to, and what was done with that.

Every kind of layer describes its cells with these four classes alone; text, page, workbook and report render them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import NamedTuple

from cutaway.layers.layer import Array, Cell, Region


class Factor(NamedTuple):
    """One number that goes into a term, and where it stands."""

    of: str
    """`input` (or `input 2`, ... where a layer has several), the name of a weight, or what a constant means."""
    cell: Cell
    """Its place in that array; () for a constant."""
    value: float
    made: Working | None = None
    """How it came about, where it is neither read off an array nor a constant: the scale of a norm."""


class Term(NamedTuple):
    """One thing that is added up (or compared): the product of its factors, unless `formula` says otherwise."""

    factors: tuple[Factor, ...]
    value: float
    """For a product of two float32 numbers this is exact: 24 + 24 bits fit into the 53 of a float64."""
    formula: str = ""
    """In the grammar of `formula.py`, x being the first factor, where the term is not a plain product."""


@dataclass(frozen=True)
class Step:
    """What is done with the combined number, and what it then is."""

    formula: str
    """In the grammar of `formula.py`, x being the number before: `x / 4`, `max(0, x)`."""
    value: float


@dataclass(frozen=True)
class Working:
    """The arithmetic of one cell, in an order in which a person would do it."""

    rule: str
    """How the terms combine: `sum` or `max`."""
    terms: tuple[Term, ...]
    combined: float
    """The exact sum, rounded once (`math.fsum`), or the largest term."""
    steps: tuple[Step, ...] = ()
    where: Mapping[str, Factor] = field(default_factory=dict)
    """The other numbers that its formulas name: `largest` in `exp(x - largest)`."""

    def written(self, formula: str) -> str:
        """A formula with the numbers that it names, and x as it is: `exp(x - 9.21)`."""
        return re.sub(r"[a-z]\w*", lambda m: f"{self.where[m[0]].value:.9g}" if m[0] in self.where else m[0], formula)

    @property
    def value(self) -> float:
        """The cell, as exactly as float64 can tell."""
        return self.steps[-1].value if self.steps else self.combined

    @property
    def winner(self) -> Term | None:
        """For `max`: the first term that is the largest; none where one is not a number."""
        if self.rule != "max":
            return None
        return next((term for term in self.terms if term.value == self.combined), None)


def summed(terms: Sequence[Term], *steps: Step, where: Mapping[str, Factor] | None = None) -> Working:
    """A working that adds its terms up, exactly."""
    return Working("sum", tuple(terms), exact_sum(term.value for term in terms), steps, where or {})


def made(of: str, working: Working) -> Factor:
    """A factor that was itself worked out."""
    return Factor(of, (), working.value, working)


def averaged(terms: Sequence[Term]) -> Working:
    """A working that adds its terms up and divides by how many there are."""
    total, count = summed(terms), len(terms)
    return replace(total, steps=(Step(f"x / {count}", total.combined / count),))


def exact_sum(values: Iterable[float]) -> float:
    """The sum rounded once; infinities and what is not a number add up as they do in a processor."""
    values = list(values)
    if all(map(math.isfinite, values)):
        return math.fsum(values)
    return sum(value for value in values if not math.isfinite(value))


def times(*factors: Factor) -> Term:
    """A term that is the product of its factors."""
    return Term(factors, math.prod(factor.value for factor in factors))


def cells(region: Region) -> Iterator[Cell]:
    """Every cell of a region, in reading order."""
    return product(*region)


def at(of: str, array: Array, cell: Cell) -> Factor:
    """The factor that stands at a cell of an array."""
    return Factor(of, cell, float(array[cell]))


def bias(w: Mapping[str, Array], channel: int) -> list[Term]:
    """The bias of a channel as a last term; none where the layer has no bias."""
    return [times(at("bias", w["bias"], (channel,)))] if "bias" in w else []


def input_name(number: int, inputs: int) -> str:
    """What factors call an input: `input`, or `input 1`, `input 2`, ... where there are several."""
    return "input" if inputs == 1 else f"input {number + 1}"
