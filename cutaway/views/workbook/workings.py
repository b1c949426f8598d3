"""Workings as formulas: what a layer says of a cell, over the cells of a workbook. It knows no kind of layer."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass

from cutaway.layers import formula as grammar
from cutaway.layers.working import Factor, Step, Term, Working
from cutaway.views.workbook import ranges
from cutaway.views.workbook.expression import (
    Call,
    Choice,
    Expression,
    Negative,
    Number,
    Power,
    Product,
    Quotient,
    Ref,
    Sum,
)
from cutaway.views.workbook.grid import Grid
from cutaway.views.workbook.layout import Area, Place

INLINE = 20
"""Parts of a sum up to which a formula is readable with something around it."""
SIGNS = {ast.Gt: ">", ast.GtE: ">=", ast.Lt: "<", ast.LtE: "<="}


@dataclass(frozen=True)
class Writer:
    """Turns the workings of one layer into formulas; numbers in between go beside the layer."""

    grid: Grid
    place: Place
    areas: Mapping[str, Area]
    """Where the factors of a working stand, by what they are called: `input`, `kernel`, `bias`."""

    def expression(self, made: Working) -> Expression:
        """The formula of the cell that a working is of."""
        where = _Names(self, made)
        combined, value = self._combined(made, where), made.combined
        for step in made.steps:
            x = combined if self._inline(made, combined, step) else self._between(combined, value)
            combined, value = translated(step.formula, where.of(x)), step.value
        return combined

    @staticmethod
    def _inline(made: Working, combined: Expression, step: Step) -> bool:
        """Whether what the terms come to can stand in the step's formula: once, and not at length."""
        once = len(re.findall(r"\bx\b", step.formula)) == 1
        short = not isinstance(combined, Sum) or len(combined.terms) <= INLINE
        return once and short and not any(term.formula for term in made.terms)

    def _between(self, combined: Expression, value: float) -> Expression:
        return self.grid.between(combined, value, self.place, "sum")

    def _combined(self, made: Working, where: _Names) -> Expression:
        terms = [self._term(made, term, where) for term in made.terms]
        if made.rule == "max":
            return ranges.largest([term for term in terms if isinstance(term, Ref)])
        return ranges.total(terms)

    def _term(self, made: Working, term: Term, where: _Names) -> Expression:
        factors = tuple(map(self.factor, term.factors))
        if not term.formula:
            return factors[0] if len(factors) == 1 else Product(factors)
        formula = translated(term.formula, where.of(factors[0]))
        if len(made.terms) == 1:
            return formula
        first = term.factors[0]
        name = self.areas[first.of].name if first.of in self.areas else first.of
        return self.grid.between(formula, term.value, self.place, f"{term.formula}, x = {name}{list(first.cell)}")

    def factor(self, factor: Factor) -> Expression:
        if factor.made:
            label = f"{factor.of}{list(factor.cell) if factor.cell else ''}"
            return self.grid.between(self.expression(factor.made), factor.value, self.place, label)
        area = self.areas.get(factor.of)
        return area.ref(factor.cell) if area else Number(factor.value)


class _Names(dict[str, Expression]):
    """What the names in a working's formulas stand for; each is looked for when it is first met."""

    def __init__(self, writer: Writer, made: Working, **known: Expression) -> None:
        super().__init__(known)
        self.writer, self.made = writer, made

    def __missing__(self, name: str) -> Expression:
        self[name] = found = self.writer.factor(self.made.where[name])
        return found

    def of(self, x: Expression) -> _Names:
        """The same, with what x stands for."""
        return _Names(self.writer, self.made, **{**self, "x": x})


def translated(formula: str, names: Mapping[str, Expression]) -> Expression:
    """A formula of a working, with the expressions that its names stand for."""
    return _translated(grammar.parse(formula), names)


def _translated(node: ast.expr, names: Mapping[str, Expression]) -> Expression:
    match node:
        case ast.Constant(value=int() | float() as value):
            return Number(float(value))
        case ast.Name(id=name):
            return names[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return Negative(_translated(operand, names))
        case ast.BinOp(left=left, op=op, right=right):
            return _operation(op, _translated(left, names), _translated(right, names))
        case ast.Call(func=ast.Name(id=name), args=args):
            return Call(name, tuple(_translated(arg, names) for arg in args))
        case ast.IfExp(test=ast.Compare(left=left, ops=[op], comparators=[right]), body=then, orelse=otherwise):
            comparison = _translated(left, names), SIGNS[type(op)], _translated(right, names)
            return Choice((comparison,), _translated(then, names), _translated(otherwise, names))
    raise ValueError(f"no formula for {ast.unparse(node)!r}")


def _operation(op: ast.operator, left: Expression, right: Expression) -> Expression:
    match op:
        case ast.Add():
            return Sum((left, right))
        case ast.Sub():
            return Sum((left, Negative(right)))
        case ast.Mult():
            return Product((left, right))
        case ast.Div():
            return Quotient(left, right)
        case ast.Pow() if isinstance(right, Number):
            return Power(left, right.value)
    raise ValueError(f"no formula for the operation {ast.dump(op)}")
