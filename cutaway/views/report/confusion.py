"""What is taken for what: a table whose cells open the pictures that are in them, without any script."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cutaway.model import Predictions
from cutaway.model.assessment import Assessment
from cutaway.views.report.gallery import shown
from cutaway.views.report.html import Inside, Markup, scrolling, section, table, tag
from cutaway.views.report.subject import Subject
from cutaway.views.report.thumbnails import Thumbnails

WIDEST = 25
"""Classes up to which there is a table; of more, the pairs are listed."""
LISTED = 40
"""So many pairs."""
EACH = 12
"""Pictures that a cell opens at most."""
ROOM = 300
"""Pictures that all cells open together."""

Cells = dict[tuple[int, int], list[int]]
"""By true and guessed class, the pictures that are shown of a cell."""


def cells(said: Predictions | None) -> Cells:
    """The pictures that each cell opens: of mistakes the surest first, of right guesses the least sure."""
    if said is None:
        return {}
    read = np.flatnonzero(said.read)
    surest = read[np.argsort(-said.sure[read], kind="stable")]
    whole: Cells = {}
    for row in surest.tolist():
        whole.setdefault((int(said.true[row]), int(said.guessed[row])), []).append(row)
    order = sorted(whole, key=lambda pair: (pair[0] == pair[1], -len(whole[pair])))
    if len(said.classes) > WIDEST:
        order = [pair for pair in order if pair[0] != pair[1]][:LISTED]
    ordered = {pair: whole[pair][::-1] if pair[0] == pair[1] else whole[pair] for pair in order}
    kept = set(rows_of({pair: rows[:EACH] for pair, rows in ordered.items()})[:ROOM])
    found = {pair: [row for row in rows[:EACH] if row in kept] for pair, rows in ordered.items()}
    return {pair: rows for pair, rows in found.items() if rows}


def matrix(subject: Subject, known: Assessment, opened: Cells, thumbs: Thumbnails) -> Markup:
    """The table, or the list, and what its cells open."""
    counts = known.confusion()
    small = counts is not None and len(known.classes) <= WIDEST
    body = grid(known, counts, opened) if small and counts is not None else pairs(known, opened)
    if not body:
        return Markup()
    text = (
        "A row for each class, a column for what it was taken for."
        if small
        else "The classes taken for each other most often."
    )
    if opened:
        text += " A number opens its pictures" + (
            f", up to {max(map(len, opened.values()))} of them." if small else "."
        )
    return section(
        "confusion",
        "What it takes for what",
        tag("p", text, class_="note"),
        body,
        *(cell(subject, known, pair, rows, thumbs) for pair, rows in opened.items()),
    )


def grid(known: Assessment, counts: NDArray[np.int64], opened: Cells) -> Markup:
    """Every class by every class; the darker, the larger the share of its row."""
    names = [one.label for one in known.classes]
    head = tag("tr", tag("td"), *(tag("th", tag("span", name), scope="col", title=name) for name in names))
    rows = []
    for i, name in enumerate(names):
        total = max(1, int(counts[i].sum()))
        found = [square(i, j, int(counts[i, j]), int(counts[i, j]) / total, names, opened) for j in range(len(names))]
        rows.append(tag("tr", tag("th", tag("span", name), scope="row", title=name), *found))
    caption = tag("caption", "Rows: the class. Columns: the guess.")
    made = tag("table", caption, tag("thead", head), tag("tbody", *rows), class_="matrix")
    return scrolling(made, "What it takes for what")


def square(i: int, j: int, count: int, part: float, names: list[str], opened: Cells) -> Markup:
    """One cell, which opens its pictures where there are some."""
    if not count:
        return tag("td", tag("span", "·", aria_hidden="true"), class_="none")
    kind = "right" if i == j else "wrong"
    return tag("td", button(i, j, f"{count:,}", names, opened), class_=kind, style=f"--part: {part:.3f}")


def button(i: int, j: int, text: str, names: list[str], opened: Cells) -> Inside:
    """What opens the pictures of a cell."""
    if (i, j) not in opened:
        return text
    said = f"{text}: {names[i]}, {'right' if i == j else f'taken for {names[j]}'}; show"
    return tag("button", text, popovertarget=f"cell-{i}-{j}", type="button", aria_label=said)


def pairs(known: Assessment, opened: Cells) -> Markup:
    """The pairs of classes, of which there are too many for a table."""
    names = [one.label for one in known.classes]
    place = {name: number for number, name in enumerate(names)}
    rows: list[tuple[Inside, ...]] = [
        (one.true, one.guess, button(place[one.true], place[one.guess], f"{one.count:,}", names, opened))
        for one in known.confused[:LISTED]
    ]
    caption = f"The {len(rows)} most frequent"
    return table(("class", "taken for", "pictures"), rows, caption=caption, left=(0, 1)) if rows else Markup()


def cell(subject: Subject, known: Assessment, pair: tuple[int, int], rows: list[int], thumbs: Thumbnails) -> Markup:
    """The pictures of a cell, on a sheet over the page."""
    true, guess = (known.classes[place].label for place in pair)
    count = next((one.count for one in known.confused if (one.true, one.guess) == (true, guess)), 0)
    if true == guess:
        count = round((known.classes[pair[0]].recall or 0) * known.classes[pair[0]].support)
    title = f"{true}, right" if true == guess else f"{true} taken for {guess}"
    of = f"{count:,} picture{'s' * (count != 1)}" + (f"; {len(rows)} are shown" if len(rows) < count else "")
    order = "the least certain first" if true == guess else "the surest first"
    place = f"cell-{pair[0]}-{pair[1]}"
    close = tag(
        "button", "close", popovertarget=place, popovertargetaction="hide", type="button", class_="text", autofocus=True
    )
    head = tag("div", tag("h3", title), tag("span", f"{of}, {order}", class_="note"), close, class_="head")
    return tag("div", head, shown(subject, thumbs, rows), id=place, popover=True, role="dialog", aria_label=title)


def rows_of(opened: Cells) -> list[int]:
    """All pictures that cells open, the first of each cell first."""
    longest = max(map(len, opened.values()), default=0)
    return [rows[n] for n in range(longest) for rows in opened.values() if n < len(rows)]


def classes(subject: Subject, known: Assessment) -> Markup:
    """Precision, recall and support of each class."""
    from cutaway.model.intervals import wilson
    from cutaway.views.report.first import share

    counts = subject.facts.get("data", {}).get("counts", {})

    def row(label: str, recall: float | None, precision: float | None, support: int) -> tuple[Inside, ...]:
        ends = wilson(round((recall or 0) * support), support)
        interval = f"{share(ends[0])} to {share(ends[1])}" if support else ""
        own = [f"{counts[label]:,}" if label in counts else ""] if counts else []
        return label, *own, f"{support:,}", dashed(recall), interval, dashed(precision)

    rows = [row(one.label, one.recall, one.precision, one.support) for one in known.classes]
    if not rows:
        return Markup()
    head = ("class", *(["pictures in all"] if counts else []), "judged", "recall", "95% interval", "precision")
    text = (
        "Recall: of the pictures of a class, how many were found. Precision: of the pictures taken for a class, how "
        "many are of it. A dash where there is nothing to divide by."
    )
    return section("classes", "Class by class", tag("p", text, class_="note"), table(head, rows, caption="Every class"))


def dashed(value: float | None) -> str:
    """A share; a dash where there is none."""
    return "–" if value is None else f"{value:.1%}"
