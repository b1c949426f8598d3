"""Texts for a terminal: what they look like (tests/golden/), and that every sum in them adds up as printed.

`CUTAWAY_WRITE_GOLDEN=1 pytest tests/test_text.py` writes the golden files anew; look at what changed before keeping it.
"""

import os
import re
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from cutaway.layers.working import Factor, summed, times
from cutaway.net import parse, start
from cutaway.trace import CellWorking, Trace, record
from cutaway.views import text
from tests.test_trace import EVERY_KIND, some_cells, traced

GOLDEN = Path(__file__).parent / "golden"
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]\d+)?")


def same_as_golden(name: str, shown: str) -> None:
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("CUTAWAY_WRITE_GOLDEN"):
        path.write_text(shown + "\n", encoding="utf-8")
    assert shown + "\n" == path.read_text(encoding="utf-8")


def rows(*texts: str) -> np.ndarray:
    """`"010", "101"` as maps [2, 3, 1] of uint8."""
    return np.array([[int(digit) for digit in row] for row in texts], np.uint8)[:, :, None]


@pytest.fixture(scope="module")
def slide() -> Trace:
    """The textbook's 7x7 picture and 3x3 kernel."""
    net = parse("input 7x7x1, conv 1 3x3 no bias, maxpool 2 partial")
    picture = rows("0000000", "0100010", "0000000", "0001000", "0100010", "0011100", "0000000")
    kernel = rows("001", "100", "011").astype(np.float32)[..., None]
    return record(net, {"conv1.kernel": kernel}, picture)


@pytest.fixture(scope="module")
def whole() -> Trace:
    """Small whole numbers all the way, so that every engine gets these to the last bit."""
    net = parse("input 6x6x3, conv 14 3x3 same, relu, conv 2 3x3, flatten, dense 4, softmax")
    weights = {}
    for number, (name, value) in enumerate(start(net).items()):
        places = np.arange(value.size, dtype=np.float32).reshape(value.shape)
        weights[name] = (places * (number + 2)) % 5 - 2
    weights["dense1.weight"][:, 3] = weights["dense1.weight"][:, 0]  # two classes share the guess: half each
    weights["dense1.bias"][:] = [200, -7, 0, 200]
    picture = (np.arange(6 * 6 * 3) ** 2 % 7 % 5).astype(np.uint8).reshape(6, 6, 3)
    return record(net, weights, picture)


# --- what they look like --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "address"), [("window", "conv1[2, 2, 0]"), ("winner", "maxpool1[1, 0, 0]"), ("pixel", "input[1, 1, 0]")]
)
def test_the_textbook_slide(slide: Trace, name: str, address: str) -> None:
    same_as_golden(name, str(slide.cell(address).working()))


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("channels", "conv1[0, 5, 4]"),
        ("many-channels", "conv2[2, 1, 1]"),
        ("activation", "relu1[0, 0, 1]"),
        ("passed-on", "flatten1[13]"),
        ("votes", "dense1[2]"),
        ("shares", "softmax1[3]"),
    ],
)
def test_workings_of_whole_numbers(whole: Trace, name: str, address: str) -> None:
    whole.check()
    same_as_golden(name, str(whole.cell(address).working()))


def test_layers_and_net(whole: Trace, slide: Trace) -> None:
    same_as_golden("layers", text.layers(whole))
    same_as_golden(
        "net", text.net(parse("input 9x9x1, conv 2 3x3 stride 2x2, norm, relu, maxpool 3, flatten, dense 2"))
    )
    assert str(slide) == text.layers(slide)


def test_map(slide: Trace) -> None:
    signed = np.array([[0, 1, 2], [-2, -1, 0]], np.float32)
    same_as_golden("map", "\n\n".join([text.map(slide["conv1"].map(0)), text.map(signed)]))


# --- every sum adds up as printed -----------------------------------------------------------------


def numbers_at_the_end(lines: list[str]) -> list[Decimal]:
    return [Decimal(found[-1]) for line in lines if (found := NUMBER.findall(line))]


def totals(shown: str) -> list[tuple[list[Decimal], Decimal]]:
    """Of a working: the numbers over each hairline, and the total under it."""
    found = []
    for block in shown.split("\n\n"):
        above, hairline, below = re.compile(r"^ *─+$", re.MULTILINE).sub("─", block).partition("─")
        if hairline:
            found.append((numbers_at_the_end(above.splitlines()), numbers_at_the_end(below.splitlines())[0]))
    return found


