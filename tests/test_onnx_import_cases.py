"""The node cases of ONNX's own backend tests, through the import, against the declarations, at 1e-5.

Others wrote them to hold runtimes against the standard; their own bound is 1e-3. A case gives all inputs of a node at
run time. Here, the first is the picture and the others are constants of the file; where a node joins several arrays,
a convolution or dense layer of ones and zeros cuts them out of one.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from cutaway.errors import ModelError
from cutaway.layers.foreign import Foreign
from cutaway.layers.layer import Array
from cutaway.net.onnx.operators import OPERATORS
from cutaway.net.onnx.reading import Imported, imported
from cutaway.net.run import converted, forward

BOUND = 1e-5
SHORT = r"BFLOAT16|FLOAT8[^_]+|FLOAT4[^_]+|U?INT\d"
"""Types of few bits."""
JOINING = ("Add", "Sub", "Sum", "Mean", "Concat", "Mul")

EXCUSED: tuple[tuple[str, str], ...] = (
    (
        r"\w+_(u?int(8|16|32|64)|int32_trunc)(_\w+)?",
        "whole numbers, which wrap round or are cut; pictures become decimal first",
    ),
    (r"(edge|reflect|wrap)_pad", "whole numbers, and borders that repeat the picture"),
    (r"constant_pad(_axes|_negative_axes)?", "a border of 1.2; one of zeros is declared, where a window brings it"),
    (r"reduce_max_bool_inputs", "true and false, not numbers"),
    (r"(reduce_(max|sum)_empty_set|reshape_allowzero_reordered).*", "an array without numbers, which no picture is"),
    (r"(max|average)pool_3d_\w+", "windows of three sides"),
    (r"(max|average)pool_2d_dilations", "pooling windows with gaps"),
    (r"averagepool_2d_ceil_last_window_starts_on_pad", "its expected values are written with four digits"),
    (r"batchnorm_\w+_training_mode", "training: the mean is that of the batch"),
    (r"training_dropout(_default)?(_mask)?", "training: cells are switched off by chance"),
    (
        r"concat_[23]d_axis_0|concat_(2d_axis_negative_2|3d_axis_negative_3)|(log)?softmax_axis_0",
        "works across pictures",
    ),
    (r"reduce_\w+_default_axes_\w+", "works across pictures: everything comes to one number"),
    (r"gemm_(transposeA|all_attributes|default_matrix_bias)", "works across pictures"),
    (r"matmul_(1d_1d|1d_3d|3d|4d|bcast)", "other weights for each picture, or for each channel"),
    (r"reshape_reordered_(all|last)_dims", "cuts across rows and columns"),
    (r"div|prelu_example", "other numbers for each picture"),
    (r"clip_min_greater_than_max", "the lower limit is above the upper one"),
    (r"exp(_example)?", "declared only where it undoes the logarithm of logsoftmax"),
    (r"lrn", "beta is 0.5; declared is 0.75"),
    (r"identity_(sequence|opt)", "a list of arrays, or none"),
    (rf"cast_\w*(FLOAT|FLOAT16|DOUBLE)_to_(FLOAT16|{SHORT})", "rounds to few bits; here a number keeps those it has"),
    (rf"cast_\w*({SHORT})_to_\w+", "comes from a type of few bits, which no picture has"),
)
"""Which cases do not run against a declaration, and why. A case that does run must not be here."""


def cases() -> dict[str, Any]:
    """Every case of one node whose operator is claimed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the arithmetic in the cases of other operators
        from onnx.backend.test.case.node import collect_testcases

        found = {case.name.removeprefix("test_"): case for case in collect_testcases(None) if case.model}
    return {name: case for name, case in found.items() if is_one_of_ours(case.model) and "expanded" not in name}


def is_one_of_ours(model: onnx.ModelProto | None) -> bool:
    """Whether there is one node, and it is claimed."""
    nodes = model.graph.node if model else []
    return len(nodes) == 1 and nodes[0].domain in ("", "ai.onnx") and nodes[0].op_type in OPERATORS


CASES = cases()


def reasons(name: str) -> list[str]:
    """Why a case is excused."""
    return [reason for pattern, reason in EXCUSED if re.fullmatch(pattern, name)]


def array(given: Any) -> Array:
    """An input of a case, some of which are still ONNX's own."""
    return numpy_helper.to_array(given) if isinstance(given, onnx.TensorProto) else np.asarray(given)


def with_one_input(case: Any) -> tuple[onnx.ModelProto, Array]:
    """A case as a model of one picture, and that picture."""
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    graph = model.graph
    (node,) = graph.node
    given = {info.name: array(value) for info, value in zip(graph.input, case.data_sets[0][0], strict=True)}
    names = [name for name in node.input if name]
    shapes = {given[name].shape for name in names}
    joins = node.op_type in JOINING and len(names) > 1 and len(shapes) == 1
    live = names if joins else names[:1]
    x = joined(graph, given, live, node) if joins else given[live[0]]
    graph.initializer.extend(numpy_helper.from_array(given[name], name) for name in names if name not in live)
    info = next(info for info in graph.input if info.name == live[0])
    kept = helper.make_tensor_value_info("picture", info.type.tensor_type.elem_type, x.shape) if joins else info
    inputs = [onnx.ValueInfoProto.FromString(kept.SerializeToString())]
    del graph.input[:]
    graph.input.extend(inputs)
    del graph.output[1:]
    return model, x


