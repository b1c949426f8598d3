"""`cutaway explain`: votes, differences, receptive fields, small maps and figures, as they are printed."""

import math
import re
from decimal import Decimal

import numpy as np
import pytest
from PIL import Image

import cutaway as cw
from cutaway.errors import InputError
from cutaway.layers.working import exact_sum
from cutaway.model import Model
from cutaway.net import parse, start
from cutaway.trace import record
from cutaway.views import text
from tests.command import ran, run
from tests.test_trace import traced

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
SEVENTEEN = "digits[17]"


@pytest.fixture(scope="module")
def seven(digits_run):
    """The trace of digits[17], a 7, in the net that knows the digits."""
    return cw.load(digits_run).trace(cw.read("digits")[17])


@pytest.fixture
def small(tmp_path, monkeypatch):
    """Three features, three classes; whole numbers that can be added up in the head. Scores: 5, 9, -7."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(np.array([[1, 2, 3]], np.uint8)).save("one.png")
    weights = {
        "dense1.weight": np.array([[2, 0, -4], [3, 1, 0], [0, 2, -1]], np.float32),
        "dense1.bias": np.array([-3, 1, 0], np.float32),
    }
    Model(parse("input 1x3x1, flatten, dense 3, softmax"), weights, ("cat", "do\ng", "a\\b")).save("run")
    return tmp_path


@pytest.fixture
def two(tmp_path, monkeypatch):
    """One score of two classes: 1 x 2 - 2 x 0.5 + 3 x 1 - 1 = 3."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(np.array([[1, 2, 3]], np.uint8)).save("one.png")
    weights = {
        "dense1.weight": np.array([[2], [-0.5], [1]], np.float32),
        "dense1.bias": np.array([-1], np.float32),
    }
    Model(parse("input 1x3x1, flatten, dense 1, sigmoid"), weights, ("bad", "good")).save("run")


def adds_up(said: str) -> Decimal:
    """Checks the numbers over the hairline against the one below it, which it returns."""
    above, _, below = re.sub(r"(?m)^ *─+$", "─", said.split("\n\n")[1]).partition("─")
    total = Decimal(NUMBER.findall(below)[0])
    assert sum(Decimal(NUMBER.findall(line)[-1]) for line in above.splitlines()) == total, said
    return total


# --- why ------------------------------------------------------------------------------------------


def test_why_the_guess_adds_up_as_printed(digits_run, seven):
    said = ran("explain", digits_run, SEVENTEEN, "--why")
    score = seven.votes(7).score
    assert said.startswith("why '7': its score dense2[7] is ")
    assert abs(adds_up(said) - Decimal(score)) < Decimal("0.0006")
    assert len(re.findall(r"^  relu3\[", said, re.M)) == 10  # dropout passes on: the features are named by relu3
    assert re.search(r"^  54 others, \d+ of them 0 ", said, re.M)
    assert said.endswith("every number checked: 7,636 cells in 15 layers, within rounding\n")


def test_why_a_named_class_and_every_vote(digits_run, seven):
    said = ran("explain", digits_run, SEVENTEEN, "--why", 4, "--all")
    assert said.startswith("why '4': its score dense2[4] is ")
    assert abs(adds_up(said) - Decimal(seven.votes(4).score)) < Decimal("0.0006")
    assert len(re.findall(r"^  relu3\[", said, re.M)) == 64
    assert "others" not in said


def test_why_by_hand(small):
    said = ran("explain", "run", "one.png", "--why", "cat")
    assert said.splitlines()[:9] == [
        "why 'cat': its score dense1[0] is 5",
        "number × weight of each feature",
        "",
        "  input[0, 1, 0]  2 × 3 =   6",
        "  input[0, 0, 0]  1 × 2 =   2",
        "  input[0, 2, 0]  3 × 0 =   0",
        "  bias[0]                  -3",
        "  ───────────────────────────",
        "  score                     5",
    ]