def products(shown: str) -> list[list[Decimal]]:
    """Of a working wide enough to have its grids side by side: the products of each channel."""
    blocks = [block.splitlines() for block in shown.split("\n\n")]
    return [
        [Decimal(number) for line in lines for number in NUMBER.findall(line[title.index("products") :])]
        for title, *lines in blocks
        if title.endswith(" products")
    ]


def holds_as_printed(cell: CellWorking) -> int:
    """Checks every sum of a working; how many there were."""
    shown = text.working(cell, everything=True, width=1000)
    sums = totals(shown)
    for terms, total in sums:
        assert sum(terms) == total, shown
    grids = products(shown)
    subtotals = [line for line in shown.splitlines() if re.match(r"  (channel \d+|sum of \d+ products) ", line)]
    assert [sum(terms) for terms in grids] == numbers_at_the_end(subtotals), shown
    return len(sums) + len(grids)


@pytest.mark.parametrize("net", EVERY_KIND)
def test_every_sum_adds_up_as_printed(net: str) -> None:
    trace = traced(net, (9, 20, 3))
    counted = sum(holds_as_printed(stage[place].working()) for stage in trace for place in some_cells(stage.shape, 9))
    assert counted > 60


@pytest.mark.parametrize("scale", [1e-30, 1e-9, 1e-3, 1e4, 1e9, 1e30])
def test_sums_of_any_magnitude_add_up_as_printed(scale: float) -> None:
    net = parse("input 6x6x3, conv 4 3x3 same, flatten, dense 3")
    weights = {name: (w * np.float32(scale)).astype(np.float32) for name, w in start(net).items()}
    weights["conv1.bias"][:] = np.float32(scale) * np.array([1e-3, -7, 0.3, 9], np.float32)
    trace = record(net, weights, np.random.default_rng(0).integers(0, 256, (6, 6, 3), dtype=np.uint8))
    cells = [trace["conv1"][place] for place in some_cells((6, 6, 4))]
    assert all(holds_as_printed(cell.working()) == 4 for cell in cells)


@pytest.mark.parametrize("everything", [False, True])
def test_long_sums_add_up_with_what_is_left_out(whole: Trace, everything: bool) -> None:
    found = whole.cell("conv2[2, 1, 1]").working()
    ((terms, total),) = totals(text.working(found, everything=everything))
    assert sum(terms) == total == Decimal(found.value)
    assert len(terms) == (14 + 1 if everything else 10 + 1 + 1)


def test_terms_that_fill_no_window_are_listed() -> None:
    """A kind of layer that looks at a diagonal would be shown too."""
    terms = [times(Factor("input", (i, i, 0), i + 1.0), Factor("weight", (i,), 2.0)) for i in range(3)]
    shown = text.working(CellWorking("sparse1", (0,), "sparse", ("relu1",), summed(terms), 12.0, 0.0)).splitlines()
    assert shown[3:7] == [
        "  relu1[0, 0, 0]  1 × 2 weight[0]  =   2",
        "  relu1[1, 1, 0]  2 × 2 weight[1]  =   4",
        "  relu1[2, 2, 0]  3 × 2 weight[2]  =   6",
        "  ──────────────────────────────────────",
    ]
    assert shown[7].split() == ["sum", "12"]


# --- what a person should see ---------------------------------------------------------------------


def test_a_wrong_number_is_called_wrong(slide: Trace) -> None:
    stages = {stage.name: stage.output.copy() for stage in slide}
    stages["conv1"][2, 2, 0] = 1  # as the well-known slide has it
    wrong = str(record(slide.net, slide.weights, slide.picture, stages).cell("conv1[2, 2, 0]").working())
    assert wrong.startswith("conv1[2, 2, 0] = 1\n")
    assert "exact   0\nengine  1, off by +1: WRONG, rounding allows " in wrong


def test_everything_shows_every_channel_and_every_term(whole: Trace) -> None:
    short, long = (
        [str(text.working(whole.cell(cell).working(), everything=all)) for cell in ("conv2[2, 1, 1]", "dense1[2]")]
        for all in (False, True)
    )
    assert [shown.count("kernel[0..2, 0..2,") for shown in (short[0], long[0])] == [3, 14]
    assert [shown.count("weight[") for shown in (short[1], long[1])] == [10, 32]
    assert ["others" in shown or "other channels" in shown for shown in (*short, *long)] == [True, True, False, False]


