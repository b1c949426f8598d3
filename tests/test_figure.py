"""One working as a figure: valid SVG that stands alone, whose sums add up as drawn."""

import re
from decimal import Decimal
from xml.etree import ElementTree

import numpy as np
import pytest

import cutaway as cw
from cutaway.layers.working import Factor, summed, times
from cutaway.net import parse, start
from cutaway.trace import CellWorking, record
from cutaway.views import figure
from cutaway.views.figure import colours
from tests.test_trace import EVERY_KIND, some_cells, traced

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    """What is written in a figure, in order."""
    return [element.text or "" for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def number(text: str) -> Decimal:
    return Decimal(text.replace("−", "-"))


def parsed(page: str) -> ElementTree.Element:
    """A page as XML: its only void element is closed for that."""
    body = page.removeprefix("<!doctype html>")
    return ElementTree.fromstring(re.sub(r"<(meta [^>]*|br)>", r"<\1/>", body))


@pytest.fixture(scope="module")
def seven(digits_run):
    return cw.load(digits_run).trace(cw.read("digits")[17])


@pytest.fixture(scope="module")
def whole():
    """The textbook's kernel on a picture of nine pixels: 1x2 + 2x0 + ... = 24."""
    kernel = np.array([[2, 0, -1], [0, 1, 0], [-1, 0, 3]], np.float32)[..., None, None]
    net = parse("input 3x3x1, conv 1 3x3, relu")
    weights = {"conv1.kernel": kernel, "conv1.bias": np.array([1], np.float32)}
    return record(net, weights, np.arange(1, 10, dtype=np.uint8).reshape(3, 3, 1))


def test_a_window_is_drawn_with_its_numbers_and_its_sum(whole):
    svg = whole.cell("conv1[0, 0, 0]").working().to_svg()
    assert texts(svg) == [
        "conv1[0, 0, 0] = 25",
        "conv 1 3x3 of input",
        "input[0..2, 0..2, 0]",
        *"123456789",
        "×",
        "kernel[0..2, 0..2, 0, 0]",
        *["2", "0", "−1", "0", "1", "0", "−1", "0", "3"],
        "=",
        "products",
        *["2", "0", "−3", "0", "5", "0", "−7", "0", "27"],
        *["sum of 9 products", "24", "bias[0]", "1", "sum", "25"],
        *["exact", "25", "engine", "25, the same"],
        *["below 0", "0", "above 0", "numbers of each kind on a scale of their own"],
    ]


def test_a_notebook_shows_the_figure(whole):
    cell = whole.cell("conv1[0, 0, 0]").working()
    assert cell._repr_svg_() == cell.to_svg()


def test_it_stands_alone_and_says_what_it_is(whole):
    svg = whole.cell("conv1[0, 0, 0]").working().to_svg()
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    x, y, width, height = map(float, root.attrib["viewBox"].split())
    assert (x, y, f"{width:g}", f"{height:g}") == (0, 0, root.attrib["width"], root.attrib["height"])
    assert [child.tag for child in root][:2] == [f"{SVG}title", f"{SVG}desc"]
    assert root[0].text == "conv1[0, 0, 0] = 25"
    assert root[1].text == "conv 1 3x3 of input: 10 terms, added up. Exact 25; engine 25, the same."
    assert not re.search(r"href|url\(|<style|<script|@import", svg)
    assert root[2].attrib == {"width": root.attrib["width"], "height": root.attrib["height"], "fill": "#FFFFFF"}


def placed(root: ElementTree.Element, x: float = 0, y: float = 0):
    """The rectangles and texts of a figure where they stand in the whole."""
    for child in root:
        if child.tag == f"{SVG}g":
            dx, dy = map(float, child.attrib["transform"].removeprefix("translate(").rstrip(")").split())
            yield from placed(child, x + dx, y + dy)
        elif child.tag in (f"{SVG}rect", f"{SVG}text"):
            yield child, x + float(child.attrib.get("x", 0)), y + float(child.attrib.get("y", 0))


@pytest.mark.parametrize("net", EVERY_KIND)
def test_every_working_of_every_kind_of_layer_is_a_figure(net):
    trace = traced(net, (9, 20, 3))
    for stage in trace:
        for place in some_cells(stage.shape)[:3]:
            cell = stage[place].working()
            root = ElementTree.fromstring(cell.to_svg())
            width, height = map(float, root.attrib["viewBox"].split()[2:])
            for element, x, y in placed(root):
                assert 0 <= x <= width, cell.address
                assert 0 <= y <= height, cell.address
                assert x + float(element.attrib.get("width", 0)) <= width + 0.02, cell.address
            parsed(figure.page(cell))


def tables(page: str) -> list[tuple[list[Decimal], list[Decimal]]]:
    """Of each table: the last column, and what stands below the line."""
    found = []
    for table in parsed(page).iter("table"):
        bodies = [[number(row[-1].text or "") for row in body] for body in table.findall("tbody")]
        found.append((bodies[0], bodies[1] if len(bodies) > 1 else []))
    return found


@pytest.mark.parametrize("address", ["conv1[3, 4, 5]", "conv2[3, 4, 5]", "dense1[3]", "dense2[7]", "softmax1[3]"])
@pytest.mark.parametrize("everything", [False, True])
def test_sums_add_up_as_drawn_and_as_tabled(seven, address, everything):
    cell = seven.cell(address).working()
    found = tables(figure.page(cell, everything=everything))
    for terms, under in found:
        assert not under or sum(terms) == under[0]
    drawn = texts(figure.svg(cell, everything=everything))
    total = drawn[drawn.index("sum") + 1] if "sum" in drawn else drawn[-1]
    assert number(total) == found[-1][1][0]
    assert abs(found[-1][1][0] - Decimal(cell.total)) < Decimal("0.0006")


def test_a_long_sum_shows_its_strongest_parts(seven):
    drawn = texts(seven.cell("dense1[3]").working().to_svg())
    assert "502 others" in drawn
    assert sum(text.startswith("flatten1[") for text in drawn) == 10
    channels = texts(seven.cell("conv2[3, 4, 5]").working().to_svg())
    assert "the strongest of 16 channels" in channels
    assert channels.count("products") == 3
    assert "6 other channels" in channels
    every = texts(seven.cell("conv2[3, 4, 5]").working().to_svg(everything=True))
    assert every.count("products") == 16


def test_the_products_of_a_channel_add_up_to_its_part(seven):
    drawn = texts(seven.cell("conv1[3, 4, 5]").working().to_svg())
    first = drawn.index("products") + 1
    products = drawn[first : first + 9]
    assert sum(map(number, products)) == number(drawn[drawn.index("sum of 9 products") + 1])


def test_the_largest_has_a_heavy_frame(seven):
    cell = seven.cell("maxpool1[2, 1, 6]").working()
    svg = cell.to_svg()
    won = cell.working.winner
    assert svg.count('stroke-width="3"') == 1
    assert f"{cell.where(won.factors[0])} is the largest of 4" in texts(svg)


def test_formulas_have_their_numbers(seven):
    cell = seven.cell("softmax1[3]").working()
    largest = cell.working.where["largest"].value
    assert texts(cell.to_svg()).count(f"exp(x - {largest:.9g})") == 10
    assert f"exp(x - {largest:.9g})" in figure.page(cell)


def test_one_number_passed_on_and_a_pixel(seven):
    assert "maxpool1[0, 0, 7], passed on unchanged" in texts(seven.cell("flatten1[7]").working().to_svg())
    assert "a pixel of the picture" in texts(seven.cell("input[0, 0, 0]").working().to_svg())
    assert "<table>" not in figure.page(seven.cell("input[0, 0, 0]").working())


def test_texts_are_escaped():
    """No name that a net takes has such characters; a kind of layer that is yet to come might."""
    terms = [times(Factor("<b>&\x00", (i,), 1.0), Factor("weight", (i,), 2.0)) for i in range(3)]
    cell = CellWorking('a"<script>', (0,), "l & \ud800", ("<x>",), summed(terms), 6.0, 0.0)
    for made in (figure.svg(cell), figure.page(cell)):
        made.encode()
        assert "<script>" not in made
        assert "<b>" not in made
    assert "<b>&\\u0000[0]" in texts(figure.svg(cell))
    assert parsed(figure.page(cell)).findtext("head/title") == 'a"<script>[0] = 6'


def test_numbers_that_are_not_finite():
    net = parse("input 4x4x1, conv 1 2x2, relu, maxpool 2, flatten, dense 2, softmax")
    weights = start(net)
    weights["conv1.kernel"][:, :, 0, 0] = np.array([[np.inf, 1], [1, np.nan]])
    trace = record(net, weights, np.full((4, 4, 1), 200, np.uint8))
    for stage in trace:
        cell = stage[some_cells(stage.shape)[-1]].working()
        ElementTree.fromstring(cell.to_svg())
        parsed(figure.page(cell))
    assert "nan" in texts(trace["conv1"][0, 0, 0].working().to_svg())


# --- colours --------------------------------------------------------------------------------------


def test_signs_have_the_colours_that_all_can_tell_apart():
    assert colours.fill(-3.0, 3.0) == "#3B6FB6"
    assert colours.fill(0.0, 3.0) == colours.fill(float("nan"), 3.0) == colours.fill(1.0, 0.0) == "#FFFFFF"
    assert colours.fill(3.0, 3.0) == "#D9822B"


def test_numbers_can_be_read_on_their_colours():
    """WCAG asks for a contrast of 4.5 to 1."""
    for value in np.linspace(-1, 1, 201):
        ground = colours._luminance(colours._colour(value, 1.0))
        letters = 1.0 if colours.ink(value, 1.0) == colours.PAPER else 0.0
        high, low = max(ground, letters), min(ground, letters)
        assert (high + 0.05) / (low + 0.05) >= 4.5, value
