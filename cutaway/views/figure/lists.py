"""Terms one below the other: where each stands, what multiplies it, what that gives; and what all come to."""

from __future__ import annotations

from collections.abc import Sequence

from cutaway.layers.working import Factor, Term
from cutaway.trace import CellWorking
from cutaway.trace.digits import ruler
from cutaway.trace.parts import Listed, account
from cutaway.views.figure.colours import GREY, INK, scale
from cutaway.views.figure.drawing import MONO, Drawing, hairline, label, measure, number, words
from cutaway.views.figure.grids import MARGIN, SIZE, coloured, width_of

HEIGHT = 28.0
GAP = 10.0
Row = list[Drawing | None]


def drawn(cell: CellWorking, found: Listed) -> Drawing:
    """The terms as rows of columns, the results in the last."""
    terms = [*found.terms, *found.fixed]
    labels = [cell.where(term.factors[0]) for term in terms]
    count = len(found.terms)
    added = account(labels[:count], labels[count:], found.parts, cell.working, "others")
    columns = [list(column) for column in zip(*_factors(cell, terms), strict=True)]
    results = _Results([text for _, text in [*added.above, *added.total, *added.steps]])
    others = len(added.above) - len(terms)  # 0 or 1: the row of what is not listed, between the terms and the bias
    largest = scale(term.value for term in terms)
    alone = "x = " if len(terms) == 1 and _plain(terms[0]) else ""
    rows: list[Row] = []
    for place, (name, text) in enumerate(added.above):
        if others and place == count:
            rows.append([_name(name), *_blank(columns), results.plain(text)])
            continue
        term = place if place < count else place - others
        own = [column[term] for column in columns]
        rows.append([_name(alone + name), *own, results.coloured(terms[term].value, text, largest)])
    under = [
        [_name(name, bold=True), *_blank(columns), results.plain(text, bold=True)]
        for name, text in [*added.total, *added.steps]
    ]
    return _table(rows, under)


class _Results:
    """The last column, decimal point under decimal point."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.after = max(map(_after, texts))
        before = max(len(text) - _after(text) for text in texts)
        self.width = width_of(["0" * (before + self.after)])

    def coloured(self, value: float, text: str, largest: float) -> Drawing:
        return coloured(value, text, largest, self.width, HEIGHT, self.after - _after(text))

    def plain(self, text: str, *, bold: bool = False) -> Drawing:
        """A total, or what is not listed: without a colour, since it is on no scale."""
        right = self.width - MARGIN - measure(" " * (self.after - _after(text)), SIZE, MONO)
        line = words(number(text), right, HEIGHT / 2, SIZE, MONO, INK, anchor="end", bold=bold)
        return Drawing(self.width, HEIGHT, (line,))


def _factors(cell: CellWorking, terms: Sequence[Term]) -> list[Row]:
    """Of each term the columns between its name and its result: numbers, `×`, names, formula, `=`."""
    if all(_plain(term) for term in terms):
        return [[] for _ in terms]
    most = max(len(term.factors) for term in terms)
    rows: list[Row] = [[] for _ in terms]
    for place in range(most):
        factors = [term.factors[place] if place < len(term.factors) and not _plain(term) else None for term in terms]
        for row, drawings in zip(rows, _column(cell, factors, place), strict=True):
            row += drawings
    for row, term in zip(rows, terms, strict=True):
        formula = cell.working.written(term.formula)
        row.append(label(formula, 13, font=MONO, height=HEIGHT) if formula else None)
        row.append(None if _plain(term) else label("=", 16, height=HEIGHT))
    return rows


def _column(cell: CellWorking, factors: Sequence[Factor | None], place: int) -> list[Row]:
    """Factors in the same place of their terms: `×` before all but the first, and the name after."""
    values = [factor.value for factor in factors if factor]
    marks, largest = ruler(values), scale(values)
    width = width_of([marks.text(value) for value in values])
    rows: list[Row] = []
    for factor in factors:
        if factor is None:
            rows.append([None] * (3 if place else 1))
            continue
        number = coloured(factor.value, marks.text(factor.value), largest, width, HEIGHT)
        name = cell.where(factor) if factor.cell else f"({factor.of})"
        named = label(name, 12, font=MONO, colour=GREY, height=HEIGHT)
        rows.append([label("×", 16, height=HEIGHT), number, named] if place else [number])
    return rows


def _table(rows: Sequence[Row], under: Sequence[Row]) -> Drawing:
    """Columns as wide as their widest; the last row of all stands under a hairline."""
    widths = [max((one.width for one in column if one), default=0.0) for column in zip(*rows, strict=True)]
    starts = [sum(width + GAP for width in widths[:place] if width) for place in range(len(widths))]
    formulas = [row[0].width + GAP for row in under if row[0]]  # they may reach under all columns but the last
    starts[-1] = max(starts[-1], *formulas) if formulas else starts[-1]
    right = starts[-1] + widths[-1]
    every = [*rows, *under]
    elements: list[str] = []
    y = 0.0
    for place, row in enumerate(every):
        if under and place == len(rows) and len(rows) > 1:
            elements.append(hairline(0, y + 6, right, GREY))
            y += 12
        for x, one in zip(starts, row, strict=True):
            elements += one.at(x, y) if one else ()
        y += HEIGHT
    return Drawing(right, y, tuple(elements))


def _name(text: str, *, bold: bool = False) -> Drawing:
    return label(text, 13, font=MONO, colour=INK, bold=bold, height=HEIGHT)


def _after(text: str) -> int:
    """Characters from the decimal point on."""
    return len(text) - len(text.partition(".")[0])


def _blank(columns: Sequence[object]) -> Row:
    return [None] * len(columns)


def _plain(term: Term) -> bool:
    """Whether a term is a number as it stands."""
    return len(term.factors) == 1 and not term.formula
