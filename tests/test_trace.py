"""A trace keeps every number and can say how each came about, for every kind of layer."""

import math
import subprocess
import sys
from itertools import product
from typing import Any

import numpy as np
import pytest

from cutaway.errors import InputError, JobError, ShapeError
from cutaway.layers import KINDS
from cutaway.layers.layer import Region, is_empty
from cutaway.layers.working import Factor
from cutaway.net import Net, parse, start
from cutaway.net.run import backward, converted, forward
from cutaway.trace import Trace, record

EVERY_KIND = (
    """input any, colour, resize 12x12 fit, normalise 120.0 90.0 100.0 / 60.0 70.0 80.0,
    conv 8 3x3 same dilation 2, norm, relu6, lrn 3, residual(conv 8 3x3 same, prelu),
    concat(conv 4 1x1, tanh | maxpool 3 stride 1 same | meanpool 3 stride 1 same), leaky,
    squeeze(globalmean, dense 4, silu, dense 20, hardsigmoid), gelu, sumpool 2 partial, hardswish, dropout 0.5,
    conv 20 3x3 stride 2x1 groups 20 pad 1 no bias, sigmoid, flatten, dense 6, logsoftmax""",
    """input any, grey, resize 9x9 crop, scale, conv 4 3x3, relu, maxpool 2 partial, flatten, dense 12, relu, dense 3,
    softmax""",
)
SIZES = ((9, 20, 3), (12, 12, 1), (30, 11, 3))


def weights_of(net: Net, seed: int = 0) -> dict[str, Any]:
    """Random weights, with biases and norms that are not 0 and 1."""
    draw = np.random.default_rng(seed)
    weights = dict(start(net, seed))
    for name, value in weights.items():
        low, high = {"bias": (-0.2, 0.2), "mean": (-0.2, 0.2), "gain": (0.5, 1.5), "variance": (0.5, 1.5)}.get(
            name.rpartition(".")[2], (0, 0)
        )
        weights[name] = value if high == 0 else draw.uniform(low, high, value.shape).astype(np.float32)
    return weights


def traced(text: str, size: tuple[int, ...], seed: int = 0, **stages: Any) -> Trace:
    net = parse(text)
    picture = np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8)
    return record(net, weights_of(net, seed), picture, **stages)


@pytest.fixture(scope="module", params=list(product(EVERY_KIND, SIZES)), ids=lambda p: f"{p[0][11:16]}-{p[1]}")
def trace(request: pytest.FixtureRequest) -> Trace:
    return traced(*request.param)


@pytest.fixture(scope="module")
def lenet() -> Trace:
    return traced(
        "input 28x28x1, scale, conv 6 5x5, relu, maxpool 2, conv 16 5x5, relu, maxpool 2, flatten, dense 20, relu, "
        "dense 10, softmax",
        (28, 28, 1),
    )


def some_cells(shape: tuple[int, ...], count: int = 6) -> list[tuple[int, ...]]:
    """Two corners and some others."""
    draw = np.random.default_rng(len(shape))
    corners = [tuple(0 for _ in shape), tuple(size - 1 for size in shape)]
    return corners + [tuple(int(draw.integers(size)) for size in shape) for _ in range(count)]


def holds(region: Region, cell: tuple[int, ...]) -> bool:
    return all(place in axis for place, axis in zip(cell, region, strict=True))


def test_the_two_nets_have_every_kind() -> None:
    assert {node.layer.word for text in EVERY_KIND for node in parse(text)} == set(KINDS)


# --- the numbers ----------------------------------------------------------------------------------


def test_check_passes_for_every_kind(trace: Trace) -> None:
    checks = trace.check()
    assert [check.name for check in checks] == trace.net.names
    assert all(check.ok and check.share <= 1 and check.cells == trace[check.name].output.size for check in checks)


