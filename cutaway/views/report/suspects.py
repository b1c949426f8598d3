"""Suspect labels: as a page on which a person decides, as a table of all of them, and as corrections to edit.

    written = Written.of(cleaning, earlier)
    write(written, "pets-1", "pets/", Path("runs/pets-1"))      # which of suspects.html, suspects.csv, corrections.csv

Names stand on the page as text, and in tables as text that no spreadsheet program computes (`cutaway.cells`).
Without scripts the page shows the same, and corrections.csv is edited by hand.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cutaway import files
from cutaway.cells import line
from cutaway.model.origin import short
from cutaway.pictures.corrections import ALGORITHM, OUT, hashes_of
from cutaway.pictures.decoding import Pixels
from cutaway.pictures.pictures import Pictures
from cutaway.training.suspects import Cleaning
from cutaway.views.report import thumbnails
from cutaway.views.report.gallery import image
from cutaway.views.report.html import Inside, Markup, document, joined, listed, section, table, tag
from cutaway.views.report.thumbnails import SIDE, Thumbnails
from cutaway.wording import one_line

PAGE, TABLE, CORRECTIONS = "suspects.html", "suspects.csv", "corrections.csv"
SCRIPT = Path(__file__).parent / "suspects.js"
SHOWN = 200
"""Suspects with their pictures, the worst first; the table has all."""
PAIRS = 12
"""Pairs of classes that are listed."""
ROOM = 5_000_000
"""Signs that all pictures of the page may take."""
HEAD = ("path", "hash", "label", "suggested", "prob_label", "prob_suggested")
TO_EDIT = ("path", "hash", "label", "given", "suggested", "prob_label", "prob_suggested")


@dataclass(frozen=True)
class Suspect:
    """One label that is probably wrong."""

    row: int
    """Of the pictures that were judged."""
    path: str
    hash: str
    label: str
    suggested: str
    prob_label: float
    prob_suggested: float
    given: str
    """The label that the data gives, where an earlier correction changed it."""

    @property
    def probs(self) -> list[str]:
        return [f"{self.prob_label:.4f}", f"{self.prob_suggested:.4f}"]

    def line(self) -> str:
        """Of suspects.csv."""
        return line([self.path, self.hash, self.label, self.suggested, *self.probs])

    def around(self) -> tuple[str, str]:
        """What stands before and after the label in a line of corrections.csv."""
        return line([self.path, self.hash, ""])[:-1], "," + line([self.given, self.suggested, *self.probs])

    def to_edit(self) -> str:
        """Of corrections.csv: nothing decided yet."""
        before, after = self.around()
        return before + cell(self.label) + after


@dataclass(frozen=True, eq=False)
class Written:
    """Everything that is told of suspect labels."""

    cleaning: Cleaning = field(repr=False)
    suspects: tuple[Suspect, ...] = field(repr=False)
    earlier: str = field(default="", repr=False)
    """Lines of the corrections that the run was trained with, so that the next table has them too."""

    @classmethod
    def of(cls, cleaning: Cleaning, earlier: Sequence[Sequence[str]] = ()) -> Written:
        """`earlier` are the corrections that were applied to these pictures: `Corrected.facts`."""
        given = {own: before for _, own, _, before in earlier}
        every = tuple(suspects_of(cleaning, given))
        again = {one.hash for one in every}
        rows = [row for row in earlier if ALGORITHM + row[1] not in again]
        lines = [line([path, ALGORITHM + own, label, before, "", "", ""]) for path, own, label, before in rows]
        return cls(cleaning, every, "".join(lines))


def suspects_of(cleaning: Cleaning, given: Mapping[str, str]) -> list[Suspect]:
    """The suspects in words, the worst first. `given` are labels of the data by hash, where they were corrected."""
    known, pictures = cleaning.found, cleaning.pictures
    hashes = hashes_of(pictures)
    numbers = zip(known.rows, known.suggested, known.of_label, known.of_suggested, strict=True)
    found = []
    for row, suggested, of_label, of_suggested in numbers:
        label, own = pictures.classes[pictures.labels[row]], hashes[row]
        words = (pictures.names[row], ALGORITHM + own, label, pictures.classes[suggested])
        found.append(Suspect(int(row), *words, float(of_label), float(of_suggested), given.get(own, label)))
    return found


def write(told: Written, title: str, command: str, folder: Path) -> list[Path]:
    """Writes the page, the table of all suspects and, where none is there, the corrections to edit; says which.

    Corrections that are there are a person's work, and are left as they are. `command` is how the next run is started.
    """
    made = {PAGE: page(told, title, command), TABLE: line(list(HEAD)) + "".join(one.line() for one in told.suspects)}
    if not (folder / CORRECTIONS).exists():
        made[CORRECTIONS] = head(told) + "".join(one.to_edit() for one in told.suspects)
    for name, text in made.items():
        files.write(folder / name, text.encode("utf-8", "backslashreplace"))
    return [folder / name for name in made]


def head(told: Written) -> str:
    """How a table of corrections begins."""
    return line(list(TO_EDIT)) + told.earlier


def cell(text: str) -> str:
    """A cell of CSV: a line with an empty one after it, less what ends it."""
    return line([text, ""])[:-2]


# ---- the page


def page(told: Written, title: str, command: str) -> str:
    """The page as one text."""
    shown = told.suspects[:SHOWN]
    evidence = evidence_of(told.cleaning, shown)
    rows = [one.row for one in shown] + [row for pair in evidence for near in pair for row in near]
    thumbs = thumbnails.small(Scaled(told.cleaning.pictures), rows, len(rows), ROOM)
    cards = [card(told, one, near, thumbs) for one, near in zip(shown, evidence, strict=True)]
    top = tag(
        "header",
        tag("p", title, class_="kicker"),
        tag("h1", headline(told)),
        *(tag("p", sentence, class_="lede") for sentence in says(told)),
        *(tag("p", remark, class_="note") for remark in remarks(told)),
    )
    main = tag(
        "main",
        top,
        section("steps", "What to do", steps(told, command)) if shown else None,
        section("pairs", "Which classes are mixed up", pairs(told)),
        section("suspects", "The suspects", more(told), tag("ul", *cards, class_="suspects") if cards else None),
        bar(told) if cards else None,
        choices(told.cleaning.pictures.classes) if cards else None,
    )
    foot = tag("footer", tag("p", "This file needs nothing else, and asks for nothing from outside."))
    return document(f"{title}: suspect labels", main, foot, script=SCRIPT.read_text("utf-8") if cards else "")


def headline(told: Written) -> str:
    """`19 suspect labels`."""
    count = len(told.suspects)
    return f"{count:,} suspect label{'s' * (count != 1)}" if count else "No label is suspect"


def says(told: Written) -> list[str]:
    """What was judged, and how many errors there seem to be."""
    count, wrong = len(told.cleaning.pictures), told.cleaning.found.estimated
    if not told.suspects:
        return [f"Of {count:,} pictures, none looks more like another class than one usually does of it."]
    if told.cleaning.found.is_weak:
        return [
            f"Of {count:,} pictures; how many labels are wrong, this net is too weak to say. Look at the first ones."
        ]
    about = f"about {wrong:,.0f} ({wrong / count:.1%})" if wrong >= 1 else "less than one"
    return [f"Of {count:,} pictures, {about} seem to have a wrong label; these stand out, the most suspect first."]


def remarks(told: Written) -> list[str]:
    """What has to be known to read the page."""
    known = told.cleaning
    by = "a net that was trained" if known.anew else "a last layer that was fitted"
    lines = [
        f"Each picture was judged by {by} without it. A suspect is a question, not a verdict: its label may be right, "
        "and the picture rare or hard."
    ]
    if known.found.is_weak:
        lines.append(
            f"Of the labels that it did not see it guesses {known.found.agreement:.0%}, so most suspects are mistakes "
            "of the net; a better one, such as one that was trained on ImageNet, points to fewer and surer ones."
        )
    if not known.apart:
        lines.append(
            "The rest of the net was trained with these labels and has learned wrong ones too, so some of them are "
            "missed; --retrain trains it anew, for about four times as long as before, and finds more."
        )
    if known.small:
        names = ", ".join(map(one_line, known.small))
        lines.append(f"Too few pictures to judge, so neither suspect nor suggested: {names}.")
    if known.unlabelled:
        lines.append(f"{known.unlabelled:,} without a label were not judged.")
    if known.skipped:
        lines.append(f"{len(known.skipped):,} could not be read.")
    return lines


def steps(told: Written, command: str) -> Markup:
    """How a person gets from here to the next run, with scripts and without."""
    label = tag("b", "label")
    by_hand = ("Edit the column ", label, f" of {CORRECTIONS}: an empty cell leaves the picture out.")
    on_page = f" Or decide below, and put the table that you download in the place of {CORRECTIONS}."
    items = [
        joined(
            (*by_hand, tag("span", on_page, class_="scripted", hidden=True), " What is not decided stays as it is.")
        ),
        joined(("Train again: ", tag("code", command), ". No picture is moved or changed.")),
        f"All {len(told.suspects):,} suspects are in {TABLE}.",
    ]
    return listed(items)


def pairs(told: Written) -> Markup:
    """How many labels of one class seem to be of another, and how many of them stand out."""
    found, classes = told.cleaning.found, told.cleaning.pictures.classes
    every = [] if found.is_weak else found.pairs()
    rows: list[list[Inside]] = []
    for label, other, count in every[:PAIRS]:
        own = sum(one.label == classes[label] and one.suggested == classes[other] for one in told.suspects)
        rows.append([classes[label], classes[other], f"{count:,.0f}", f"{own:,}"])
    if not rows:
        return Markup()
    rest = f" The first {PAIRS} of {len(every):,} pairs." if len(every) > PAIRS else ""
    caption = f"By estimate, over all pictures.{rest}"
    return table(["labelled", "but seem to be", "pictures", "suspects"], rows, caption=caption, left=(0, 1))


def more(told: Written) -> Markup:
    """That not all are shown."""
    count = len(told.suspects)
    return tag("p", f"The first {SHOWN} of {count:,}.", class_="note") if count > SHOWN else Markup()


Evidence = tuple[list[int], list[int]]
"""The nearest pictures of the suggested class, and of the given one."""


def evidence_of(cleaning: Cleaning, shown: Sequence[Suspect]) -> list[Evidence]:
    """What each suspect is most like."""
    known, count = cleaning.found, len(shown)
    rows = known.rows[:count]
    suggested = cleaning.nearest(rows, known.suggested[:count])
    given = cleaning.nearest(rows, known.labels[rows])
    return list(zip(suggested, given, strict=True))


def card(told: Written, one: Suspect, evidence: Evidence, thumbs: Thumbnails) -> Markup:
    """A suspect with its picture, its two classes, what it is like, and the choice."""
    name = short(told.cleaning.pictures, one.path)
    caption = tag(
        "figcaption",
        tag("span", tag("b", one.label), f" {one.prob_label:.1%}", class_="said"),
        tag("span", "or ", tag("b", one.suggested), f" {one.prob_suggested:.1%}?", class_="said wrong"),
        tag("span", name, class_="name", title=name),
    )
    picture = tag("figure", image(thumbs, one.row, f"a picture with the label {one.label}"), caption)
    near = [
        alike(told, one, f"most like it, labelled {label}", rows, thumbs)
        for label, rows in zip((one.suggested, one.label), evidence, strict=True)
    ]
    return tag("li", picture, tag("div", *near, class_="alike"), choice(one, name), data_line=as_json(one.around()))


def alike(told: Written, one: Suspect, title: str, rows: Sequence[int], thumbs: Thumbnails) -> Markup:
    """The nearest pictures of a class."""
    digests, pictures = told.cleaning.digests, told.cleaning.pictures
    same = [row for row in rows if digests[row] == digests[one.row]]
    names = [tag("p", f"{short(pictures, pictures.names[row])} is the same picture", class_="said") for row in same]
    shown = [tag("span", image(thumbs, row, title), title=short(pictures, pictures.names[row])) for row in rows]
    return tag("div", tag("p", title), tag("div", *shown, class_="row"), *names)


def choice(one: Suspect, name: str) -> Markup:
    """What a person may decide; shown where the script runs."""
    options = ((f"keep {one.label}", one.label), (f"it is {one.suggested}", one.suggested), ("leave it out", OUT))
    inputs = [
        tag(
            "label",
            tag("input", type="radio", name=f"label-{one.row}", value=as_json(cell(label)), checked=not place),
            f" {text}",
        )
        for place, (text, label) in enumerate(options)
    ]
    return tag("fieldset", tag("legend", f"the label of {name}", class_="spoken"), *inputs, hidden=True)


def choices(classes: Sequence[str]) -> Markup:
    """Every class, to choose another one from, where there are more than two."""
    if len(classes) < 3:
        return Markup()
    options = [tag("option", name, value=as_json(cell(name))) for name in classes]
    select = tag("select", *options, aria_label="another class")
    return tag("template", tag("label", tag("input", type="radio"), " it is ", select), id="another")


def bar(told: Written) -> Markup:
    """How much is decided, and the table to take away; shown where the script runs."""
    button = tag("button", f"download {CORRECTIONS}", type="button", disabled=True)
    return tag("div", tag("output"), button, id="bar", hidden=True, data_head=as_json(head(told)))


def as_json(value: object) -> str:
    """ASCII, so that any sign in it comes out of an attribute as it went in."""
    return json.dumps(value)


@dataclass(frozen=True, eq=False)
class Scaled:
    """Pictures no larger than a thumbnail needs, where their format allows: a photo of 12 MP takes 20 ms, not 100."""

    pictures: Pictures

    def __getitem__(self, row: int, /) -> Pixels:
        return self.pictures.source.picture(int(self.pictures.rows[row]), least)


def least(height: int, width: int) -> tuple[int, int]:
    """At least so much is needed of a picture of this size."""
    scale = min(1.0, SIDE / max(height, width, 1))
    return max(1, round(height * scale)), max(1, round(width * scale))
