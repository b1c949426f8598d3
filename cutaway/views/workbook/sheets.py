"""Writes a book as an Excel file: sheets, titles, colours, links. What the numbers are is settled before."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable, Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from cutaway.layers.layer import describe
from cutaway.model.names import escaped
from cutaway.model.outputs import probabilities
from cutaway.net import INPUT
from cutaway.views.workbook.book import COST, GRADIENT, GUESS, LABEL, LOSS, START, Book
from cutaway.views.workbook.expression import Ref, text
from cutaway.views.workbook.layout import CAPTION, MARGIN, Area, Place

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

SQUARE = 30
"""Pixels of a cell of a map: room for -0.00 in small type."""
NEGATIVE, NONE, POSITIVE = "#3B6FB6", "#FFFFFF", "#D9822B"
"""Blue, white, orange: told apart also by those who do not see red and green apart."""
LONGEST_NAME = 200
"""Characters of a class name that are shown; a cell holds 32,767."""
LIKE_A_CELL = re.compile(r"[A-Za-z]{1,3}\d+|[rRcC]\d*([rRcC]\d*)?")
"""Names that Excel takes for a cell: `add1`."""

ABOUT = (
    "Every number that this net computes for this picture is a formula over the cells it came from. The pixels, the "
    "weights and the biases are typed numbers: change one, and everything after it is computed anew.",
    "How to read it: each layer has a sheet. Maps are coloured: orange above zero, blue below, white at zero, on one "
    "scale for the whole layer. Select any cell and choose Formulas, Trace Precedents: the arrows show its window.",
    "Where to start: click a pixel of the input, type 255, come back here.",
)


class Writing:
    """One Excel file that is being written."""

    def __init__(self, book: Book, title: str) -> None:
        from xlsxwriter import Workbook

        self.book, self.title, self.file = book, title, io.BytesIO()
        plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        self.workbook = Workbook(self.file, {"in_memory": True, **plain})
        self.workbook.set_calc_mode("auto")
        self.sheets: dict[str, Worksheet] = {}
        names = [START, *book.sheets, *book.gradients_of_sheets]
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
        self._start()
        self.workbook.close()
        return self.file.getvalue()

    # --- numbers ------------------------------------------------------------------------------------

    def _numbers(self) -> None:
        """Every number and formula, with its value: what does not calculate shows it right."""
        texts, styles = self.book.grid.texts, self._styles
        for ref, value in self.book.grid.values.items():
            sheet, style = self.sheets[ref.sheet], styles.get(ref) or self._style(num_format="0.0000", font_size=8)
            if ref in texts:
                sheet.write_formula(ref.row, ref.col, f"={texts[ref]}", style, _shown(value))
            else:
                sheet.write_number(ref.row, ref.col, value, style)

    @cached_property
    def _styles(self) -> dict[Ref, Format]:
        """How the numbers of each area look."""
        found: dict[Ref, Format] = {}
        for place in self.book.places.values():
            for area in (place.output, *place.weights.values()):
                style = self._of_area(area, typed=area is not place.output or place.name == INPUT)
                found.update(dict.fromkeys(refs(area), style))
                if self.book.gradients:
                    slope = self._style(num_format="0.0000", font_size=7, align="center", valign="vcenter")
                    moved = (Ref(ref.sheet + GRADIENT, ref.row, ref.col) for ref in refs(area))
                    found.update(dict.fromkeys(moved, slope))
        return found

    def _of_area(self, area: Area, *, typed: bool) -> Format:
        values = [self.book.grid.values[ref] for ref in refs(area)]
        whole = all(value == round(value) for value in values)
        small = {"font_size": 7, "align": "center", "valign": "vcenter"} if len(area.region) > 2 else {"font_size": 9}
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
        for caption, row, col, rows, cols in _tables(area):
            sheet.write_string(row - CAPTION, col, caption, quiet)
            for at, number in enumerate(cols):
                sheet.write_string(row - 1, col + at, str(number), index)
            if col == MARGIN or len(area.region) == 2:
                for at, number in enumerate(rows):
                    sheet.write_string(row + at, col - 1, str(number), index)

    def _colour(self, sheet: Worksheet, area: Area, *, pixels: bool) -> None:
        """One diverging scale for all of an array, the same above and below zero; black to white for pixels."""
        first, last = first_of(area), area.last
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
            moved = (values.get(Ref(home, ref.row, ref.col), 0.0) for ref in refs(area))
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
            self.workbook.define_name(name, f"={fixed(first_of(area), area.last)}")

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
                for row in _map_rows(place):
                    sheet.set_row_pixels(row, SQUARE)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)

    # --- the first sheet ----------------------------------------------------------------------------

    def _start(self) -> None:
        """What this is, what the net says, the layers with links."""
        sheet = self.sheets[START]
        sheet.hide_gridlines(2)
        sheet.fit_to_pages(1, 0)
        for col, width in enumerate((150, 190, 150, 150, 240)):
            sheet.set_column_pixels(col, col, width)
        sheet.write_string(0, 0, self.title, self._style(bold=True, font_size=16))
        wrapped = self._style(text_wrap=True, valign="top", font_size=10)
        for at, paragraph in enumerate(ABOUT):
            sheet.merge_range(1 + at, 0, 1 + at, 4, "", wrapped)
            sheet.write_string(1 + at, 0, paragraph, wrapped)
            sheet.set_row_pixels(1 + at, 36)
        row = self._said(sheet) if self.book.ending else GUESS.row
        self._table(sheet, row)
        sheet.activate()

    def _said(self, sheet: Worksheet) -> int:
        """The guess, the label, the loss, and the probabilities. The row below them."""
        ending, place = self.book.ending, self.book.places[LOSS]
        assert ending
        bold, plain = self._style(bold=True, font_size=11), self._style(font_size=11)
        names, probs = self._column(place, 0), self._column(place, place.output.col)
        losses, true = (self._column(place, place.weights[part].col) for part in ("loss", "true"))
        values = [self.book.grid.values[place.output.ref((k,))] for k in range(len(ending.classes))]
        guess = shown_name(ending.classes[values.index(max(values))])
        sheet.write_string(GUESS.row - 1, 0, "what the net says", self._style(bold=True, font_size=12))
        for ref, label in ((GUESS, "guess"), (LABEL, "true class: type it"), (COST, "loss")):
            sheet.write_string(ref.row, 0, label, plain)
        sheet.write_formula(*GUESS[1:], f"=INDEX({names},MATCH(MAX({probs}),{probs},0))", bold, guess)
        typed = self._style(font_size=11, bg_color="#FFF6D8", border=1, border_color="#C9A227", num_format="@")
        sheet.write_string(*LABEL[1:], shown_name(ending.classes[ending.label]), typed)
        sheet.data_validation(*LABEL[1:], *LABEL[1:], {"validate": "list", "source": f"={names}"})
        loss = self.book.grid.values[place.weights["loss"].ref((ending.label,))]
        number = self._style(font_size=11, num_format="0.0000", align="left")
        sheet.write_formula(*COST[1:], f"=INDEX({losses},MATCH(1,{true},0))", number, loss)
        return self._probabilities(sheet, COST.row + 2, place, values)

    def _probabilities(self, sheet: Worksheet, row: int, place: Place, values: Sequence[float]) -> int:
        """A row for each class. The row below them."""
        assert self.book.ending
        for col, head in enumerate(("class", "probability", "the engine's, as saved")):
            sheet.write_string(row, col, head, self._style(bold=True, font_size=11))
        share, quiet = ({"font_size": 11, "num_format": "0.0%", "font_color": own} for own in ("#111111", "#888888"))
        engine, last = self._engine(), row + len(values)
        for k, name in enumerate(self.book.ending.classes):
            at = row + 1 + k
            sheet.write_string(at, 0, shown_name(name), self._style(font_size=11))
            cell = text(place.output.ref((k,)), START)
            sheet.write_formula(at, 1, f"={cell}", self._style(**share), _shown(values[k]))
            sheet.write_number(at, 2, engine[k], self._style(**quiet))
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

    def _table(self, sheet: Worksheet, row: int) -> None:
        """The layers, with links to them."""
        bold, plain = self._style(bold=True, font_size=11), self._style(font_size=10)
        link = self._style(font_size=10, font_color="#1F5FA8", underline=1)
        sheet.write_string(row, 0, "the layers", self._style(bold=True, font_size=12))
        slopes = set(self.book.gradients_of_sheets)
        for col, head in enumerate(("go to", "shape", "cells here", "gradient" if slopes else "", "layer")):
            sheet.write_string(row + 1, col, head, bold)
        count = self._style(font_size=10, num_format="#,##0", align="left")
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


@cache
def _worksheet() -> type[Worksheet]:
    """A sheet that takes formulas as they are.

    XlsxWriter's own looks each over for 29 functions of newer Excels, none of which is used here; with formulas of
    several thousand characters that is half the time of writing the file.
    """
    from xlsxwriter.worksheet import Worksheet

    class Plain(Worksheet):
        def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:
            return formula.removeprefix("=")

    return Plain


def refs(area: Area) -> Iterable[Ref]:
    """Where each number of an array stands."""
    from itertools import product

    return map(area.ref, product(*area.region))


def shown_name(name: str) -> str:
    """A class name as it stands in a cell: one line, not endless."""
    line = escaped(name)
    return line if len(line) <= LONGEST_NAME else f"{line[: LONGEST_NAME - 1]}…"


def _tables(area: Area) -> Iterable[tuple[str, int, int, range, range]]:
    """The tables that an array is drawn as: a caption, the first cell, the numbers of rows and columns."""
    region, nothing = area.region, range(0)
    match len(region):
        case 1 if area.band:
            for k in region[0]:
                ref = area.ref((k,))
                yield f"{area.name.partition('.')[2]}[{k}]", ref.row, ref.col, nothing, nothing
        case 1:
            yield area.name.rpartition(".")[2], area.row, area.col, region[0], nothing
        case 2:
            yield area.name, area.row, area.col, region[0], region[1]
        case 3:
            for k in region[2]:
                ref = area.ref((region[0][0], region[1][0], k))
                yield f"{area.name}[:, :, {k}]", ref.row, ref.col, region[0], region[1]
        case 4:
            for k in region[3]:
                for d in region[2]:
                    ref = area.ref((region[0][0], region[1][0], d, k))
                    yield f"kernel[{d}, {k}]", ref.row, ref.col, nothing, nothing


def _map_rows(place: Place) -> Iterable[int]:
    """The rows in which cells of maps or kernels stand."""
    area = place.output
    if len(area.region) != 3:
        return
    for k in range(len(area.region[2])):
        yield from range(area.row + k * area.band, area.row + (k + 1) * area.band - CAPTION - 1)


def _shown(value: float) -> float | str:
    """What a viewer shows that does not calculate."""
    return value if math.isfinite(value) else "#NUM!"


def first_of(area: Area) -> Ref:
    """Where its first number stands."""
    return area.ref(tuple(axis[0] for axis in area.region))


def fixed(first: Ref, last: Ref) -> str:
    """A range that stays where it is wherever a formula is copied: `conv1!$C$6:$AD$33`."""
    from xlsxwriter.utility import quote_sheetname, xl_range_abs

    return f"{quote_sheetname(first.sheet)}!{xl_range_abs(*first[1:], *last[1:])}"
