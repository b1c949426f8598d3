"""One ONNX operator in words, where it is simple: `14x14x8 14x14x8 20 alpha=1.0`.

The shapes that go in (joined by +), the shape that comes out, the version of the operators, then its attributes: whole
numbers, decimal ones (with a point or an e), names, or lists of numbers (`;` between them, one at the end of a single
number). Whatever this cannot say is written as the small model itself, in base64.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cutaway.layers.layer import Shape, describe

if TYPE_CHECKING:
    from onnx import AttributeProto, ModelProto

IR = 10
"""The version of the file format of a small model."""
SHAPE = re.compile(r"[1-9]\d{0,8}(x[1-9]\d{0,8}){0,4}")
WHOLE = re.compile(r"-?\d{1,18}")
DECIMAL = re.compile(r"-?(\d+\.\d+(e[+-]?\d+)?|\d+e[+-]?\d+|inf)|nan")
NAME = re.compile(r"[A-Za-z_]\w*")


def words_of(model: ModelProto) -> str | None:
    """A small model in words; None where they would not give the same model again."""
    graph = model.graph
    if len(graph.node) != 1 or graph.initializer or len(model.opset_import) != 1 or len(graph.output) != 1:
        return None
    node = graph.node[0]
    inputs = [_shape(info) for info in graph.input]
    attributes = [_said(attribute) for attribute in node.attribute]
    if not inputs or None in attributes:
        return None
    version = model.opset_import[0].version
    parts = ["+".join(map(describe, inputs)), describe(_shape(graph.output[0])), str(version), *map(str, attributes)]
    text = " ".join(parts)
    try:
        again = model_of(node.op_type, text)
    except (ValueError, TypeError):
        return None
    alike = again.SerializeToString(deterministic=True) == model.SerializeToString(deterministic=True)
    return text if alike else None


def model_of(operator: str, text: str) -> ModelProto:
    """The small model that words say. Raises ValueError where they say none."""
    from onnx import helper

    inputs, output, version, *attributes = text.split(" ")
    shapes = inputs.split("+")
    if not NAME.fullmatch(operator) or not all(SHAPE.fullmatch(shape) for shape in (*shapes, output)):
        raise ValueError(f"{text[:60]!r} does not say the shapes that go in and come out")
    if not version.isdecimal() or len(version) > 3:
        raise ValueError(f"{version[:20]!r} is no version of ONNX's operators")
    named = [f"x{number or ''}" for number in range(len(shapes))]
    node = helper.make_node(operator, named, ["y"], name="main")
    node.attribute.extend(_attribute(one) for one in attributes)
    graph = helper.make_graph([node], "foreign", list(map(_info, named, shapes)), [_info("y", output)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", int(version))])
    model.ir_version = IR
    return model


def _info(name: str, shape: str) -> Any:
    from onnx import TensorProto, helper

    sizes = [int(size) for size in shape.split("x")]
    own = [sizes[-1], *sizes[:-1]] if len(sizes) == 3 else sizes
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *own])


def _shape(info: Any) -> Shape:
    """Our shape of an input or output [N, channels, rows, columns]."""
    sizes = tuple(dim.dim_value for dim in info.type.tensor_type.shape.dim)[1:]
    return (*sizes[1:], sizes[0]) if len(sizes) == 3 else sizes


def _said(attribute: AttributeProto) -> str | None:
    """`alpha=1.0`, `perm=0;2;1`, `mode=linear`; None for what words do not say."""
    from onnx import helper

    value = helper.get_attribute_value(attribute)
    if isinstance(value, bytes):
        text = value.decode("ascii", "replace")
        return f"{attribute.name}={text}" if NAME.fullmatch(text) else None
    if isinstance(value, int | float):
        return f"{attribute.name}={_number(value)}"
    if isinstance(value, Sequence) and all(isinstance(one, int | float) for one in value) and len(value) > 0:
        return f"{attribute.name}={';'.join(map(_number, value))}{';' * (len(value) == 1)}"
    return None


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else repr(float(str(np.float32(value))))


def _attribute(text: str) -> AttributeProto:
    from onnx import helper

    name, _, value = text.partition("=")
    if not NAME.fullmatch(name):
        raise ValueError(f"{text[:40]!r} is no attribute, like alpha=1.0")
    if ";" in value:
        return helper.make_attribute(name, [_read(one) for one in value.rstrip(";").split(";")])
    return helper.make_attribute(name, value if NAME.fullmatch(value) and value not in ("inf", "nan") else _read(value))


def _read(text: str) -> int | float:
    if WHOLE.fullmatch(text):
        return int(text)
    if DECIMAL.fullmatch(text):
        return float(text)
    raise ValueError(f"{text[:40]!r} is no number")
