"""Drawings: elements of SVG within a rectangle of known size, set beside and below each other.

Only attributes are used, no style sheet: what slides are made with understands those. Widths of texts are estimated,
since nothing here knows the reader's fonts; numbers are set in a font of fixed width, where the estimate is good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from cutaway.views.figure.colours import INK
from cutaway.wording import one_line

SANS = "Helvetica, Arial, 'Liberation Sans', sans-serif"
MONO = "Menlo, Consolas, 'DejaVu Sans Mono', monospace"
WIDE = {SANS: 0.56, MONO: 0.605}
"""Width of a character in units of the size of the font."""
BASELINE = 0.35
"""From the middle of a line of text down to its baseline, in the same units."""
GAP = 14.0


@dataclass(frozen=True)
class Drawing:
    """Elements, from (0, 0) to (width, height)."""

    width: float
    height: float
    elements: tuple[str, ...] = ()

    def at(self, x: float, y: float) -> tuple[str, ...]:
        """Its elements, moved."""
        if not self.elements:
            return ()
        if not x and not y:
            return self.elements
        return (f'<g transform="translate({length(x)} {length(y)})">', *self.elements, "</g>")


def label(
    text: str, size: float = 14, *, font: str = SANS, colour: str = INK, bold: bool = False, height: float = 0.0
) -> Drawing:
    """A line of text."""
    high = height or 1.5 * size
    return Drawing(measure(text, size, font, bold), high, (words(text, 0, high / 2, size, font, colour, bold=bold),))


def words(
    text: str,
    x: float,
    y: float,
    size: float,
    font: str = SANS,
    colour: str = INK,
    *,
    anchor: str = "start",
    bold: bool = False,
) -> str:
    """A text element whose line has its middle at y."""
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{length(x)}" y="{length(y + BASELINE * size)}" font-family="{font}" font-size="{size:g}"'
        f'{weight} fill="{colour}" text-anchor="{anchor}">{escaped(text)}</text>'
    )


def box(x: float, y: float, width: float, height: float, fill: str, stroke: str = "", thick: float = 1) -> str:
    """A rectangle."""
    edge = f' stroke="{stroke}" stroke-width="{thick:g}"' if stroke else ""
    where = f'x="{length(x)}" y="{length(y)}" width="{length(width)}" height="{length(height)}"'
    return f'<rect {where} fill="{fill}"{edge}/>'


def hairline(x: float, y: float, width: float, colour: str) -> str:
    """A level line."""
    return f'<path d="M{length(x)} {length(y)}h{length(width)}" stroke="{colour}" stroke-width="1"/>'


def beside(drawings: Sequence[Drawing], gap: float = GAP, *, lower: bool = True) -> Drawing:
    """One to the right of the other, their lower edges in line, or their upper ones."""
    height = max(one.height for one in drawings)
    x = 0.0
    elements: list[str] = []
    for one in drawings:
        elements += one.at(x, height - one.height if lower else 0)
        x += one.width + gap
    return Drawing(x - gap, height, tuple(elements))


def below(drawings: Sequence[Drawing], gap: float = GAP) -> Drawing:
    """One under the other, their left edges in line."""
    y = 0.0
    elements: list[str] = []
    for one in drawings:
        elements += one.at(0, y)
        y += one.height + gap
    return Drawing(max(one.width for one in drawings), y - gap, tuple(elements))


def measure(text: str, size: float, font: str = SANS, bold: bool = False) -> float:
    """About how wide a line of text is."""
    return len(text) * size * WIDE[font] * (1.06 if bold else 1)


def number(text: str) -> str:
    """A printed number with the sign that typesetters use.

    >>> number("-1.5e-09")
    '−1.5e−09'
    """
    return text.replace("-", "−")


def escaped(text: str) -> str:
    """Any text as XML holds it: control characters are no part of XML, and are written out."""
    return escape(one_line(text))


def length(value: float) -> str:
    """A length with the decimals that can be seen."""
    return f"{round(value, 2):g}"