def test_classes_are_escaped_and_found_by_either_name(small):
    for name in ("do\ng", "do\\ng"):
        assert ran("explain", "run", "one.png", "--why", name).startswith("why 'do\\ng': its score dense1[1] is 9\n")
    assert ran("explain", "run", "one.png", "--why", "a\\b").startswith("why 'a\\\\b': its score dense1[2] is -7\n")


# --- why not --------------------------------------------------------------------------------------


def test_why_not_by_hand(small):
    said = ran("explain", "run", "one.png", "--why-not", "cat")
    assert said.splitlines()[:11] == [
        "why 'do\\ng' and not 'cat': the scores 9 - 5 = 4",
        "number × (weight to do\\ng - weight to cat) of each feature",
        "",
        "  input[0, 2, 0]  3 × (2 - 0) =   6",
        "  input[0, 1, 0]  2 × (1 - 3) =  -4",
        "  input[0, 0, 0]  1 × (0 - 2) =  -2",
        "  bias[1] - bias[0]               4",
        "  ─────────────────────────────────",
        "  difference                      4",
        "",
        "softmax: p(do\\ng) / p(cat) = e^difference = e^4 = 54.6 (98.2 % and 1.8 %)",
    ]


def test_why_not_is_exactly_the_difference_of_the_scores(digits_run, seven):
    leads = seven.why_not(7, 4)
    terms = [sign * term.value for unit, sign in ((7, 1), (4, -1)) for term in seven["dense2"][unit].working().terms]
    assert leads.difference == exact_sum(terms)
    assert [abs(lead.value) for lead in leads.ranked] == sorted((abs(one.value) for one in leads.ranked), reverse=True)
    assert all(one.value == pytest.approx(one.activation * (one.weight - one.other), rel=1e-12) for one in leads.ranked)
    assert leads.bias == seven.weights["dense2.bias"][7].astype(float) - seven.weights["dense2.bias"][4].astype(float)
    quotient = float(seven.output[7]) / float(seven.output[4])
    assert math.exp(leads.difference) == pytest.approx(quotient, rel=1e-4)
    said = ran("explain", digits_run, SEVENTEEN, "--why-not", 4)
    assert abs(adds_up(said) - Decimal(leads.difference)) < Decimal("0.0006")
    first, second, difference = map(Decimal, re.findall(r"the scores (\S+) - (\S+) = (\S+)", said)[0])
    assert first - second == difference
    exponent, power = re.findall(r"= e\^(\S+) = (\S+) \(", said)[0]
    assert abs(float(exponent) - leads.difference) <= 0.5e-5
    assert power == f"{math.exp(float(exponent)):.4g}", "what a calculator makes of the exponent as printed"


def test_why_one_and_not_another_though_neither_is_the_guess(digits_run, seven):
    said = ran("explain", digits_run, SEVENTEEN, "--why", 4, "--why-not", 9)
    assert said.startswith("why '4' and not '9': the scores ")
    assert abs(adds_up(said) - Decimal(seven.why_not(4, 9).difference)) < Decimal("0.0006")


def test_one_score_for_two_classes(two):
    said = ran("explain", "run", "one.png", "--why-not", "bad")
    assert "why 'good' and not 'bad': dense1[0] is 3\n" in said
    assert "one score decides: above 0 it says 'good', below 0 'bad'" in said
    assert adds_up(said) == 3
    assert "sigmoid: p(good) / p(bad) = e^difference = e^3 = 20.09 (95.3 % and 4.74 %)" in said
    turned = ran("explain", "run", "one.png", "--why", "bad")
    assert turned.startswith("why 'bad': its score 0 - dense1[0] is -3\n")
    assert adds_up(turned) == -3
    assert re.search(r"input\[0, 0, 0\]  1 × -2\.0+ += +-2$", turned, re.M)
    assert adds_up(ran("explain", "run", "one.png", "--why", "bad", "--why-not", "good")) == -3
    assert adds_up(ran("explain", "run", "one.png", "--why")) == 3


def test_one_score_in_python():
    trace = traced("input 1x3x1, flatten, dense 1, sigmoid", (1, 3, 1))
    score = trace.votes(0).score
    assert trace.why_not(1, 0).difference == score
    assert trace.why_not(0, 1).difference == -score
    with pytest.raises(InputError, match="there is no class 2: one score decides between the classes 0 and 1"):
        trace.why_not(2, 0)


