"""The page of a check: what is in a set of pictures, what is wrong with it, and which pictures those are.

    write(found, Path("checks/pets/check.html"))

Of each kind of finding some are shown as pictures, and all are named. Names stand there as text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from cutaway import files
from cutaway.model import origin
from cutaway.pictures.audit.audit import Audit
from cutaway.pictures.audit.kinds import BY_NAME, HARMS, NOTE, STOPS, Finding, Kind
from cutaway.pictures.pictures import TEST, TRAIN, VALIDATION
from cutaway.views.report import thumbnails
from cutaway.views.report.gallery import image
from cutaway.views.report.html import Inside, Markup, document, escape, facts, listed, section, table, tag
from cutaway.views.report.suspects import Scaled
from cutaway.views.report.thumbnails import Thumbnails
from cutaway.wording import one_line

PAGE = "check.html"
SHOWN = {STOPS: 0, HARMS: 18, NOTE: 8}
"""Findings of a kind that are shown as pictures. What cannot be read cannot be shown."""
TOGETHER = 6
"""Pictures of one finding that are shown."""
NAMED = 20_000
"""Findings of a kind that are named: 2 MB. The table has all."""
CLASSES = 200
"""Classes in the table."""
MOST, ROOM = 400, 3_000_000
"""Pictures of the page, and the signs that they may take."""
LEVELS = {STOPS: "cannot be used", HARMS: "look at it", NOTE: "good to know"}


def write(found: Audit, file: Path, following: str = "") -> None:
    """Writes the page; `following` is the command that trains on it. Raises JobError where it cannot be written."""
    files.write(file, page(found, following).encode("utf-8", "backslashreplace"))


def page(found: Audit, following: str = "") -> str:
    """The page as one text."""
    thumbs = thumbnails.small(Scaled(found.pictures), list(pictured(found)), MOST, ROOM)
    top = tag(
        "header",
        tag("p", found.pictures.title, class_="kicker"),
        tag("h1", headline(found)),
        *(tag("p", sentence, class_="lede") for sentence in says(found)),
        tag("p", f"Nothing can be trained on this: {found.impossible}", class_="trouble") if found.impossible else None,
    )
    main = tag(
        "main",
        top,
        section("findings", "What was found", overview(found)),
        section("there", "What is there", facts(about(found)), classes(found)),
        section("split", "The split", listed(split(found)), command(following)),
        *(of_kind(found, BY_NAME[name], own, thumbs) for name, own in found.by_kind.items()),
    )
    foot = tag(
        "footer", tag("p", "No picture was changed or moved. This file needs nothing else, and asks for nothing.")
    )
    return document(f"{found.pictures.title}: check", main, foot)


def command(following: str) -> Markup:
    """How to train on what was found to be good."""
    if not following:
        return Markup()
    how = tag("code", following, style="white-space: normal; font-family: ui-monospace, monospace")
    return tag("p", "Train on what can be read, with this split: ", how, class_="note", style="margin-top: 12px")


# ---- in words


def headline(found: Audit) -> str:
    """`600 pictures of 2 classes`."""
    count, several = len(found.pictures), len(found.pictures.classes)
    of = f" of {several:,} class{'es' * (several != 1)}" if several else ", without classes"
    return f"{count:,} picture{'s' * (count != 1)}{of}"


def says(found: Audit) -> list[str]:
    """How many can be used, and what is worth a look."""
    count, good = len(found.pictures), int(found.readable.sum())
    usable = "All can be read." if good == count else f"{good:,} can be read, {count - good:,} cannot."
    worth = [counted(found, name) for name in found.by_kind if BY_NAME[name].level == HARMS]
    return [f"{usable} {'Worth a look: ' + '; '.join(worth) + '.' if worth else 'Nothing else seems wrong.'}"]


def counted(found: Audit, name: str) -> str:
    """`exact duplicates: 3`."""
    return f"{BY_NAME[name].title}: {number(found, name)}"


def number(found: Audit, name: str) -> str:
    """How many findings of a kind there are, and of how many pictures where each is of several."""
    own = found.by_kind[name]
    rows = {row for one in own for row in one.rows}
    return f"{len(own):,} ({len(rows):,} pictures)" if BY_NAME[name].together and rows else f"{len(own):,}"


def split(found: Audit) -> list[str]:
    """How the pictures are divided, and what that is worth."""
    parts = {part: int((found.parts == part).sum()) for part in (TRAIN, VALIDATION, TEST)}
    if not parts[TRAIN]:
        return []
    lines = [", ".join(f"{count:,} for {part}" for part, count in parts.items() if count) + "."]
    if found.naive >= 0.0005:
        lines.append(
            f"Drawn one by one at random, {found.naive:.1%} of the held-out pictures would have had a copy, a near "
            f"copy or a companion in training, and the result would have been too good; here {found.leaking:.1%} have."
        )
    if empty := [name for name, _, own in found.counts() if own[TRAIN] and not own[VALIDATION] and parts[VALIDATION]]:
        names = ", ".join(map(one_line, empty[:5])) + (f" and {len(empty) - 5:,} more" if len(empty) > 5 else "")
        lines.append(f"Without a picture in validation, since all of theirs belong together: {names}.")
    return lines


def about(found: Audit) -> list[tuple[str, str]]:
    """Facts of the files."""
    formats, sizes = found.formats(), found.sizes()
    grey = sum(one.channels == 1 for one in found.known)
    rows = [("formats", ", ".join(f"{name} {count:,}" for name, count in formats.items()))] if formats else []
    if sizes:
        smallest, median, largest = (f"{w:,}x{h:,}" for w, h in sizes)
        same = smallest == largest
        rows += [("size", smallest)] if same else [("smallest", smallest), ("median", median), ("largest", largest)]
    if grey:
        rows.append(("grey", f"{grey:,} of {int(found.readable.sum()):,}"))
    return rows


# ---- tables


def overview(found: Audit) -> Markup:
    """Every kind of finding with its number, the worst first."""
    kinds = [BY_NAME[name] for name in found.by_kind]
    rows: list[list[Inside]] = [
        [tag("a", kind.title, href=f"#{kind.name}"), number(found, kind.name), LEVELS[kind.level]] for kind in kinds
    ]
    return table(["", "findings", ""], rows, caption="Kinds of findings", left=(0, 2)) if rows else tag("p", "Nothing.")


def classes(found: Audit) -> Markup:
    """How many pictures of each class are in each part."""
    rows = class_rows(found)
    if not rows:
        return Markup()
    head, *body = rows
    more = f", the first {CLASSES} of {len(body):,}" if len(body) > CLASSES else ""
    return table(head, body[:CLASSES], caption=f"Pictures of each class{more}")


def class_rows(found: Audit) -> list[list[str]]:
    """A row of names, then one for each class; columns without any picture are left out."""
    counts = found.counts()
    if not counts:
        return []
    parts = [part for part in (TRAIN, VALIDATION, TEST) if any(own[part] for _, _, own in counts)]
    bad = any(unreadable for _, unreadable, _ in counts)
    rows = [["class", *parts, *(["unreadable"] if bad else [])]]
    for name, unreadable, own in counts:
        rows.append([name, *(f"{own[part]:,}" for part in parts), *([f"{unreadable:,}"] if bad else [])])
    return rows


# ---- findings


def pictured(found: Audit) -> Iterator[int]:
    """The pictures that are shown, the worst first."""
    for name, own in found.by_kind.items():
        for one in own[: SHOWN[BY_NAME[name].level]]:
            yield from one.rows[:TOGETHER]


def of_kind(found: Audit, kind: Kind, own: Sequence[Finding], thumbs: Thumbnails) -> Markup:
    """All findings of a kind: some as pictures, all by name."""
    some = own[: SHOWN[kind.level]]
    has_pictures = any(thumbs[row] for one in some for row in one.rows[:TOGETHER])
    cards: Markup = Markup()
    if has_pictures:
        made = [card(found, one, thumbs) for one in some]
        pairs = all(len(one.rows) == 2 for one in some)
        beside = "grid-template-columns: repeat(auto-fill, minmax(240px, 1fr))" if pairs else None
        cards = tag("ul", *made, class_="maps", style=beside) if kind.together else tag("ul", *made, class_="gallery")
    names = [name_line(found, one) for one in own[:NAMED]]
    rest = f"... and {len(own) - NAMED:,} more, which are in manifest.csv" if len(own) > NAMED else ""
    lines = Markup("\n".join(escape(name) for name in [*names, *([rest] if rest else [])]))
    text = tag("pre", lines, style="white-space: pre-wrap; overflow-wrap: anywhere")
    few = len(own) <= 12
    all_names = text if few else tag("details", tag("summary", f"all {len(own):,} by name"), text)
    shown = (
        tag("p", f"The first {len(some)} of {len(own):,}.", class_="note")
        if has_pictures and len(own) > len(some)
        else ""
    )
    title = f"{kind.title[:1].upper()}{kind.title[1:]}: {number(found, kind.name)}"
    return section(kind.name, title, tag("p", kind.about, class_="note"), shown, cards, all_names)


def card(found: Audit, one: Finding, thumbs: Thumbnails) -> Markup:
    """A finding as pictures: one with its name, or several side by side."""
    if len(one.rows) == 1:
        return tag("li", figure(found, one.rows[0], thumbs, one.text))
    more = len(one.rows) - TOGETHER
    rest = tag("div", tag("span", f"and {more:,} more")) if more > 0 else None
    return tag("li", *(tag("div", figure(found, row, thumbs)) for row in one.rows[:TOGETHER]), rest)


def figure(found: Audit, row: int, thumbs: Thumbnails, text: str = "") -> Markup:
    """A picture with its class, its part and its name."""
    label, name = label_of(found, row), short(found, row)
    caption = tag(
        "figcaption",
        tag("span", tag("b", label), class_="said") if label else None,
        tag("span", text or str(found.parts[row])),
        tag("span", name, class_="name", title=name),
    )
    return tag("figure", image(thumbs, row, f"a picture of {label or 'no class'}"), caption)


def name_line(found: Audit, one: Finding) -> str:
    """A finding in one line: `cat/1.jpg = dog/7.jpg (cat and dog)`."""
    names = [origin.short(found.pictures, one.path)] if one.path else [short(found, row) for row in one.rows]
    text = " = ".join(names[:TOGETHER]) + (f" = {len(names) - TOGETHER:,} more" if len(names) > TOGETHER else "")
    more = one_line(one.text)
    return f"{text} ({more})" if text and more else text or more


def short(found: Audit, row: int) -> str:
    """A picture's name within its set."""
    return origin.short(found.pictures, found.pictures.names[row])


def label_of(found: Audit, row: int) -> str:
    """The class of a picture, or the classes."""
    pictures = found.pictures
    if pictures.truths is not None:
        return ", ".join(name for name, own in zip(pictures.classes, pictures.truths[row], strict=True) if own)
    return pictures.classes[pictures.labels[row]] if pictures.labels[row] >= 0 else ""
