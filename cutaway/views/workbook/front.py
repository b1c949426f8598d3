"""The first sheet: what this is, what the net says, and the layers with links."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cutaway.layers.layer import describe
from cutaway.model.names import escaped
from cutaway.model.outputs import probabilities
from cutaway.views.workbook.book import COST, GRADIENT, GUESS, LABEL, LOSS, START, Book
from cutaway.views.workbook.expression import Ref, text
from cutaway.views.workbook.layout import Place

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

LONGEST_NAME = 200
"""Characters of a class name that are shown; a cell holds 32,767."""

ABOUT = (
    "Every number that this net computes for this picture is a formula over the cells it came from. The pixels, the "
    "weights and the biases are typed numbers: change one, and everything after it is computed anew.",
    "How to read it: each layer has a sheet. Maps are coloured: orange above zero, blue below, white at zero, on one "
    "scale for the whole layer. Select any cell and choose Formulas, Trace Precedents: the arrows show its window.",
    "Where to start: click a pixel of the input, type 255, come back here.",
)


def write(book: Book, title: str, sheet: Worksheet, style: Callable[..., Format]) -> None:
    """Fills the first sheet; `style` makes a format."""
    Front(book, sheet, style).write(title)


@dataclass(frozen=True)
class Front:
    """The first sheet, while it is written."""

    book: Book
    sheet: Worksheet
    style: Callable[..., Format]

    def write(self, title: str) -> None:
        """What this is, what the net says, the layers with links."""
        sheet = self.sheet
        sheet.hide_gridlines(2)
        sheet.fit_to_pages(1, 0)
        for col, width in enumerate((150, 190, 150, 150, 240)):
            sheet.set_column_pixels(col, col, width)
        sheet.write_string(0, 0, title, self.style(bold=True, font_size=16))
        wrapped = self.style(text_wrap=True, valign="top", font_size=10)
        for at, paragraph in enumerate(ABOUT):
            sheet.merge_range(1 + at, 0, 1 + at, 4, "", wrapped)
            sheet.write_string(1 + at, 0, paragraph, wrapped)
            sheet.set_row_pixels(1 + at, 36)
        row = self._said() if self.book.ending else GUESS.row
        self._table(row)
        sheet.activate()

    def _said(self) -> int:
        """The guess, the label, the loss, and the probabilities. The row below them."""
        ending, place, sheet = self.book.ending, self.book.places[LOSS], self.sheet
        assert ending
        bold, plain = self.style(bold=True, font_size=11), self.style(font_size=11)
        names, probs = self._column(place, 0), self._column(place, place.output.col)
        losses, true = (self._column(place, place.weights[part].col) for part in ("loss", "true"))
        values = [self.book.grid.values[place.output.ref((k,))] for k in range(len(ending.classes))]
        guess = shown_name(ending.classes[values.index(max(values))])
        sheet.write_string(GUESS.row - 1, 0, "what the net says", self.style(bold=True, font_size=12))
        for ref, label in ((GUESS, "guess"), (LABEL, "true class: type it"), (COST, "loss")):
            sheet.write_string(ref.row, 0, label, plain)
        sheet.write_formula(*GUESS[1:], f"=INDEX({names},MATCH(MAX({probs}),{probs},0))", bold, guess)
        typed = self.style(font_size=11, bg_color="#FFF6D8", border=1, border_color="#C9A227", num_format="@")
        sheet.write_string(*LABEL[1:], shown_name(ending.classes[ending.label]), typed)
        sheet.data_validation(*LABEL[1:], *LABEL[1:], {"validate": "list", "source": f"={names}"})
        loss = self.book.grid.values[place.weights["loss"].ref((ending.label,))]
        number = self.style(font_size=11, num_format="0.0000", align="left")
        sheet.write_formula(*COST[1:], f"=INDEX({losses},MATCH(1,{true},0))", number, loss)
        return self._probabilities(COST.row + 2, place, values)

    def _probabilities(self, row: int, place: Place, values: Sequence[float]) -> int:
        """A row for each class. The row below them."""
        assert self.book.ending
        sheet = self.sheet
        for col, head in enumerate(("class", "probability", "the engine's, as saved")):
            sheet.write_string(row, col, head, self.style(bold=True, font_size=11))
        share, quiet = ({"font_size": 11, "num_format": "0.0%", "font_color": own} for own in ("#111111", "#888888"))
        engine, last = self._engine(), row + len(values)
        for k, name in enumerate(self.book.ending.classes):
            at = row + 1 + k
            sheet.write_string(at, 0, shown_name(name), self.style(font_size=11))
            cell = text(place.output.ref((k,)), START)
            sheet.write_formula(at, 1, f"={cell}", self.style(**share), shown(values[k]))
            sheet.write_number(at, 2, engine[k], self.style(**quiet))
        bars = {"type": "data_bar", "bar_color": "#F0C48F", "bar_solid": True, "min_type": "num", "max_type": "num"}
        sheet.conditional_format(row + 1, 1, last, 1, bars | {"min_value": 0, "max_value": 1})
        return last + 2

    def _engine(self) -> list[float]:
        """The probabilities that the model's own engine computed, in float32."""
        trace, ending = self.book.trace, self.book.ending
        assert ending
        return [float(p) for p in probabilities(trace.net, ending.kind, trace.output[None])[0]]

    def _column(self, place: Place, col: int) -> str:
        """A column of the classes' rows: `loss!$C$6:$C$15`."""
        first = Ref(place.sheet, place.output.row, col)
        last = Ref(place.sheet, place.output.last.row, col)
        return fixed(first, last)

    def _table(self, row: int) -> None:
        """The layers, with links to them."""
        sheet = self.sheet
        bold, plain = self.style(bold=True, font_size=11), self.style(font_size=10)
        link = self.style(font_size=10, font_color="#1F5FA8", underline=1)
        sheet.write_string(row, 0, "the layers", self.style(bold=True, font_size=12))
        slopes = set(self.book.gradient_sheets)
        for col, head in enumerate(("go to", "shape", "cells here", "gradient" if slopes else "", "layer")):
            sheet.write_string(row + 1, col, head, bold)
        count = self.style(font_size=10, num_format="#,##0", align="left")
        for at, place in enumerate(self.book.places.values(), row + 2):
            shape = "" if place.name == LOSS else describe(self.book.trace.shapes[place.name])
            sheet.write_url(at, 0, f"internal:'{place.sheet}'!A{place.top + 1}", link, place.name)
            sheet.write_string(at, 1, shape, plain)
            sheet.write_number(at, 2, math.prod(map(len, place.output.region)), count)
            if place.sheet + GRADIENT in slopes:
                sheet.write_url(at, 3, f"internal:'{place.sheet}{GRADIENT}'!A{place.top + 1}", link, "its gradient")
            sheet.write_string(at, 4, self._text(place), plain)

    def _text(self, place: Place) -> str:
        return "probabilities and loss" if place.name == LOSS else self.book.trace[place.name].text


def shown_name(name: str) -> str:
    """A class name as it stands in a cell: one line, not endless."""
    line = escaped(name)
    return line if len(line) <= LONGEST_NAME else f"{line[: LONGEST_NAME - 1]}…"


def shown(value: float) -> float | str:
    """What a viewer shows that does not calculate."""
    return value if math.isfinite(value) else "#NUM!"


def fixed(first: Ref, last: Ref) -> str:
    """A range that stays where it is wherever a formula is copied: `conv1!$C$6:$AD$33`."""
    from xlsxwriter.utility import quote_sheetname, xl_range_abs

    return f"{quote_sheetname(first.sheet)}!{xl_range_abs(*first[1:], *last[1:])}"
