"""Each layer's ONNX operators, run by ONNX's own reference evaluator, against the declaration.

The evaluator is written by others from the standard alone: it knows nothing of cutaway.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from cutaway.layers import Layer, Shape
from cutaway.layers.layer import Array
from cutaway.layers.resize import Resize
from tests.compare import assert_equal, assert_within
from tests.layer_table import LAYERS, NAMES, layer_of, weights_of

OPSET = 22
ROWS = {name: row for name, row in zip(NAMES, LAYERS, strict=True) if name != "lrn 3 over 4"}
"""All but an LRN over a list, which the evaluator does not take."""


def first(x: Array) -> Array:
    """Channels moved to where ONNX has them."""
    return x.transpose(0, 3, 1, 2) if x.ndim == 4 else x


def last(x: Array) -> Array:
    """Channels moved back to where we have them."""
    return x.transpose(0, 2, 3, 1) if x.ndim == 4 else x


def declared(name: str, shape: Shape) -> onnx.ValueInfoProto:
    """Any number of pictures' parts of a shape."""
    own = (shape[2], *shape[:2]) if len(shape) == 3 else shape
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, (None, *own))


def model(layer: Layer, shapes: Sequence[Shape], w: dict[str, Array]) -> onnx.ModelProto:
    """The layer alone as an ONNX model. ONNX infers its output's shape too, and refuses another."""
    operators = layer.onnx(*shapes)
    parameters = layer.parameters(*shapes)
    held = {name: value.transpose(parameters[name].onnx_axes or range(value.ndim)) for name, value in w.items()}
    for operator in operators:
        held |= {name: np.asarray(value) for name, value in operator.constants.items()}
    graph = helper.make_graph(
        [helper.make_node(op.kind, op.inputs, [op.output], **op.attributes) for op in operators],
        "layer",
        [declared(f"x{i or ''}", shape) for i, shape in enumerate(shapes)],
        [declared(operators[-1].output, layer.shape(*shapes))],
        [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in held.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    onnx.checker.check_model(made, full_check=True)
    return made


def run(layer: Layer, xs: Sequence[Array], w: dict[str, Array]) -> Array:
    """What ONNX's evaluator makes of float32 pictures, channels last."""
    evaluator = ReferenceEvaluator(model(layer, [x.shape[1:] for x in xs], w))
    (y,) = evaluator.run(None, dict(zip(evaluator.input_names, map(first, xs), strict=True)))
    assert isinstance(y, np.ndarray)
    return last(y)


def inputs(layer: Layer, text: str, shapes: tuple[Shape, ...]) -> list[Array]:
    """Float32 pictures or numbers. The evaluator's LRN counts pictures where it means channels: it gets as many."""
    n = shapes[0][-1] if text.startswith("lrn") else 3
    draw = np.random.default_rng(5)
    if layer.keeps_pixels:
        return [draw.integers(0, 256, (n, *shape)).astype(np.float32) for shape in shapes]
    return [(3 * draw.standard_normal((n, *shape))).astype(np.float32) for shape in shapes]


@pytest.mark.parametrize(("text", "shapes"), ROWS.values(), ids=ROWS)
def test_onnx_computes_the_same(text: str, shapes: tuple[Shape, ...]) -> None:
    layer = layer_of(text)
    xs, w = inputs(layer, text, shapes), weights_of(layer, shapes)
    exact = [x.astype(np.float64) for x in xs]
    expected, bound = layer.forward(exact, w), layer.bound(exact, w)
    if isinstance(layer, Resize):
        bound = a_level_at_a_tie(layer, exact[0])
    given = run(layer, xs, {name: value.astype(np.float32) for name, value in w.items()})
    assert_within(given, expected, bound, text, dtype=np.float32)


def a_level_at_a_tie(layer: Resize, x: Array) -> Array:
    """1 where the exact mean is so near a half that float32 may round it the other way; 0 elsewhere."""
    if x.shape[1:3] == (layer.height, layer.width):
        return np.zeros(1)
    short = 0.5 - layer.exact(x) % 1
    return ((short > 0) & (short < 2.0**-12)).astype(float)


def test_a_tie_that_float32_sees_below_a_half_goes_up_there_too() -> None:
    """ONNX Runtime's Resize is off by up to 4 x 2^-17 at 127.5; what comes after it must not round that down."""
    (half,) = [operator.constants["half"] for operator in Resize(3, 3).onnx((9, 9, 1)) if "half" in operator.constants]
    seen = np.array([127.5 - 4 * 2.0**-17, 127.5, 127.5 + 4 * 2.0**-17, 127.4998], np.float32)
    assert_equal(np.floor(seen + half), np.array([128, 128, 128, 127], np.float32), "rounded")