def test_every_working_is_the_cell(trace: Trace) -> None:
    """Against the layer's own forward pass in float64, which has nothing to do with terms."""
    weights = converted(trace.weights, np.float64)
    for stage in list(trace)[1:]:
        assert stage.node
        own = {name.rpartition(".")[2]: w for name, w in weights.items() if name.startswith(f"{stage.name}.")}
        alone = stage.node.layer.forward([np.asarray(x[None], np.float64) for x in stage.fed], own)[0]
        for place in some_cells(stage.shape):
            found = stage[place].working()
            assert math.isclose(found.value, alone[place], rel_tol=1e-12, abs_tol=1e-12), found
            assert found.engine == stage.output[place]
            assert found.ok and abs(found.difference) <= found.bound, found
            assert (found.address, found.inputs) == (stage[place].address, stage.node.inputs)


def test_sums_in_workings_are_exact(trace: Trace) -> None:
    for stage in trace:
        found = stage[some_cells(stage.shape)[-1]].working()
        if found.working.rule == "sum":
            assert found.total == math.fsum(term.value for term in found.terms)


@pytest.mark.parametrize("number", range(12))
def test_check_finds_a_nudged_number(lenet: Trace, number: int) -> None:
    name = lenet.net.names[number]
    place = some_cells(lenet[name].shape)[-1]
    stages = {stage.name: stage.output.copy() for stage in lenet}
    stages[name][place] += 3 * lenet[name].bounds[place] + 1e-5
    nudged = record(lenet.net, lenet.weights, lenet.picture, stages)
    with pytest.raises(JobError) as error:
        nudged.check()
    message = str(error.value)
    assert f"{name}{list(place)} is {nudged[name][place].value!r}, exactly " in message
    assert "rounding allows" in message
    assert not nudged[name][place].working().ok


def test_check_finds_weights_rounded_to_float16(lenet: Trace) -> None:
    rounded = {name: w.astype(np.float16).astype(np.float32) for name, w in lenet.weights.items()}
    x = lenet.picture[None].astype(np.float32)
    with pytest.raises(JobError, match=r"conv1\[\d+, \d+, \d+\] is .* exactly .* rounding allows"):
        record(lenet.net, lenet.weights, lenet.picture, forward(lenet.net, rounded, x)).check()


@pytest.mark.parametrize("name", ["scale1", "conv2", "maxpool2", "flatten1", "softmax1"])
def test_check_finds_a_shifted_stage(lenet: Trace, name: str) -> None:
    stages = {stage.name: stage.output for stage in lenet}
    shifted = record(lenet.net, lenet.weights, lenet.picture, stages | {name: np.roll(stages[name], 1, axis=0)})
    with pytest.raises(JobError, match=name):
        shifted.check()


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_check_finds_what_is_not_finite(lenet: Trace, wrong: float) -> None:
    stages = {stage.name: stage.output.copy() for stage in lenet}
    stages["conv1"][3, 4, 5] = wrong
    with pytest.raises(JobError, match=r"conv1\[3, 4, 5\]"):
        record(lenet.net, lenet.weights, lenet.picture, stages).check()


# --- recording ------------------------------------------------------------------------------------


def test_record_runs_the_declarations_or_takes_what_an_engine_has(lenet: Trace) -> None:
    x = lenet.picture[None].astype(np.float32)
    stages = forward(lenet.net, lenet.weights, x)
    with_number = record(lenet.net, lenet.weights, lenet.picture, stages)
    without = record(lenet.net, lenet.weights, lenet.picture, {name: value[0] for name, value in stages.items()})
    for trace in (lenet, with_number, without):
        assert all((trace[name].output == stages[name][0]).all() for name in stages)
    assert (lenet.output == stages["softmax1"][0]).all()


