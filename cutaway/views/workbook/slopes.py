"""The gradient of one cell of a workbook with respect to all that it is made of, as formulas over the workbook's cells.

Each formula passes its own gradient on to the cells that it names (the chain rule, from the end to the start). What
this gives is held against `backward` of the declarations; it is not written from it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping

from cutaway.views.workbook import ranges
from cutaway.views.workbook.expression import (
    Block,
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

ZERO, ONE = Number(0.0), Number(1.0)
Parts = Iterator[tuple[Ref, Expression]]
"""Cells, and what they get of a gradient."""


def slopes(formulas: dict[Ref, Expression], seeds: Mapping[Ref, Expression], moved: str) -> dict[Ref, Expression]:
    """For each cell that has a part in the seeds, the formula of its gradient.

    `seeds` are the gradients at the end. `moved` is put behind a sheet's name to get the one where its gradients stand,
    each in the place of its cell. The result is in an order in which each comes after those it is made of.
    """
    parts: dict[Ref, list[Expression]] = defaultdict(list)
    for ref, seed in seeds.items():
        parts[ref].append(seed)
    found: dict[Ref, Expression] = {}
    for ref in reversed(formulas):
        if ref in parts:
            found[ref] = ranges.total(parts[ref])
            own = Ref(ref.sheet + moved, ref.row, ref.col)
            for source, part in _passed(formulas[ref], own, ref):
                parts[source].append(part)
    return found | {ref: ranges.total(own) for ref, own in parts.items() if ref not in formulas}


def _passed(formula: Expression, up: Expression, whole: Expression | None = None) -> Parts:
    """What each cell in a formula gets of the formula's own gradient. `whole` is the cell that holds all of it."""
    match formula:
        case Ref():
            yield formula, up
        case Sum(terms):
            for term in terms:
                yield from _passed(term, up)
        case Product(factors):
            for place, factor in enumerate(factors):
                yield from _passed(factor, times(up, *factors[:place], *factors[place + 1 :]))
        case Quotient(above, below):
            yield from _passed(above, Quotient(up, below))
            yield from _passed(below, Negative(Quotient(times(up, above), Power(below, 2.0))))
        case Power(base, exponent):
            yield from _passed(base, times(up, Number(exponent), Power(base, exponent - 1)))
        case Negative(of):
            yield from _passed(of, Negative(up))
        case Choice(comparisons, then, otherwise):
            yield from _passed(then, Choice(comparisons, up, ZERO))
            yield from _passed(otherwise, Choice(comparisons, ZERO, up))
        case Call("SUM", (Block() as block,)):
            yield from ((cell, up) for cell in block.cells())
        case Call("SUMPRODUCT", (Block() as a, Block() as b)):
            for one, other in zip(a.cells(), b.cells(), strict=True):
                yield one, times(up, other)
                yield other, times(up, one)
        case Call("max", given) if whole is not None and all(isinstance(one, Ref | Block) for one in given):
            yield from _to_the_largest(given, up, whole)
        case Call(name, given):
            within = [one for one in given if not isinstance(one, Block)]
            for inner, slope in zip(within, SLOPES[name](up, *within), strict=True):
                yield from _passed(inner, slope)


def _to_the_largest(given: tuple[Expression | Block, ...], up: Expression, whole: Expression) -> Parts:
    """The first of the largest cells gets all."""
    cells = [cell for one in given for cell in (one.cells() if isinstance(one, Block) else [one])]
    for place, cell in enumerate(cells):
        before = tuple((earlier, "<", whole) for earlier in cells[:place])
        if isinstance(cell, Ref):
            yield cell, Choice((*before, (cell, "=", whole)), up, ZERO)


def times(*factors: Expression) -> Expression:
    """A product; products in it are opened, ones left out."""
    flat = [own for one in factors for own in (one.factors if isinstance(one, Product) else (one,)) if own != ONE]
    return flat[0] if len(flat) == 1 else Product(tuple(flat)) if flat else ONE


# --- functions of one or two expressions: what each of them gets -----------------------------------


def _first_wins(sign: str, up: Expression, a: Expression, b: Expression) -> tuple[Expression, Expression]:
    """Of two, the first gets all where the comparison holds, otherwise the second; a constant wants nothing."""
    held = ((a, sign, b),)
    return Choice(held, up, ZERO), Choice(held, ZERO, up)


SLOPES: Mapping[str, Callable[..., tuple[Expression, ...]]] = {
    "exp": lambda up, x: (times(up, Call("exp", (x,))),),
    "log": lambda up, x: (Quotient(up, x),),
    "sqrt": lambda up, x: (Quotient(up, times(Number(2.0), Call("sqrt", (x,)))),),
    "tanh": lambda up, x: (times(up, Sum((ONE, Negative(Power(Call("tanh", (x,)), 2.0))))),),
    "erf": lambda up, x: (times(up, Number(2 / math.sqrt(math.pi)), Call("exp", (Negative(Power(x, 2.0)),))),),
    "rounded": lambda up, x: (up,),  # as if it were not rounded
    "max": lambda up, a, b: _first_wins(">=", up, a, b),
    "min": lambda up, a, b: _first_wins("<", up, a, b),
}