@pytest.mark.parametrize("net", EVERY_KIND)
def test_no_line_is_wider_than_asked(net: str) -> None:
    trace = traced(net, (9, 20, 3))
    for width in (80, 100):
        shown = [
            text.working(stage[place].working(), width=width) for stage in trace for place in some_cells(stage.shape)
        ]
        lines = "\n".join([*shown, text.layers(trace, width=width)]).splitlines()
        assert max(map(len, lines)) <= width
        assert all(line == line.rstrip() for line in lines)
    assert max(map(len, text.net(trace.net, width=100).splitlines())) <= 100


def test_numbers_that_are_not_finite_are_shown() -> None:
    net = parse("input 4x4x1, conv 1 2x2, relu, maxpool 2, flatten, dense 2, softmax")
    weights = start(net)
    weights["conv1.kernel"][:, :, 0, 0] = np.array([[np.inf, 1], [1, np.nan]])
    trace = record(net, weights, np.full((4, 4, 1), 200, np.uint8))
    assert "conv1     conv 1 2x2" in str(trace)
    for stage in trace:
        shown = str(stage[some_cells(stage.shape)[-1]].working())
        assert stage.name in ("input", "relu1") or "nan" in shown
    assert text.map(trace["conv1"].map(0)).splitlines()[0] == "??????"


def test_layers_say_what_they_did() -> None:
    net = "scale, normalise 0.5 0.25, conv 3 3x3 same, relu, meanpool 2, globalmean, dense 4, softmax"
    trace = traced(f"input 12x12x1, {net}", (12, 12, 1))
    table, *_ = text.layers(trace, width=100).split("\n\n")
    said = {line.split()[0]: line for line in table.splitlines()}
    assert said["scale1"].endswith("x / 255")
    assert said["normalise1"].endswith("input - mean, x / 0.25")
    assert said["conv1"].endswith("sums of 3x3 products + bias")
    assert said["relu1"].endswith(f"max(0, x), {100 * trace['relu1'].zeros:.0f} % are zero")
    assert said["meanpool1"].endswith("sums of 2x2 cells, x / 4")
    assert said["globalmean1"].endswith("sums of 6x6 cells, x / 36")
    assert said["dense1"].endswith("sums of 3 products + bias")
    assert said["softmax1"].endswith("4 numbers that add up to 1")


def test_guesses_are_ranked_and_their_bars_are_as_long_as_they_are_likely() -> None:
    shown = text.guesses(["a", "bb", "c", "d"], [0.125, 0.5, 0.25, 0.125], top=3).splitlines()
    assert [line.split()[0] for line in shown] == ["bb", "c", "a"]
    assert [line.count("█") for line in shown] == [16, 8, 4]
    assert [line[-6:] for line in shown] == ["50.0 %", "25.0 %", "12.5 %"]


def test_a_large_map_is_drawn_from_means() -> None:
    large = np.zeros((30, 100), np.float32)
    large[:, 50:] = 8
    shown = text.map(large, width=80).splitlines()
    assert shown[-1] == "blank 0, █ 8; each mark is the mean of 3x3 cells"
    assert len(shown) == 11
    assert max(map(len, shown[:-1])) <= 80
    assert shown[0] == " " * 32 + "░░" + "█" * 34  # 16 blocks of 0, one with a third of its cells at 8, 17 of 8


def test_shades_grow_with_the_number() -> None:
    drawn = text.map(np.linspace(0, 1, 5)[None]).splitlines()[0]
    assert drawn == "  ░░▒▒▓▓██"
    assert text.map(-np.linspace(0, 1, 5)[None]).splitlines() == ["  ··--==≡≡", "≡ -1, blank 0, █ 1"]


def test_a_window_in_the_padding_alone_adds_up_nothing() -> None:
    net = parse("input 2x2x1, conv 1 1x1 pad 1 no bias")
    trace = record(net, {"conv1.kernel": np.ones((1, 1, 1, 1), np.float32)}, np.ones((2, 2, 1), np.uint8))
    said = str(trace["conv1"][0, 0, 0].working())
    assert said.startswith("conv1[0, 0, 0] = 0\n")
    assert "the window lies in the padding alone: there is nothing to add up" in said
