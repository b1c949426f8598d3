"""What can be said of a model in plain words, with numbers: how good it is, where it fails, what to do next.

The report, the model card and the command line all say these. A sentence stands only where something measured shows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cutaway.model.assessment import Assessment, Confused
from cutaway.model.evaluation import ClassFigures
from cutaway.model.intervals import wilson
from cutaway.model.model import Model
from cutaway.model.names import escaped
from cutaway.pictures.pictures import TEST, VALIDATION

GAP = 0.05
"""By so much more of the training pictures than of the others have to be right to speak of learning by heart."""
GAIN = 0.01
"""So much more have to be right after the last epoch than after the one before to speak of going on."""
FEW = 50
"""Pictures of a class below which there are few."""
GOOD = 0.98
"""From this accuracy on, few pictures are evidently enough."""
UNEVEN = 3.0
"""So many times as many pictures as the rarest class has the commonest, where classes are uneven."""
MOST = 0.25
"""The share of all mistakes that two classes have to have between them to be named for it."""
WIDE = 0.1
"""An interval wider than this says little."""
MISPLACED = 0.05
"""A calibration error from which probabilities should not be taken at their word."""
ENOUGH = 3
"""Mistakes below which nothing is made of how they are spread."""


# ---- how good


def on_which(assessment: Assessment) -> str:
    """What it was judged by, and what that means."""
    meaning = {
        TEST: "the test pictures, which played no part in training",
        VALIDATION: "the validation pictures: the weights were not trained on them, but chosen by them, so that the "
        "figure is a little kind",
    }
    return f"Judged by {meaning.get(assessment.part, 'all pictures that were given')}."


def how_good(assessment: Assessment) -> str:
    """`97.61% of 377 validation pictures are right (95% interval 95.53% to 98.74%).`"""
    return (
        f"{assessment.accuracy:.2%} of {assessment.count:,} {kind(assessment)}pictures right "
        f"(95% interval {interval(assessment.interval)})."
    )


def balanced(share: float) -> str:
    """What the accuracy would be if no class were larger than another."""
    return f"Balanced accuracy (the mean over the classes): {share:.2%}."


def against_guessing(assessment: Assessment) -> str:
    """How good the best guess is of who sees no picture; nothing where that is not known."""
    if assessment.guessing is None or assessment.commonest is None:
        return ""
    return f"Always saying {quoted(assessment.commonest.label)} would be right for {assessment.guessing:.2%}."


def against_nearest(assessment: Assessment) -> str:
    """How good the nearest-neighbour baseline is; nothing where it was not measured."""
    one = assessment.nearest
    if one is None:
        return ""
    which = f"{one.count:,} of the pictures" if one.count < one.of_count else f"the {one.count:,} pictures"
    known = f"{one.known:,} of {one.of_known:,}" if one.known < one.of_known else f"the {one.known:,}"
    return (
        f"Saying what the most similar of {known} training pictures is, pixel by pixel, would be right for "
        f"{one.accuracy:.2%} of {which} (95% interval {interval(one.interval)})."
    )


def sureness(assessment: Assessment) -> str:
    """Whether its probabilities can be taken at their word."""
    one = assessment.calibration
    if one is None:
        return ""
    text = f"Its probabilities are off by {one.error:.2%} on average (expected calibration error)"
    if one.after is None or one.temperature is None:
        return f"{text}."
    return f"{text}; with all scores divided by {one.temperature:.2f} (temperature scaling), by {one.after:.2%}."


def short(assessment: Assessment) -> list[str]:
    """All of these that can be said."""
    return list(
        filter(
            None,
            (how_good(assessment), against_guessing(assessment), against_nearest(assessment), sureness(assessment)),
        )
    )


# ---- where it fails


def failures(assessment: Assessment) -> list[str]:
    """The classes that it finds least, those that it takes for each other, and how sure it is when it is wrong."""
    if not assessment.wrong:
        return [f"None of the {assessment.count:,} pictures was taken for another class."]
    found = [f"{assessment.wrong:,} of {assessment.count:,} pictures were taken for another class."]
    seen = [one for one in assessment.classes if one.support]
    if weakest := min(seen, key=lambda one: (one.recall or 0, -one.support), default=None):
        if (weakest.recall or 0) < assessment.accuracy:
            found.append(f"{quoted(weakest.label)} is found least often: {of_its(weakest)}.")
    found += [f"{quoted(one.true)} was taken for {quoted(one.guess)} {times(one)}." for one in assessment.confused[:2]]
    if said := too_sure(assessment):
        found.append(said)
    return found


def too_sure(assessment: Assessment) -> str:
    """Where it says what probability and how often it is right then, if that is far apart."""
    one = assessment.calibration
    if one is None or one.error < MISPLACED:
        return ""
    sure = sum(each.sure * each.count for each in one.bins) / assessment.count
    if abs(sure - assessment.accuracy) < MISPLACED:
        return ""
    how = "more" if sure > assessment.accuracy else "less"
    return f"It is {how} sure than it should be: {sure:.1%} on average, and right for {assessment.accuracy:.1%}."


# ---- what to do next


def next_steps(model: Model, assessment: Assessment) -> list[str]:
    """What the figures suggest; nothing that they do not."""
    facts = model.facts
    steps = [
        learned_nothing(assessment),
        stopped(facts),
        beaten(assessment),
        by_heart(facts),
        still_better(facts),
        alike(assessment),
        few(facts, assessment),
        uneven(facts, assessment),
        unreadable(facts, assessment),
        uncertain(assessment),
    ]
    return [step for step in steps if step]


def learned_nothing(assessment: Assessment) -> str:
    """It does no better than who sees no picture."""
    if assessment.guessing is None or assessment.interval[0] > assessment.guessing:
        return ""
    return (
        f"Nothing shows that it has learned: {assessment.accuracy:.1%} are right, and always saying the commonest "
        f"class would be right for {assessment.guessing:.1%}. See whether the pictures lie in the right class folders; "
        "then train longer (--epochs), or with another net or rate."
    )


def stopped(facts: Mapping[str, Any]) -> str:
    """It did not come to its end."""
    done, planned = len(facts.get("epochs", [])), facts.get("recipe", {}).get("epochs")
    if facts.get("finished", True) or not planned:
        return ""
    return f"It was stopped after {done} of {planned} epochs: the same command goes on from there."


def beaten(assessment: Assessment) -> str:
    """The nearest neighbour does as well."""
    one = assessment.nearest
    if one is None or assessment.accuracy > one.accuracy or not one.right:
        return ""
    return (
        f"It is no better than the most similar training picture ({one.accuracy:.1%} against "
        f"{assessment.accuracy:.1%}): train longer (--epochs), or try a larger net (cutaway nets lists them)."
    )


def by_heart(facts: Mapping[str, Any]) -> str:
    """It does much better on what it was trained on."""
    own, held = kept_epoch(facts), facts.get("validation", {})
    if not own or not held:
        return ""
    top = wilson(round(held["accuracy"] * held["count"]), held["count"])[1]
    if own["accuracy"] - held["accuracy"] < GAP or own["accuracy"] <= top:
        return ""
    recipe = facts.get("recipe", {})
    ways = ["--shift 2 moves them a little"] * (not recipe.get("shift"))
    ways += ["--flip mirrors them, where left and right do not matter"] * (not recipe.get("flip"))
    return (
        f"It has learned some training pictures by heart: {own['accuracy']:.1%} of them are right, and "
        f"{held['accuracy']:.1%} of the validation pictures. More pictures help"
        f"{'; ' + '; '.join(ways) if ways else ''}."
    )


def still_better(facts: Mapping[str, Any]) -> str:
    """The last epoch was the best, and clearly better than the one before."""
    epochs = facts.get("epochs", [])
    if len(epochs) < 2 or facts.get("epoch") != epochs[-1]["number"] or not facts.get("finished", True):
        return ""
    before, last = (one["validation_accuracy"] for one in epochs[-2:])
    until = facts.get("recipe", {}).get("until")
    if last - before < GAIN or (until and last >= until):
        return ""
    return (
        f"It was still getting better when it ended: {before:.1%}, then {last:.1%} of the validation pictures. "
        f"Train longer: --epochs {2 * len(epochs)}."
    )


def alike(assessment: Assessment) -> str:
    """Two classes that make up much of the mistakes."""
    if len(assessment.classes) < 3 or assessment.wrong < ENOUGH:
        return ""
    between: dict[frozenset[str], int] = {}
    for one in assessment.confused:
        pair = frozenset((one.true, one.guess))
        between[pair] = between.get(pair, 0) + one.count
    pair, count = max(between.items(), key=lambda item: item[1], default=(frozenset(), 0))
    if count < max(ENOUGH, MOST * assessment.wrong):
        return ""
    first, second = sorted(pair)
    return (
        f"{count:,} of {assessment.wrong:,} mistakes are between {quoted(first)} and {quoted(second)}: look at these "
        "pictures. Where a label is wrong, move the file; where the two are hard to tell apart, add pictures of both."
    )


def few(facts: Mapping[str, Any], assessment: Assessment) -> str:
    """Classes of few pictures, where it is not good without more."""
    short_of = {name: count for name, count in counts(facts).items() if count < FEW}
    if not short_of or assessment.accuracy >= GOOD:
        return ""
    name = min(short_of, key=lambda one: short_of[one])
    more = f", and {len(short_of) - 1} other class{'es' * (len(short_of) > 2)} under {FEW}" if len(short_of) > 1 else ""
    return f"{quoted(name)} has {pictures(short_of[name])}{more}: add some. A few hundred of each class go a long way."


def uneven(facts: Mapping[str, Any], assessment: Assessment) -> str:
    """One class has many times the pictures of another, which is found less often."""
    known = counts(facts)
    if not known:
        return ""
    rare, common = min(known, key=lambda one: known[one]), max(known, key=lambda one: known[one])
    own = next((one for one in assessment.classes if one.label == rare), None)
    if known[common] < UNEVEN * known[rare] or own is None or own.recall is None or own.recall >= assessment.accuracy:
        return ""
    return (
        f"The classes are uneven: {quoted(common)} has {pictures(known[common])}, {quoted(rare)} {known[rare]:,}, of "
        f"which {own.recall:.1%} are found. More pictures of {quoted(rare)} would help most."
    )


def unreadable(facts: Mapping[str, Any], assessment: Assessment) -> str:
    """Files that were left out."""
    judged_only = assessment.skipped if assessment.part != VALIDATION else 0  # of validation, the data tell
    count = len(facts.get("data", {}).get("skipped", [])) + judged_only
    if not count:
        return ""
    one = count == 1
    return (
        f"{count:,} file{'' if one else 's'} could not be read and {'was' if one else 'were'} left out: the list says "
        "why; save them anew, or take them away."
    )


def uncertain(assessment: Assessment) -> str:
    """Too few pictures were judged to know how good it is."""
    low, high = assessment.interval
    if high - low <= WIDE:
        return ""
    return (
        f"Only {pictures(assessment.count)} were judged, so the accuracy may be anything from {low:.0%} to {high:.0%}: "
        "keep more pictures apart (in a folder called test) to know it better."
    )


# ---- words


def kind(assessment: Assessment) -> str:
    """`validation `, where it is a part."""
    return f"{assessment.part} " if assessment.part in (TEST, VALIDATION) else ""


def interval(ends: tuple[float, float]) -> str:
    """`95.53% to 98.74%`."""
    return f"{ends[0]:.2%} to {ends[1]:.2%}"


def quoted(name: str) -> str:
    """A class name in a sentence, on one line."""
    return f"'{escaped(name)}'"


def of_its(one: ClassFigures) -> str:
    """`33 of its 38 pictures`."""
    return f"{round((one.recall or 0) * one.support):,} of its {pictures(one.support)}"


def pictures(count: int) -> str:
    """`38 pictures`, `1 picture`."""
    return f"{count:,} picture{'s' * (count != 1)}"


def times(one: Confused) -> str:
    """`3 times`, `once`."""
    return "once" if one.count == 1 else f"{one.count:,} times"


def counts(facts: Mapping[str, Any]) -> Mapping[str, int]:
    """The pictures of each class, where that is known."""
    found: Mapping[str, int] = facts.get("data", {}).get("counts", {})
    return found


def kept_epoch(facts: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The figures of the epoch whose weights these are."""
    return next((one for one in facts.get("epochs", []) if one["number"] == facts.get("epoch")), None)
