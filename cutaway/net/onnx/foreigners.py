"""Nodes without a declaration: each becomes a `foreign` layer, a small ONNX model of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper, shape_inference

from cutaway.errors import InputError, ModelError
from cutaway.layers import Shape
from cutaway.layers.foreign import LARGEST, Foreign, evaluated, packed
from cutaway.layers.foreign_words import IR
from cutaway.layers.layer import Array
from cutaway.net.onnx.building import Building, Value
from cutaway.net.onnx.call import Given
from cutaway.net.onnx.evaluating import FUNCTIONS, called
from cutaway.net.onnx.layouts import Layout

SHORT = 64
"""Numbers of a constant that stay in the content; those of a longer one are weights."""

FLATTENING = ("Softmax", "LogSoftmax", "Hardmax")
"""Operators that worked over several axes at once before operator set 13."""


class Small:
    """A small model as it is put together. Its inputs are ours, with channels first."""

    def __init__(self, opset: Mapping[str, int]) -> None:
        self.opset = opset
        self.nodes: list[NodeProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self.held: list[TensorProto] = []
        self.weights: dict[str, Array] = {}

    def add(self, kind: str, source: str, output: str, sizes: Sequence[int] = (), **attributes: Any) -> str:
        """One node that puts an array into order."""
        inputs = [source]
        if kind == "Reshape":
            inputs.append(self.hold(np.array(sizes, np.int64), f"{output}_sizes"))
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def hold(self, value: Array, name: str) -> str:
        """A constant: long ones are weights."""
        if value.dtype.kind == "f" and value.size > SHORT:
            name = f"constant{len(self.weights) + 1}"
            self.weights[name] = value.astype(np.float32)
            self.inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, value.shape))
        else:
            self.held.append(numpy_helper.from_array(np.asarray(value, order="C"), name))
        return name

    def live(self, number: int, shape: Shape, layout: Layout) -> str:
        """An input of ours, brought into the order that the node takes."""
        name = f"x{number or ''}"
        own = first_shape(shape)
        self.inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *own]))
        usual = Layout.maps(shape) if len(shape) == 3 else Layout.plain(shape)
        if layout.shape(1) == (1, *own) and np.array_equal(layout.places(shape), usual.places(shape)):
            return name
        if len(shape) == 3:
            name = self.add("Transpose", name, f"{name}_last", perm=(0, 2, 3, 1))
        order = [axis for group in layout.axes for axis in group]
        order += [axis for axis in range(len(layout.sizes) + 1) if axis not in order]
        name = self.add("Reshape", name, f"{name}_parts", (0, *layout.sizes))
        name = self.add("Transpose", name, f"{name}_ordered", perm=order)
        return self.add("Reshape", name, f"{name}_whole", (0, *layout.shape(1)[1:]))

    def model(self, output: Sequence[int]) -> onnx.ModelProto:
        """The model whose output `y` has these sizes."""
        graph = helper.make_graph(
            self.nodes,
            "foreign",
            self.inputs,
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", *output])],
            self.held,
        )
        versions = [helper.make_opsetid(domain, version) for domain, version in self.opset.items()]
        made = helper.make_model(graph, opset_imports=versions)
        made.ir_version = IR
        return made


def foreign(
    building: Building, node: NodeProto, inputs: Sequence[Given], output: int, opset: Mapping[str, int]
) -> Value:
    """A layer for one output of a node that has no declaration. Raises ModelError, naming it, where there can be none.

    A list or maps come out of it in our order. What has more or fewer axes lies as it is, its last axis as channels.
    """
    if any(attribute.HasField("g") or attribute.graphs for attribute in node.attribute):
        raise ModelError(f"{called(node)} holds a graph of its own (a loop or a branch), which is not read")
    if node.op_type in FLATTENING and opset.get(node.domain, 1) < 13:
        raise ModelError(
            f"{called(node)} is of operator set {opset.get(node.domain)}, which ONNX's own evaluator takes for a newer "
            "one; export the net with operator set 13 or newer"
        )
    lives = [value for value in inputs if isinstance(value, Value)]
    for value in lives:
        if value.layout.axes[:1] != ((0,),):
            raise ModelError(f"{called(node)} takes {building.described(value)}, whose first axis is not the pictures")
    domains = {"" if domain == "ai.onnx" else domain: version for domain, version in opset.items()}
    small = Small({domain: version for domain, version in domains.items() if domain in ("", node.domain)})
    own = _own_node(building, small, node, inputs, output)
    sizes = _sizes(small, own, building, lives, output)
    channels_last = _channels_last(building, lives)
    shape, layout = _lies(sizes, channels_last)
    _put_in_order(small, own, node.output[output], sizes, shape, channels_last)
    model = small.model(first_shape(shape))
    try:
        layer = Foreign.of(node.op_type, packed(model))
    except InputError as error:
        raise ModelError(f"{called(node)}: its content {error}") from None
    return Value(building.add(layer, [value.name for value in lives], small.weights), layout)


def _own_node(building: Building, small: Small, node: NodeProto, inputs: Sequence[Given], output: int) -> NodeProto:
    """The node, its inputs called as the small model has them."""
    names, number = [], 0
    for place, value in enumerate(inputs):
        if isinstance(value, Value):
            names.append(small.live(number, building.shape(value), value.layout))
            number += 1
        else:
            names.append("" if value is None else small.hold(value, f"c{place}"))
    own = NodeProto()
    own.CopyFrom(node)
    own.name = "main"
    own.ClearField("doc_string")
    if own.domain == "ai.onnx":
        own.ClearField("domain")
    del own.metadata_props[:]
    del own.input[:]
    del own.output[:]
    own.input.extend(names)
    own.output.extend("made" if place == output else f"unused{place}" for place in range(len(node.output)))
    if node.output[-1:] and output == 0:
        del own.output[1:]
    small.nodes.append(own)
    return own


def _sizes(small: Small, own: NodeProto, building: Building, lives: Sequence[Value], output: int) -> tuple[int, ...]:
    """The sizes of the node's output for one picture, without N. Raises ModelError where pictures are mixed."""
    shapes = {value.layout.shape(1) for value in lives}
    single = not small.weights and all(prod(held.dims) == 1 for held in small.held)
    if own.op_type in FUNCTIONS and len(shapes) == 1 and single:
        return shapes.pop()[1:]  # cell by cell: nothing has to be tried, which takes a second for an Erf of large maps
    probe = small.model(())
    probe.graph.output[0].name = "made"
    probe.graph.output[0].type.tensor_type.ClearField("shape")
    _check_size(probe, own)
    draw = np.random.default_rng(0)
    xs = [draw.standard_normal((2, *first_shape(building.shape(value)))).astype(np.float32) for value in lives]
    alone = [_probed(probe, own, [x[i : i + 1] for x in xs], small.weights) for i in (0, 1)]
    if alone[0].ndim < 1 or len(alone[0]) != 1 or not alone[0].size:
        raise ModelError(
            f"{_name(own)} makes an array {list(alone[0].shape)} of one picture, which is not one for each"
        )
    if building.n == 1:
        try:
            together = _probed(probe, own, xs, small.weights)
        except ModelError:  # it was exported for one picture at a time
            return alone[0].shape[1:]
    else:
        together = _probed(probe, own, xs, small.weights)
    expected = np.concatenate(alone)
    alike = together.shape == expected.shape and np.allclose(together, expected, rtol=1e-4, atol=1e-5, equal_nan=True)
    if not alike:
        raise ModelError(f"{_name(own)} works across pictures: what it says of one depends on the others")
    return alone[0].shape[1:]


