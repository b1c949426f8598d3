"""ONNX files made elsewhere: read, traced and explained by our own declarations; damaged ones refused in one line."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnxruntime import InferenceSession

import cutaway
from cutaway.errors import InputError, ModelError, NotationError, ShapeError
from cutaway.layers.foreign import Foreign
from cutaway.layers.layer import Array
from cutaway.layers.lrn import Lrn
from cutaway.model.imported import from_onnx
from cutaway.net import Net, parse, start, zoo
from cutaway.net.onnx import read
from cutaway.net.onnx.layouts import Layout
from cutaway.net.onnx.reading import Imported, imported
from cutaway.net.onnx.writing import as_onnx
from cutaway.net.run import backward, converted, forward
from cutaway.trace import record
from tests.compare import assert_equal, assert_within
from tests.layer_table import LAYERS, NAMES, inputs_of, layer_of, weights_of
from tests.nets import NETS, drawn
from tests.test_layers_onnx import first, last
from tests.test_layers_onnx import model as alone

BOUND = 1e-5
FLOAT = TensorProto.FLOAT
DRAW = np.random.default_rng(0)


def made(
    nodes: Sequence[onnx.NodeProto],
    shape: Sequence[int | str],
    held: dict[str, Any] | None = None,
    *,
    opset: int = 20,
    dtype: int = FLOAT,
    output: str = "y",
) -> onnx.ModelProto:
    """A model of some nodes, from `x` to `y`."""
    graph = helper.make_graph(
        nodes,
        "made",
        [helper.make_tensor_value_info("x", dtype, shape)],
        [helper.make_tensor_value_info(output, FLOAT, None)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in (held or {}).items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def classifier(*middle: onnx.NodeProto, **known: str) -> onnx.ModelProto:
    """Convolution, whatever stands between, dense: from maps [N, 3, 8, 8] to three scores."""
    draw, size = np.random.default_rng(3), 8
    held = {
        "kernel": draw.standard_normal((4, 3, 3, 3)).astype(np.float32),
        "bias": draw.standard_normal(4).astype(np.float32),
        "weight": (draw.standard_normal((4 * (size - 2) ** 2, 3)) / size).astype(np.float32),
    }
    end = middle[-1].output[0] if middle else "maps"
    nodes = [
        helper.make_node("Conv", ["x", "kernel", "bias"], ["maps"], name="first"),
        *middle,
        helper.make_node("Flatten", [end], ["list"]),
        helper.make_node("Gemm", ["list", "weight"], ["y"]),
    ]
    model = made(nodes, ["N", 3, size, size], held)
    helper.set_model_props(model, known)
    return model


def said(found: Imported, x: Array) -> Array:
    """What the imported net makes of a batch, in float64, as the file would say it."""
    fed = found.fed(x.astype(np.float64))
    if not len(found.net):
        return found.said(fed)
    return found.said(forward(found.net, converted(found.weights, np.float64), fed)[found.net.output.name])


def evaluated(model: onnx.ModelProto, x: Array) -> Array:
    """What ONNX's own evaluator makes of it."""
    (y,) = ReferenceEvaluator(model).run(None, {model.graph.input[0].name: x})
    return np.asarray(y)


def words(net: Net) -> str:
    """The net's text on one line."""
    return " ".join(str(net).split())


# ---- every kind of layer, every net


ROWS = {
    name: row
    for name, row in zip(NAMES, LAYERS, strict=True)
    if not name.startswith(("grey", "colour", "resize", "lrn 3 over 4", "multiply over 2x3x2 and 2"))
}


@pytest.mark.parametrize(("text", "shapes"), ROWS.values(), ids=ROWS)
def test_each_kind_of_layer_comes_back_from_its_own_operators(text: str, shapes: Any) -> None:
    layer = layer_of(text)
    w = weights_of(layer, shapes)
    model = alone(layer, shapes, {name: value.astype(np.float32) for name, value in w.items()})
    xs = inputs_of(layer, shapes, n=3)
    x = first(np.concatenate(xs, axis=-1))
    if len(xs) > 1:
        model = one_input(model, xs)
    found = imported(model)
    assert not found.undeclared
    expected = layer.forward(xs, w)
    np.testing.assert_allclose(last(said(found, x)), expected, rtol=BOUND, atol=BOUND)


def one_input(model: onnx.ModelProto, xs: Sequence[Array]) -> onnx.ModelProto:
    """A model of several inputs as one of a single input, out of which they are cut."""
    graph = model.graph
    infos = list(graph.input)
    total, before = sum(x.shape[-1] for x in xs), 0
    cuts = []
    for info, x in zip(infos, xs, strict=True):
        cut = np.zeros((total, x.shape[-1]), np.float32)
        cut[before : before + x.shape[-1]] = np.eye(x.shape[-1])
        before += x.shape[-1]
        weights = cut if x.ndim == 2 else cut.T[:, :, None, None]
        graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(weights), f"cut {info.name}"))
        cuts.append(helper.make_node("MatMul" if x.ndim == 2 else "Conv", ["all", f"cut {info.name}"], [info.name]))
    sides = [] if xs[0].ndim == 2 else list(xs[0].shape[1:3])
    nodes = [onnx.NodeProto.FromString(node.SerializeToString()) for node in (*cuts, *graph.node)]
    del graph.node[:]
    graph.node.extend(nodes)
    del graph.input[:]
    graph.input.append(helper.make_tensor_value_info("all", FLOAT, [None, total, *sides]))
    return model