def joined(graph: onnx.GraphProto, given: dict[str, Array], names: Sequence[str], node: onnx.NodeProto) -> Array:
    """One array of several, and the nodes that cut it into those again."""
    rank = given[names[0]].ndim
    axis = next((helper.get_attribute_value(one) for one in node.attribute if one.name == "axis"), 1) % rank
    axis = axis if rank > 1 and axis else min(1, rank - 1)
    size, count = given[names[0]].shape[axis], len(names)
    last = axis == rank - 1
    before = []
    if rank == 1:
        graph.initializer.append(numpy_helper.from_array(np.array([0]), "first"))
        before.append(helper.make_node("Unsqueeze", ["picture", "first"], ["row"]))
    for number, name in enumerate(names):
        cut = np.zeros((size * count, size), np.float32)
        cut[number * size : (number + 1) * size] = np.eye(size)
        weights = cut if last else cut.T.reshape(size, size * count, *(1,) * (rank - 2))
        graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(weights), f"cut {name}"))
        source, output = ("row", f"row {name}") if rank == 1 else ("picture", name)
        before.append(helper.make_node("MatMul" if last else "Conv", [source, f"cut {name}"], [output]))
        if rank == 1:
            before.append(helper.make_node("Squeeze", [output, "first"], [name]))
    nodes = [*before, node]
    copies = [onnx.NodeProto.FromString(one.SerializeToString()) for one in nodes]
    del graph.node[:]
    graph.node.extend(copies)
    return np.concatenate([given[name] for name in names], axis)


def outcome(found: Imported, x: Array) -> Array:
    """What the net says of a batch, as the file would."""
    ours = found.fed(x.astype(np.float64))
    if not len(found.net):
        return found.said(ours)
    stages = forward(found.net, converted(found.weights, np.float64), ours)
    return found.said(stages[found.net.output.name])


def declared(found: Imported) -> bool:
    """Whether every layer has a declaration."""
    return not any(isinstance(node.layer, Foreign) for node in found.net)


RUN = [name for name in CASES if not reasons(name)]


@pytest.mark.parametrize("name", RUN)
def test_case_agrees_with_the_declarations(name: str) -> None:
    model, x = with_one_input(CASES[name])
    found = imported(model)
    assert declared(found), found.undeclared
    expected = array(CASES[name].data_sets[0][1][0])
    np.testing.assert_allclose(outcome(found, x), expected, rtol=BOUND, atol=BOUND)


@pytest.mark.parametrize("name", [name for name in CASES if reasons(name)])
def test_excused_case_does_not_run_and_says_why_in_one_line(name: str) -> None:
    """It is refused, or becomes a `foreign` layer; or, where its own numbers are coarse, differs from them."""
    assert len(reasons(name)) == 1
    expected = array(CASES[name].data_sets[0][1][0]) if "identity" not in name else np.zeros(0)
    try:
        model, x = with_one_input(CASES[name])
        found = imported(model)
    except (ModelError, TypeError) as error:
        assert "\n" not in str(error)
        return
    if declared(found):
        assert not np.allclose(outcome(found, x), expected.astype(np.float64), rtol=BOUND, atol=BOUND)
    else:
        assert all(re.fullmatch(r"foreign\d+: the node '.*' \(\w+\) .+", line) for line in found.undeclared)
        np.testing.assert_allclose(outcome(found, x), expected, rtol=BOUND, atol=BOUND)


def test_every_reason_is_used() -> None:
    used = {reason for name in CASES for reason in reasons(name)}
    assert used == {reason for _, reason in EXCUSED}


def test_every_claimed_operator_has_a_case_that_runs() -> None:
    run = {CASES[name].model.graph.node[0].op_type for name in RUN}
    assert set(OPERATORS) - run == {"Exp", "Pad"}  # see the reasons, and the next test


def test_border_of_zeros_is_brought_by_the_window_behind_it() -> None:
    """ONNX has no case of Pad with zeros around decimal maps: here is one, in each order of the axes."""
    draw = np.random.default_rng(0)
    x, kernel = (
        draw.standard_normal((2, 3, 4, 5)).astype(np.float32),
        draw.standard_normal((2, 3, 3, 3)).astype(np.float32),
    )
    pads = np.array([0, 0, 1, 2, 0, 0, 0, 1])
    nodes = [
        helper.make_node("Pad", ["x", "pads"], ["bordered"]),
        helper.make_node("Conv", ["bordered", "kernel"], ["y"], strides=[2, 1]),
    ]
    graph = helper.make_graph(
        nodes,
        "bordered",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, x.shape)],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)],
        [numpy_helper.from_array(pads, "pads"), numpy_helper.from_array(kernel, "kernel")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)])
    found = imported(model)
    assert str(found.net) == "input 4x5x3, conv 2 3x3 stride 2x1 pad 1 2 0 1 no bias"
    (expected,) = ReferenceEvaluator(model).run(None, {"x": x})
    np.testing.assert_allclose(outcome(found, x), np.asarray(expected), rtol=BOUND, atol=BOUND)


def test_documentation_lists_what_is_claimed_and_what_is_excused() -> None:
    page = (Path(__file__).parents[1] / "docs" / "onnx.md").read_text("utf-8")
    listed = page.partition("<!-- operators -->")[2].partition("<!-- end -->")[0]
    assert sorted(re.findall(r"`(\w+)`", listed)) == sorted(OPERATORS)
    assert f"Of {len(CASES)} cases, {len(RUN)} run." in page
    for _, reason in EXCUSED:
        names = [name for name in CASES if reason in reasons(name)]
        few = ", ".join(f"`{name}`" for name in names)
        many = f"{len(names)}: `{names[0]}` to `{names[-1]}`"
        assert f"| {reason} | {few if len(names) <= 3 else many} |" in page