def test_each_class_by_itself():
    said = text.odds(1.0, ("a", "b"), (0.5, 0.25), "each")
    assert said == "sigmoids: odds(a) / odds(b) = e^difference = e^1 = 2.718 (50 % and 25 %), where odds = p / (1 - p)"
    assert "= e^6.49741 = 663.4 (" in text.odds(6.497412, ("a", "b"), (0.9, 0.1), "one")
    assert "= e^0 = 1 (" in text.odds(-1e-9, ("a", "b"), (0.5, 0.5), "one")
    assert "= 10^434 (" in text.odds(1000.0, ("a", "b"), (1.0, 0.0), "one")


def test_votes_need_scores_from_a_dense_layer():
    squeezed = traced("input 4x4x1, conv 3 1x1, squeeze(globalmean, dense 3, sigmoid), globalmean, softmax", (4, 4, 1))
    with pytest.raises(
        InputError, match=r"the scores come from globalmean2 \(globalmean\), which is not a dense layer"
    ):
        squeezed.votes(0)
    assert len(squeezed.votes(0, "dense1").ranked) == 3  # a layer that is named is asked all the same


def test_a_layer_without_biases_shows_none():
    trace = traced("input 1x3x1, flatten, dense 2 no bias, softmax", (1, 3, 1))
    votes, leads = trace.votes(0), trace.why_not(0, 1)
    assert (votes.biased, leads.biased, leads.difference) == (False, False, trace.votes(0).score - trace.votes(1).score)
    for said in (text.votes(votes, "a"), text.why_not(leads, ("a", "b"))):
        adds_up(said)
        assert "bias" not in said


# --- receptive fields -----------------------------------------------------------------------------


def test_the_receptive_field_is_framed_in_the_picture(digits_run):
    said = ran("explain", digits_run, SEVENTEEN, "--cell", "maxpool1[3, 0, 5]", "--receptive-field")
    assert said.startswith("maxpool1[3, 0, 5] depends on\n")
    assert re.search(r"^  relu2\[6\.\.7, 0\.\.1, 5\] +2x2x1  of 8x8x32$", said, re.M)
    assert re.search(r"^  input\[4\.\.7, 0\.\.3, 0\] +4x4x1  of 8x8x1, 25 % of the picture$", said, re.M)
    frame = said.split("┌")[1].splitlines()[1:-3]
    top, bottom = (next(i for i, line in enumerate(frame) if mark in line) for mark in "╔╚")
    assert (top, bottom) == (4, 9)  # after rows 0 to 3 of the picture; four rows within
    assert frame[top] == "  │╔════════╗        │"
    assert all(line.startswith("  │║") and line[12] == "║" for line in frame[top + 1 : bottom])


def test_a_field_that_is_everything_and_one_that_is_itself(digits_run, seven):
    assert re.search(r"input\[0\.\.7, 0\.\.7, 0\] +8x8x1  all of the picture", text.field(seven.cell("dense2[3]")))
    assert text.field(seven.cell("input[3, 4, 0]")) == "input[3, 4, 0] is a pixel of the picture: it depends on itself"