SMALL = [name for name, entry in zoo.ZOO.items() if zoo.net(name, classes=3).preparation.shape[0] <= 64]


def prepared(net: Net) -> Net:
    """The net from its prepared picture on."""
    ahead = len(net.preparation.layers)
    text = str(net).split(",", ahead + 1)[-1] if ahead else str(net).split(",", 1)[1]
    return parse(text, input=net.preparation.shape)


@pytest.mark.parametrize("name", [*SMALL, *NETS])
def test_net_comes_back_from_its_graph_alone(name: str) -> None:
    """Written by cutaway, read without what cutaway wrote into it beside the graph."""
    net = prepared(zoo.net(name, classes=3)) if name in SMALL else parse(NETS[name], input=(12, 11, 3))
    if name == "preparation":
        net = parse("scale, conv 3 3x3 stride 2, relu, flatten, dense 4, logsoftmax", input=(9, 7, 3))
    weights, pictures, _ = drawn(net, 2)
    model = onnx.ModelProto.FromString(
        as_onnx(net, converted(weights, np.float32), ["a", "b", "c", "d", "e"][: outputs(net)])
    )
    del model.metadata_props[:]
    found = imported(model)
    assert not found.undeclared
    assert found.pixels
    stages = forward(net, converted(weights, np.float64), pictures.astype(np.float64))
    expected = stages[net.output.name]
    given = said(found, pictures)
    if words(net).endswith("logsoftmax"):
        expected = np.exp(expected)
    elif expected.shape[1] == 1:
        expected = np.concatenate([1 - expected, expected], axis=1)
    np.testing.assert_allclose(given, expected, rtol=BOUND, atol=BOUND)


def outputs(net: Net) -> int:
    """Classes of a net."""
    return max(2, net.shapes()[net.output.name][0])


def test_zoo_has_small_nets() -> None:
    assert len(SMALL) > 5


def test_file_that_cutaway_wrote_is_the_same_net_with_the_same_weights(tmp_path: Path) -> None:
    net = parse(NETS["branches"], input=(12, 11, 3))
    net = parse(f"input any, colour, resize 12x11 crop, {NETS['branches']}")
    weights = converted(drawn(parse(NETS["branches"], input=(12, 11, 3)), 1)[0], np.float32)
    names = {old: new for old, new in zip(sorted(weights), sorted(net.parameters()), strict=True)}
    weights = {names[name]: value for name, value in weights.items()}
    model = cutaway.Model(net, weights, ("a", "b", "c", "two\nlines"))
    (tmp_path / "model.onnx").write_bytes(model.to_onnx())
    found = cutaway.load(tmp_path / "model.onnx")
    assert found.net == net
    assert found.classes == model.classes
    assert found.weights.keys() == weights.keys()
    for name, value in weights.items():
        assert_equal(np.asarray(found.weights[name]), value, name)
    changed = onnx.ModelProto.FromString(model.to_onnx())
    changed.graph.initializer[0].raw_data = bytes(len(changed.graph.initializer[0].raw_data))
    (tmp_path / "changed.onnx").write_bytes(changed.SerializeToString())
    with pytest.raises(ModelError, match=r"changed.onnx is damaged: its weights do not have the SHA-256"):
        cutaway.load(tmp_path / "changed.onnx")


# ---- what is put together


def test_list_of_maps_has_its_weights_in_our_order() -> None:
    model = classifier(helper.make_node("Relu", ["maps"], ["r"]))
    x = DRAW.standard_normal((2, 3, 8, 8)).astype(np.float32)
    found = imported(model)
    assert words(found.net) == "input 8x8x3, conv 4 3x3, relu, flatten, dense 3 no bias"
    np.testing.assert_allclose(said(found, x), evaluated(model, x), rtol=BOUND, atol=BOUND)


NUMBERS = {"zero": 0, "half": 0.5, "one": 1, "root": 2**0.5, "three": 3, "six": 6, "255": 255}


