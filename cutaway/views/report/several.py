"""Class by class, where a picture may be of several classes."""

from __future__ import annotations

from cutaway.model import several
from cutaway.views.report.html import Inside, Markup, section, table, tag
from cutaway.views.report.subject import Subject

HEAD = ("class", "pictures", "threshold", "precision", "recall", "F1", "average precision")


def classes(subject: Subject) -> Markup:
    """The figures of each class, and their means; nothing where each picture is of one class."""
    facts = subject.facts.get(several.FACT)
    if not facts:
        return Markup()
    rows: list[tuple[Inside, ...]] = [
        (one.label, f"{one.support:,}", f"{one.threshold:.3f}", *(share(getattr(one, name)) for name in several.MEANS))
        for one in several.from_facts(facts)
    ]
    means = ("mean of the classes", "", "", *(share(facts["macro"][name]) for name in several.MEANS))
    caption = f"The classes, on {facts['count']:,} {facts['part']} pictures"
    note = tag("p", several.explained(facts["part"]), class_="note")
    return section("classes", "Class by class", note, table(HEAD, [*rows, means], caption=caption))


def share(value: float | None) -> str:
    """A share as people write it; a dash where there is none."""
    return "-" if value is None else f"{value:.1%}"