def test_a_large_picture_is_drawn_from_means():
    trace = traced("input 60x200x3, conv 1 9x9 stride 4", (60, 200, 3))
    said = text.field(trace.cell("conv1[5, 20, 0]"), width=80)
    assert "each mark is the mean of 6x6 pixels" in said
    assert max(map(len, said.splitlines())) <= 80
    assert said.count("║") == 2 * (28 // 6 - 20 // 6 + 1)  # rows 20 to 28, in marks of 6


def test_a_window_in_the_padding_depends_on_nothing():
    trace = traced("input 2x2x1, conv 1 1x1 pad 1 no bias", (2, 2, 1))
    assert "and on nothing of the picture" in text.field(trace.cell("conv1[0, 0, 0]"))


# --- small maps -----------------------------------------------------------------------------------


def test_the_strongest_map_of_each_layer():
    """The kernel of map 1 is the largest, and negative."""
    net = parse("input 6x6x1, conv 2 1x1 no bias, relu, flatten, dense 2")
    weights = start(net) | {"conv1.kernel": np.array([[[[1, -2]]]], np.float32)}
    picture = np.zeros((6, 6, 1), np.uint8)
    picture[:, 3:] = 100
    assert text.strip(record(net, weights, picture)).splitlines() == [
        "the strongest map of each layer:",
        "",
        "input     conv1     relu1",
        "│   ███│  │   ≡≡≡│  │   ███│",
        "│   ███│  │   ≡≡≡│  │   ███│",
        "│   ███│  │   ≡≡≡│  │   ███│",
        "          map 1     map 0",
        "",
        "░▒▓█ above 0, ·-=≡ below, each map on its own scale; a mark is the mean of the",
        "cells in its place",
    ]


def test_no_maps_nothing_drawn_and_few_of_many():
    lists = traced("input 4x4x1, flatten, dense 2", (4, 4, 1))
    assert text.strip(lists) == ""
    assert "strongest map" not in text.layers(lists)
    deep = traced("input 8x8x1, " + ", ".join(["conv 2 3x3 same, relu"] * 10) + ", maxpool 2", (8, 8, 1))
    assert text.strip(deep).splitlines()[:3] == [
        "the strongest map of the last layer of each size:",
        "",
        "input     relu10    maxpool1",
    ]


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line, said",
    [
        (["--why", "kat"], "there is no class 'kat'; did you mean 'cat'?"),
        (["--why-not", "zebra"], "there is no class 'zebra'; there are cat, do\\ng, a\\\\b"),
        (["--why-not", "do\\ng"], "do\\ng is the guess; name another class: cat, a\\\\b"),
        (["--why", "cat", "--why-not", "cat"], "cat is named twice; name another class: do\\ng, a\\\\b"),
        (["--why", "--cell", "dense1[0]"], "--cell explains a number, --why and --why-not a guess"),
        (["--receptive-field"], "--receptive-field goes with --cell (see cutaway explain --help)"),
        (["--svg", "a.svg"], "--svg goes with --cell"),
        (["--cell", "dense1[0]", "--svg", "a.png"], "a.png: --svg writes what ends in .svg; write it to a.png.svg"),
        (["--cell", "dense1[0]", "--html", "page"], "page: --html writes what ends in .html; write it to page.html"),
        (["--cell", "dense1[0]", "--svg", "d.svg"], "d.svg is a folder; name a file in it, such as d.svg/page.svg"),
    ],
)
def test_refusals(small, line, said):
    (small / "d.svg").mkdir()
    result = run("explain", "run", "one.png", *line)
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert (result.exit_code, result.stdout) == (2, "")


def test_a_net_without_votes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    net = parse("input 8x8x1, conv 2 1x1, globalmean, softmax")
    Model(net, start(net), ("a", "b")).save("run")
    for line in (["--why"], ["--why-not", "b"], ["--why-not", "a"]):
        said = run("explain", "run", SEVENTEEN, *line).stderr
        assert "no dense layer, and so no votes" in said or "is the guess" in said


# --- figures --------------------------------------------------------------------------------------


def test_figures_are_written_over_what_was_there(small):
    (small / "f.svg").write_text("old")
    said = ran("explain", "run", "one.png", "--cell", "dense1[0]", "--svg", "f.svg", "--html", "f.html")
    assert said.startswith("dense1[0] = 5\n")
    assert re.search(r"^f\.svg: \d\.\d kB, the figure of dense1\[0\]$", said, re.M)
    assert (small / "f.svg").read_text("utf-8").startswith("<svg ")
    assert (small / "f.html").read_text("utf-8").startswith("<!doctype html>")


def test_the_picture_is_not_written_over(small):
    (small / "one.png").rename(small / "one.svg")
    result = run("explain", "run", "one.svg", "--cell", "dense1[0]", "--svg", "./one.svg")
    assert "one.svg was given as a picture, and is left as it is; give --svg another name" in result.stderr
    assert (small / "one.svg").read_bytes().startswith(b"\x89PNG")
