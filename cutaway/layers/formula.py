"""The formulas in workings: `max(0, x)`, `x if x > 0 else leak * x`, `own / x^0.75`.

They are written as a person writes them on paper, and read by what recomputes them: a workbook, a test. Numbers, names,
+ - * / ^, one `if` with a comparison, and the functions below; nothing else.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping

HALF = 0.5 + 2.0**-30
"""Where rounding goes up: a tie that float64 sees a hair below is still a tie."""


def rounded(x: float) -> int:
    """The nearest whole number, halves up."""
    return math.floor(x + HALF)


FUNCTIONS: Mapping[str, Callable[..., float]] = {
    "erf": math.erf,
    "exp": math.exp,
    "log": math.log,
    "max": max,
    "min": min,
    "rounded": rounded,
    "sqrt": math.sqrt,
    "tanh": math.tanh,
}


def parse(formula: str) -> ast.expr:
    """The formula as a tree of Python's: its ^ is the power, which binds as Python's ** does."""
    return ast.parse(formula.replace("^", "**"), mode="eval").body


def compute(formula: str, x: float, names: Mapping[str, float]) -> float:
    """What a formula comes to.

    >>> compute("x if x > 0 else leak * x", -2.0, {"leak": 0.25})
    -0.5
    """
    return float(eval(formula.replace("^", "**"), {"__builtins__": {}}, {**FUNCTIONS, **names, "x": x}))