def _probed(probe: onnx.ModelProto, own: NodeProto, xs: Sequence[Array], weights: Mapping[str, Array]) -> Array:
    feeds = {f"x{number or ''}": x for number, x in enumerate(xs)} | dict(weights)
    try:
        return evaluated(probe, packed(probe), feeds, np.dtype(np.float32))
    except Exception as error:
        raise ModelError(
            f"{_name(own)} has no declaration, and ONNX's own evaluator cannot compute it either: "
            f"{' '.join(str(error).split())[:160] or type(error).__name__}"
        ) from None


def _check_size(probe: onnx.ModelProto, own: NodeProto) -> None:
    """Raises ModelError before something far too large is computed, where ONNX can tell."""
    one = onnx.ModelProto()
    one.CopyFrom(probe)
    for info in one.graph.input:
        if info.name.startswith("x"):
            info.type.tensor_type.shape.dim[0].dim_value = 1
    try:
        seen = shape_inference.infer_shapes(one, data_prop=True)
    except Exception:  # then the evaluator will say what is wrong
        return
    (made,) = seen.graph.output
    sizes = [dim.dim_value or 1 for dim in made.type.tensor_type.shape.dim]
    if prod(sizes) > LARGEST:
        raise ModelError(f"{_name(own)} would make {prod(sizes):,} numbers of one picture; up to {LARGEST:,} are made")


def _channels_last(building: Building, lives: Sequence[Value]) -> bool:
    """Whether the maps that go in have their channels last in the ONNX graph too, as TensorFlow's."""
    for value in lives:
        if len(building.shape(value)) == 3 and len(value.layout.axes) == 4:
            return value.layout.axes[3] == building.channels(value)
    return False


def _lies(sizes: Sequence[int], channels_last: bool) -> tuple[Shape, Layout]:
    """The shape of our array for an output [N, *sizes], and how that lies in it."""
    if len(sizes) == 1:
        return tuple(sizes), Layout.plain(tuple(sizes))
    if len(sizes) == 3 and not channels_last:
        maps = (sizes[1], sizes[2], sizes[0])
        return maps, Layout.maps(maps)
    if not sizes:
        return (1,), Layout((1,), ((0,),))
    split = (1, *sizes) if len(sizes) == 2 else tuple(sizes)
    shape = (prod(split[:-2]), *split[-2:])
    extra = len(split) - len(sizes)
    return shape, Layout(split, ((0,), *((axis + 1 + extra,) for axis in range(len(sizes)))))


def _put_in_order(
    small: Small, own: NodeProto, name: str, sizes: Sequence[int], shape: Shape, channels_last: bool
) -> None:
    """From the node's output to `y`: a list, or maps with channels first."""
    if len(sizes) == 1 or (len(sizes) == 3 and not channels_last):
        _rename(own, "y")
    elif len(shape) == 1:
        small.add("Reshape", "made", "y", (-1, *shape))
    else:
        whole = small.add("Reshape", "made", "whole", (-1, *shape))
        small.add("Transpose", whole, "y", perm=(0, 3, 1, 2))


def _rename(own: NodeProto, name: str) -> None:
    outputs = [name if output == "made" else output for output in own.output]
    del own.output[:]
    own.output.extend(outputs)


def first_shape(shape: Shape) -> Shape:
    """Our rows, columns, channels as ONNX has them.

    >>> first_shape((5, 7, 3)), first_shape((120,))
    ((3, 5, 7), (120,))
    """
    return (shape[2], *shape[:2]) if len(shape) == 3 else shape


def _name(own: NodeProto) -> str:
    return called(own).replace("'main'", repr(own.op_type), 1).removesuffix(f" ({own.op_type})")
