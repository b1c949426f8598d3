"""The fast ways to run and train a net, and the slow one that is always right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cutaway.errors import InputError
from cutaway.layers.words import nearest

if TYPE_CHECKING:
    from cutaway.engines.engine import Engine

NAMES = ("native", "reference")
"""The engines there are, best first; `auto` takes the first."""


def choose(name: str = "auto") -> Engine:
    """The engine of a name, or the best one that is here.

    >>> choose("auto").name
    'reference'
    """
    if name not in ("auto", *NAMES):
        raise InputError(f"there is no engine {name!r}{nearest(name, NAMES)}; known: auto, {', '.join(NAMES)}")
    if name in ("auto", "native"):
        from cutaway.engines.native import Native

        return Native()
    from cutaway.engines.reference import Reference

    return Reference()
