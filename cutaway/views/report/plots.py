"""Curves and diagrams as inline SVG. matplotlib is loaded here alone, and only when something is drawn.

Texts stay texts; colours are those of the page, so that they follow it into the dark; and the same numbers give the
same bytes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cutaway.views.report.html import Markup, tag

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cutaway.model.calibration import Bin

COLOURS = {"#17191d": "var(--ink)", "#686e78": "var(--grey)", "#dfe1e5": "var(--line)", "#b3127c": "var(--accent)"}
INK, GREY, LINE, ACCENT = COLOURS
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "cutaway",
    "font.size": 9,
    "axes.edgecolor": LINE,
    "axes.labelcolor": GREY,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 9,
    "axes.titleweight": "normal",
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "lines.linewidth": 1.5,
    "xtick.color": LINE,
    "xtick.labelcolor": GREY,
    "ytick.color": LINE,
    "ytick.labelcolor": GREY,
}
INCHES = (4.6, 2.6)
SQUARE = (3.4, 3.2)


def curve(
    epochs: Sequence[int], lines: Mapping[str, Sequence[float]], best: int | None, *, name: str, title: str, share: bool
) -> Markup:
    """Figures over the epochs: the first line of training, dashed, the second of validation. `best` is marked."""
    from matplotlib.ticker import MaxNLocator

    def draw(axes: Axes) -> None:
        for (label, values), (colour, dash) in zip(lines.items(), ((GREY, "--"), (ACCENT, "-")), strict=False):
            mark = "o" if len(epochs) == 1 else None
            axes.plot(epochs, values, color=colour, linestyle=dash, marker=mark, markersize=4, label=label)
        if best is not None and len(epochs) > 1:
            axes.axvline(best, color=GREY, linewidth=0.8, linestyle=":")
        axes.set_title(title)
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True, min_n_ticks=1))
        if share:
            axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.4g}%")
        axes.legend(loc="lower right", bbox_to_anchor=(1.02, 0.99), ncols=2, borderaxespad=0, columnspacing=1.2)

    return figure(draw, INCHES, name, f"{title}, epoch by epoch; the table below has the numbers")


def reliability(bins: Sequence[Bin], *, name: str, title: str) -> Markup:
    """The share of right guesses against their probability, bin by bin; the larger a dot, the more guesses."""
    total = sum(one.count for one in bins)

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=LINE, linewidth=1)
        for one in bins:
            axes.plot([one.sure, one.sure], [one.sure, one.right], color=GREY, linewidth=0.8)
        areas = [14 + 160 * one.count / total for one in bins]
        axes.scatter([one.sure for one in bins], [one.right for one in bins], s=areas, color=ACCENT, linewidths=0)
        axes.set_xlim(-0.03, 1.05)
        axes.set_ylim(-0.03, 1.05)
        axes.set_title(title)
        axes.set_xlabel("how sure it was")
        axes.set_ylabel("how many were right")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_ticks([0, 0.5, 1])
            axis.set_major_formatter(lambda value, _: f"{100 * value:.0f}%")

    return figure(draw, SQUARE, name, f"{title}: the nearer the dots are to the line, the better")


def figure(draw: Any, inches: tuple[float, float], name: str, label: str) -> Markup:
    """One diagram. Its ids begin with `name`, so that several can stand in a page."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    file = io.StringIO()
    with rc_context(STYLE):
        made = Figure(figsize=inches, layout="constrained")
        draw(made.add_subplot())
        nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
        made.savefig(file, format="svg", transparent=True, metadata=nothing)
    return tag("figure", inline(file.getvalue(), name, label), class_="plot")


def inline(svg: str, name: str, label: str) -> Markup:
    """A file of SVG as it can stand in a page."""
    svg = svg[svg.index("<svg") :].strip()
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.S)
    svg = re.sub(r"<style type=.*?</style>\s*", "", svg, flags=re.S)
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", svg)
    svg = re.sub(r"font-family: [^;\"]*;?|font: (\S+) [^;\"]*", lambda m: f"font-size: {m[1]}" if m[1] else "", svg)
    for colour, variable in COLOURS.items():
        svg = svg.replace(colour, variable)
    width, height = (float(size) for size in re.findall(r'(?:width|height)="([\d.]+)pt"', svg)[:2])
    start = (
        f'<svg role="img" aria-label="{label}" viewBox="0 0 {width:g} {height:g}" xmlns="http://www.w3.org/2000/svg"'
    )
    rest = svg.split(">", 1)[1]
    return Markup(f'{start} xmlns:xlink="http://www.w3.org/1999/xlink">{rest}')
