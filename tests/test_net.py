"""A net as a graph: shapes and cost before anything runs, first weights, and running it both ways."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from cutaway.errors import InputError, ShapeError
from cutaway.layers import PREDICTING, Pass
from cutaway.layers.layer import Array, Cost, Shape
from cutaway.net import Net, parse, start
from cutaway.net.run import backward, by_layer, converted, first_not_finite, forward, observe
from cutaway.net.start import rectified
from tests.compare import assert_equal, assert_within

LENET = "input 28x28x1, conv 6 5x5 same, relu, maxpool 2, conv 16 5x5, relu, maxpool 2, flatten, dense 120, softmax"

BRANCHES = (
    "input 5x6x2, conv 4 3x3 same, norm, silu, residual(conv 4 3x3 same groups 2, norm, gelu), "
    "concat(conv 3 1x1 | meanpool 3 stride 1 same, conv 2 1x1, tanh | ), "
    "squeeze(globalmean, dense 9, sigmoid), dropout 0.3, residual(conv 3 2x2 | conv 3 2x2 no bias), "
    "lrn 3, prelu, flatten, dropout 0.2, dense 3, softmax"
)
"""Every kind of block, whose inputs feed several layers each; smooth, so that finite differences hold."""


def drawn(net: Net, count: int = 3, seed: int = 0) -> tuple[dict[str, Array], Array]:
    """Weights and inputs in float64 that are nowhere zero by design."""
    random = np.random.default_rng(seed)
    weights = {name: np.asarray(value + random.normal(0, 0.1, value.shape)) for name, value in start(net).items()}
    return weights, random.normal(size=(count, *net.input))


# --- what it is -----------------------------------------------------------------------------------


def test_shapes_of_every_layer() -> None:
    assert parse(LENET).shapes() == {
        "input": (28, 28, 1),
        "conv1": (28, 28, 6),
        "relu1": (28, 28, 6),
        "maxpool1": (14, 14, 6),
        "conv2": (10, 10, 16),
        "relu2": (10, 10, 16),
        "maxpool2": (5, 5, 16),
        "flatten1": (400,),
        "dense1": (120,),
        "softmax1": (120,),
    }


def test_shapes_for_another_picture() -> None:
    assert parse(LENET).shapes((32, 40, 3))["flatten1"] == (6 * 8 * 16,)


def test_a_shape_that_does_not_fit_names_the_layer() -> None:
    with pytest.raises(ShapeError, match="conv2: conv 5x5 does not fit 4x4x6: its window covers 5 rows, there are 4"):
        parse(LENET).shapes((8, 8, 1))


def test_nodes_by_name() -> None:
    net = parse(BRANCHES)
    assert net["conv1"] is net.nodes[0]
    assert net.output.name == "softmax1"
    assert [node.name for node in net.consumers("input")] == ["conv1"]
    assert [node.name for node in net.consumers("silu1")] == ["conv2", "add1"]
    assert [node.name for node in net.consumers("add1")] == ["conv3", "meanpool1", "concat1"]
    assert len(net) == len(net.names) == len(set(net.names))


def test_an_unknown_layer_gets_the_nearest() -> None:
    with pytest.raises(
        InputError, match=r"the net has no layer 'conv3'; did you mean 'conv[12]'\?; it has conv1, relu1"
    ):
        parse(LENET)["conv3"]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("input any, conv 4 3x3 same, globalmean, dense 2", "conv1: conv 4 3x3 same cannot take any x any x any; put"),
        (
            "input any, resize 8x8, conv 4 3x3",
            "conv1: conv 4 3x3 cannot take 8 x 8 x any; put 'grey' or 'colour', and 'resize",
        ),
        ("input any, grey, globalmean", "globalmean1: globalmean cannot take any x any x 1; put"),
    ],
)
def test_sizes_must_be_known_before_weights_are(text: str, error: str) -> None:
    with pytest.raises(ShapeError, match=error):
        parse(text)


# --- what it costs --------------------------------------------------------------------------------


def test_cost_by_hand() -> None:
    net = parse("input 5x5x1, conv 2 3x3, relu, maxpool 2, flatten, dense 3")
    assert {row.name: row.cost for row in net.rows()} == {
        "conv1": Cost(3 * 3 * 2 * 9, 2 * 9 + 2, 4 * 18),
        "relu1": Cost(0, 0, 4 * 18),
        "maxpool1": Cost(0, 0, 4 * 2),
        "flatten1": Cost(0, 0, 4 * 2),
        "dense1": Cost(2 * 3, 2 * 3 + 3, 4 * 3),
    }
    assert net.cost() == Cost(162 + 6, 20 + 9, 4 * (18 + 18 + 2 + 2 + 3))
    assert net.cost((7, 7, 1)).parameters == 20 + 2 * 2 * 2 * 3 + 3


def test_rows_say_what_windows_leave_out() -> None:
    rows = {row.name: row for row in parse("input 6x5x1, conv 2 3x3 stride 2, relu").rows()}
    assert rows["conv1"].note == "last 1 row unused"
    assert rows["conv1"].text == "conv 2 3x3 stride 2"
    assert rows["conv1"].shape == (2, 2, 2)
    assert rows["relu1"].note == ""


@pytest.mark.parametrize("text", [LENET, BRANCHES])
def test_cost_counts_the_weights_that_are_trained(text: str) -> None:
    net = parse(text)
    parameters = net.parameters()
    trained = sum(math.prod(parameter.shape) for parameter in parameters.values() if parameter.trained)
    assert net.cost().parameters == trained
    measured = {name for name, parameter in parameters.items() if not parameter.trained}
    assert measured == {name for name in parameters if name.endswith((".mean", ".variance"))}


def test_memory_is_that_of_the_stages() -> None:
    net = parse(BRANCHES)
    weights, x = drawn(net, count=1)
    stages = forward(net, converted(weights, np.float32), x.astype(np.float32))
    assert net.cost().memory == sum(stage.nbytes for name, stage in stages.items() if name != "input")


# --- preparation ----------------------------------------------------------------------------------

PREPARATIONS: dict[str, tuple[Shape, int]] = {
    "grey": ((0, 0, 1), 1),
    "colour, resize 6x9 crop": ((6, 9, 3), 2),
    "resize 6x9 fit, grey": ((6, 9, 1), 2),
    "resize 12x7 squash, grey, colour": ((12, 7, 3), 3),
    "colour, grey, resize 5x5": ((5, 5, 1), 3),
    # what would not be the same when done twice is left to the net
    "colour, resize 4x4, resize 9x9": ((4, 4, 3), 2),
    "grey, residual(resize 6x6 | resize 6x6 squash)": ((0, 0, 1), 1),
    "resize 7x7, concat(grey | colour)": ((7, 7, 0), 1),
}


@pytest.mark.parametrize("text", PREPARATIONS)
@pytest.mark.parametrize("shape", [(8, 11, 1), (8, 11, 3), (6, 9, 3), (3, 2, 1)])
def test_a_prepared_picture_gives_the_same_answer(text: str, shape: Shape) -> None:
    net = parse(f"input any, {text}")
    expected, layers = PREPARATIONS[text]
    assert net.preparation.shape == expected
    assert len(net.preparation.layers) == layers
    picture = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    prepared = net.preparation(picture)
    assert prepared.dtype == np.uint8
    assert all(due in (0, size) for due, size in zip(expected, prepared.shape, strict=True))
    assert_equal(net.preparation(prepared), prepared, "prepared twice")
    ours, theirs = (forward(net, {}, p[None].astype(np.float32))[net.output.name] for p in (prepared, picture))
    assert_equal(ours, theirs, text)


def test_a_net_without_preparation_leaves_pictures_alone() -> None:
    picture = np.arange(28 * 28, dtype=np.uint8).reshape(28, 28, 1)
    assert_equal(parse(LENET).preparation(picture), picture, "unprepared")
    assert parse(LENET).preparation.shape == (28, 28, 1)


@pytest.mark.parametrize(
    ("text", "shape", "error"),
    [
        ("grey, flatten", (9, 8, 3), "the net takes pictures of 8x8x1; this one is 9x8x3, and the net does not start"),
        ("flatten", (8, 8, 3), "the net takes pictures of 8x8x1; this one is 8x8x3, and"),
        ("flatten", (8, 8), "the net takes pictures of 8x8x1; this one is 8x8, and"),
        ("resize 8x8, flatten", (20, 20, 3), "the net takes pictures of 8x8x1; this one is 20x20x3, and"),
        ("grey, resize 8x8, flatten", (8, 8, 2), "grey needs a picture of 1 or 3 channels; got 8x8x2"),
    ],
)
def test_a_picture_that_preparation_cannot_make_fit(text: str, shape: Shape, error: str) -> None:
    net = parse(text, input=(8, 8, 1))
    with pytest.raises(ShapeError, match=error) as raised:
        net.preparation(np.zeros(shape, np.uint8))
    assert "\n" not in str(raised.value)


# --- first weights --------------------------------------------------------------------------------


def test_start_is_seeded() -> None:
    net = parse(BRANCHES)
    first, again, other = start(net, 3), start(net, 3), start(net, 4)
    assert list(first) == list(net.parameters())
    for name, parameter in net.parameters().items():
        assert first[name].shape == parameter.shape
        assert_equal(again[name], first[name], name, np.float32)
        assert np.array_equal(first[name], other[name]) == (parameter.start != "weights")


def test_start_of_one_layer_does_not_depend_on_the_others() -> None:
    short = start(parse("input 8x8x1, conv 4 3x3, relu, flatten, dense 10, softmax"))
    long = start(parse("input 8x8x1, conv 4 3x3, relu, conv 4 3x3 same, relu, norm, flatten, dense 10, softmax"))
    for name, value in short.items():
        assert_equal(long[name], value, name)
    assert not np.array_equal(long["conv1.kernel"].ravel()[:36], long["conv2.kernel"].ravel()[:36])


def test_what_is_not_drawn() -> None:
    weights = start(parse("input 4x4x2, conv 3 3x3, norm, prelu"))
    expected = {
        "conv1.bias": 0,
        "norm1.gain": 1,
        "norm1.bias": 0,
        "norm1.mean": 0,
        "norm1.variance": 1,
        "prelu1.leak": 0.25,
    }
    assert {name: set(value.tolist()) for name, value in weights.items() if name != "conv1.kernel"} == {
        name: {value} for name, value in expected.items()
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("conv 4 3x3, relu, conv 4 3x3, tanh", {"conv1"}),
        ("conv 4 3x3, norm, relu6", {"conv1"}),
        ("conv 4 3x3, maxpool 2, lrn 3, dropout 0.5, leaky", {"conv1"}),
        ("conv 4 3x3, sigmoid, relu", set()),
        ("conv 4 3x3, scale 2, normalise 0 1, relu", {"conv1"}),
        ("conv 4 3x3, softmax", set()),
        ("conv 4 3x3, conv 4 3x3, relu", {"conv2"}),
        ("flatten, dense 5, gelu, dense 4, tanh, dense 3, softmax", {"dense1"}),
        (
            "residual(conv 1 3x3 same, norm, silu, conv 1 1x1, norm | conv 1 1x1), hardswish",
            {"conv1", "conv2", "conv3"},
        ),
        ("conv 4 3x3, residual(relu, conv 4 1x1, tanh)", {"conv1"}),
        ("concat(conv 4 1x1 | conv 4 1x1, tanh), prelu", {"conv1"}),
        ("squeeze(conv 1 1x1 | globalmean, dense 1, sigmoid), relu", {"conv1"}),
    ],
)
def test_which_layers_start_with_he(text: str, expected: set[str]) -> None:
    net = parse(text, input=(9, 9, 1))
    assert {name for name in rectified(net) if name.startswith(("conv", "dense"))} == expected


def test_deciding_is_quick_where_ways_are_many() -> None:
    """Twenty-four blocks in a row are 16 million ways from one end to the other."""
    text = ", ".join(["conv 2 1x1", *["residual(norm)"] * 24, "relu"])
    assert "conv1" in rectified(parse(text, input=(2, 2, 2)))


@pytest.mark.parametrize(
    ("text", "name", "fan_in", "fan_out"),
    [
        ("conv 64 5x3 groups 2, relu", "conv1.kernel", 5 * 3 * 16, None),
        ("flatten, dense 30, dropout 0.5, relu", "dense1.weight", 9 * 9 * 32, None),
        ("conv 64 5x3 groups 2, tanh", "conv1.kernel", 5 * 3 * 16, 5 * 3 * 32),
        ("flatten, dense 30, sigmoid", "dense1.weight", 9 * 9 * 32, 30),
    ],
)
def test_spread_of_what_is_drawn(text: str, name: str, fan_in: int, fan_out: int | None) -> None:
    """He: normal, variance 2 / fan in. Glorot: uniform, variance 2 / (fan in + fan out)."""
    values = start(parse(text, input=(9, 9, 32)))[name].astype(np.float64)
    variance = 2 / (fan_in + (fan_out or 0))
    # fourth moment over squared variance: 3 for a normal, 1.8 for a uniform distribution
    kurtosis = 3.0 if fan_out is None else 1.8
    assert abs(values.mean()) < 5 * math.sqrt(variance / values.size)
    assert abs(values.var() / variance - 1) < 5 * math.sqrt((kurtosis - 1) / values.size)
    assert abs((values**4).mean() / variance**2 - kurtosis) < 0.15
    if fan_out is not None:
        assert 0.999 * math.sqrt(3 * variance) < abs(values).max() <= math.sqrt(3 * variance) * (1 + 2**-23)


# --- running it -----------------------------------------------------------------------------------


def test_forward_by_hand() -> None:
    net = parse("input 2x2x1, residual(conv 1 1x1), concat(relu | ), flatten")
    weights = {"conv1.kernel": np.full((1, 1, 1, 1), -3.0), "conv1.bias": np.array([1.0])}
    x = np.array([1.0, 2, -1, 0]).reshape(1, 2, 2, 1)
    stages = forward(net, weights, x)
    assert list(stages) == ["input", *net.names]
    assert_equal(stages["conv1"].ravel(), [-2.0, -5, 4, 1], "1 - 3 x")
    assert_equal(stages["add1"].ravel(), [-1.0, -3, 3, 1], "1 - 3 x + x")
    assert_equal(stages["flatten1"], [[0.0, -1, 0, -3, 3, 3, 1, 1]], "positive part and all, side by side")


def test_forward_stops_where_it_is_told() -> None:
    net = parse(LENET)
    weights, x = drawn(net, count=2)
    stages = forward(net, weights, x, until="maxpool1")
    assert list(stages) == ["input", "conv1", "relu1", "maxpool1"]
    assert_equal(stages["maxpool1"], forward(net, weights, x)["maxpool1"], "the same numbers")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_everything_is_computed_in_the_type_of_the_input(dtype: type[np.floating]) -> None:
    net = parse(BRANCHES)
    weights, x = drawn(net)
    own, run = converted(weights, dtype), Pass(training=True, key=(0, 1))
    stages = forward(net, own, x.astype(dtype), run)
    of_weights, of_stages = backward(net, own, stages, net.output.name, np.ones_like(stages[net.output.name]), run)
    arrays = stages | of_weights | of_stages | observe(net, own, stages)
    assert {name: array.dtype for name, array in arrays.items()} == dict.fromkeys(arrays, np.dtype(dtype))


def test_dropouts_draw_by_seed_step_and_layer() -> None:
    net = parse("input 20x20x1, dropout 0.5, dropout 0.5")
    x = np.ones((1, 20, 20, 1))

    def masks(run: Pass) -> list[NDArray[np.bool_]]:
        stages = forward(net, {}, x, run)
        return [stages["dropout1"] > 0, stages["dropout2"] > 0]

    once, again = (masks(Pass(training=True, key=(1, 2))) for _ in range(2))
    other = masks(Pass(training=True, key=(1, 3)))
    assert np.array_equal(once, again)
    assert not np.array_equal(once[0], other[0])
    assert 0.1 < once[1].mean() < 0.4, "of what the first left, the second takes half: they are not the same half"
    assert all(mask.all() for mask in masks(PREDICTING))


def slope(value: Callable[[], float], array: Array, place: tuple[int, ...]) -> float:
    """How much a number changes with one cell: central differences of fourth order."""
    step, middle = 1e-3, array[place]
    values = {}
    for times in (-2, -1, 1, 2):
        array[place] = middle + times * step
        values[times] = value()
    array[place] = middle
    return (8 * (values[1] - values[-1]) - (values[2] - values[-2])) / (12 * step)


@pytest.mark.parametrize("run", [PREDICTING, Pass(training=True, key=(5, 8))], ids=["predicting", "training"])
def test_backward_against_finite_differences(run: Pass) -> None:
    net = parse(BRANCHES)
    weights, x = drawn(net)
    pull = np.random.default_rng(2).normal(size=(len(x), 3))

    def value() -> float:
        return float((forward(net, weights, x, run)["softmax1"] * pull).sum())

    of_weights, of_stages = backward(net, weights, forward(net, weights, x, run), "softmax1", pull, run)
    assert set(of_weights) == {name for name, parameter in net.parameters().items() if parameter.trained}
    assert set(of_stages) == {"input", *net.names}
    random = np.random.default_rng(3)
    for name, gradient in [*of_weights.items(), ("input", of_stages["input"])]:
        array = x if name == "input" else weights[name]
        assert gradient.shape == array.shape
        for _ in range(3):
            place = tuple(int(random.integers(size)) for size in array.shape)
            exact = slope(value, array, place)
            assert abs(gradient[place] - exact) <= 1e-7 * (1 + abs(exact)), f"{name}{list(place)}"


def test_backward_from_the_middle() -> None:
    """Votes and attribution start from any layer: what comes after has no part in it."""
    net = parse("input 3x3x1, residual(relu), tanh, flatten, dense 2")
    weights, x = drawn(net, count=1)
    stages = forward(net, weights, x)
    of_weights, of_stages = backward(net, weights, stages, "add1", np.ones_like(stages["add1"]))
    assert of_weights == {}
    assert set(of_stages) == {"add1", "relu1", "input"}
    assert_equal(of_stages["input"], np.where(x > 0, 2.0, 1.0), "through the ReLU and past it")


def test_observe_moves_what_is_measured() -> None:
    net = parse("input 4x4x2, conv 3 3x3, norm, relu, residual(norm)")
    weights, x = drawn(net)
    stages = forward(net, weights, x, Pass(training=True))
    moved = observe(net, weights, stages)
    assert set(moved) == {f"norm{number}.{part}" for number, part in product((1, 2), ("mean", "variance"))}
    for name, fed in (("norm1", stages["conv1"]), ("norm2", stages["relu1"])):
        for part, measured in (("mean", fed.mean(axis=(0, 1, 2))), ("variance", fed.var(axis=(0, 1, 2)))):
            expected = 0.9 * weights[f"{name}.{part}"] + 0.1 * measured
            assert_within(moved[f"{name}.{part}"], expected, 1e-14, f"{name}.{part}")
    assert observe(net, weights, forward(net, weights, x, until="relu1")).keys() == {"norm1.mean", "norm1.variance"}


def test_the_first_layer_that_is_not_finite_is_named() -> None:
    net = parse("input 2x2x1, relu, conv 1 1x1, tanh, flatten")
    weights = {"conv1.kernel": np.full((1, 1, 1, 1), np.inf), "conv1.bias": np.zeros(1)}
    stages = forward(net, weights, np.ones((1, 2, 2, 1)))
    node = first_not_finite(net, stages)
    assert node and node.name == "conv1"
    assert first_not_finite(net, forward(net, weights, np.ones((1, 2, 2, 1)), until="relu1")) is None


def test_weights_by_layer() -> None:
    kernel, bias, gain = np.zeros(1), np.zeros(2), np.zeros(3)
    assert by_layer({"conv1.kernel": kernel, "conv1.bias": bias, "norm1.gain": gain}) == {
        "conv1": {"kernel": kernel, "bias": bias},
        "norm1": {"gain": gain},
    }
