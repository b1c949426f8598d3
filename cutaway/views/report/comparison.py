"""The page of a comparison: measures side by side, how far apart they are, and the pictures that tell them apart."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from pathlib import Path

from cutaway import files
from cutaway.model.comparison import CALIBRATION, CROSS, EDGE, ERROR, MEASURES, MORE, SQUARED, Comparison, Disagreement
from cutaway.model.intervals import Difference
from cutaway.views.report import thumbnails
from cutaway.views.report.gallery import image
from cutaway.views.report.html import Inside, Markup, document, joined, section, table, tag
from cutaway.views.report.thumbnails import Source, Thumbnails

SHOWN = 48
"""Disagreements that are shown as pictures."""
MEANS = {
    ERROR: "the share of pictures whose best guess is wrong",
    SQUARED: "over the classes, the squared distance of each probability from what it should be, added up; the mean",
    CROSS: "the mean of -log of the probability of the true class",
    CALIBRATION: "how far the share of right guesses is from the probability they were made with, on average",
}
WIDE, HIGH, ROW = 520, 30, 34
"""Of the drawing of differences: its width, what its axis takes, and each row, in pixels."""


def write(
    compared: Comparison, title: str, file: Path, pictures: Source | None = None, remarks: Sequence[str] = ()
) -> None:
    """Writes the page. Raises JobError where it cannot be written."""
    files.write(file, page(compared, title, pictures, remarks).encode("utf-8", "backslashreplace"))


def page(compared: Comparison, title: str, pictures: Source | None = None, remarks: Sequence[str] = ()) -> str:
    """The page as one text. `pictures` are numbered as those of the comparison; without them none is shown.

    `remarks` say which models have seen some of the pictures.
    """
    shown, wrong = compared.disagreements[:SHOWN], compared.wrong[:SHOWN]
    thumbs = thumbnails.small(pictures, [one.row for one in [*shown, *wrong]])
    top = tag(
        "header",
        tag("p", title, class_="kicker"),
        tag("h1", headline(compared)),
        *(tag("p", sentence, class_="lede") for sentence in verdicts(compared)),
        *(tag("p", remark, class_="trouble") for remark in [*remarks, *notes(compared)]),
    )
    return document(
        "comparison",
        tag(
            "main",
            top,
            section("measures", "Side by side", measures(compared)),
            section("apart", "How far apart", *(differences(compared, n) for n in range(1, len(compared.names)))),
            section("right", "Who is right", who(compared)),
            section("disagreements", "Where they disagree", gallery(compared, shown, thumbs)),
            section("wrong", "Where all are wrong", all_wrong(compared, wrong, thumbs)),
        ),
        tag("footer", tag("p", "This file needs nothing else, and asks for nothing from outside.")),
    )


def headline(compared: Comparison) -> str:
    """`3 models on 360 pictures`."""
    return f"{len(compared.names)} models on {compared.count:,} picture{'s' * (compared.count != 1)}"


def verdicts(compared: Comparison) -> list[str]:
    """Of each model after the first: whether it is better or worse than the first, and whether that may be chance."""
    return [verdict(compared, number) for number in range(1, len(compared.names))]


def verdict(compared: Comparison, number: int) -> str:
    """One sentence: `runs/b is wrong less often than runs/a, by 1.4 points (95%: 0.3 to 2.5): more than chance.`"""
    own = compared.figures[ERROR][number].difference
    assert own
    first, name = compared.names[0], compared.names[number]
    low, high = sorted((abs(100 * own.low), abs(100 * own.high)))
    if not own.value:
        return f"{name} is wrong as often as {first}; the true difference may be up to {high:.1f} points either way."
    how = "less" if own.value < 0 else "more"
    by = f"{name} is wrong {how} often than {first}, by {abs(100 * own.value):.1f} points"
    worth = compared.worth(ERROR, number)
    if worth == MORE:
        return f"{by} (95% interval {low:.1f} to {high:.1f}): more than chance."
    if worth == EDGE:
        p = compared.by_chance[number - 1]
        return f"{by}, at the edge of chance: as uneven a split comes about with a probability of {p:.2f} (McNemar)."
    return f"{by}, which may be chance: the 95% interval is {100 * own.low:+.1f} to {100 * own.high:+.1f}."


def notes(compared: Comparison) -> list[str]:
    """What else has to be known to read the figures."""
    found = []
    if compared.other_losses:
        found.append(
            f"The losses of {', '.join(compared.other_losses)} count every class by itself; so the cross-entropy of "
            "all models is that of their probabilities."
        )
    return found


def measures(compared: Comparison) -> Markup:
    """A row for each measure, a column for each model."""
    decimals = compared.decimals
    rows: list[list[Inside]] = []
    for measure in MEASURES:
        figures = compared.figures[measure]
        best = min(one.value for one in figures)
        cells = [
            tag("b" if one.value == best else "span", f"{one.value:.{decimals}f}", title=ends(one.interval, decimals))
            for one in figures
        ]
        rows.append([tag("span", measure, title=MEANS[measure]), *cells])
    note = tag("p", "Of all of these, less is better; the best is bold.", class_="note")
    meant = tag("ul", *(tag("li", tag("b", name), f": {text}") for name, text in MEANS.items()))
    details = tag("details", tag("summary", "what these are"), meant)
    return joined((note, table(["", *compared.names], rows, caption="Measures"), details))


def ends(interval: tuple[float, float] | None, decimals: int) -> str | None:
    """`95% interval 0.0123 to 0.0456`."""
    return interval and f"95% interval {interval[0]:.{decimals}f} to {interval[1]:.{decimals}f}"


def differences(compared: Comparison, number: int) -> Markup:
    """Each measure's difference from the first model's, with its interval, drawn and as a table."""
    decimals = compared.decimals
    own = {name: one for name in MEASURES if (one := compared.figures[name][number].difference)}
    rows = [
        [name, f"{one.value:+.{decimals}f}", between(one, decimals), compared.worth(name, number)]
        for name, one in own.items()
    ]
    title = f"{compared.names[number]} less {compared.names[0]}"
    p = compared.by_chance[number - 1]
    chance = (
        "Were both equally often right, at least as uneven a split would come about with a probability "
        f"{'below 0.001' if p < 0.001 else f'of {p:.2g}'} (McNemar)."
    )
    return joined(
        (
            tag("h3", title),
            tag(
                "div",
                drawn(own, title, {name for name in own if compared.worth(name, number) == MORE}),
                class_="plot apart",
            ),
            table(["", "difference", "95% interval", ""], rows, caption="Differences", left=(0, 3)),
            tag("p", chance, class_="note"),
        )
    )


def between(one: Difference, decimals: int) -> str:
    """`-0.0123 to +0.0456`; where nothing is known of it, why."""
    if not math.isfinite(one.low):
        return "too few pictures"
    return f"{one.low:+.{decimals}f} to {one.high:+.{decimals}f}"


def drawn(own: dict[str, Difference], title: str, clear: Collection[str]) -> Markup:
    """Dots with whiskers around 0, each row on a scale of its own: measures have different units."""
    high = HIGH + ROW * len(own)
    middle, reach = WIDE * 0.6, WIDE * 0.36
    parts = [
        tag("line", x1=middle, x2=middle, y1=4, y2=high - HIGH + 6, class_="zero"),
        tag("text", "0", x=middle, y=high - 8, text_anchor="middle", class_="axis"),
        tag("text", "better", x=middle - 14, y=high - 8, text_anchor="end", class_="axis"),
        tag("text", "worse", x=middle + 14, y=high - 8, class_="axis"),
    ]
    for row, (name, one) in enumerate(own.items()):
        y = ROW * row + ROW / 2 + 2
        finite = [abs(end) for end in (one.low, one.high, one.value) if math.isfinite(end)]
        scale = reach / (max(finite, default=0.0) or 1.0)
        left, at, right = (middle + scale * max(min(end, 1e9), -1e9) for end in (one.low, one.value, one.high))
        left, right = max(left, WIDE * 0.22), min(right, WIDE - 4)
        parts += [
            tag("text", name, x=0, y=y + 5),
            tag("line", x1=f"{left:.1f}", x2=f"{right:.1f}", y1=y, y2=y, class_="whisker")
            if math.isfinite(one.low)
            else Markup(),
            tag("circle", cx=f"{at:.1f}", cy=y, r=5, class_="clear" if name in clear else "chance"),
        ]
    words = "; ".join(f"{name} {one.value:+.4f} ({between(one, 4)})" for name, one in own.items())
    return tag("svg", *parts, viewBox=f"0 0 {WIDE} {high}", role="img", aria_label=f"{title}: {words}")


def who(compared: Comparison) -> Markup:
    """How many pictures which models got right."""
    rows = [[called(compared.names, right), f"{count:,}"] for right, count in compared.table.items()]
    counts = table(["right", "pictures"], rows, caption="Who got how many pictures right")
    if not compared.all_wrong:
        return counts
    worse = ", ".join(f"{name} {count:,}" for name, count in zip(compared.names, compared.more_wrong, strict=True))
    text = (
        f"Of the {compared.all_wrong:,} that all got wrong, the most wrong (least probability for the truth): {worse}."
    )
    return joined((counts, tag("p", text, class_="note")))


def called(names: Sequence[str], right: Sequence[bool]) -> str:
    """`only runs/a`, `all`, `none`."""
    own = [name for name, one in zip(names, right, strict=True) if one]
    if len(own) in (0, len(names)):
        return "all" if own else "none"
    return f"only {' and '.join(own)}"


def gallery(compared: Comparison, shown: Sequence[Disagreement], thumbs: Thumbnails) -> Markup:
    """Pictures on which the guesses differ, furthest apart first."""
    count = len(compared.disagreements)
    if not count:
        return tag("p", "Nowhere: all say the same of every picture.", class_="note")
    more = f" The first {len(shown)} of {count:,}." if count > len(shown) else ""
    note = f"Those first whose probabilities of the true class are furthest apart.{more}"
    items = [tag("li", picture(compared, one, thumbs)) for one in shown]
    return joined((tag("p", note, class_="note"), tag("ul", *items, class_="gallery pairs")))


def all_wrong(compared: Comparison, shown: Sequence[Disagreement], thumbs: Thumbnails) -> Markup:
    """Pictures that no model is right about, with the one that is more wrong."""
    count = len(compared.wrong)
    if not count:
        return Markup()
    more = f" The first {len(shown)} of {count:,}." if count > len(shown) else ""
    note = f"More wrong is the one that gives the true class the least probability; those first that differ most.{more}"
    items = [tag("li", picture(compared, one, thumbs)) for one in shown]
    return joined((tag("p", note, class_="note"), tag("ul", *items, class_="gallery pairs")))


def picture(compared: Comparison, one: Disagreement, thumbs: Thumbnails) -> Markup:
    """A picture with what each model says of it."""
    said = [
        tag(
            "span",
            f"{name}: ",
            tag("b", guess),
            f" ({prob:.0%} for the truth{', more wrong' if number == one.more_wrong else ''})",
            class_="said" if right else "said wrong",
        )
        for number, (name, guess, prob, right) in enumerate(
            zip(compared.names, one.guesses, one.probs, one.right, strict=True)
        )
    ]
    caption = tag(
        "figcaption", tag("span", tag("b", one.true)), *said, tag("span", one.name, class_="name", title=one.name)
    )
    frame = image(thumbs, one.row, f"a picture of the class {one.true}") if thumbs.found else None
    return tag("figure", frame, caption)
