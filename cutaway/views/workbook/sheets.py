"""Writes a book as an Excel file: sheets, titles, colours, links. What the numbers are is settled before."""

from __future__ import annotations

import io
import math
import re
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from cutaway.layers.layer import describe
from cutaway.net import INPUT
from cutaway.views.workbook import front
from cutaway.views.workbook.book import GRADIENT, LOSS, START, Book
from cutaway.views.workbook.expression import Ref
from cutaway.views.workbook.front import fixed, shown, shown_name
from cutaway.views.workbook.layout import CAPTION, MARGIN, Area, Place, tables

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

SQUARE = 30
"""Pixels of a cell of a map: room for -0.00 in small type."""
NEGATIVE, NONE, POSITIVE = "#3B6FB6", "#FFFFFF", "#D9822B"
"""Blue, white, orange: told apart also by those who do not see red and green apart."""
LIKE_A_CELL = re.compile(r"[A-Za-z]{1,3}\d+|[rRcC]\d*([rRcC]\d*)?")
"""Names that Excel takes for a cell: `add1`."""


class Writing:
    """One Excel file that is being written."""

    def __init__(self, book: Book, title: str) -> None:
        from xlsxwriter import Workbook

        self.book, self.title, self.file = book, title, io.BytesIO()
        self.workbook = Workbook(self.file, {"in_memory": True})
        self.sheets: dict[str, Worksheet] = {}
        names = [START, *book.sheets, *book.gradient_sheets]
        for name in names:
            self.sheets[name] = self.workbook.add_worksheet(name, worksheet_class=_worksheet())
        self._formats: dict[tuple[tuple[str, Any], ...], Format] = {}

    def bytes(self) -> bytes:
        """The file."""
        self._numbers()
        for place in self.book.places.values():
            self._layer(place, place.sheet)
            if place.sheet + GRADIENT in self.sheets:
                self._layer(place, place.sheet + GRADIENT)
        for name in list(self.sheets)[1:]:
            self._sheet(name)
        front.write(self.book, self.title, self.sheets[START], self._style)
        self.workbook.close()
        return self.file.getvalue()

    # --- numbers ------------------------------------------------------------------------------------

    def _numbers(self) -> None:
        """Every number and formula, with its value: what does not calculate shows it right."""
        texts, styles = self.book.grid.texts, self._styles
        for ref, value in self.book.grid.values.items():
            sheet, style = self.sheets[ref.sheet], styles.get(ref) or self._style(num_format="0.0000", font_size=8)
            if ref in texts:
                sheet.write_formula(ref.row, ref.col, f"={texts[ref]}", style, shown(value))
            else:
                sheet.write_number(ref.row, ref.col, value, style)

    @cached_property
    def _styles(self) -> dict[Ref, Format]:
        """How the numbers of each area look."""
        found: dict[Ref, Format] = {}
        for place in self.book.places.values():
            for area in (place.output, *place.weights.values()):
                style = self._of_area(area, typed=area is not place.output or place.name == INPUT)
                found.update(dict.fromkeys(area.refs(), style))
                if self.book.gradients:
                    slope = self._style(num_format="0.0000", font_size=7, align="center", valign="vcenter")
                    moved = (Ref(ref.sheet + GRADIENT, ref.row, ref.col) for ref in area.refs())
                    found.update(dict.fromkeys(moved, slope))
        return found

    def _of_area(self, area: Area, *, typed: bool) -> Format:
        values = [self.book.grid.values[ref] for ref in area.refs()]
        whole = all(value == round(value) for value in values)
        small = (
            {"font_size": 7, "align": "center", "valign": "vcenter"}
            if len(area.region) > 2 or area.band
            else {"font_size": 9}
        )
        digits = "0" if whole else "0.00" if len(area.region) == 3 else "0.000" if typed else "0.0000"
        border = {"border": 1, "border_color": "#D5D5D5"} if typed else {}
        return self._style(num_format=digits, **small, **border)

    def _style(self, **settings: Any) -> Format:
        key = tuple(settings.items())
        if key not in self._formats:
            self._formats[key] = self.workbook.add_format({"font_name": "Arial", **settings})
        return self._formats[key]

    # --- a layer ------------------------------------------------------------------------------------

    def _layer(self, place: Place, name: str) -> None:
        """Titles, captions and colours of one layer."""
        sheet, slopes = self.sheets[name], name != place.sheet
        big, quiet = self._style(bold=True, font_size=14), self._style(font_color="#666666", font_size=9)
        sheet.write_string(place.top, 0, self._head(place, slopes), big)
        sheet.write_url(place.top + 1, 0, f"internal:'{START}'!A1", quiet, "back to the start")
        for area in (place.output, *place.weights.values()):
            self._caption(sheet, area)
            self._colour(sheet, area, pixels=not slopes and self._pixels(place))
        if not slopes:
            self._classes(sheet, place)
            for ref, label in place.labels.items():
                sheet.write_string(ref.row, ref.col - 1, label, quiet)
            self._name(place)

    def _pixels(self, place: Place) -> bool:
        """Whether a layer's numbers are still those of a picture, 0 to 255."""
        if place.name == LOSS:
            return False
        node = self.book.trace[place.name].node
        return node is None or node.layer.keeps_pixels

    def _head(self, place: Place, slopes: bool) -> str:
        if place.name == LOSS:
            what = "the loss: what each class would cost if it were the true one"
        elif place.name == INPUT:
            what = f"the picture, {describe(self.book.trace.shapes[INPUT])}"
        else:
            shape = describe(self.book.trace.shapes[place.name])
            what = f"{place.name}: {self.book.trace[place.name].text}, {shape}"
        return f"gradient of the loss with respect to {place.name}" if slopes else what

    def _caption(self, sheet: Worksheet, area: Area) -> None:
        """What stands above and beside an array: its name, and the numbers of its rows and columns."""
        quiet = self._style(font_color="#666666", font_size=8, bold=True)
        index = self._style(font_color="#999999", font_size=7, align="center", valign="vcenter")
        for caption, row, col, rows, cols in tables(area):
            sheet.write_string(row - CAPTION, col, caption, quiet)
            for at, number in enumerate(cols):
                sheet.write_string(row - 1, col + at, str(number), index)
            if col == MARGIN or len(area.region) == 2:
                for at, number in enumerate(rows):
                    sheet.write_string(row + at, col - 1, str(number), index)

    def _colour(self, sheet: Worksheet, area: Area, *, pixels: bool) -> None:
        """One diverging scale for all of an array, the same above and below zero; black to white for pixels."""
        first, last = area.first, area.last
        if len(area.region) == 1 and not area.band:
            return
        ends = {"min_type": "num", "max_type": "num"}
        if pixels:
            scale = {"type": "2_color_scale", **ends, "min_value": 0, "max_value": 255}
            scale |= {"min_color": "#222222", "max_color": "#FFFFFF"}
            light = self.workbook.add_format({"font_color": "#FFFFFF"})
            dark = {"type": "cell", "criteria": "<", "value": 100, "format": light}
            sheet.conditional_format(first.row, first.col, last.row, last.col, dark)
        else:
            values = self.book.grid.values
            home = first.sheet if sheet.get_name() == first.sheet else first.sheet + GRADIENT
            moved = (values.get(Ref(home, ref.row, ref.col), 0.0) for ref in area.refs())
            top = max((abs(value) for value in moved if math.isfinite(value)), default=0.0) or 1.0
            scale = {"type": "3_color_scale", **ends, "mid_type": "num", "min_value": -top, "mid_value": 0}
            scale |= {"max_value": top, "min_color": NEGATIVE, "mid_color": NONE, "max_color": POSITIVE}
        sheet.conditional_format(first.row, first.col, last.row, last.col, scale)

    def _classes(self, sheet: Worksheet, place: Place) -> None:
        """The names of the classes beside the numbers that are theirs."""
        ending = self.book.ending
        if not ending or len(place.output.region) != 1 or len(place.output.region[0]) != len(ending.classes):
            return
        style = self._style(font_size=9)
        for at, name in enumerate(ending.classes):
            sheet.write_string(place.output.row + at, 0, shown_name(name), style)

    def _name(self, place: Place) -> None:
        """Names for the name box: `conv1`, `conv1.kernel`."""
        for area in (place.output, *place.weights.values()):
            name = f"{area.name}_" if LIKE_A_CELL.fullmatch(area.name) else area.name
            self.workbook.define_name(name, f"={fixed(area.first, area.last)}")

    def _sheet(self, name: str) -> None:
        """Sizes of rows and columns, and what stays in sight."""
        sheet, own = self.sheets[name], [p for p in self.book.places.values() if name.removesuffix(GRADIENT) == p.sheet]
        maps = any(len(place.output.region) == 3 for place in own)
        sheet.set_column_pixels(0, 16_383, SQUARE if maps else 58)
        sheet.set_column_pixels(0, 0, 22 if maps and not self.book.single else 120)
        sheet.set_column_pixels(1, 1, 24)
        if not self.book.single:
            sheet.set_column_pixels(own[0].between, own[0].between, 190)
            sheet.set_column_pixels(own[0].between + 1, own[0].between + 1, 90)
            sheet.freeze_panes(2, 0)
        if maps:
            for place in own:
                for row in place.map_rows:
                    sheet.set_row_pixels(row, SQUARE)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)


@cache
def _worksheet() -> type[Worksheet]:
    """A sheet that takes formulas as they are.

    XlsxWriter's own looks each over for 29 functions of newer Excels, none of which is used here; with formulas of
    several thousand characters that is half the time of writing the file.
    """
    from xlsxwriter.worksheet import Worksheet

    class Plain(Worksheet):  # type: ignore[misc]  # the library has no types
        def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:
            return formula.removeprefix("=")

    return Plain
