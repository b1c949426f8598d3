"""Every layer against answers that a person can check, and against the textbooks' rules."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import DTypeLike, NDArray
from PIL import Image

from cutaway.errors import ShapeError
from cutaway.layers import ANY, KINDS, Pass
from cutaway.layers.conv import Conv
from cutaway.layers.layer import Array, Shape
from cutaway.layers.resize import Resize
from cutaway.layers.window import Sides
from tests.cases import CASES, Case, Nested
from tests.compare import assert_equal, assert_within
from tests.layer_table import LAYERS, layer_of

ULPS = 2.0**-28
"""What a float32 bound shrinks by in float64 (2^-29), with room for the answer's own rounding."""

every_case = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
both_types = pytest.mark.parametrize("dtype", [np.float64, np.float32])


def one(value: Nested, dtype: DTypeLike) -> Array:
    """A case's array as a batch of one picture."""
    return np.array(value, dtype)[None]


def weights_of(case: Case, dtype: DTypeLike) -> dict[str, Array]:
    return {name: np.array(value, dtype) for name, value in case.weights.items()}


def kind(text: str) -> str:
    return text.split()[0]


# --- the cases ------------------------------------------------------------------------------------------


@every_case
@both_types
def test_forward_of_a_case(case: Case, dtype: DTypeLike) -> None:
    layer, w = layer_of(case.text), weights_of(case, dtype)
    xs = [one(x, dtype) for x in case.inputs]
    y, expected = layer.forward(xs, w), one(case.output, dtype)
    if case.exact:
        assert_equal(y, expected, f"{case.name}: forward")
    else:
        bound = layer.bound([one(x, np.float64) for x in case.inputs], weights_of(case, np.float64))
        assert bound.max() < 1e-3 * abs(expected).max(), "a bound that says nothing"
        assert_within(y, expected, bound * (1 if dtype is np.float32 else ULPS), f"{case.name}: forward")


@pytest.mark.parametrize("case", [c for c in CASES if c.dy is not None], ids=lambda case: case.name)
@both_types
def test_backward_of_a_case(case: Case, dtype: DTypeLike) -> None:
    assert case.dy is not None
    assert case.exact, "gradients have no rounding bound: give them for exact cases"
    layer, w = layer_of(case.text), weights_of(case, dtype)
    dxs, dws = layer.backward(one(case.dy, dtype), [one(x, dtype) for x in case.inputs], w)
    for i, (dx, expected) in enumerate(zip(dxs, case.dx, strict=True)):
        assert_equal(dx, one(expected, dtype), f"{case.name}: gradient of input {i + 1}")
    assert dws.keys() == case.dweights.keys()
    for name, expected in case.dweights.items():
        assert_equal(dws[name], np.array(expected, dtype), f"{case.name}: gradient of {name}")


@every_case
def test_shapes_and_weights_of_a_case(case: Case) -> None:
    layer = layer_of(case.text)
    shapes = [np.shape(x) for x in case.inputs]
    assert layer.shape(*shapes) == np.shape(case.output)
    assert {n: p.shape for n, p in layer.parameters(*shapes).items()} == {
        n: np.shape(value) for n, value in case.weights.items()
    }


def test_every_kind_has_cases_and_a_row_in_the_table() -> None:
    assert {kind(case.text) for case in CASES} == set(KINDS)
    assert {kind(text) for text, _ in LAYERS} == set(KINDS)
    assert len({case.name for case in CASES}) == len(CASES)


def test_every_kind_has_a_case_with_gradients_where_they_can_be_exact() -> None:
    roots_powers_and_sixths = {"norm", "lrn", "hardsigmoid"}
    assert {kind(case.text) for case in CASES if case.dy is not None} == set(KINDS) - roots_powers_and_sixths


# --- convolution ----------------------------------------------------------------------------------------