@pytest.mark.parametrize(
    ("nodes", "held", "text"),
    [
        ([("Sigmoid", "x", "s"), ("Mul", "x s", "y")], {}, "silu"),
        (
            [("Add", "x three", "a"), ("Clip", "a zero six", "b"), ("Mul", "x b", "c"), ("Div", "c six", "y")],
            {},
            "hardswish",
        ),
        (
            [
                ("Div", "x root", "a"),
                ("Erf", "a", "b"),
                ("Add", "b one", "c"),
                ("Mul", "x c", "d"),
                ("Mul", "d half", "y"),
            ],
            {},
            "gelu",
        ),
        ([("Max", "x zero", "a"), ("Min", "a six", "y")], {}, "relu6"),
        ([("Mul", "x one", "a"), ("Relu", "a", "y")], {}, "relu"),
        ([("Pow", "x one", "a"), ("Relu", "a", "y")], {}, "relu"),
        ([("Sub", "x mean", "a"), ("Div", "a deviation", "y")], {}, "normalise 0.25 0.5 -1.0 / 2.0 4.0 0.5"),
        ([("Div", "x 255", "y")], {}, "scale"),
        ([("Softplus", "x", "a"), ("Tanh", "a", "b"), ("Mul", "x b", "y")], {}, None),
    ],
    ids=["silu", "hardswish", "gelu", "relu6", "nothing", "power", "normalise", "scale", "mish"],
)
def test_functions_are_recognised_by_what_they_do(nodes: Any, held: dict[str, Any], text: str | None) -> None:
    held = {
        **{name: np.float32(value) for name, value in NUMBERS.items()},
        "mean": np.array([0.25, 0.5, -1.0], np.float32).reshape(3, 1, 1),
        "deviation": np.array([2.0, 4.0, 0.5], np.float32).reshape(3, 1, 1),
    }
    made_nodes = [helper.make_node(kind, inputs.split(), [output]) for kind, inputs, output in nodes]
    used = {name for _, inputs, _ in nodes for name in inputs.split()}
    model = made(made_nodes, [2, 3, 4, 5], {name: value for name, value in held.items() if name in used})
    x = (4 * DRAW.standard_normal((2, 3, 4, 5))).astype(np.float32)
    found = imported(model)
    if text is None:
        assert [node.layer.word for node in found.net] == ["foreign", "tanh", "multiply"]
    else:
        assert words(found.net) == f"input 4x5x3, {text}"
    np.testing.assert_allclose(said(found, x), evaluated(model, x), rtol=BOUND, atol=BOUND)


