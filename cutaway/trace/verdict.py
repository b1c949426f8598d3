"""What the exact number is, and how far the engine's is from it: the last two lines of every working."""

from __future__ import annotations

from typing import NamedTuple

from cutaway.trace.cell import CellWorking
from cutaway.trace.digits import shortest


class Verdict(NamedTuple):
    """`exact` -0.25, `engine` -0.25, `remark` the same."""

    exact: str
    engine: str
    remark: str


def verdict(cell: CellWorking) -> Verdict:
    """Both numbers, and whether rounding explains the difference."""
    engine = shortest(cell.engine)
    if repr(cell.engine) == repr(cell.value):  # also where both are nan
        return Verdict(shortest(cell.value), engine, "the same")
    exact = repr(cell.value).removesuffix(".0")
    off = f"off by {cell.difference:+.2g}"
    if not cell.ok:
        return Verdict(exact, engine, f"{off}: WRONG, rounding allows {cell.bound:.2g}")
    return Verdict(exact, engine, f"{off}; rounding allows {cell.bound:.2g}")