def four_loops(x: Array, kernel: Array, bias: Array, conv: Conv, pads: Sides) -> Array:
    """The textbook's convolution of one picture, cell by cell, with borders of zeros."""
    height, width, depth, count = kernel.shape
    (down, along), (spread_down, spread_along) = conv.stride, conv.dilation
    above, left, below, right = pads
    x = np.pad(x, ((above, below), (left, right), (0, 0)))
    rows = (x.shape[0] - (height - 1) * spread_down - 1) // down + 1
    columns = (x.shape[1] - (width - 1) * spread_along - 1) // along + 1
    y = np.zeros((rows, columns, count))
    for r, c, k in np.ndindex(y.shape):
        first = k // (count // conv.groups) * depth
        y[r, c, k] = bias[k]
        for i, j, d in np.ndindex(height, width, depth):
            y[r, c, k] += x[r * down + i * spread_down, c * along + j * spread_along, first + d] * kernel[i, j, d, k]
    return y


def same_upper(length: int, size: int, stride: int, dilation: int) -> tuple[int, int]:
    """Padding before and after for ONNX SAME_UPPER: the output has ceil(length / stride) cells."""
    need = max(((length + stride - 1) // stride - 1) * stride + (size - 1) * dilation + 1 - length, 0)
    return need // 2, need - need // 2


small = st.integers(1, 3)


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[Conv, Shape, Sides]:
    """A convolution, a shape that it fits, and the padding that it then has on the four sides."""
    size, stride, dilation = draw(st.tuples(*[st.tuples(small, small)] * 3))
    groups = draw(small)
    count, channels = groups * draw(small), groups * draw(st.integers(1, 2))
    length = [(k - 1) * d + 1 + draw(st.integers(0, 4)) for k, d in zip(size, dilation, strict=True)]
    (above, below), (left, right) = (same_upper(*each) for each in zip(length, size, stride, dilation, strict=True))
    up_to_3 = st.integers(0, 3)
    sides = draw(st.tuples(up_to_3, up_to_3, up_to_3, up_to_3))
    choices: list[tuple[str | Sides, Sides]] = [
        ("valid", (0, 0, 0, 0)),
        ("same", (above, left, below, right)),
        (sides, sides),
    ]
    padding, pads = draw(st.sampled_from(choices))
    conv = Conv(count, size, stride, padding, dilation, groups, biased=draw(st.booleans()))
    return conv, (length[0], length[1], channels), pads


def whole(draw: np.random.Generator, shape: Shape) -> NDArray[np.float64]:
    return draw.integers(-9, 10, shape).astype(np.float64)


@given(convolutions(), st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_convolution_is_the_textbooks(drawn: tuple[Conv, Shape, Sides], seed: int) -> None:
    conv, shape, pads = drawn
    draw = np.random.default_rng(seed)
    w = {name: whole(draw, p.shape) for name, p in conv.parameters(shape).items()}
    bias = w.get("bias", np.zeros(conv.count))
    x = whole(draw, (2, *shape))
    expected = np.array([four_loops(picture, w["kernel"], bias, conv, pads) for picture in x])
    assert_equal(conv.forward([x], w), expected, conv.text())
    assert conv.shape(shape) == expected.shape[1:]


@given(convolutions(), st.integers(0, 2**32))
@settings(max_examples=50, deadline=None)
def test_convolution_is_linear(drawn: tuple[Conv, Shape, Sides], seed: int) -> None:
    conv, shape, _ = drawn
    draw = np.random.default_rng(seed)
    w = {name: whole(draw, p.shape) for name, p in conv.parameters(shape).items()}
    a, b = whole(draw, (1, *shape)), whole(draw, (1, *shape))
    none = conv.forward([0 * a], w)
    both = conv.forward([2 * a - 3 * b], w) - none
    apart = 2 * (conv.forward([a], w) - none) - 3 * (conv.forward([b], w) - none)
    assert_equal(both, apart, conv.text())


def test_a_large_batch_is_taken_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    conv = layer_of("conv 3 3x3 groups 3")
    draw = np.random.default_rng(0)
    x, dy = whole(draw, (5, 6, 6, 3)), whole(draw, (5, 4, 4, 3))
    w = {name: whole(draw, p.shape) for name, p in conv.parameters((6, 6, 3)).items()}
    y, ([dx], dw) = conv.forward([x], w), conv.backward(dy, [x], w)
    monkeypatch.setattr("cutaway.layers.conv.BLOCK", 1000)
    again, ([dx_again], dw_again) = conv.forward([x], w), conv.backward(dy, [x], w)
    assert_equal(again, y, "forward")
    assert_equal(dx_again, dx, "gradient of the input")
    assert_equal(dw_again["kernel"], dw["kernel"], "gradient of the kernel")


def test_what_the_first_dense_neuron_of_a_picture_costs() -> None:
    cost = layer_of("dense 1").cost((256 * 256,))
    assert cost.parameters == 65_536 + 1
    assert (cost.multiplications, cost.memory) == (65_536, 4)


def test_cost_of_a_convolution() -> None:
    alexnet = layer_of("conv 96 11x11 stride 4")
    assert alexnet.shape((227, 227, 3)) == (55, 55, 96)
    cost = alexnet.cost((227, 227, 3))
    assert cost.parameters == 11 * 11 * 3 * 96 + 96
    assert cost.multiplications == 55 * 55 * 96 * 11 * 11 * 3
    assert cost.memory == 4 * 55 * 55 * 96
    assert layer_of("conv 6 3x3 groups 3 no bias").cost((5, 5, 3)).multiplications == 3 * 3 * 6 * 9


@pytest.mark.parametrize(
    ("text", "shapes", "multiplications"),
    [
        ("maxpool 2", ((4, 6, 3),), 0),
        ("sumpool 2", ((4, 6, 3),), 0),
        ("meanpool 2", ((4, 6, 3),), 2 * 3 * 3),  # one division a cell
        ("globalmean", ((4, 6, 3),), 3),
        ("norm", ((4, 6, 3),), 4 * 6 * 3),
        ("prelu", ((5,),), 5),
        ("scale", ((4, 6, 3),), 4 * 6 * 3),
        ("normalise 1 2", ((4, 6, 3),), 4 * 6 * 3),
        ("multiply", ((4, 6, 3), (3,)), 4 * 6 * 3),
        ("softmax", ((10,),), 10),
        ("lrn 5", ((4, 6, 3),), 4 * 6 * 3 * (5 + 2)),
        ("grey", ((4, 6, 3),), 4 * 6 * 3),
        ("grey", ((4, 6, 1),), 0),
        ("resize 2x2 squash", ((4, 4, 1),), 4 * (3 + 3) + 2 * (3 + 3)),  # two cells of three pixels, in each of 4 rows
        ("flatten", ((4, 6, 3),), 0),
        ("relu", ((4, 6, 3),), 0),
    ],
)
def test_multiplications(text: str, shapes: tuple[Shape, ...], multiplications: int) -> None:
    assert layer_of(text).cost(*shapes).multiplications == multiplications


# --- sizes: (W - F + 2P) / S + 1 ---------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["conv 1", "maxpool", "meanpool", "sumpool"])
def test_fit_names_the_odd_size_and_what_would_fit(word: str) -> None:
    with pytest.raises(ShapeError) as caught:
        layer_of(f"{word} 3x3 stride 2 fit").shape((10, 10, 1))
    message = str(caught.value)
    assert "(10 - 3 + 0) / 2 + 1 = 4.5" in message
    assert "stride 1 or 7 fits" in message
    assert "1 cell of padding" in message
    for better in (
        f"{word} 3x3 stride 1 fit",
        f"{word} 3x3 stride 7 fit",
        f"{word} 3x3 stride 2 pad 0 0 1 1 fit",
    ):
        layer_of(better).shape((10, 10, 1))


def test_without_fit_the_last_window_is_left_out_and_the_note_says_so() -> None:
    conv = layer_of("conv 1 3x3 stride 2")
    assert conv.shape((10, 10, 1)) == (4, 4, 1)
    assert conv.note((10, 10, 1)) == "last 1 row and 1 column unused"
    assert conv.note((11, 10, 1)) == "last 1 column unused"
    assert conv.note((11, 11, 1)) == ""
    assert layer_of("maxpool 3").note((11, 12, 1)) == "last 2 rows unused"
    assert layer_of("maxpool 3 partial").note((11, 12, 1)) == ""


@given(st.integers(1, 30), small, st.integers(0, 2), small)
def test_size_formula(width: int, size: int, pad: int, stride: int) -> None:
    conv = layer_of(f"conv 1 {size} stride {stride} pad {pad}")
    if width + 2 * pad < size:
        with pytest.raises(ShapeError, match="does not fit"):
            conv.shape((width, width, 1))
    else:
        assert conv.shape((width, width, 1))[:2] == ((width - size + 2 * pad) // stride + 1,) * 2


@pytest.mark.parametrize(
    ("text", "shapes", "message"),
    [
        ("conv 6 5x5", ((4, 9, 3),), "conv 5x5 does not fit 4x9x3: its window covers 5 rows, there are 4"),
        ("conv 6 3x3 dilation 4", ((20, 8, 3),), "its window covers 9 columns, there are 8"),
        ("conv 6 3x3", ((7,),), "needs maps"),
        ("conv 6 3x3 groups 4", ((9, 9, 6),), "6 channels cannot be split into 4 equal groups"),
        ("conv 6 3x3 groups 4", ((9, 9, 8),), "6 kernels cannot be split into 4 equal groups"),
        ("maxpool 2 pad 2", ((9, 9, 8),), "pad less than the window's 2x2"),
        ("dense 3", ((4, 4, 2),), "'flatten' or 'globalmean'"),
        ("globalmean", ((4,),), "needs maps"),
        ("add", ((4, 4, 2), (4, 4, 3)), "cannot add 4x4x2 and 4x4x3"),
        ("concat", ((4, 4, 2), (3, 4, 2)), "rows and columns must agree"),
        ("multiply", ((4, 4, 2), (3,)), "the branch must end in 2 numbers"),
        ("grey", ((4, 4, 2),), "1 or 3 channels"),
        ("colour", ((4, 4, 4),), "1 or 3 channels"),
        ("resize 2x2", ((4,),), "needs a picture"),
        ("normalise 1 2 3 / 4 5 6", ((4, 4, 2),), "3 means do not fit"),
    ],
)
def test_a_shape_that_does_not_fit_is_named(text: str, shapes: tuple[Shape, ...], message: str) -> None:
    with pytest.raises(ShapeError) as caught:
        layer_of(text).shape(*shapes)
    assert message in str(caught.value)


# --- probabilities --------------------------------------------------------------------------------------

scores = st.lists(st.floats(-1e4, 1e4, width=32), min_size=1, max_size=8)


@given(scores, st.floats(-1e4, 1e4, width=32))
def test_softmax_adds_up_to_one_and_ignores_a_shift(values: list[float], shift: float) -> None:
    softmax = layer_of("softmax")
    for dtype in (np.float64, np.float32):
        x = np.array([values], dtype)
        y = softmax.forward([x], {})
        assert np.isfinite(y).all()
        assert abs(y.sum(dtype=np.float64) - 1) <= (len(values) + 1) * np.finfo(dtype).eps
        assert (y >= 0).all()
    moved = softmax.forward([x.astype(np.float64) + shift], {})
    # the sum x + shift is itself rounded, by at most 2e4 x 2^-53
    assert_within(moved, softmax.forward([x.astype(np.float64)], {}), 2e4 * 2**-51, "shifted")


@pytest.mark.parametrize("text", ["softmax", "logsoftmax", "sigmoid", "tanh", "silu", "gelu", "hardswish"])
@both_types
def test_nothing_overflows(text: str, dtype: DTypeLike) -> None:
    layer = layer_of(text)
    x = np.array([[1e4, -1e4, 0, 1e4], [-1e4, -1e4, -1e4, -1e4]], dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        y = layer.forward([x], {})
        [dx], _ = layer.backward(np.ones_like(y), [x], {})
    assert np.isfinite(y).all()
    assert np.isfinite(dx).all()


def test_log_softmax_is_the_logarithm_of_softmax() -> None:
    x = np.random.default_rng(0).normal(size=(4, 6))
    expected = np.log(layer_of("softmax").forward([x], {}))
    assert_within(layer_of("logsoftmax").forward([x], {}), expected, 1e-14, "logsoftmax")


# --- preparation ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"), [((40, 30), (12, 9)), ((9, 7), (20, 31)), ((64, 48), (8, 50)), ((5, 5), (1, 1))]
)
def test_resize_is_pillows_within_its_two_roundings(old: tuple[int, int], new: tuple[int, int]) -> None:
    """Pillow rounds between its two passes, so a level may be off by one."""
    picture = np.random.default_rng(0).integers(0, 256, (*old, 3)).astype(np.uint8)
    pillows = np.array(Image.fromarray(picture).resize(new[::-1], Image.Resampling.BILINEAR))
    ours = layer_of(f"resize {new[0]}x{new[1]} squash").forward([picture[None]], {})[0]
    assert_within(ours, pillows, 1.0, "resize")


def test_grey_is_pillows() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (40, 50, 3)).astype(np.uint8)
    ours = layer_of("grey").forward([picture[None]], {})[0, :, :, 0]
    assert_equal(ours, np.array(Image.fromarray(picture).convert("L")), "grey")


@pytest.mark.parametrize("how", ["crop", "squash", "fit"])
@pytest.mark.parametrize("size", [(7, 5), (31, 64), (200, 3), (12, 12)])
@pytest.mark.parametrize("level", [0, 77, 255])
def test_resize_of_one_colour_is_that_colour(how: str, size: tuple[int, int], level: int) -> None:
    picture = np.full((1, *size, 3), level, np.uint8)
    y = layer_of(f"resize 12x12 {how}").forward([picture], {})
    assert y.dtype == np.uint8
    assert set(np.unique(y)) <= ({level, 128} if how == "fit" else {level})
    assert (y == level).any()


def test_preparation_takes_pictures_of_any_size_and_keeps_pixels() -> None:
    assert {word for word, kind in KINDS.items() if kind.keeps_pixels} == {"grey", "colour", "resize"}
    assert layer_of("grey").shape((ANY, ANY, ANY)) == (ANY, ANY, 1)
    assert layer_of("colour").shape((ANY, ANY, ANY)) == (ANY, ANY, 3)
    assert layer_of("resize 4x5").shape((ANY, ANY, 3)) == (4, 5, 3)


def thirds(cell: int) -> list[Fraction]:
    """How much of each of 15 pixels is in one of 3 cells: a triangle five pixels to either side of its middle."""
    triangle = [max(Fraction(0), 1 - abs(Fraction(2 * i + 1 - 10 * cell - 5, 2)) / 5) for i in range(15)]
    return [share / sum(triangle) for share in triangle]


def test_a_tie_goes_up_also_where_float64_sees_it_below() -> None:
    draw, resize, seen_below = np.random.default_rng(0), Resize(3, 3, "squash"), 0
    for _ in range(60):
        picture = draw.integers(0, 256, (1, 15, 15, 1)).astype(np.float64)
        seen, whole = resize.exact(picture), resize.forward([picture], {})
        for r, c in np.ndindex(3, 3):
            shares = product(enumerate(thirds(r)), enumerate(thirds(c)))
            exact = sum(a * b * int(picture[0, i, j, 0]) for (i, a), (j, b) in shares)
            assert whole[0, r, c, 0] == int(exact + Fraction(1, 2))
            seen_below += exact % 1 == Fraction(1, 2) and float(seen[0, r, c, 0]) < exact
    assert seen_below, "no tie that float64 sees below: the test shows nothing"


# --- training only --------------------------------------------------------------------------------------


def test_dropout_depends_on_its_key_alone_and_keeps_the_mean() -> None:
    dropout, x = layer_of("dropout 0.25"), np.ones((50, 40))
    y = dropout.forward([x], {}, Pass(training=True, key=(1, 2, 3)))
    assert_equal(dropout.forward([x], {}, Pass(training=True, key=(1, 2, 3))), y, "same key")
    assert (dropout.forward([x], {}, Pass(training=True, key=(1, 2, 4))) != y).any()
    assert set(np.unique(y)) == {0.0, 1 / 0.75}
    # 2000 draws: the share that is off is within five standard deviations
    assert abs((y == 0).mean() - 0.25) < 5 * (0.25 * 0.75 / 2000) ** 0.5


def test_norm_in_training_gives_mean_0_and_variance_1_and_measures_the_batch() -> None:
    norm = layer_of("norm")
    x = np.random.default_rng(0).normal(5, 3, (6, 4, 4, 2))
    w = {name: np.full(p.shape, {"ones": 1.0, "zeros": 0.0}[p.start]) for name, p in norm.parameters((4, 4, 2)).items()}
    y = norm.forward([x], w, Pass(training=True))
    assert_within(y.mean(axis=(0, 1, 2)), np.zeros(2), 1e-14, "mean")
    assert_within(y.var(axis=(0, 1, 2)), np.ones(2), 1e-5, "variance")  # short of 1 by epsilon
    measured = norm.observe([x], w)
    assert_within(measured["mean"], 0.1 * x.mean(axis=(0, 1, 2)), 1e-14, "running mean")
    assert_within(measured["variance"], 0.9 + 0.1 * x.var(axis=(0, 1, 2)), 1e-14, "running variance")


def test_ghost_norm_is_norm_of_each_group_and_what_is_left_belongs_to_the_last() -> None:
    ghost, norm = layer_of("norm ghost 3"), layer_of("norm")
    x = np.random.default_rng(0).normal(5, 3, (8, 4, 4, 2))
    dy = np.random.default_rng(1).normal(0, 1, x.shape)
    w = {"gain": np.array([2.0, -1.0]), "bias": np.array([1.0, 0.0]), "mean": np.zeros(2), "variance": np.ones(2)}
    training = Pass(training=True)
    groups = [slice(0, 3), slice(3, 8)]
    assert_equal(
        ghost.forward([x], w, training), np.concatenate([norm.forward([x[g]], w, training) for g in groups]), "forward"
    )
    (dx,), dw = ghost.backward(dy, [x], w, training)
    parts = [norm.backward(dy[g], [x[g]], w, training) for g in groups]
    assert_equal(dx, np.concatenate([part[0][0] for part in parts]), "gradient of the input")
    for name in ("gain", "bias"):
        assert_equal(dw[name], sum(part[1][name] for part in parts), f"gradient of {name}")
    measured = ghost.observe([x], w)
    mean = 3 / 8 * x[:3].mean(axis=(0, 1, 2)) + 5 / 8 * x[3:].mean(axis=(0, 1, 2))
    assert_within(measured["mean"], 0.1 * mean, 1e-14, "running mean")
    assert_equal(ghost.forward([x], w), norm.forward([x], w), "predicting")
    assert_equal(
        ghost.forward([x[:2]], w, training), norm.forward([x[:2]], w, training), "a batch smaller than a group"
    )
