"""The report of a run: one file of HTML, off-line and without any script, for people who are no engineers as well.

    page(Subject(model, "pets-1", pictures, predictions))       the page as text
    write(subject, file)                                        the same, into a file

`subject.py` says what a report is about; `first.py` makes the first screen; `curves.py`, `changes.py`, `confusion.py`,
`gallery.py`, `several.py`, `sureness.py`, `features.py` and `about.py` the parts below it; `thumbnails.py`,
`colours.py` and `plots.py` what is drawn in them. The figures and sentences are those of `cutaway.model.assessment` and
`findings`: nothing is measured here.
"""

from __future__ import annotations

from pathlib import Path

from cutaway import files
from cutaway.views.report import (
    about,
    changes,
    confusion,
    curves,
    features,
    first,
    gallery,
    several,
    sureness,
    thumbnails,
)
from cutaway.views.report.html import Markup, document, joined, tag
from cutaway.views.report.subject import Subject

__all__ = ["Subject", "page", "write"]


def write(subject: Subject, file: Path) -> None:
    """Writes the report of a subject. Raises JobError where it cannot be written."""
    files.write(file, page(subject).encode("utf-8", "backslashreplace"))


def page(subject: Subject) -> str:
    """The report as one text."""
    parts = sections(subject)
    main = tag("main", first.screen(subject), contents(parts), joined(parts.values()))
    return document(f"{subject.title}: report", main, about.footer(subject))


def sections(subject: Subject) -> dict[str, Markup]:
    """Every part below the first screen that there is something in, by its name in the list of contents."""
    known, said = subject.known, subject.predictions
    cells = confusion.cells(said) if subject.pictures is not None else {}
    rows = [] if said is None else [*gallery.worst(said)[: gallery.SHOWN], *gallery.unsure(said)[: gallery.SHOWN]]
    thumbs = thumbnails.small(subject.pictures, [*rows, *features.chosen(subject), *confusion.rows_of(cells)])
    made = {
        "How it learned": curves.learning(subject),
        "How pictures were changed": changes.learned(subject),
        "What it takes for what": confusion.matrix(subject, known, cells, thumbs) if known else Markup(),
        "Mistakes and doubts": gallery.sections(subject, thumbs),
        "Class by class": several.classes(subject) or (confusion.classes(subject, known) if known else Markup()),
        "How sure it is": sureness.calibration(known) if known else Markup(),
        "What it looks at first": features.sections(subject, thumbs),
        "The net": about.net(subject),
        "The data": about.data(subject),
        "How it was made": about.recipe(subject),
    }
    return {title: content for title, content in made.items() if content}


def contents(parts: dict[str, Markup]) -> Markup:
    """Links to the parts."""
    links = [tag("a", title, href=f"#{place(content)}") for title, content in parts.items()]
    return tag("nav", *links, aria_label="Contents")


def place(content: Markup) -> str:
    """The name that a part is reached by."""
    return content.split('id="', 1)[1].split('"', 1)[0]
