"""The fast ways to run and train a net, and the slow one that is always right."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from cutaway.errors import InputError
from cutaway.layers.words import nearest

if TYPE_CHECKING:
    from collections.abc import Callable

    from cutaway.engines.engine import Engine, Predictor, Says
    from cutaway.layers.layer import Weights
    from cutaway.net import Net

NAMES = ("native", "reference")
"""The engines there are, best first; `auto` takes the first that runs the net."""
PRECISIONS = ("auto", "float32", "bf16")
"""What products are made of; `auto` is bf16 where the processor has it and the net bears it, and else float32."""


def check(name: str, threads: int | None = None, precision: str = "auto") -> None:
    """Raises InputError for what `choose` would not take, before there is a net."""
    if name not in ("auto", *NAMES):
        raise InputError(f"there is no engine {name!r}{nearest(name, NAMES)}; known: auto, {', '.join(NAMES)}")
    if precision not in PRECISIONS:
        known = ", ".join(PRECISIONS)
        raise InputError(f"there is no precision {precision!r}{nearest(precision, PRECISIONS)}; known: {known}")
    if threads is not None and threads < 1:
        raise InputError(f"threads is {threads}; it can be 1 or more, and without it all cores are used")


def choose(name: str = "auto", net: Net | None = None, threads: int | None = None, precision: str = "auto") -> Engine:
    """The engine of a name, or the best one that is here.

    >>> choose("auto").name
    'native'

    Where the native engine does not run a net (or is not here), the reference engine does, and one line of the log
    says why.
    """
    check(name, threads, precision)
    if name in ("auto", "native"):
        from cutaway.engines.native import Native, refusal

        if not (why := refusal(net)):
            return Native(threads, precision)
        logging.getLogger("cutaway").warning("the reference engine computes, slowly: %s", why)
    from cutaway.engines.reference import Reference

    return Reference()


def predictor(net: Net, weights: Weights, fast: Callable[[], Says] | None = None) -> Predictor:
    """A net ready to predict: at once, and fast once there are many pictures, by the engine that `fast` makes ready."""
    from cutaway.engines.patient import Patient

    return Patient(net, weights, fast)