def test_a_trace_is_not_changed_by_what_is_done_to_the_arrays_later() -> None:
    net = parse("input 4x4x1, scale, flatten")
    picture = np.full((4, 4, 1), 255, np.uint8)
    trace = record(net, {}, picture)
    picture[:] = 0
    assert trace["scale1"][0, 0, 0].value == 1 == trace.picture[0, 0, 0] / 255
    with pytest.raises(ValueError, match="read-only"):
        trace["scale1"].output[0, 0, 0] = 2


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (np.zeros((28, 28), np.uint8), r"a picture is uint8 \[rows, columns, channels\]; got uint8 \[28, 28\]"),
        (np.zeros((28, 28, 1), np.float32), r"got float32 \[28, 28, 1\]"),
        (np.zeros((30, 28, 1), np.uint8), "the picture is 30x28x1; this net takes 28x28x1"),
        (np.zeros((28, 28, 3), np.uint8), "the picture is 28x28x3; this net takes 28x28x1"),
    ],
)
def test_a_picture_that_does_not_fit_is_refused(lenet: Trace, picture: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        record(lenet.net, lenet.weights, picture)


def test_channels_must_fit_a_net_that_takes_any_size() -> None:
    net = parse("input 8x8x3, resize 8x8 fit, flatten")
    with pytest.raises(ShapeError, match="the picture is 9x9x1; this net takes 8x8x3"):
        record(net, {}, np.zeros((9, 9, 1), np.uint8))
    assert record(net, {}, np.zeros((9, 9, 3), np.uint8)).shapes["resize1"] == (8, 8, 3)


def test_stages_that_do_not_fit_are_refused(lenet: Trace) -> None:
    stages = {stage.name: stage.output for stage in lenet}
    with pytest.raises(InputError, match="the engine's relu1 is 24x24; the net makes 24x24x6"):
        record(lenet.net, lenet.weights, lenet.picture, stages | {"relu1": stages["relu1"][:, :, 0]})
    del stages["relu1"]
    with pytest.raises(InputError, match="the engine gave no numbers for relu1"):
        record(lenet.net, lenet.weights, lenet.picture, stages)


# --- stages and addresses -------------------------------------------------------------------------


def test_stages_come_in_order_with_the_picture_first(lenet: Trace) -> None:
    assert [stage.name for stage in lenet] == ["input", *lenet.net.names]
    assert len(lenet) == len(lenet.net) + 1
    assert lenet["conv1"].text == "conv 6 5x5"
    assert lenet["input"].text == "picture"
    assert (lenet["input"].map(0) == lenet.picture[:, :, 0]).all()
    assert lenet["conv1"].shape == (24, 24, 6)
    assert (lenet["conv1"].map(3) == lenet["conv1"].output[:, :, 3]).all()
    assert lenet["relu1"].range == (0.0, float(lenet["relu1"].output.max()))
    assert lenet["relu1"].zeros == (lenet["conv1"].output <= 0).mean()
    assert repr(lenet) == "<Trace of a 28x28x1 picture through 12 layers>"
    assert repr(lenet["flatten1"]).startswith("<Stage flatten1: flatten, 256, 0 to ")


@pytest.mark.parametrize("address", ["conv1[12, 7, 3]", "conv1[12,7,3]", " conv1 [ 12 7 3 ] "])
def test_a_cell_has_one_address(lenet: Trace, address: str) -> None:
    cell = lenet.cell(address)
    assert cell == lenet["conv1"][12, 7, 3] == lenet["conv1"][np.int64(12), 7, 3]
    assert cell.address == str(cell) == "conv1[12, 7, 3]"
    assert cell.value == lenet["conv1"].output[12, 7, 3]
    assert lenet.cell("dense1[4]") == lenet["dense1"][4]


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("conv1[24, 0, 0]", "conv1 is 24x24x6: rows 0 to 23, columns 0 to 23, channels 0 to 5"),
        ("conv1[-1, 0, 0]", r"there is no cell conv1\[-1, 0, 0\]: conv1 is 24x24x6"),
        ("conv1[3, 4]", r"there is no cell conv1\[3, 4\]: conv1 is 24x24x6"),
        ("dense1[20]", r"there is no cell dense1\[20\]: dense1 is a list of 20: slots 0 to 19"),
        ("dense1[1, 2, 3]", "dense1 is a list of 20"),
        ("conf1[1, 2, 3]", "there is no layer 'conf1'; did you mean 'conv1'"),
        ("conv1", "'conv1' is not a cell's address; write conv1"),
        ("conv1[a, b]", "is not a cell's address"),
        ("conv1[1.5, 2, 3]", "is not a cell's address"),
        ("conv1[]", "is not a cell's address"),
        ("", "is not a cell's address"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused(lenet: Trace, address: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        lenet.cell(address)


def test_maps_that_are_not_there_are_refused(lenet: Trace) -> None:
    with pytest.raises(InputError, match="conv1 has no map 6: its maps are 0 to 5"):
        lenet["conv1"].map(6)
    with pytest.raises(InputError, match="dense1 is a list of 20 numbers, it has no maps"):
        lenet["dense1"].map(0)


# --- where a number comes from, and where it goes -------------------------------------------------


def test_a_known_receptive_field(lenet: Trace) -> None:
    field = lenet.receptive_field("conv2[3, 4, 5]")
    assert list(field) == ["conv2", "maxpool1", "relu1", "conv1", "scale1", "input"]
    assert field["conv2"] == (range(3, 4), range(4, 5), range(5, 6))
    assert field["maxpool1"] == (range(3, 8), range(4, 9), range(6))
    assert field["conv1"] == (range(6, 16), range(8, 18), range(6))
    assert field["input"] == (range(6, 20), range(8, 22), range(1))
    assert lenet.receptive_field("softmax1[3]")["input"] == (range(28), range(28), range(1))
    assert lenet.receptive_field("input[3, 4, 0]") == {"input": (range(3, 4), range(4, 5), range(1))}


def test_nothing_outside_the_receptive_field_matters(trace: Trace) -> None:
    """Against the gradient: it is zero everywhere outside."""
    weights = converted(trace.weights, np.float64)
    stages = forward(trace.net, weights, trace.picture[None].astype(np.float64))
    for stage in list(trace)[1:]:
        place = some_cells(stage.shape)[-1]
        dy = np.zeros_like(stages[stage.name])
        dy[(0, *place)] = 1
        _, slopes = backward(trace.net, weights, stages, stage.name, dy)
        field = stage[place].receptive_field()
        for name, slope in slopes.items():
            outside = slope[0].copy()
            if name in field:
                outside[np.ix_(*field[name])] = 0
            assert not outside.any(), (stage, place, name)


@pytest.mark.parametrize(
    "branches", ["conv 2 3x3 same dilation 2 | conv 2 1x1", "conv 2 1x1 | conv 2 3x3 same dilation 2"]
)
def test_a_receptive_field_is_no_larger_than_need_be(branches: str) -> None:
    """Without layers that drop anything, the gradient reaches every side of the box."""
    net = f"input 17x15x2, residual({branches}), conv 3 3x2 stride 2 pad 1, meanpool 2 partial"
    trace = traced(net, (17, 15, 2))
    weights = converted(trace.weights, np.float64)
    stages = forward(trace.net, weights, trace.picture[None].astype(np.float64))
    for place in np.ndindex(trace["meanpool1"].shape):
        dy = np.zeros_like(stages["meanpool1"])
        dy[(0, *place)] = 1
        reached = np.argwhere(backward(trace.net, weights, stages, "meanpool1", dy)[1]["input"][0])
        box = tuple(range(low, high + 1) for low, high in zip(reached.min(axis=0), reached.max(axis=0), strict=True))
        assert trace["meanpool1"][place].receptive_field()["input"] == box


def test_feeds_are_the_cells_that_name_it_as_a_source(trace: Trace) -> None:
    """Against asking every cell of the next layers."""
    for stage in trace:
        place = some_cells(stage.shape, 1)[-1]
        every = [
            trace[node.name][cell]
            for node in trace.net.consumers(stage.name)
            for cell in np.ndindex(trace.shapes[node.name])
            if any(
                source == stage.name and not is_empty(region) and holds(region, place)
                for source, region in zip(
                    node.inputs,
                    node.layer.sources(cell, [trace.shapes[i] for i in node.inputs]).inputs,
                    strict=True,
                )
            )
        ]
        assert trace.feeds(stage[place].address) == every


def test_sources_are_the_cells_just_before() -> None:
    trace = traced("input 9x9x2, conv 2 3x3 dilation 2, residual(relu), concat(relu | tanh)", (9, 9, 2))
    assert trace.cell("conv1[0, 1, 0]").sources() == {"input": (range(0, 5, 2), range(1, 6, 2), range(2))}
    assert list(trace.cell("add1[0, 1, 0]").sources()) == ["relu1", "conv1"]
    assert list(trace.cell("concat1[0, 1, 3]").sources()) == ["tanh1"]
    assert trace.cell("input[0, 1, 1]").sources() == {}
    assert [str(cell) for cell in trace.feeds("add1[2, 3, 1]")] == ["relu2[2, 3, 1]", "tanh1[2, 3, 1]"]


def test_the_origin_of_a_number_is_where_it_was_computed(lenet: Trace) -> None:
    assert str(lenet.cell("flatten1[57]").origin()) == "maxpool2[0, 3, 9]"
    assert str(lenet.cell("relu1[1, 2, 3]").origin()) == "relu1[1, 2, 3]"
    assert str(lenet.cell("dense1[3]").origin()) == "dense1[3]"
    trace = traced("input 4x4x1, concat(tanh | relu), dropout 0.5, flatten", (4, 4, 1))
    assert str(trace.cell("flatten1[5]").origin()) == "relu1[0, 2, 0]"


def test_factors_say_where_they_stand() -> None:
    trace = traced("input 5x5x3, grey, scale, residual(conv 1 3x3 same, norm), normalise 0.5 0.25", (5, 5, 3))

    def names(address: str) -> list[str]:
        found = trace.cell(address).working()
        return [found.where(factor) for term in found.terms for factor in term.factors]

    assert names("add1[1, 2, 0]") == ["norm1[1, 2, 0]", "scale1[1, 2, 0]"]
    assert names("conv1[2, 2, 0]")[:2] == ["scale1[1, 1, 0]", "kernel[0, 0, 0, 0]"]
    assert names("conv1[2, 2, 0]")[-1] == "bias[0]"
    assert names("grey1[1, 2, 0]")[:2] == ["input[1, 2, 0]", "share of red"]
    assert names("normalise1[1, 2, 0]") == ["add1[1, 2, 0]", "-mean"]
    assert trace.cell("grey1[1, 2, 0]").working().source(Factor("input weight", (), 1.0)) is None


def test_a_pixel_is_what_it_is(lenet: Trace) -> None:
    found = lenet.cell("input[3, 4, 0]").working()
    assert (found.value, found.inputs, found.bound) == (lenet.picture[3, 4, 0], (), 0)


# --- votes ----------------------------------------------------------------------------------------


def test_votes_and_bias_add_up_to_the_score(lenet: Trace) -> None:
    for layer, name in ((None, "dense2"), ("dense1", "dense1")):
        votes = lenet.votes(3, layer)
        values = [vote.value for vote in votes.ranked]
        assert votes.working.address == f"{name}[3]"
        assert votes.score == math.fsum([*values, votes.bias])
        assert [abs(value) for value in values] == sorted(map(abs, values), reverse=True)
        assert all(vote.value == vote.activation * vote.weight for vote in votes.ranked)
        assert all(vote.activation == vote.cell.value for vote in votes.ranked)
        assert votes.bias == lenet.weights[f"{name}.bias"][3]
    first = lenet.votes(3, "dense1").ranked[0]
    assert first.cell.stage.name == "flatten1"
    assert first.origin.stage.name == "maxpool2"
    assert first.origin.value == first.activation


def test_votes_that_nobody_casts_are_refused(lenet: Trace) -> None:
    with pytest.raises(InputError, match=r"there is no cell dense2\[10\]: dense2 is a list of 10"):
        lenet.votes(10)
    with pytest.raises(InputError, match=r"conv1 \(conv 6 5x5\) is not a dense layer"):
        lenet.votes(1, "conv1")
    with pytest.raises(InputError, match="no dense layer"):
        traced("input 8x8x1, conv 3 1x1, globalmean, softmax", (8, 8, 1)).votes(0)


# --- what it costs others -------------------------------------------------------------------------


def test_a_trace_loads_no_view() -> None:
    code = "import sys, cutaway.trace; sys.exit(any(m.startswith('cutaway.views') or m == 'PIL' for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
