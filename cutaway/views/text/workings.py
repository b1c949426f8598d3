"""How one cell came about, as text. What is drawn follows from the terms alone, never from the kind of layer:

terms that lie in a window are drawn as grids, others are listed, one a line. What is too long shows its strongest
terms, and what the others come to.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cutaway.layers.working import Factor, Step, Term, Working
from cutaway.trace import CellWorking
from cutaway.trace.digits import Ruler, Sum, ruler, shortest, subtotals_that_add_up
from cutaway.views.text.blocks import Block, aligned, columns, indented, rule
from cutaway.views.text.windows import Window, marked, weighed, window

DRAWN, CELLS = 3, 150
"""Channels of a window that are drawn, fewer where they come to more cells; of the others there are subtotals."""
LISTED, STRONGEST = 12, 10
"""A list of more parts than the first number shows as many of the strongest as the second, and the others together."""
FINE = 6
"""Decimals of terms that are not plain products (the powers of softmax): they differ by many magnitudes."""
TOTALS = {"sum": "sum", "max": "largest"}


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
    engine = f"engine  {shortest(cell.engine)}, "
    if repr(cell.engine) == repr(cell.value):  # also where both are nan
        return [f"exact   {shortest(cell.value)}", f"{engine}the same"]
    exact = f"exact   {repr(cell.value).removesuffix('.0')}"
    if not cell.ok:
        return [exact, f"{engine}off by {cell.difference:+.2g}: WRONG, rounding allows {cell.bound:.2g}"]
    return [exact, f"{engine}off by {cell.difference:+.2g}; rounding allows {cell.bound:.2g}"]


def _winner(cell: CellWorking, drawn: Window) -> Block:
    """The window of a largest term, which stands in brackets."""
    made = cell.working
    won = made.winner if made.combined == made.combined else None  # nan has no winner
    grids = [line for grid in drawn.grids.values() for line in marked(cell, grid, won)]
    return [*grids, "", f"{cell.where(won.factors[0])} is the largest of {len(cell.terms)}"] if won else grids


def _window(cell: CellWorking, drawn: Window, everything: bool, width: int) -> Block:
    """Window, kernel and products of the strongest channels, then what all channels and the bias come to."""
    channels = list(drawn.grids)
    groups = [[term.value for row in grid for term in row] for grid in drawn.grids.values()]
    parts = _parts(cell.working, groups, drawn.others, everything)
    most = len(groups) if everything else max(1, min(DRAWN, CELLS // len(groups[0])))
    shown = sorted(strongest(list(map(sum, groups)), most, most))
    printed = {number: part.terms for number, part in zip(parts.listed, parts.inner, strict=False)}
    grids = [[*weighed(cell, drawn.grids[channels[number]], printed[number], width), ""] for number in shown]
    count = f"{drawn.size[0] * drawn.size[1]} {'products' if drawn.weighted else 'cells'}"
    labels = [f"channel {channels[number]}" for number in parts.listed] if len(groups) > 1 else [f"sum of {count}"]
    others = [cell.where(term.factors[0]) for term in drawn.others]
    if len(shown) < len(groups):
        grids.insert(0, [f"the strongest of {len(groups)} channels", ""])
    return [line for grid in grids for line in grid] + _account(labels, others, parts, cell.working, "other channels")


def _list(cell: CellWorking, everything: bool) -> Block:
    """One term a line: where it comes from, what it is multiplied by, what that gives."""
    made = cell.working
    fed = [term for term in made.terms if any(cell.source(factor) for factor in term.factors)]
    fixed = tuple(term for term in made.terms if not any(cell.source(factor) for factor in term.factors))
    parts = _parts(made, [[term.value] for term in fed], fixed, everything)
    labels = _labels(cell, [*(fed[number] for number in parts.listed), *fixed])
    return _account(labels[: len(parts.listed)], labels[len(parts.listed) :], parts, made, "others")


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


# --- adding up ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Parts:
    """A working's groups of terms (channels, or single terms) as they are printed."""

    listed: list[int]
    """The groups that are shown by themselves."""
    others: int
    """How many are shown together."""
    outer: Sum
    """The listed groups, the others, the fixed terms (a bias); and their total."""
    inner: list[Sum]
    """The terms of each, in the same order."""
    ruler: Ruler


def _parts(made: Working, groups: Sequence[Sequence[float]], fixed: Sequence[Term], everything: bool) -> Parts:
    """Chooses the groups to list, and prints all numbers so that they add up."""
    enough = len(groups) if everything else LISTED
    listed = strongest(list(map(sum, groups)), enough, STRONGEST)
    chosen = set(listed)
    rest = [value for number, group in enumerate(groups) if number not in chosen for value in group]
    all_parts = [*(groups[number] for number in listed), *([rest] if rest else []), *([term.value] for term in fixed)]
    fine = FINE if any(term.formula for term in made.terms) else None
    marks = ruler([term.value for term in made.terms], fine)
    if made.rule == "sum":
        outer, inner = subtotals_that_add_up(all_parts, marks)
    else:
        outer, inner = Sum(tuple(marks.text(max(part)) for part in all_parts), marks.text(made.combined)), []
    return Parts(listed, len(groups) - len(listed), outer, inner, marks)


def strongest(values: Sequence[float], enough: int, shown: int) -> list[int]:
    """All numbers, in order, where there are not more than enough; otherwise the strongest, strongest first."""
    order = range(len(values))
    return list(order) if len(values) <= enough else sorted(order, key=lambda i: abs(values[i]), reverse=True)[:shown]


def _account(labels: list[str], fixed: list[str], parts: Parts, made: Working, others: str) -> Block:
    """The parts with their numbers at the right, a hairline, what they come to, and what is done with that."""
    above = [*labels, *([f"{parts.others} {others}"] if parts.others else []), *fixed]
    name = TOTALS[made.rule] if len(made.terms) > 1 else "x"
    total = [(name, parts.outer.total)] if len(above) > 1 else []
    steps = [(re.sub(r"\bx\b", name, made.written(step.formula)), _stepped(step, parts.ruler)) for step in made.steps]
    lines = columns([*zip(above, parts.outer.terms, strict=True), *total, *steps], "l.")
    return [*lines[: len(above)], rule(lines), *lines[len(above) :]] if total else lines


def _stepped(step: Step, marks: Ruler) -> str:
    """What a step comes to, as fine as the sum before it, but whole where it is whole."""
    own = ruler([step.value])
    plain = own.decimals and not own.exponent and not marks.exponent
    return (Ruler(max(own.decimals, marks.decimals)) if plain else own).text(step.value)
