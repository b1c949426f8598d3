"""Why a class, and why not another: the features that spoke for it and against, ranked; they add up as printed."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cutaway.layers.working import exact_sum
from cutaway.trace import Lead, Leads, Vote, Votes
from cutaway.trace.digits import Ruler, ruler
from cutaway.trace.parts import Parts, parted
from cutaway.views.text.blocks import Block, aligned, columns, indented, rule

LARGE = 700.0
"""Powers of e beyond this are written as powers of ten: a float64 ends near e^709."""

EXPONENT = 5
"""Decimals of the exponent: with these a calculator gives the four digits that are printed of its power."""

MEANINGS = {
    "one": ("softmax", "p", ""),
    "two": ("sigmoid", "p", ""),
    "each": ("sigmoids", "odds", ", where odds = p / (1 - p)"),
}
"""What the last layer is, of what the quotient is, and what that is, for each kind of model."""
FINER = 6
"""Decimals more that two scores may take to add up as printed; each is enough in two of three cases."""


def votes(cast: Votes, name: str, *, turned: bool = False, everything: bool = False) -> str:
    """Which features spoke for a class: number × weight, the strongest first; with the bias they add up to its score.

        why '7': its score dense2[7] is 10.536
        number × weight of each feature, the strongest of 64

          relu3[14]  6.709 ×  0.266 =  1.785
          ...
          54 others                    0.021
          bias[7]                     -0.013
          ──────────────────────────────────
          score                       10.536

    `turned` is for the first of two classes that one score decides between: its score is 0 minus that one, and what
    spoke for the one spoke against the other. Of many features the strongest ten are shown, unless `everything` is.
    """
    sign = -1.0 if turned else 1.0
    unit = cast.working.address
    values = [[sign * vote.value] for vote in cast.ranked]
    marks = ruler([*(vote.value for vote in cast.ranked), cast.bias])
    parts = parted(values, [sign * cast.bias] if cast.biased else [], marks, everything)
    shown = [cast.ranked[number] for number in parts.listed]
    labels = _votes(shown, sign)
    rest = [vote.activation for vote in cast.ranked[len(shown) :]]
    score = f"0 - {unit}" if turned else unit
    head = [
        f"why '{name}': its score {score} is {parts.outer.total}",
        f"number × weight of each feature{', the sign turned' if turned else ''}{_strongest(parts, len(cast.ranked))}",
    ]
    fixed = [f"{'-' if turned else ''}bias[{cast.working.place[0]}]"] if cast.biased else []
    return "\n".join([*head, "", *indented(_sum(labels, rest, fixed, parts, "score"))])


def why_not(leads: Leads, names: tuple[str, str], *, everything: bool = False) -> str:
    """Why one class and not another: number × (weight to the one - weight to the other); and the biases.

        why '7' and not '4': the scores 10.5357 - 4.0383 = 6.4974
        number × (weight to 7 - weight to 4) of each feature, the strongest of 64

          relu3[1]  4.079 × ( 0.325 - -0.137) =   1.884
          ...
          54 others, 41 of them 0                -0.520
          bias[7] - bias[4]                      -0.020
          ─────────────────────────────────────────────
          difference                              6.497

    Both scores have as many decimals as it takes until they add up as printed.
    """
    values = [list(lead.halves) for lead in leads.ranked]
    marks = ruler([*(lead.value for lead in leads.ranked), leads.bias])
    parts = parted(values, [leads.bias] if leads.biased else [], marks, everything)
    shown = leads.ranked[: len(parts.listed)]
    rest = [lead.activation for lead in leads.ranked[len(shown) :]]
    lines = _sum(_leads(shown, leads.single), rest, _biases(leads), parts, "difference")
    return "\n".join([*_head(leads, names, parts), "", *indented(lines)])


def odds(difference: float, names: tuple[str, str], probabilities: tuple[float, float], kind: str) -> str:
    """What a difference of scores means once the last layer has made probabilities of them.

    >>> print(odds(2.0, ("dog", "cat"), (0.881, 0.119), "one"))
    softmax: p(dog) / p(cat) = e^difference = e^2 = 7.389 (88.1 % and 11.9 %)

    `kind` is the model's: `one` class of several, `two` with one score, or `each` by itself; there it is the odds
    p / (1 - p) that have this quotient.
    """
    shares = " and ".join(f"{100 * share:.3g} %" for share in probabilities)
    exponent = round(difference, EXPONENT) + 0.0  # what is printed is what is raised: never minus zero
    written = f"{exponent:.{EXPONENT}f}".rstrip("0").rstrip(".")
    power = f"e^difference = e^{written} = {_power(exponent)} ({shares})"
    layer, quantity, note = MEANINGS[kind]
    one, other = (f"{quantity}({name})" for name in names)
    return f"{layer}: {one} / {other} = {power}{note}"


def _head(leads: Leads, names: tuple[str, str], parts: Parts) -> Block:
    one, other = names
    strongest = _strongest(parts, len(leads.ranked))
    if leads.single:
        above, below = names if leads.classes[0] else (other, one)
        sign = "" if leads.classes[0] else "0 - "
        return [
            f"why '{one}' and not '{other}': {sign}{leads.layer}[0] is {parts.outer.total}",
            f"one score decides: above 0 it says '{above}', below 0 '{below}'",
            f"number × weight of each feature{', the sign turned' if sign else ''}{strongest}",
        ]
    first, second, difference = _scores(leads, parts.ruler)
    return [
        f"why '{one}' and not '{other}': the scores {first} - {second} = {difference}",
        f"number × (weight to {one} - weight to {other}) of each feature{strongest}",
    ]


def _scores(leads: Leads, marks: Ruler) -> tuple[str, str, str]:
    """Both scores and their difference, with as many decimals as it takes until, rounded as usual, they add up."""
    halves = [lead.halves for lead in leads.ranked]
    first = exact_sum([*(half for half, _ in halves), leads.biases[0]])
    second = -exact_sum([*(half for _, half in halves), -leads.biases[1]])
    numbers = (first, second, leads.difference)
    for more in range(FINER):
        finer = Ruler(marks.decimals + more, marks.exponent)
        if not all(map(math.isfinite, numbers)):
            break
        one, other, difference = (round(finer.units(number)) for number in numbers)
        if one - other == difference:
            break
    return finer.text(first), finer.text(second), finer.text(leads.difference)


def _biases(leads: Leads) -> list[str]:
    """What the row of the biases is called; none where the layer has none."""
    one, other = leads.classes
    if not leads.biased:
        return []
    if leads.single:
        return ["bias[0]" if one else "-bias[0]"]
    return [f"bias[{one}] - bias[{other}]"]


def _sum(labels: Sequence[str], rest: Sequence[float], fixed: Sequence[str], parts: Parts, name: str) -> Block:
    zeros = sum(value == 0 for value in rest)
    others = [f"{len(rest)} others" + (f", {zeros} of them 0" if zeros else "")] if rest else []
    rows = list(zip([*labels, *others, *fixed], parts.outer.terms, strict=True))
    lines = columns([*rows, (name, parts.outer.total)], "l.")
    return [*lines[:-1], rule(lines), lines[-1]]


def _votes(shown: Sequence[Vote], sign: float) -> Block:
    """`relu3[14]  6.709 × 0.266 =`, line under line."""
    weights = _numbers([sign * vote.weight for vote in shown])
    numbers = _numbers([vote.activation for vote in shown])
    rows = [[vote.origin.address, f" {n} ×", w, "="] for vote, n, w in zip(shown, numbers, weights, strict=True)]
    return columns(rows, "llll", " ")


def _leads(shown: Sequence[Lead], single: bool) -> Block:
    """`relu3[14]  6.709 × (0.266 - -0.102) =`, line under line."""
    numbers = _numbers([lead.activation for lead in shown])
    if single:
        weights = _numbers([lead.weight - lead.other for lead in shown])
    else:
        both = _numbers([weight for lead in shown for weight in (lead.weight, lead.other)])
        weights = [f"({one} - {other})" for one, other in zip(both[::2], both[1::2], strict=True)]
    rows = [[lead.origin.address, f" {n} ×", w, "="] for lead, n, w in zip(shown, numbers, weights, strict=True)]
    return columns(rows, "llll", " ")


def _numbers(values: Sequence[float]) -> list[str]:
    marks = ruler(values)
    return aligned([marks.text(value) for value in values])


def _strongest(parts: Parts, count: int) -> str:
    return f", the strongest of {count}" if parts.others else ""


def _power(exponent: float) -> str:
    if not math.isfinite(exponent):
        return str(exponent)
    return f"{math.exp(exponent):.4g}" if abs(exponent) < LARGE else f"10^{exponent / math.log(10):.0f}"
