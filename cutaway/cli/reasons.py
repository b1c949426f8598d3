"""Why a class was guessed, and why not another, for `cutaway explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cutaway.errors import InputError
from cutaway.wording import first, nearest

if TYPE_CHECKING:
    from cutaway.model import Model
    from cutaway.trace import Trace

NAMED = 10
"""Classes that an error names."""


def why(model: Model, trace: Trace, name: str, *, everything: bool) -> str:
    """The votes for a class, or for the guess where the name is empty."""
    from cutaway.model.names import escaped
    from cutaway.trace.votes import score_layer
    from cutaway.views import text

    wanted = class_of(model, name) if name else guess(model, trace)
    layer, shown = score_layer(trace), escaped(model.classes[wanted])
    if model.kind == "two":  # one score, of the second class
        return text.votes(trace.votes(0, layer), shown, turned=wanted == 0, everything=everything)
    return text.votes(trace.votes(wanted, layer), shown, everything=everything)


def why_not(model: Model, trace: Trace, name: str, rather: str | None, *, everything: bool) -> str:
    """The difference of the guess (or of the class `rather`) and a class."""
    from cutaway.model.names import escaped
    from cutaway.views import text

    other = class_of(model, name)
    chosen = class_of(model, rather) if rather else guess(model, trace)
    if chosen == other:
        what = "named twice" if rather else "the guess"
        others = [escaped(one) for one in model.classes if one != model.classes[other]]
        raise InputError(f"{escaped(model.classes[other])} is {what}; name another class: {first(others, NAMED)}")
    leads = trace.why_not(chosen, other)
    names = escaped(model.classes[chosen]), escaped(model.classes[other])
    probs = probabilities(model, trace)
    meant = text.odds(leads.difference, names, (probs[chosen], probs[other]), model.kind)
    return text.why_not(leads, names, everything=everything) + "\n\n" + meant


def class_of(model: Model, name: str) -> int:
    """The number of a class by its name, as it is or as it is printed. Raises InputError with the nearest."""
    from cutaway.model.names import escaped

    names = [escaped(one) for one in model.classes]
    for known in (list(model.classes), names):
        if name in known:
            return known.index(name)
    hint = nearest(name, names) or f"; there are {first(names, NAMED)}"
    raise InputError(f"there is no class {name!r}{hint}")


def guess(model: Model, trace: Trace) -> int:
    """The most probable class."""
    probs = probabilities(model, trace)
    return max(range(len(probs)), key=lambda number: probs[number])


def probabilities(model: Model, trace: Trace) -> list[float]:
    """Of each class, as the engine has them."""
    from cutaway.model.outputs import probabilities

    found: list[float] = probabilities(model.net, model.kind, trace.output[None])[0].tolist()
    return found
