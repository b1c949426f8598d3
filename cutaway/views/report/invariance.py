"""What a model still says of changed pictures: a diagram for each way of changing them, as a page or as one drawing."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cutaway import files
from cutaway.model.invariance import DOWN, MOST, RIGHT, ROTATION, SCALE, SMALL, SQUASH, Curve
from cutaway.views.report.html import Inside, Markup, document, joined, section, table, tag
from cutaway.views.report.plots import ACCENT, GREY, LINE, STYLE, figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

UNITS = {
    ROTATION: "degrees, clockwise",
    RIGHT: "pixels",
    DOWN: "pixels",
    SCALE: "times as large",
    SQUASH: "times as wide",
}
INCHES = (4.6, 2.4)


def write(curves: Sequence[Curve], title: str, says: Sequence[str], classes: Sequence[str], file: Path) -> None:
    """Writes a page of HTML, or all diagrams as one drawing, by the ending of the file's name."""
    if file.suffix.lower() in (".html", ".htm"):
        files.write(file, page(curves, title, says, classes).encode("utf-8", "backslashreplace"))
    else:
        files.write(file, drawing(curves, title, file.suffix[1:].lower()))


def page(curves: Sequence[Curve], title: str, says: Sequence[str], classes: Sequence[str]) -> str:
    """The page as one text."""
    top = tag(
        "header",
        tag("p", title, class_="kicker"),
        tag("h1", "What it still knows"),
        *(tag("p", sentence, class_="lede") for sentence in says),
    )
    parts = [
        section(
            f"by-{number}",
            one.name,
            diagram(one, number),
            tag("details", tag("summary", "the numbers"), told(one, classes)),
        )
        for number, one in enumerate(curves)
    ]
    foot = tag("footer", tag("p", "This file needs nothing else, and asks for nothing from outside."))
    return document("invariance", tag("main", top, joined(parts)), foot)


def diagram(one: Curve, number: int) -> Markup:
    """One way of changing pictures, drawn."""
    return figure(lambda axes: draw(axes, one), INCHES, f"by-{number}", f"guesses by {one.name}; the numbers are below")


def draw(axes: Axes, one: Curve) -> None:
    """The share of guesses that stay (of one picture: their probability), and the accuracy where labels are known."""
    from matplotlib.ticker import MaxNLocator

    alone = one.guesses is not None
    low, high = one.holds
    axes.axvspan(low, high, color=LINE, alpha=0.5, linewidth=0)
    axes.axvline(one.rest, color=GREY, linewidth=0.8, linestyle=":")
    if one.accuracy and not alone:
        axes.plot(one.values, one.accuracy, color=GREY, linestyle="--", label="right")
    shares = one.prob if alone else one.same
    axes.plot(one.values, shares, color=ACCENT, marker="o", markersize=3, label="still guessed as before")
    axes.set_ylim(-0.04, 1.04)
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f}%")
    axes.set_title("probability of the first guess" if alone else "share of the pictures")
    axes.set_xlabel(f"{one.name}: {UNITS[one.name]}")
    if one.name in (SCALE, SQUASH):
        axes.set_xscale("log", base=2)
        axes.set_xticks([0.5, 0.7, 1, 1.4, 2])
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.minorticks_off()
    if one.name == ROTATION:
        axes.set_xticks(range(-180, 181, 45))
    if one.name in (RIGHT, DOWN):
        axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    if not alone:
        axes.legend(loc="lower right", bbox_to_anchor=(1.02, 0.99), ncols=2, borderaxespad=0, columnspacing=1.2)


def drawing(curves: Sequence[Curve], title: str, kind: str) -> bytes:
    """All diagrams below each other, as `svg` or `png`."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    file = io.BytesIO()
    with rc_context({**STYLE, "figure.facecolor": "white"}):
        made = Figure(figsize=(INCHES[0], INCHES[1] * len(curves)), layout="constrained")
        made.suptitle(title, fontsize=10)
        for axes, one in zip(made.subplots(len(curves)), curves, strict=True):
            draw(axes, one)
        nothing: dict[str, Any] = {"Date": None} if kind == "svg" else {"Software": None}
        made.savefig(file, format=kind, dpi=150, metadata=nothing)
    return file.getvalue()


def told(one: Curve, classes: Sequence[str]) -> Markup:
    """The numbers of one diagram as a table."""
    head = [UNITS[one.name], "as before", "probability of the first guess"]
    head += ["right"] if one.accuracy else []
    head += ["guess"] if one.guesses else []
    rows: list[list[Inside]] = []
    for place, value in enumerate(one.values):
        row: list[Inside] = [f"{value:.3g}", f"{one.same[place]:.1%}", f"{one.prob[place]:.1%}"]
        row += [f"{one.accuracy[place]:.1%}"] if one.accuracy else []
        row += [classes[one.guesses[place]]] if one.guesses else []
        rows.append(row)
    return table(head, rows, caption=f"By {one.name}", left=())


def sentence(one: Curve) -> str:
    """`rotation: the guess holds from -30 to 45 degrees, clockwise`."""
    low, high = one.holds
    unit = UNITS[one.name]
    if low == high:
        few = "the guess holds at no" if one.guesses else f"fewer than {MOST:.0%} of the guesses hold at any"
        return f"{one.name}: {few} other value"
    who = "the guess holds" if one.guesses else f"{MOST:.0%} of the guesses hold"
    return f"{one.name}: {who} from {low:.3g} to {high:.3g} {unit}"


def in_words(curves: Sequence[Curve], pooled: bool) -> list[str]:
    """What small shifts do against turns and sizes; of pooling only what the numbers show."""
    by_name = {one.name: one for one in curves}
    small = [by for by in SMALL if by in by_name[RIGHT].values and by in by_name[DOWN].values]
    near = [by_name[name].at(-by, by) for name in (RIGHT, DOWN) for by in small]
    shift, turn, size = sum(near) / len(near), by_name[ROTATION].at(-45, 45), by_name[SCALE].at(0.7, 1.4)
    facts = (
        f"Moved by {' or '.join(map(str, small))} pixel{'s' * (small[-1] > 1)}, {shift:.0%} stay as guessed; "
        f"turned by 45 degrees, {turn:.0%}; at 0.7 or 1.4 times the size, {size:.0%}."
    )
    lost = [name for name, share in (("turns", turn), ("sizes", size)) if share < shift - 0.1]
    if not pooled:
        return [facts, "This net has no pooling layers."]
    if shift < MOST:
        return [facts, "This net has pooling layers, yet small shifts cost guesses: train it with --shift."]
    if lost:
        what = " and ".join(lost)
        return [facts, f"Pooling can forgive small shifts, and here they are forgiven; {what} it cannot give."]
    return [facts]
