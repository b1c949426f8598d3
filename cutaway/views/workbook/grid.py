"""The numbers of a workbook: typed ones and formulas, in an order in which each comes after those it is made of."""

from __future__ import annotations

from dataclasses import dataclass, field

from cutaway.views.workbook.expression import Expression, Number, Ref, Sum, compute, text
from cutaway.views.workbook.layout import Place

LONGEST = 8000
"""Characters of a formula; Excel reads 8,192, its = included."""


@dataclass
class Grid:
    """Cells with their numbers, and the formulas of those that have one."""

    values: dict[Ref, float] = field(default_factory=dict)
    formulas: dict[Ref, Expression] = field(default_factory=dict)
    texts: dict[Ref, str] = field(default_factory=dict)
    """The formulas as they are written, without the =."""
    _known: dict[tuple[str, str], Ref] = field(default_factory=dict)
    """Where a number in between stands, by sheet and formula."""

    def type(self, ref: Ref, value: float) -> None:
        """A number that a person may change."""
        self.values[ref] = value

    def put(self, ref: Ref, formula: Expression, value: float, place: Place) -> None:
        """A formula and what it comes to. One that is too long is split; its parts are numbers in between."""
        written = text(formula, ref.sheet)
        if len(written) > LONGEST:
            formula = self._split(formula, place)
            written = text(formula, ref.sheet)
        self.values[ref], self.formulas[ref], self.texts[ref] = value, formula, written

    def write(self, ref: Ref, written: str, value: float) -> None:
        """A formula that is no arithmetic (it looks something up), as a spreadsheet writes it, without the =."""
        self.values[ref], self.texts[ref] = value, written

    def between(self, formula: Expression, value: float, place: Place, label: str) -> Expression:
        """The cell of a number in between: the one that has this formula already, or a new one."""
        if isinstance(formula, Ref | Number):
            return formula
        key = place.sheet, text(formula, place.sheet)
        if key not in self._known:
            self._known[key] = ref = place.next_between(label)
            self.put(ref, formula, value, place)
        return self._known[key]

    def _split(self, formula: Expression, place: Place) -> Expression:
        """A long sum as the sum of cells that hold parts of it."""
        if not isinstance(formula, Sum):
            raise ValueError(f"a formula of {len(text(formula, place.sheet)):,} characters is no sum")
        parts: list[list[Expression]] = [[]]
        room = LONGEST
        for term in formula.terms:
            room -= len(text(term, place.sheet)) + 3
            if room < 0:
                parts.append([])
                room = LONGEST
            parts[-1].append(term)
        sums = [Sum(tuple(part)) for part in parts]
        return Sum(tuple(self.between(one, compute(one, self.values), place, "part of a sum") for one in sums))
