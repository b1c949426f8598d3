"""How one cell came about, as text. What is drawn follows from the terms alone, never from the kind of layer:

terms that lie in a window are drawn as grids, others are listed, one a line. What is too long shows its strongest
terms, and what the others come to.
"""

from __future__ import annotations

from collections.abc import Sequence

from cutaway.layers.working import Factor, Term
from cutaway.trace import CellWorking
from cutaway.trace.digits import ruler, shortest
from cutaway.trace.parts import Account, account, channels, listed
from cutaway.trace.verdict import verdict
from cutaway.trace.windows import Window, window
from cutaway.views.text.blocks import Block, aligned, columns, indented, rule
from cutaway.views.text.windows import marked, weighed


def working(cell: CellWorking, *, everything: bool = False, width: int = 80) -> str:
    """How one cell came about: the window, the kernel, the products, what they come to, and what the engine has.

        conv1[2, 2, 0] = 0
        conv 1 3x3 no bias of input

          input[2..4, 2..4, 0]   kernel[0..2, 0..2, 0, 0]   products
          0  0  0                0  0  1                    0  0  0
          0  1  0              × 1  0  0                  = 0  0  0
          0  0  0                0  1  1                    0  0  0

          sum of 9 products 0

        exact   0
        engine  0, the same

    Every sum adds up as printed. A long one shows its strongest parts, unless `everything` is asked for.
    """
    head = f"{cell.address} = {shortest(cell.engine)}"
    if not cell.inputs:
        return f"{head}\na pixel of the picture"
    lines = [head, f"{cell.layer} of {', '.join(cell.inputs)}", "", *indented(_body(cell, everything, width - 2)), ""]
    return "\n".join([*lines, *_foot(cell)])


def _body(cell: CellWorking, everything: bool, width: int) -> Block:
    made = cell.working
    if not made.terms:
        return ["the window lies in the padding alone: there is nothing to add up"]
    if len(made.terms) == 1 and not made.steps and len(made.terms[0].factors) == 1:
        return [f"{cell.where(made.terms[0].factors[0])}, passed on unchanged"]
    drawn = window(made)
    if drawn and made.rule == "max":
        return _winner(cell, drawn)
    if drawn and made.rule == "sum":
        return _window(cell, drawn, everything, width)
    return _list(cell, everything)


def _foot(cell: CellWorking) -> Block:
    """The exact number, and how far the engine's is from it."""
    said = verdict(cell)
    return [f"exact   {said.exact}", f"engine  {said.engine}, {said.remark}"]


def _winner(cell: CellWorking, drawn: Window) -> Block:
    """The window of a largest term, which stands in brackets."""
    made = cell.working
    won = made.winner if made.combined == made.combined else None  # nan has no winner
    grids = [line for grid in drawn.grids.values() for line in marked(cell, grid, won)]
    return [*grids, "", f"{cell.where(won.factors[0])} is the largest of {len(cell.terms)}"] if won else grids


def _window(cell: CellWorking, drawn: Window, everything: bool, width: int) -> Block:
    """Window, kernel and products of the strongest channels, then what all channels and the bias come to."""
    found = channels(cell, drawn, everything)
    grids = [[*weighed(cell, drawn.grids[one], found.printed[one], width), ""] for one in found.drawn]
    if len(found.drawn) < len(drawn.grids):
        grids.insert(0, [f"the strongest of {len(drawn.grids)} channels", ""])
    return [line for grid in grids for line in grid] + added(found.account)


def _list(cell: CellWorking, everything: bool) -> Block:
    """One term a line: where it comes from, what it is multiplied by, what that gives."""
    found = listed(cell, everything)
    labels = _labels(cell, [*found.terms, *found.fixed])
    count = len(found.terms)
    return added(account(labels[:count], labels[count:], found.parts, cell.working, "others"))


def _labels(cell: CellWorking, terms: Sequence[Term]) -> list[str]:
    """What stands before the value of each term: its factors, by name and number."""
    names = [cell.where(term.factors[0]) for term in terms]
    if all(_plain(term) for term in terms):
        return names if cell.working.rule != "sum" or len(terms) > 1 else [f"x = {names[0]}"]
    rows = [[f"{name} "] for name in names]
    for place in range(max(len(term.factors) for term in terms)):
        factors = [term.factors[place] if place < len(term.factors) and not _plain(term) else None for term in terms]
        marks = ruler([factor.value for factor in factors if factor])
        numbers = aligned([marks.text(factor.value) if factor else "" for factor in factors])
        for row, term, factor, number in zip(rows, terms, factors, numbers, strict=True):
            name = _named(cell, factor) if factor and factor != term.factors[0] else ""
            row += ["×" if factor else "", number, name] if place else [number]
    for row, term in zip(rows, terms, strict=True):
        row += [cell.working.written(term.formula), "" if _plain(term) else "="]
    return columns(rows, "l" * len(rows[0]), " ")


def _named(cell: CellWorking, factor: Factor) -> str:
    """`kernel[0, 0, 2, 7]`; what a constant means, in brackets."""
    return cell.where(factor) if factor.cell else f"({factor.of})"


def _plain(term: Term) -> bool:
    """Whether a term is a number as it stands."""
    return len(term.factors) == 1 and not term.formula


def added(account: Account) -> Block:
    """The parts with their numbers at the right, a hairline, what they come to, and what is done with that."""
    lines = columns([*account.above, *account.total, *account.steps], "l.")
    count = len(account.above)
    return [*lines[:count], rule(lines), *lines[count:]] if account.total else lines
