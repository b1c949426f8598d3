"""A long sum as it is printed: its strongest parts, what the others come to, the total; and they add up as printed.

    >>> parted([[0.26, 0.26], [0.26]], [1.0], Ruler(1)).outer
    Sum(terms=('0.5', '0.3', '1.0'), total='1.8')

A *part* is a term, or all terms of a channel.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cutaway.layers.working import Step, Term, Working
from cutaway.trace.cell import CellWorking
from cutaway.trace.digits import Ruler, Sum, ruler, subtotals_that_add_up
from cutaway.trace.windows import Window

DRAWN, CELLS = 3, 150
"""Channels of a window that are drawn, fewer where they come to more cells; of the others there are subtotals."""
LISTED, STRONGEST = 12, 10
"""A list of more parts than the first number shows as many of the strongest as the second, and the others together."""
FINE = 6
"""Decimals of terms that are not plain products (the powers of softmax): they differ by many magnitudes."""
TOTALS = {"sum": "sum", "max": "largest"}


@dataclass(frozen=True)
class Parts:
    """Groups of numbers (channels, or single terms) as they are printed."""

    listed: list[int]
    """The groups that are shown by themselves."""
    others: int
    """How many are shown together."""
    outer: Sum
    """The listed groups, the others, the fixed numbers (a bias); and their total."""
    inner: list[Sum]
    """The terms of each, in the same order; none where nothing is added up."""
    ruler: Ruler


@dataclass(frozen=True)
class Account:
    """Parts with their labels, what they come to, and what is done with that; the numbers as they are printed."""

    above: list[tuple[str, str]]
    """What stands over the line."""
    total: list[tuple[str, str]]
    """What stands under it; nothing where there is only one part."""
    steps: list[tuple[str, str]]
    """Each step's formula, with the numbers that it names, and what it comes to."""


@dataclass(frozen=True)
class Channels:
    """A window's channels as they are printed."""

    parts: Parts
    account: Account
    drawn: list[int]
    """The channels that are drawn as grids."""
    printed: dict[int, tuple[str, ...]]
    """The products of each channel that has a part of its own, rounded so that they add up."""


@dataclass(frozen=True)
class Listed:
    """Terms that are listed, one by one, and those that are always shown (a bias)."""

    terms: list[Term]
    fixed: list[Term]
    parts: Parts


def parted(groups: Sequence[Sequence[float]], fixed: Sequence[float], marks: Ruler, everything: bool = False) -> Parts:
    """Chooses the groups to list, and prints all numbers so that they add up."""
    listed, rest = _chosen(groups, everything)
    outer, inner = subtotals_that_add_up([*(groups[i] for i in listed), *rest, *([value] for value in fixed)], marks)
    return Parts(listed, len(groups) - len(listed), outer, inner, marks)


def parts(made: Working, groups: Sequence[Sequence[float]], fixed: Sequence[Term], everything: bool) -> Parts:
    """The parts of a working."""
    fine = FINE if any(term.formula for term in made.terms) else None
    marks = ruler([term.value for term in made.terms], fine)
    values = [term.value for term in fixed]
    if made.rule == "sum":
        return parted(groups, values, marks, everything)
    listed, rest = _chosen(groups, everything)
    largest = [max(part) for part in (*(groups[i] for i in listed), *rest)]
    outer = Sum(tuple(map(marks.text, [*largest, *values])), marks.text(made.combined))
    return Parts(listed, len(groups) - len(listed), outer, [], marks)


def channels(cell: CellWorking, drawn: Window, everything: bool) -> Channels:
    """A window's channels: which are drawn, what they and what is beside the window come to."""
    numbers, groups = list(drawn.grids), drawn.groups
    found = parts(cell.working, groups, drawn.others, everything)
    most = len(groups) if everything else max(1, min(DRAWN, CELLS // len(groups[0])))
    shown = sorted(strongest(list(map(sum, groups)), most, most))
    count = f"{drawn.size[0] * drawn.size[1]} {'products' if drawn.weighted else 'cells'}"
    labels = [f"channel {numbers[i]}" for i in found.listed] if len(groups) > 1 else [f"sum of {count}"]
    fixed = [cell.where(term.factors[0]) for term in drawn.others]
    printed = {numbers[i]: part.terms for i, part in zip(found.listed, found.inner, strict=False)}
    added = account(labels, fixed, found, cell.working, "other channels")
    return Channels(found, added, [numbers[i] for i in shown], printed)


def listed(cell: CellWorking, everything: bool) -> Listed:
    """The terms of a working one by one: the strongest where there are many."""
    made = cell.working
    fed = [term for term in made.terms if any(cell.source(factor) for factor in term.factors)]
    fixed = [term for term in made.terms if not any(cell.source(factor) for factor in term.factors)]
    found = parts(made, [[term.value] for term in fed], fixed, everything)
    return Listed([fed[number] for number in found.listed], fixed, found)


def account(labels: Sequence[str], fixed: Sequence[str], found: Parts, made: Working, others: str) -> Account:
    """The parts with their numbers, what they come to, and what is done with that."""
    above = [*labels, *([f"{found.others} {others}"] if found.others else []), *fixed]
    name = TOTALS[made.rule] if len(made.terms) > 1 else "x"
    total = [(name, found.outer.total)] if len(above) > 1 else []
    steps = [(re.sub(r"\bx\b", name, made.written(step.formula)), _stepped(step, found.ruler)) for step in made.steps]
    return Account(list(zip(above, found.outer.terms, strict=True)), total, steps)


def strongest(values: Sequence[float], enough: int, shown: int) -> list[int]:
    """All numbers, in order, where there are not more than enough; otherwise the strongest, strongest first."""
    order = range(len(values))
    return list(order) if len(values) <= enough else sorted(order, key=lambda i: abs(values[i]), reverse=True)[:shown]


def _chosen(groups: Sequence[Sequence[float]], everything: bool) -> tuple[list[int], list[list[float]]]:
    """The groups to list, and all numbers of the others as one more, if there are any."""
    listed = strongest(list(map(sum, groups)), len(groups) if everything else LISTED, STRONGEST)
    chosen = set(listed)
    rest = [value for number, group in enumerate(groups) if number not in chosen for value in group]
    return listed, [rest] if rest else []


def _stepped(step: Step, marks: Ruler) -> str:
    """What a step comes to, as fine as the sum before it, but whole where it is whole."""
    own = ruler([step.value])
    plain = own.decimals and not own.exponent and not marks.exponent
    return (Ruler(max(own.decimals, marks.decimals)) if plain else own).text(step.value)
