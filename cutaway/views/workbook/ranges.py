"""Sums of cells, and of products of cells, as the ranges that a person would mark: a window and its kernel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cutaway.views.workbook.expression import Block, Call, Expression, Number, Product, Ref, Sum

Cells = tuple[Ref, ...]
"""The cells that one term is the product of."""


def total(terms: Sequence[Expression]) -> Expression:
    """The sum of these; terms that lie in rectangles are written as ranges."""
    parts: list[Expression] = []
    for group, cells in _grouped(terms):
        parts += _summed(cells) if cells else group
    if not parts:
        return Number(0.0)
    return parts[0] if len(parts) == 1 else Sum(tuple(parts))


def largest(cells: Sequence[Ref]) -> Expression:
    """The largest of these."""
    blocks = [_given(first[0], rows, cols) for first, rows, cols in _rectangles([(cell,) for cell in cells])]
    return blocks[0] if len(cells) == 1 and isinstance(blocks[0], Ref) else Call("max", tuple(blocks))


def _grouped(terms: Sequence[Expression]) -> Iterator[tuple[list[Expression], list[Cells]]]:
    """Neighbouring terms of as many cells together; others, which are not products of one or two cells, alone."""
    group: list[Expression] = []
    cells: list[Cells] = []
    for term in terms:
        own = _cells(term)
        if not own:
            yield [term], []
            continue
        if cells and len(own) != len(cells[0]):
            yield group, cells
            group, cells = [], []
        group.append(term)
        cells.append(own)
    if cells:
        yield group, cells


def _cells(term: Expression) -> Cells:
    if isinstance(term, Ref):
        return (term,)
    if isinstance(term, Product) and len(term.factors) == 2:
        a, b = term.factors
        if isinstance(a, Ref) and isinstance(b, Ref):
            return a, b
    return ()


def _summed(cells: Sequence[Cells]) -> Iterable[Expression]:
    for first, rows, cols in _rectangles(cells):
        if rows == cols == 1:
            yield first[0] if len(first) == 1 else Product(first)
            continue
        blocks = tuple(Block(cell, rows, cols) for cell in first)
        yield Call("SUM" if len(first) == 1 else "SUMPRODUCT", blocks)


def _given(first: Ref, rows: int, cols: int) -> Expression | Block:
    return first if rows == cols == 1 else Block(first, rows, cols)


def _rectangles(every: Sequence[Cells]) -> Iterator[tuple[Cells, int, int]]:
    """Cells in reading order as rectangles: the first of each, and how many rows and columns it has.

    Of products, each factor's cells make a rectangle of the same shape.
    """
    first, rows, cols = every[0], 0, 0
    for start, width in _runs(every):
        if width == cols and _apart(first, start, rows, 0):
            rows += 1
            continue
        if rows:
            yield first, rows, cols
        first, rows, cols = start, 1, width
    yield first, rows, cols


def _runs(every: Sequence[Cells]) -> Iterator[tuple[Cells, int]]:
    """Cells that stand beside each other in a row, from left to right: the first, and how many."""
    start, width = every[0], 1
    for cells in every[1:]:
        if _apart(start, cells, 0, width):
            width += 1
            continue
        yield start, width
        start, width = cells, 1
    yield start, width


def _apart(one: Cells, other: Cells, rows: int, cols: int) -> bool:
    """Whether each of the other cells is so many rows and columns from its own."""
    for a, b in zip(one, other):  # noqa: B905 - as many of both; this is asked for each term
        if b[2] != a[2] + cols or b[1] != a[1] + rows or b[0] != a[0]:
            return False
    return True
