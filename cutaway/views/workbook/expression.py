"""What a cell of a spreadsheet computes, as a tree: it can be written as a formula, and worked out.

>>> text(Sum((Product((Ref("conv1", 3, 1), Number(2.0))), Number(1.0))), "conv1")
'B4*2+1'
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

from cutaway.layers.formula import FUNCTIONS, HALF


class Ref(NamedTuple):
    """One cell, counted from 0."""

    sheet: str
    row: int
    col: int


class Block(NamedTuple):
    """A rectangle of cells."""

    first: Ref
    rows: int
    cols: int

    def cells(self) -> Iterator[Ref]:
        """Every cell, in reading order."""
        sheet, row, col = self.first
        return (Ref(sheet, row + i, col + j) for i in range(self.rows) for j in range(self.cols))


class Number(NamedTuple):
    """A constant."""

    value: float


class Sum(NamedTuple):
    """Expressions that are added up."""

    terms: tuple[Expression, ...]


class Product(NamedTuple):
    """Expressions that are multiplied."""

    factors: tuple[Expression, ...]


class Quotient(NamedTuple):
    """One expression divided by another."""

    above: Expression
    below: Expression


class Power(NamedTuple):
    """An expression to a constant power."""

    base: Expression
    exponent: float


class Negative(NamedTuple):
    """Minus an expression."""

    of: Expression


class Call(NamedTuple):
    """A function of expressions or blocks, by its name in formulas of workings, or one of SUM and SUMPRODUCT."""

    name: str
    given: tuple[Expression | Block, ...]


class Choice(NamedTuple):
    """One of two expressions: the first where all comparisons hold."""

    comparisons: tuple[tuple[Expression, str, Expression], ...]
    then: Expression
    otherwise: Expression


SIGNS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le, "=": operator.eq}
"""The comparisons, as a spreadsheet writes them."""

Expression = Ref | Number | Sum | Product | Quotient | Power | Negative | Call | Choice


# --- as a formula ---------------------------------------------------------------------------------

SUM, FACTOR, ATOM = range(3)
"""How tightly what is written holds together: a + b, a * b, a."""

SPREADSHEET = {"log": "LN"}
"""Functions that a spreadsheet program calls otherwise than in capitals."""


def text(expression: Expression | Block, sheet: str, within: int = SUM) -> str:
    """The formula, without its =, as it stands in a cell of this sheet."""
    match expression:
        case Ref():
            return _prefix(expression.sheet, sheet) + _address(expression.row, expression.col)
        case Product(factors):
            return _bracketed("*".join(text(factor, sheet, ATOM) for factor in factors), FACTOR, within)
        case Block(first, rows, cols):
            return f"{text(first, sheet)}:{_address(first.row + rows - 1, first.col + cols - 1)}"
        case Number(value):
            return _bracketed(repr(value).removesuffix(".0"), ATOM if value >= 0 else SUM, within)
        case Sum(terms):
            return _bracketed("+".join(text(term, sheet, FACTOR) for term in terms), SUM, within)
        case Quotient(above, below):
            return _bracketed(f"{text(above, sheet, FACTOR)}/{text(below, sheet, ATOM)}", FACTOR, within)
        case Power(base, exponent):
            return _bracketed(f"{text(base, sheet, ATOM)}^{text(Number(exponent), sheet, ATOM)}", FACTOR, within)
        case Negative(of):  # in brackets: a spreadsheet's -2^2 is 4
            return _bracketed(f"-{text(of, sheet, ATOM)}", SUM, within)
        case Call("rounded", (of,)):
            return f"INT({text(of, sheet)}+{HALF!r})"
        case Call(name, given):
            inner = ",".join(text(one, sheet) for one in given)
            return f"{SPREADSHEET.get(name, name.upper())}({inner})"
        case Choice(comparisons, then, otherwise):
            held = [f"{text(a, sheet, FACTOR)}{sign}{text(b, sheet, FACTOR)}" for a, sign, b in comparisons]
            condition = held[0] if len(held) == 1 else f"AND({','.join(held)})"
            return f"IF({condition},{text(then, sheet)},{text(otherwise, sheet)})"


def _bracketed(written: str, strength: int, within: int) -> str:
    return f"({written})" if strength < within else written


@cache
def _prefix(of: str, sheet: str) -> str:
    from xlsxwriter.utility import quote_sheetname

    return "" if of == sheet else f"{quote_sheetname(of)}!"


def _address(row: int, col: int) -> str:
    return f"{_letters(col)}{row + 1}"


@cache
def _letters(col: int) -> str:
    from xlsxwriter.utility import xl_col_to_name

    name: str = xl_col_to_name(col)
    return name


# --- as a number ----------------------------------------------------------------------------------


def compute(expression: Expression, values: Mapping[Ref, float]) -> float:
    """What it comes to; cells that have no value are empty, and count as 0."""
    match expression:
        case Ref():
            return values.get(expression, 0.0)
        case Number(value):
            return value
        case Sum(terms):
            return math.fsum(compute(term, values) for term in terms)
        case Product(factors):
            return math.prod(compute(factor, values) for factor in factors)
        case Quotient(above, below):
            return compute(above, values) / compute(below, values)
        case Power(base, exponent):
            return float(compute(base, values) ** exponent)
        case Negative(of):
            return -compute(of, values)
        case Call(name, given):
            return _called(name, given, values)
        case Choice(comparisons, then, otherwise):
            held = all(SIGNS[sign](compute(a, values), compute(b, values)) for a, sign, b in comparisons)
            return compute(then if held else otherwise, values)


def _called(name: str, given: tuple[Expression | Block, ...], values: Mapping[Ref, float]) -> float:
    if name == "SUMPRODUCT":
        columns = [[values.get(cell, 0.0) for cell in block.cells()] for block in given if isinstance(block, Block)]
        return math.fsum(map(math.prod, zip(*columns, strict=True)))
    numbers = [
        number
        for one in given
        for number in (
            [values.get(cell, 0.0) for cell in one.cells()] if isinstance(one, Block) else [compute(one, values)]
        )
    ]
    return math.fsum(numbers) if name == "SUM" else float(FUNCTIONS[name](*numbers))
