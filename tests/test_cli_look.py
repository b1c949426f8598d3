"""`cutaway explain`, `nets` and `info`: what can be looked at, before and after training."""

import re

import numpy as np
import pytest

from cutaway.model import Model, load
from cutaway.net import parse, zoo
from tests.command import ran, run

KERNEL = np.array([[0, 0, 1], [1, 0, 0], [0, 1, 1]], np.float32)


@pytest.fixture
def slide(tmp_path, monkeypatch):
    """The well-known slide as a model: its kernel, and two classes; the picture of it as a file."""
    from PIL import Image

    monkeypatch.chdir(tmp_path)
    rows = "0000000 0100010 0000000 0001000 0100010 0011100 0000000".split()
    Image.fromarray(np.array([[int(digit) for digit in row] for row in rows], np.uint8)).save("slide.png")
    net = parse("input 7x7x1, conv 1 3x3 no bias, maxpool 2 partial, flatten, dense 2, softmax")
    weights = {"conv1.kernel": KERNEL[..., None, None], "dense1.weight": np.ones((9, 2), np.float32)}
    Model(net, weights | {"dense1.bias": np.array([0, np.log(3)], np.float32)}, ("no", "ye\ns")).save("run")
    return tmp_path


def test_explain_shows_every_layer_and_the_guesses(slide):
    said = ran("explain", "run", "slide.png")
    assert re.search(r"conv1 +conv 1 3x3 no bias +5x5x1 +0 +4 +sums of 3x3 products", said)
    assert re.search(r"^ye\\ns +█+ +75\.0 %$", said, re.M)
    assert said.endswith("every number checked: 47 cells in 5 layers, within rounding\n")


def test_explain_shows_one_cell(slide):
    """The slide prints 1 for the middle cell of the third row; the sum is 0."""
    said = ran("explain", "run", "slide.png", "--cell", "conv1[2, 2, 0]")
    assert said.startswith("conv1[2, 2, 0] = 0\n")
    assert re.search(r"0  1  0 +× 1  0  0 +=", said)
    assert "sum of 9 products  0" in re.sub(r"products +", "products  ", said)
    assert "within rounding" in said
    assert ran("explain", "run", "slide.png", "--cell", "conv1[3,1,0]").startswith("conv1[3, 1, 0] = 4\n")


def test_explain_shows_all_terms_where_asked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    net = parse("input 8x8x1, flatten, dense 10, softmax")
    weights = np.random.default_rng(0).standard_normal((64, 10)).astype(np.float32)
    Model(net, {"dense1.weight": weights, "dense1.bias": np.zeros(10, np.float32)}, tuple("0123456789")).save("run")
    short = ran("explain", "run", "digits[17]", "--cell", "dense1[4]")
    whole = ran("explain", "run", "digits[17]", "--cell", "dense1[4]", "--all")
    assert "others" in short
    assert "others" not in whole
    assert all(f"flatten1[{place}]" in whole for place in range(64))


def test_explain_with_one_output(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    net = parse("input 5x5x1, flatten, dense 1, sigmoid")
    Model(
        net,
        {"dense1.weight": np.zeros((25, 1), np.float32), "dense1.bias": np.array([np.log(4)], np.float32)},
        ("not X", "X"),
    ).save("run")
    assert re.search(r"^X +█+.* 80\.0 %\nnot X +█+.* 20\.0 %$", ran("explain", "run", "xs[3]"), re.M)


@pytest.mark.parametrize(
    "line, said",
    [
        (["slide.png", "--cell", "conv1[9, 0, 0]"], "there is no cell conv1[9, 0, 0]: conv1 is 5x5x1: rows 0 to 4"),
        (["slide.png", "--cell", "conv2[0, 0, 0]"], "no layer 'conv2'; did you mean 'conv1'?"),
        (["slide.png", "--cell", "conv1"], "'conv1' is not a cell's address; write conv1[12, 7, 3]"),
        (["slide.png", "--all"], "--all goes with --cell, --why or --why-not (see cutaway explain --help)"),
        (["no.png"], "no.png: "),
        (["digits[0]"], "takes pictures of 7x7x1; this one is 8x8x1"),
    ],
)
def test_explain_refuses(slide, line, said):
    result = run("explain", "run", *line)
    assert said in result.stderr
    assert result.exit_code == 2
    assert result.stdout == ""


def test_explain_says_where_a_number_is_wrong(slide, monkeypatch):
    """An engine that is off by more than rounding is not believed."""
    from cutaway.engines.reference import ReferencePredictor

    right = ReferencePredictor.stages

    def wrong(self, pictures):
        stages = right(self, pictures)
        stages["conv1"][0, 3, 1, 0] *= 1 + 2e-6
        return stages

    monkeypatch.setattr(ReferencePredictor, "stages", wrong)
    result = run("explain", "run", "slide.png")
    assert "a number is wrong: conv1[3, 1, 0]" in result.stderr
    assert result.exit_code == 1


# ---- nets


def test_nets_lists_all_and_compares():
    said = ran("nets")
    for entry in zoo.ZOO.values():
        assert re.search(rf"^{entry.name} .* {zoo.net(entry.name).cost().parameters:,} ", said, re.M)
    small = zoo.net("small", input=(256, 256, 1), classes=1).cost().parameters
    assert "on a 256x256 grey picture has 65,536 weights and 1 bias" in said
    assert f"All of `small`, down to one output, has {small:,} parameters" in said
    assert "65,537" in ran("nets", "flatten, dense 1, sigmoid", "--input", "256x256x1")
    assert f"{small:,}" in ran("nets", "small", "--input", "256x256x1", "--classes", "1")


def test_nets_shows_one():
    said = ran("nets", "lenet5", "--classes", 26, "--input", "32x32x1")
    assert said.startswith("lenet5: ")
    assert re.search(r"dense3 +dense 26 +26 +2,210", said)
    assert "32x32x1" in said
    own = ran("nets", "input 10x10x1, conv 1 3x3 stride 2, flatten, dense 2, softmax")
    assert "column unused" in re.sub(r"\s+", " ", own)


@pytest.mark.parametrize("columns", ["1", "40", "300"])
def test_any_width(columns, slide, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    for line in (["nets"], ["nets", "googlenet"], ["nets", "x5"], ["--help"], ["explain", "run", "slide.png"]):
        assert ran(*line)


# ---- info


def test_info_says_what_is_known(slide):
    said = ran("info", "run")
    assert "classes      2: no, ye\\ns" in said
    assert "accuracy     not measured" in said
    assert "conv 1 3x3 no bias" in said
    assert "numpy" in said
    ran("train", "digits", "--net", "flatten, dense classes, softmax", "--epochs", "2", "-o", "trained")
    said = ran("info", "trained")
    model = load("trained")
    assert f"{model.facts['validation']['accuracy']:.2%} of 377 validation pictures" in said
    assert "preparation  grey, resize 8x8 crop" in said
    assert "1,420 pictures of digits (377 more to choose by)" in said
    assert model.facts["data"]["fingerprint"] in said
    assert "optimiser adamw" in said
    assert "2; the weights are those of epoch" in said


def test_info_names_some_of_many_classes(slide):
    net = parse("input 1x1x1, flatten, dense 100, softmax")
    weights = {"dense1.weight": np.zeros((1, 100), np.float32), "dense1.bias": np.zeros(100, np.float32)}
    Model(net, weights, tuple(map(str, range(100)))).save("many")
    assert "100: 0, 1, 2," in ran("info", "many")
    assert "19, 80 more" in ran("info", "many")
