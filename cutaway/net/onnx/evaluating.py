"""What ONNX's own evaluator is asked: the value of nodes whose inputs are constants, and of functions of one number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, helper
from onnx.reference import ReferenceEvaluator

from cutaway.errors import ModelError
from cutaway.layers import Gelu, HardSigmoid, HardSwish, Layer, Relu, Relu6, Sigmoid, Silu, Tanh
from cutaway.layers.layer import Array

LARGEST = 2**26
"""Numbers that a constant may have which is worked out: a file of a hundred bytes can ask for any number of them."""
CHANCE = {"RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Multinomial", "Bernoulli"}
"""Operators that say something else each time."""
GROWING = {"ConstantOfShape": 0, "Expand": 1, "Tile": 1, "Range": 0, "Resize": 0, "Upsample": 0, "Pad": 0, "OneHot": 0}
"""Operators that can make much of little."""

FUNCTIONS = {
    *("Relu", "Clip", "Sigmoid", "Tanh", "HardSigmoid", "HardSwish", "Gelu", "Swish", "Erf", "Exp", "Softplus", "Abs"),
    *("Neg", "Sqrt", "Reciprocal", "Pow", "Min", "Max", "Add", "Sub", "Mul", "Div", "Identity", "Log", "Softsign"),
}
"""Operators that work cell by cell: of one number, their outcome is a curve."""
DECLARED: tuple[Layer, ...] = (*(Relu(), Relu6(), Sigmoid(), Tanh(), Silu(), Gelu(), HardSwish(), HardSigmoid()),)
"""The curves that have a name here."""
EPSILON = 1e-6
"""Constants in a file are rounded to float32: a curve may be that far off, as a share or at 0."""

_near = np.linspace(-12, 12, 4801)
_far = np.geomspace(13, 1e30, 60)
POINTS: NDArray[np.float64] = np.concatenate([-_far[::-1], _near, _far])
"""Where curves are compared."""


def constant(node: NodeProto, inputs: Sequence[Array | None], opset: Mapping[str, int]) -> list[Array]:
    """The outputs of a node whose inputs are all known."""
    _check_size(node, inputs)
    feeds = {name: value for name, value in zip(node.input, inputs, strict=True) if value is not None}
    try:
        with np.errstate(all="ignore"):
            made = _evaluator(node, opset).run(None, feeds)
    except Exception as error:
        raise ModelError(f"{called(node)} cannot be worked out: {' '.join(str(error).split())[:200]}") from None
    return [np.asarray(value) for value in made]


def _check_size(node: NodeProto, inputs: Sequence[Array | None]) -> None:
    """Raises ModelError where a constant would be made that is too large."""
    sizes = [value for value in inputs if value is not None]
    if node.op_type not in GROWING or not sizes:
        return
    data = sizes[0].size if node.op_type not in ("ConstantOfShape", "Range") else 1
    factors = [value for value in sizes if value.size <= 16 and value.dtype.kind in "iuf"]
    with np.errstate(all="ignore"):
        most = max((float(np.prod(np.maximum(abs(value.astype(np.float64)), 1))) for value in factors), default=1.0)
    if node.op_type == "Range":
        start, limit, step = (value.item() for value in sizes)
        most = abs((limit - start) / step) if step else np.inf
    if not data * most <= LARGEST:
        raise ModelError(f"{called(node)} would make more than {LARGEST:,} numbers of nothing; that is not done")


def curve(node: NodeProto, inputs: Sequence[Array], opset: Mapping[str, int]) -> Array | None:
    """What a function makes of points, its constants being single numbers; None where it is no function of a cell."""
    feeds = {name: np.asarray(value, np.float64) for name, value in zip(node.input, inputs, strict=True) if name}
    try:
        with np.errstate(all="ignore"):
            (y,) = _evaluator(node, opset).run(None, feeds)
    except Exception:  # another operator set, another type: then it is none
        return None
    return y if isinstance(y, np.ndarray) and y.shape == POINTS.shape else None


def recognised(points: Array) -> Layer | None:
    """The declared function that has these values at `POINTS`.

    >>> recognised(POINTS / (1 + np.exp(-np.clip(POINTS, -700, 700))))
    Silu()
    """
    with np.errstate(all="ignore"):
        for layer in DECLARED:
            if np.allclose(points, layer.forward([POINTS], {}), rtol=EPSILON, atol=EPSILON):
                return layer
    return None


def unchanged(points: Array) -> bool:
    """Whether each point stays what it was."""
    return np.allclose(points, POINTS, rtol=EPSILON, atol=EPSILON)


def _evaluator(node: NodeProto, opset: Mapping[str, int]) -> ReferenceEvaluator:
    names = dict.fromkeys(name for name in node.input if name)
    inputs = [onnx.ValueInfoProto(name=name) for name in names]
    outputs = [onnx.ValueInfoProto(name=name) for name in node.output if name]
    graph = helper.make_graph([node], "node", inputs, outputs)
    versions = [helper.make_opsetid(domain, version) for domain, version in opset.items()]
    return ReferenceEvaluator(helper.make_model(graph, opset_imports=versions))


def called(node: NodeProto) -> str:
    """A node as errors name it: `the node 'conv1' (Conv)`."""
    operator = f"{node.domain}.{node.op_type}" if node.domain not in ("", "ai.onnx") else node.op_type
    name = node.name or next((output for output in node.output if output), "")
    return f"the node {name!r} ({operator})"
