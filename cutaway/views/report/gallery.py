"""Pictures with what the model says of them: the mistakes it is most sure of, the guesses it is least sure of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cutaway.model import Predictions
from cutaway.views.report.html import Inside, Markup, joined, section, tag
from cutaway.views.report.subject import Subject
from cutaway.views.report.thumbnails import SMALL, Thumbnails

SHOWN = 18
"""Pictures in each gallery."""


def worst(said: Predictions) -> list[int]:
    """The mistakes, those it is most sure of first."""
    wrong = np.flatnonzero(said.read & ~said.right)
    return [int(row) for row in wrong[np.argsort(-said.sure[wrong], kind="stable")]]


def unsure(said: Predictions) -> list[int]:
    """All guesses, those it is least sure of first."""
    read = np.flatnonzero(said.read)
    return [int(row) for row in read[np.argsort(said.sure[read], kind="stable")]]


def sections(subject: Subject, thumbs: Thumbnails) -> Markup:
    """Both galleries."""
    said = subject.predictions
    if said is None or subject.pictures is None:
        return Markup()
    wrong, least = worst(said), unsure(said)[:SHOWN]
    more = f" The first {SHOWN} of {len(wrong):,}." if len(wrong) > SHOWN else ""
    mistakes = (
        (
            tag(
                "p",
                f"Where it was wrong, and surest of it. A label that is wrong in the folder shows here first.{more}",
                class_="note",
            ),
            shown(subject, thumbs, wrong[:SHOWN]),
        )
        if wrong
        else (tag("p", "None.", class_="note"),)
    )
    return joined(
        (
            section("mistakes", "The most confident mistakes", *mistakes),
            section(
                "unsure",
                "The least certain guesses",
                tag(
                    "p",
                    "Where it hesitated most, right or wrong. More pictures like these teach it most.",
                    class_="note",
                ),
                shown(subject, thumbs, least),
            ),
        )
    )


def shown(subject: Subject, thumbs: Thumbnails, rows: Sequence[int]) -> Markup:
    """Pictures side by side, each with its name, its class, the guess and how sure that is."""
    return tag("ul", *(tag("li", picture(subject, thumbs, row)) for row in rows), class_="gallery")


def picture(subject: Subject, thumbs: Thumbnails, row: int) -> Markup:
    """One picture."""
    said = subject.predictions
    assert said is not None
    true, guess = said.classes[said.true[row]], said.classes[said.guessed[row]]
    right = bool(said.right[row])
    words: tuple[Inside, ...] = (
        (tag("b", true), " is right") if right else (tag("b", true), " taken for ", tag("b", guess))
    )
    caption = tag(
        "figcaption",
        tag("span", *words, class_="said" if right else "said wrong"),
        tag("span", f"{said.sure[row]:.1%} sure"),
        tag("span", subject.name(row), class_="name", title=subject.name(row)),
    )
    return tag("figure", image(thumbs, row, f"a picture of the class {true}"), caption)


def image(thumbs: Thumbnails, row: int, label: str) -> Markup:
    """The picture itself, or an empty frame."""
    found = thumbs[row]
    if found is None:
        return tag("div", "not shown", class_="frame empty")
    uri, width, height = found
    kinds = [kind for kind, on in (("cells", max(width, height) <= SMALL), ("ink", thumbs.ink)) if on]
    made = tag("img", src=uri, alt=label, width=width, height=height, class_=" ".join(kinds) or None)
    return tag("div", made, class_="frame")