def test_channels_last_and_shapes_worked_out_at_run_time() -> None:
    """As TensorFlow's exporters write it: Transpose around each convolution, Reshape to sizes out of Shape."""
    kernel = DRAW.standard_normal((4, 3, 3, 3)).astype(np.float32)
    nodes = [
        helper.make_node("Transpose", ["x"], ["first"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["first", "kernel"], ["c"], auto_pad="SAME_UPPER", strides=[2, 2]),
        helper.make_node("Transpose", ["c"], ["last"], perm=[0, 2, 3, 1]),
        helper.make_node("Add", ["last", "bias"], ["b"]),
        helper.make_node("Shape", ["b"], ["sizes"], end=1),
        helper.make_node("Concat", ["sizes", "rest"], ["target"], axis=0),
        helper.make_node("Reshape", ["b", "target"], ["list"]),
        helper.make_node("MatMul", ["list", "weight"], ["y"]),
    ]
    held = {
        "kernel": kernel,
        "bias": DRAW.standard_normal(4).astype(np.float32),
        "rest": np.array([-1]),
        "weight": DRAW.standard_normal((4 * 4 * 3, 2)).astype(np.float32),
    }
    model = made(nodes, ["N", 7, 6, 3], held)
    x = DRAW.standard_normal((2, 7, 6, 3)).astype(np.float32)
    found = imported(model)
    assert words(found.net) == "input 7x6x3, conv 4 3x3 stride 2 same, flatten, dense 2 no bias"
    np.testing.assert_allclose(said(found, x), evaluated(model, x), rtol=BOUND, atol=BOUND)


@pytest.mark.parametrize(("alpha", "bias"), [(1e-4, 1.0), (2e-3, 2.0), (0.5, 0.25)])
def test_lrn_of_any_alpha_and_bias_is_ours_between_two_scales(alpha: float, bias: float) -> None:
    model = made([helper.make_node("LRN", ["x"], ["y"], size=3, alpha=alpha, beta=0.75, bias=bias)], [5, 5, 2, 2])
    x = (3 * DRAW.standard_normal((5, 5, 2, 2))).astype(np.float32)
    found = imported(model)
    assert sum(isinstance(node.layer, Lrn) for node in found.net) == 1
    np.testing.assert_allclose(said(found, x), evaluated(model, x), rtol=BOUND, atol=BOUND)


def agrees(model: onnx.ModelProto, x: Array) -> Imported:
    """Every node is declared, and all numbers are those of ONNX Runtime.

    ONNX's own evaluator takes older operators for newer ones, and some borders of max pooling for others.
    """
    found = imported(model)
    assert not found.undeclared
    session = InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (expected,) = session.run(None, {"x": x})
    np.testing.assert_allclose(said(found, x), expected, rtol=BOUND, atol=BOUND)
    return found


OLD: tuple[tuple[int, str, dict[str, Any], dict[str, Any], str], ...] = (
    (6, "Clip", {"min": 0.0, "max": 6.0}, {}, "relu6"),
    (6, "Clip", {"min": -1.0, "max": 2.0}, {}, "normalise -1.0 0.5, relu6, normalise 2.0 2.0"),
    (10, "Dropout", {"ratio": 0.4}, {}, ""),
    (
        9,
        "BatchNormalization",
        {"epsilon": 0.01},
        {"g": [1, 2, 3], "b": [0, 1, 0], "m": [1, 1, 2], "v": [1, 4, 9]},
        "norm",
    ),
    (13, "ReduceMean", {"axes": [2, 3], "keepdims": 0}, {}, "globalmean"),
    (11, "ReduceMean", {"axes": [-1, -2]}, {}, "globalmean"),
    (11, "ReduceSum", {"axes": [2, 3]}, {}, "sumpool 4x5"),
    (11, "Softmax", {"axis": 1}, {}, "flatten, softmax"),
    (11, "Softmax", {}, {}, "flatten, softmax"),
    (5, "Reshape", {}, {"to": np.array([0, -1])}, ""),
    (11, "Unsqueeze", {"axes": [1]}, {}, ""),
    (1, "GlobalAveragePool", {}, {}, "globalmean"),
)


@pytest.mark.parametrize(("version", "kind", "settings_of", "held", "text"), OLD, ids=[f"{o[1]}-{o[0]}" for o in OLD])
def test_older_versions_of_operators(
    version: int, kind: str, settings_of: dict[str, Any], held: dict[str, Any], text: str
) -> None:
    held = {name: np.asarray(value, None if name == "to" else np.float32) for name, value in held.items()}
    model = made([helper.make_node(kind, ["x", *held], ["y"], **settings_of)], [2, 3, 4, 5], held, opset=version)
    x = (3 * DRAW.standard_normal((2, 3, 4, 5))).astype(np.float32)
    net = agrees(model, x).net
    assert (words(net) if text else net.names) == (f"input 4x5x3, {text}" if text else [])


def test_shuffled_channels_are_found_again_by_the_kernel_behind_them() -> None:
    """ShuffleNet's: channels are split, turned and joined; no number moves, the kernel's channels do."""
    nodes = [
        helper.make_node("Conv", ["x", "kernel"], ["c"], group=2),
        helper.make_node("Reshape", ["c", "split"], ["s"]),
        helper.make_node("Transpose", ["s"], ["t"], perm=[0, 2, 1, 3, 4]),
        helper.make_node("Reshape", ["t", "join"], ["j"]),
        helper.make_node("MaxPool", ["j"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Conv", ["p", "last"], ["l"]),
        helper.make_node("Flatten", ["l"], ["y"]),
    ]
    held = {
        "kernel": DRAW.standard_normal((6, 2, 1, 1)).astype(np.float32),
        "split": np.array([0, 2, 3, 6, 4]),
        "join": np.array([0, 6, 6, 4]),
        "last": DRAW.standard_normal((3, 6, 3, 2)).astype(np.float32),
    }
    x = DRAW.standard_normal((2, 4, 6, 4)).astype(np.float32)
    found = agrees(made(nodes, ["N", 4, 6, 4], held), x)
    assert words(found.net) == "input 6x4x4, conv 6 1x1 groups 2 no bias, maxpool 2, conv 3 3x2 no bias"


def test_tokens_are_the_cells_of_maps() -> None:
    """As in a vision transformer: patches in a row, dense for each is a convolution of 1x1."""
    nodes = [
        helper.make_node("Conv", ["x", "patch"], ["c"], strides=[2, 2]),
        helper.make_node("Reshape", ["c", "row"], ["r"]),
        helper.make_node("Transpose", ["r"], ["t"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["t", "wide"], ["w"]),
        helper.make_node("Add", ["w", "bias"], ["b"]),
        helper.make_node("Gelu", ["b"], ["g"]),
        helper.make_node("ReduceMean", ["g", "one"], ["m"], keepdims=0),
        helper.make_node("MatMul", ["m", "scores"], ["y"]),
    ]
    held = {
        "patch": DRAW.standard_normal((5, 3, 2, 2)).astype(np.float32),
        "row": np.array([0, 5, -1]),
        "wide": DRAW.standard_normal((5, 7)).astype(np.float32),
        "bias": DRAW.standard_normal(7).astype(np.float32),
        "one": np.array([1]),
        "scores": DRAW.standard_normal((7, 2)).astype(np.float32),
    }
    x = DRAW.standard_normal((2, 3, 6, 8)).astype(np.float32)
    found = agrees(made(nodes, ["N", 3, 6, 8], held), x)
    text = "input 6x8x3, conv 5 2x2 stride 2 no bias, conv 7 1x1, gelu, globalmean, dense 2 no bias"
    assert words(found.net) == text


@pytest.mark.parametrize("how", ["SAME_UPPER", "SAME_LOWER", "VALID"])
@pytest.mark.parametrize("kind", ["Conv", "MaxPool", "AveragePool"])
def test_border_that_is_told_by_a_word(kind: str, how: str) -> None:
    held = {"kernel": DRAW.standard_normal((2, 3, 4, 3)).astype(np.float32)} if kind == "Conv" else {}
    node = helper.make_node(kind, ["x", *held], ["y"], kernel_shape=[4, 3], strides=[3, 2], auto_pad=how)
    agrees(made([node], [2, 3, 9, 8], held, opset=22), DRAW.standard_normal((2, 3, 9, 8)).astype(np.float32))


LETTERS = st.lists(st.sampled_from(["transpose", "reshape", "flatten", "drop"]), max_size=6)


@given(LETTERS, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_layouts_follow_numpy(steps: list[str], random: Any) -> None:
    """Whatever is done to the axes, `theirs` is what NumPy makes of the array, and `ours` takes it back."""
    n, shape = random.choice([1, 2, 5]), (4, 3, 6)
    ours = np.arange(n * 72).reshape(n, *shape)
    layout = Layout.maps(shape)
    theirs = ours.transpose(0, 3, 1, 2)
    for step in steps:
        target: Sequence[int]
        if step == "transpose":
            order = random.sample(range(theirs.ndim), theirs.ndim)
            layout, theirs = layout.transposed(order), theirs.transpose(order)
            continue
        if step == "reshape":
            target = [size for side in theirs.shape for size in ((2, side // 2) if side in (4, 6) else (side,))]
        elif step == "flatten":
            target = [theirs.shape[0], theirs[0].size] if theirs.ndim else []
        else:
            target = [size for place, size in enumerate(theirs.shape) if size != 1 or place == 0]
        found = layout.reshaped(target, n)
        if found is None:
            continue
        layout, theirs = found, theirs.reshape(target)
    assert_equal(layout.theirs(ours), theirs, "theirs")
    assert_equal(layout.ours(theirs, n, shape), ours, "ours")


# ---- operators without a declaration


STRANGE = helper.make_node("Erf", ["maps"], ["strange"], name="odd one")


def test_node_without_declaration_is_named_and_all_around_it_works(caplog: pytest.LogCaptureFixture) -> None:
    model = classifier(STRANGE)
    x = DRAW.standard_normal((2, 3, 8, 8)).astype(np.float32)
    found = imported(model)
    assert found.net.names == ["conv1", "foreign1", "flatten1", "dense1"]
    assert found.undeclared == ("foreign1: the node 'odd one' (Erf) has no declaration",)
    assert words(found.net).startswith("input 8x8x3, conv 4 3x3, foreign Erf 6x6x4 6x6x4 20, flatten, ")
    np.testing.assert_allclose(said(found, x), evaluated(model, x), rtol=BOUND, atol=BOUND)


def test_trace_goes_through_a_foreign_layer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    onnx.save(classifier(STRANGE), tmp_path / "odd.onnx")
    with caplog.at_level(logging.WARNING, "cutaway"):
        model = from_onnx(tmp_path / "odd.onnx", "scale")
    assert "(Erf) has no declaration; its values are shown, not its arithmetic" in caplog.text
    trace = model.trace(DRAW.integers(0, 256, (11, 9, 3), dtype=np.uint8))
    assert all(check.ok for check in trace.check())
    for address in ("conv1[2, 3, 1]", "dense1[1]", "softmax1[0]"):
        working = trace.cell(address).working()
        assert working.working.value == pytest.approx(working.engine, abs=1e-5)
    cell = trace.cell("foreign1[2, 3, 1]").working()
    assert cell.working.value == pytest.approx(cell.engine, abs=1e-6)
    assert cell.terms[0].factors[0].of == "Erf, whose arithmetic is not declared"
    with pytest.raises(InputError, match="foreign Erf has no declared gradient"):
        weights = converted(model.weights, np.float64)
        stages = forward(model.net, weights, np.zeros((1, 11, 9, 3)))
        backward(model.net, weights, stages, "dense1", np.ones((1, 3)))


def test_foreign_layer_is_read_again_from_its_text() -> None:
    net, weights = read(classifier(STRANGE))
    assert parse(str(net)) == net
    assert parse(str(net)).parameters().keys() == weights.keys()


def test_model_with_a_foreign_layer_is_saved_and_loaded(tmp_path: Path) -> None:
    model_file = classifier(helper.make_node("Elu", ["maps"], ["e"], alpha=0.5))
    onnx.save(model_file, tmp_path / "odd.onnx")
    model = from_onnx(tmp_path / "odd.onnx", "scale")
    model.save(tmp_path / "run")
    picture = DRAW.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    expected = evaluated(model_file, (picture / np.float32(255)).transpose(2, 0, 1)[None].astype(np.float32))[0]
    again = cutaway.load(tmp_path / "run").predict(picture)
    powers = np.exp(expected - expected.max())
    probabilities = dict(zip(model.classes, powers / powers.sum(), strict=True))
    for guess in again:
        assert guess.prob == pytest.approx(probabilities[guess.label], abs=1e-5)


@pytest.mark.parametrize(
    "content",
    [
        *("", "AAAA", "%%%%", "CAo6", "CAo6AA", "8x8x3", "8x8x3 8x8x3", "8x8x3 0x8x3 20", "8x8x3 8x8x3 x"),
        *("8x8x3 8x8x3 20 alpha", "8x8x3 8x8x3 20 alpha=1;a", "99999x99999x99 9 20", "8x8x3 8x8x3 20 alpha=(1)"),
    ],
)
def test_damaged_content_of_a_foreign_layer_is_refused(content: str) -> None:
    with pytest.raises(InputError):
        Foreign.of("Elu", content)


def test_simple_operator_is_said_in_words() -> None:
    net, _ = read(classifier(helper.make_node("Elu", ["maps"], ["e"], alpha=0.3)))
    assert net["foreign1"].layer.text() == "foreign Elu 6x6x4 6x6x4 20 alpha=0.3"
    assert parse(str(net)) == net
    with pytest.raises(NotationError, match="the content of Elu does not say sizes that can be"):
        parse("input 8x8x3, foreign Elu 99999x99999x99 8x8x3 20")
    with pytest.raises(ShapeError, match="foreign Elu takes 6x6x4; got 8x8x3"):
        parse("input 8x8x3, foreign Elu 6x6x4 6x6x4 20")


def test_long_constants_of_a_foreign_node_are_weights() -> None:
    kernel = DRAW.standard_normal((3, 4, 3, 3)).astype(np.float32)
    model = made([helper.make_node("ConvTranspose", ["x", "kernel"], ["y"])], [2, 3, 5, 5], {"kernel": kernel})
    x = DRAW.standard_normal((2, 3, 5, 5)).astype(np.float32)
    found = imported(model)
    assert list(found.weights) == ["foreign1.constant1"]
    assert len(str(found.net)) < 500
    np.testing.assert_allclose(said(found, x), evaluated(model, x), rtol=BOUND, atol=BOUND)


def test_each_output_of_a_node_is_a_layer_of_its_own() -> None:
    nodes = [
        helper.make_node("Split", ["x"], ["a", "b"], axis=1, num_outputs=2),
        helper.make_node("Concat", ["b", "a"], ["y"], axis=1),
    ]
    model = made(nodes, ["N", 4, 3, 2])
    x = DRAW.standard_normal((2, 4, 3, 2)).astype(np.float32)
    found = imported(model)
    assert [node.layer.word for node in found.net] == ["foreign", "foreign", "concat"]
    np.testing.assert_allclose(said(found, x), evaluated(model, x), rtol=BOUND, atol=BOUND)


# ---- pictures and classes


PICTURE = np.random.default_rng(8).integers(0, 256, (8, 8, 3), dtype=np.uint8)


def file_of(model: onnx.ModelProto, folder: Path) -> Path:
    """The model as a file."""
    onnx.save(model, folder / "other.onnx")
    return folder / "other.onnx"


def test_preparation_that_is_not_known_is_assumed_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = file_of(classifier(), tmp_path)
    with caplog.at_level(logging.WARNING, "cutaway"):
        model = cutaway.load(path)
    assert words(model.net).startswith("input any, colour, resize 8x8 crop, scale, conv 4 3x3,")
    assert words(model.net).endswith("dense 3 no bias, softmax")
    assert len(caplog.records) == 1
    assert "it is assumed that 'colour, resize 8x8 crop, scale' does it" in caplog.text
    assert "other.preparation.txt" in caplog.text
    assert model.classes == ("0", "1", "2")


def test_preparation_is_what_is_stated(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    normal = "scale, normalise 0.485 0.456 0.406 / 0.229 0.224 0.225"
    path = file_of(classifier(), tmp_path)
    given = from_onnx(path, normal)
    (tmp_path / "other.preparation.txt").write_text(f"{normal}\n")
    beside = cutaway.load(path)
    (tmp_path / "other.preparation.txt").unlink()
    known = cutaway.load(file_of(classifier(preparation=normal), tmp_path))
    for model in (given, beside, known):
        assert words(model.net).startswith(f"input any, colour, resize 8x8 crop, {normal}, conv")
    whole = from_onnx(path, "input any, colour, resize 8x8 squash, scale 127.5")
    assert words(whole.net).startswith("input any, colour, resize 8x8 squash, scale 127.5, conv")
    assert words(from_onnx(path, "").net).startswith("input any, colour, resize 8x8 crop, conv")
    assert not caplog.records
    prepared = (PICTURE / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    scores = evaluated(classifier(), prepared.transpose(2, 0, 1)[None].astype(np.float32))[0]
    assert given.predict(PICTURE).label == str(scores.argmax())


def test_preparation_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    path = file_of(classifier(), tmp_path)
    with pytest.raises(ModelError, match=r"makes 9x9x3, and the net takes 8x8x3"):
        from_onnx(path, "resize 9x9, scale")
    with pytest.raises(ModelError, match="there is no layer 'scael'; did you mean 'scale'"):
        from_onnx(path, "scael")


def test_size_that_is_left_open_is_the_preparations(tmp_path: Path) -> None:
    held = {"kernel": DRAW.standard_normal((2, 3, 3, 3)).astype(np.float32)}
    nodes = [
        helper.make_node("Conv", ["x", "kernel"], ["c"]),
        helper.make_node("GlobalAveragePool", ["c"], ["g"]),
        helper.make_node("Flatten", ["g"], ["y"]),
    ]
    path = file_of(made(nodes, ["N", 3, "H", "W"], held), tmp_path)
    with pytest.raises(ModelError, match="the size is left open, and a net here has one; state a preparation"):
        cutaway.load(path)
    assert from_onnx(path, "colour, resize 9x7, scale").net.shapes()["conv1"] == (7, 5, 2)


@pytest.mark.parametrize(
    ("first", "pixels"),
    [(("Div", 255.0), True), (("Mul", 1 / 255), True), (("Div", 2.0), False), (("Sub", 0.5), False)],
)
def test_net_that_divides_itself_takes_pixels(first: tuple[str, float], pixels: bool, tmp_path: Path) -> None:
    kind, number = first
    nodes = [
        helper.make_node(kind, ["x", "number"], ["scaled"]),
        helper.make_node("GlobalAveragePool", ["scaled"], ["g"]),
        helper.make_node("Flatten", ["g"], ["y"]),
    ]
    model = cutaway.load(file_of(made(nodes, ["N", 3, 8, 8], {"number": np.float32(number)}), tmp_path))
    assert words(model.net).startswith("input any, colour, resize 8x8 crop, scale, globalmean") == pixels


@pytest.mark.parametrize(
    "known",
    [
        {"classes": '["cat", "dog", "emu"]'},
        {"names": "{0: 'cat', 1: 'dog', 2: 'emu'}"},
        {"labels": "cat, dog, emu"},
        {"classes": json.dumps({"10": "emu", "2": "dog", "1": "cat"})},
    ],
)
def test_names_of_classes_come_from_the_metadata(known: dict[str, str], tmp_path: Path) -> None:
    assert cutaway.load(file_of(classifier(**known), tmp_path)).classes == ("cat", "dog", "emu")


def test_names_of_classes_come_from_beside_the_file(tmp_path: Path) -> None:
    path = file_of(classifier(names="a,b,c"), tmp_path)
    (tmp_path / "classes.txt").write_text("cat\ndog\nemu\n")
    assert cutaway.load(path).classes == ("cat", "dog", "emu")
    (tmp_path / "other.classes.txt").write_text("kea\nowl\n")
    with pytest.raises(ModelError, match=r"other.onnx: the classes beside it are 2, and it has 3 outputs"):
        cutaway.load(path)


def test_one_score_is_given_a_sigmoid_and_two_classes(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("GlobalAveragePool", ["x"], ["g"]),
        helper.make_node("Flatten", ["g"], ["l"]),
        helper.make_node("Gemm", ["l", "weight"], ["y"]),
    ]
    model = cutaway.load(file_of(made(nodes, ["N", 3, 4, 4], {"weight": np.ones((3, 1), np.float32)}), tmp_path))
    assert model.kind == "two"
    assert model.classes == ("0", "1")


def test_what_is_no_classifier_is_refused(tmp_path: Path) -> None:
    kernel = DRAW.standard_normal((2, 3, 3, 3)).astype(np.float32)
    path = file_of(
        made([helper.make_node("Conv", ["x", "kernel"], ["y"])], ["N", 3, 8, 8], {"kernel": kernel}), tmp_path
    )
    with pytest.raises(ModelError, match="it ends in 6x6x2, and a classifier in one score a class"):
        cutaway.load(path)
    assert read(path)[0].names == ["conv1"]


def test_every_number_of_an_imported_model_is_checked(tmp_path: Path) -> None:
    model = from_onnx(file_of(classifier(helper.make_node("Relu", ["maps"], ["r"])), tmp_path), "scale")
    stages = model._predictor.stages(PICTURE[None])
    assert all(check.ok for check in record(model.net, model.weights, PICTURE, stages).check())


# ---- what is damaged, or means harm


def refused(source: Any, match: str) -> None:
    """Refused in one line."""
    with pytest.raises(ModelError, match=match) as caught:
        imported(source)
    assert "\n" not in str(caught.value)


def test_damaged_files_are_refused_by_name(tmp_path: Path) -> None:
    path = file_of(classifier(), tmp_path)
    content = path.read_bytes()
    for end in (0, 1, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:end])
        refused(path, "other.onnx")
    path.write_bytes(b"\x80\x04\x95" + bytes(100))  # how a pickle starts
    refused(path, "other.onnx is damaged, or not an ONNX model")
    refused(tmp_path / "none.onnx", "cannot read .*none.onnx: No such file")
    refused(tmp_path, "cannot read .*: Is a directory")


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**9), st.integers(0, 255))
def test_changed_bytes_are_refused_in_one_line_or_read(place: int, value: int) -> None:
    content = bytearray(classifier(STRANGE).SerializeToString())
    content[place % len(content)] = value
    try:
        imported(bytes(content))
    except InputError as error:
        assert "\n" not in str(error)


def external(location: str, folder: Path, **more: str) -> Path:
    """A classifier whose kernel is in another file."""
    model = classifier()
    (kernel,) = [tensor for tensor in model.graph.initializer if tensor.name == "kernel"]
    content = kernel.raw_data
    kernel.ClearField("raw_data")
    kernel.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, "length": str(len(content)), **more}.items():
        kernel.external_data.add(key=key, value=value)
    (folder / "kernel.bin").write_bytes(b"xx" + content)
    return file_of_bytes(model, folder)


def file_of_bytes(model: onnx.ModelProto, folder: Path) -> Path:
    """As it is, without ONNX's own handling of other files."""
    (folder / "other.onnx").write_bytes(model.SerializeToString())
    return folder / "other.onnx"


def test_weights_in_a_file_beside_are_read(tmp_path: Path) -> None:
    net, weights = read(external("kernel.bin", tmp_path, offset="2"))
    expected = read(classifier())
    assert net == expected[0]
    assert_equal(weights["conv1.kernel"], expected[1]["conv1.kernel"], "kernel")


@pytest.mark.parametrize(
    "location", ["../kernel.bin", "/etc/passwd", "a/../../kernel.bin", "..\\kernel.bin", "C:\\k", "", "\\\\host\\k"]
)
def test_weights_that_lead_out_of_the_folder_are_refused(location: str, tmp_path: Path) -> None:
    refused(external(location, tmp_path), "which may lead out of its folder")


def test_weights_behind_a_link_are_refused(tmp_path: Path) -> None:
    path = external("link.bin", tmp_path)
    (tmp_path / "link.bin").symlink_to(tmp_path / "kernel.bin")
    refused(path, "which is a link")
    (tmp_path / "inner").symlink_to(tmp_path, target_is_directory=True)
    refused(external("inner/kernel.bin", tmp_path), "which is a link")


def test_weights_that_are_not_all_there_are_refused(tmp_path: Path) -> None:
    refused(external("none.bin", tmp_path), "there is no such file beside it")
    refused(external("kernel.bin", tmp_path, offset="3"), "is cut short")
    refused(external("kernel.bin", tmp_path, offset="-1"), "is no place in a file")
    refused(external("kernel.bin", tmp_path, length="5"), "is damaged: kernel has 432 bytes, and 5")
    path = external("kernel.bin", tmp_path)
    refused(path.read_bytes(), "give the path of the model, not its bytes")


def test_array_that_does_not_fill_its_shape_is_refused() -> None:
    model = classifier()
    model.graph.initializer[0].dims[0] = 10**9
    refused(model, "is damaged: kernel of shape")


ONE = np.ones((1, 3, 1, 1), np.float32)


@pytest.mark.parametrize(
    ("nodes", "held", "match"),
    [
        (
            [("ConstantOfShape", "huge", "c"), ("Add", "x c", "y")],
            {"huge": np.array([10**6, 10**6])},
            "numbers of nothing",
        ),
        (
            [("Expand", "one huge", "c"), ("Add", "x c", "y")],
            {"one": np.float32(1), "huge": np.array([10**6] * 3)},
            "of nothing",
        ),
        ([("Tile", "x huge", "y")], {"huge": np.array([1, 1, 10**6, 10**6])}, r"the node 'Tile' would make .* numbers"),
        ([("RandomNormalLike", "one", "c"), ("Add", "x c", "y")], {"one": np.float32(1)}, "draws numbers by chance"),
        ([("Add", "x nothing", "y")], {}, "'nothing' is used before anything makes it"),
        ([("NoSuchOperator", "x", "y")], {}, r"'NoSuchOperator' has no declaration, and ONNX's own evaluator cannot"),
        (
            [("Pad", "x wide", "y")],
            {"wide": np.array([0, 0, 9999, 9999, 0, 0, 0, 1])},
            "'Pad' would make 300,210,036 numbers of one",
        ),
        (
            [("Pad", "x wide", "p"), ("Conv", "p k", "y")],
            {"wide": np.array([0, 0, 9999, 9999] * 2), "k": ONE},
            "numbers are read",
        ),
        ([("Softmax", "x", "y")], {}, ""),
    ],
    ids=["constant", "expand", "tile", "chance", "missing", "operator", "pad", "conv", "fine"],
)
def test_graphs_that_ask_for_too_much_are_refused(nodes: Any, held: dict[str, Any], match: str) -> None:
    model = made([helper.make_node(kind, given.split(), [output]) for kind, given, output in nodes], [1, 3, 4, 4], held)
    if match:
        refused(model, match)
    else:
        imported(model)


def test_loops_are_not_run() -> None:
    body = helper.make_graph([], "body", [], [])
    refused(
        made([helper.make_node("If", ["x"], ["y"], then_branch=body, else_branch=body)], [1, 3, 4, 4]),
        "graph of its own",
    )


def test_inputs_that_are_no_picture_are_refused() -> None:
    refused(made([helper.make_node("Relu", ["x"], ["y"])], [1, 3, 4, 4, 4]), "has 5 axes")
    refused(made([helper.make_node("Relu", ["x"], ["y"])], [1, 3, 10**6, 4]), "sides of up to 16,384 are read")
    refused(
        made([helper.make_node("Relu", ["x"], ["y"])], [1, 3, 4, 4], dtype=TensorProto.INT64), "its input 'x' is INT64"
    )


def test_old_softmax_over_some_axes_is_refused() -> None:
    node = helper.make_node("Softmax", ["x"], ["y"], axis=2)
    refused(made([node], ["N", 3, 4, 5], opset=11), "is of operator set 11, .* export the net with operator set 13")


def test_works_across_pictures_is_refused() -> None:
    refused(made([helper.make_node("Softmax", ["x"], ["y"], axis=0)], ["N", 4]), r"\(Softmax\) works across pictures")
    refused(
        made([helper.make_node("CumSum", ["x", "axis"], ["y"])], ["N", 4], {"axis": np.array(0)}),
        "works across pictures",
    )


def test_start_of_weights_is_never_needed() -> None:
    """Imported weights are all there: none is drawn."""
    net, weights = read(classifier())
    assert weights.keys() == start(net).keys()
    for name, parameter in net.parameters().items():
        assert_within(weights[name], np.broadcast_to(weights[name], parameter.shape), 0, name)


def test_constant_that_makes_maps_larger_is_seen_in_their_shape() -> None:
    constant = DRAW.standard_normal((1, 100, 1, 1)).astype(np.float32)
    model = made([helper.make_node("Max", ["x", "constant"], ["y"])], ["N", 1, 4, 5], {"constant": constant})
    x = DRAW.standard_normal((2, 1, 4, 5)).astype(np.float32)
    found = imported(model)
    assert found.net.shapes()["foreign1"] == (4, 5, 100)
    np.testing.assert_allclose(said(found, x), evaluated(model, x), rtol=BOUND, atol=BOUND)
