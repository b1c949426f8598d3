"""The first screen, in plain words: how good it is and against what, where it fails, what to do next."""

from __future__ import annotations

import re

from cutaway.model import findings
from cutaway.model.assessment import Assessment
from cutaway.views.report.html import Markup, escape, joined, listed, tag
from cutaway.views.report.subject import Subject
from cutaway.wording import first

NAMED = 12
"""So many classes are named."""


def screen(subject: Subject) -> Markup:
    """The head of the page."""
    known = subject.known
    if known is None:
        head = tag("h1", "How good this model is has not been measured")
        return tag("header", kicker(subject), head, tag("p", about(subject), class_="lede"), missing(subject))
    return tag(
        "header",
        kicker(subject),
        tag("h1", f"{share(known.accuracy)} right"),
        tag("p", lede(known), class_="lede"),
        *([tag("p", findings.balanced(known.balanced), class_="note")] if known.balanced is not None else []),
        tag("p", about(subject), " ", findings.on_which(known), class_="note"),
        missing(subject),
        compared(known),
        advice(subject, known),
    )


def kicker(subject: Subject) -> Markup:
    """What this is a report of."""
    day = str(subject.facts.get("created", "")).partition("T")[0]
    return tag(
        "p", tag("b", subject.title), f" · {f'made {day} · ' if day else ''}a report by cutaway", class_="kicker"
    )


def lede(known: Assessment) -> str:
    """What to expect, in whole pictures out of a hundred."""
    low, high = known.interval
    of = f"{known.right:,} of {known.count:,} {findings.kind(known)}pictures."
    if known.count < 2:
        return of
    few, many = round(100 * low), round(100 * high)
    expected = f"about {few}" if few == many else f"{few} to {many}"
    return f"{of} Of 100 other pictures of the same kind, expect {expected} to be right (95% confidence)."


def about(subject: Subject) -> str:
    """What it was taught, and with how much."""
    model, data = subject.model, subject.facts.get("data", {})
    names = first([findings.quoted(name) for name in model.classes], NAMED)
    text = f"It tells {len(model.classes):,} classes apart: {names}."
    if "training" in data:
        text += f" It learned from {findings.pictures(data['training'])} of {subject.source or 'a set'}."
    return text


def missing(subject: Subject) -> Markup:
    """What is not in this report, and why."""
    return joined(tag("p", one, class_="trouble") for one in subject.missing)


def compared(known: Assessment) -> Markup:
    """The model, the nearest neighbour and guessing, as bars with their intervals."""
    rows = [bar("this model", known.accuracy, known.interval, own=True)]
    if one := known.nearest:
        rows.append(bar("the most similar training picture", one.accuracy, one.interval))
    if known.guessing is not None and known.commonest is not None:
        label = known.commonest.label
        rows.append(bar(f"always saying {findings.quoted(label)}", known.guessing, None))
    head = tag(
        "tr", *(tag("th", text, scope="col") for text in ("who answers", "right, from 0 to 100%", "", "95% interval"))
    )
    caption = tag("caption", "How many it gets right, and how many one would get without it", class_="spoken")
    notes = filter(None, (findings.against_nearest(known),))
    made = tag("table", caption, tag("thead", head, class_="spoken"), tag("tbody", *rows), class_="bars")
    return joined((made, *(tag("p", note, class_="note") for note in notes)))


def bar(name: str, value: float, interval: tuple[float, float] | None, *, own: bool = False) -> Markup:
    """A row with a bar, and a line over it from one end of the interval to the other."""
    line = None
    if interval:
        low, high = interval
        line = tag("u", style=f"left: {100 * low:.2f}%; width: {100 * (high - low):.2f}%")
    drawn = tag("i", tag("b", style=f"width: {100 * value:.2f}%"), line, aria_hidden="true")
    ends = f"{share(interval[0])} to {share(interval[1])}" if interval else ""
    cells = (tag("th", name, scope="row"), tag("td", drawn), tag("td", share(value)), tag("td", ends, class_="ends"))
    return tag("tr", *cells, class_="own" if own else None)


def advice(subject: Subject, known: Assessment) -> Markup:
    """Where it fails, and what to do next."""
    fails = listed([worded(one) for one in findings.failures(known)]) if known.classes else Markup()
    steps = findings.next_steps(subject.model, known)
    following = (
        listed([worded(one) for one in steps]) if steps else tag("p", "Nothing that was measured asks for anything.")
    )
    parts = [tag("section", tag("h2", "Where it fails"), fails, id="fails")] if fails else []
    return tag("div", *parts, tag("section", tag("h2", "What to do next"), following, id="next"), class_="two")


def worded(text: str) -> Markup:
    """A sentence; an option of the command line in it stays in one piece."""
    return Markup(re.sub(r"--[a-z][a-z-]*(?: \d+)?", r"<code>\g<0></code>", escape(text)))


def share(value: float) -> str:
    """`97.6%`."""
    return f"{value:.1%}"
