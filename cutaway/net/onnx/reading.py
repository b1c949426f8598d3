"""An ONNX graph made elsewhere as a net of ours, node by node."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from cutaway.errors import InputError, ModelError, ShapeError
from cutaway.layers import ANY, Shape
from cutaway.layers.layer import Array, describe
from cutaway.net.net import INPUT, Net
from cutaway.net.notation import parse
from cutaway.net.onnx import evaluating, names
from cutaway.net.onnx.building import Building, Mixed, Undeclared, Value, Weights, written_order
from cutaway.net.onnx.call import Call, Given, Padded
from cutaway.net.onnx.evaluating import called
from cutaway.net.onnx.foreigners import foreign
from cutaway.net.onnx.layouts import Layout
from cutaway.net.onnx.learners import LEARNERS
from cutaway.net.onnx.loading import opened
from cutaway.net.onnx.operators import FLOATS, OPERATORS

LONGEST_SIDE = 2**14
"""Rows or columns of a picture."""
KNOWN_BACK = 8
"""How many nodes back a curve is followed."""
TYPES = (*FLOATS, TensorProto.UINT8)
WINDOWS = ("Conv", "MaxPool", "AveragePool")
"""Operators that can bring a border of zeros themselves."""
PASSING = ("Transpose", "Identity", "Cast")
"""Operators that a border goes through."""


@dataclass(frozen=True, eq=False)
class Imported:
    """What an ONNX file says: a net that ends as the file ends, its weights, and what else is known."""

    net: Net
    weights: Weights = field(repr=False)
    classes: tuple[str, ...] = ()
    """Names of classes, where the file has them."""
    metadata: Mapping[str, str] = field(default_factory=dict, repr=False)
    undeclared: tuple[str, ...] = ()
    """Nodes without a declaration and why, one line each."""
    pixels: bool = False
    """Whether the file takes whole numbers from 0 to 255."""
    own: bool = False
    """Whether cutaway wrote the file: then preparation is part of the net."""
    input: Layout | None = field(default=None, repr=False)
    output: Layout | None = field(default=None, repr=False)

    def fed(self, x: Array) -> Array:
        """A batch as the file takes it, as the net takes it: [N, C, H, W] as [N, H, W, C]."""
        assert self.input
        return self.input.ours(x, len(x) if self.input.axes[:1] == ((0,),) else 1, self.net.input)

    def said(self, y: Array) -> Array:
        """What the net says, as the file says it."""
        assert self.output
        return self.output.theirs(y)


def imported(source: str | Path | bytes | ModelProto, shape: Shape | None = None) -> Imported:
    """The net of an ONNX file: `imported("other.onnx").net`.

    `shape` is the shape of a picture (H, W, C), where the file leaves it open. Nodes without a declaration become
    `foreign` layers; each is logged with its operator and the reason. Raises ModelError, in one line.
    """
    model = opened(source)
    name = str(source) if isinstance(source, str | Path) else "the model"
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    try:
        if names.NET in metadata:
            return _written_here(model, metadata)
        return _best([_Reading(model, metadata, shape, last=last) for last in _ways(model.graph)])
    except ModelError as error:
        raise ModelError(str(error) if str(error).startswith(name) else f"{name}: {error}") from None
    except InputError as error:
        raise ModelError(f"{name}: {error}") from None
    except (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError) as error:
        why = " ".join(f"{type(error).__name__}: {error}".split())[:160]
        raise ModelError(f"{name} is damaged ({why})") from None  # what its parts say of each other does not fit


# ---- files that cutaway wrote


def _written_here(model: ModelProto, metadata: Mapping[str, str]) -> Imported:
    """The net from its own notation, the weights by their own names."""
    try:
        classes = json.loads(metadata.get(names.CLASSES, "[]"))
    except (ValueError, RecursionError):
        classes = None
    if not isinstance(classes, list) or not all(isinstance(one, str) for one in classes):
        raise ModelError(f"its {names.CLASSES} are not a JSON list of names")
    net = parse(metadata[names.NET])
    held = {tensor.name: tensor for tensor in model.graph.initializer}
    weights: Weights = {}
    for name, parameter in net.parameters().items():
        if name not in held:
            raise ModelError(f"it was written by cutaway, and is damaged: the weights {name} are missing")
        value = numpy_helper.to_array(held[name])
        axes = parameter.onnx_axes or range(value.ndim)
        if value.ndim != len(parameter.shape) or value.dtype != np.float32:
            raise ModelError(f"it was written by cutaway, and is damaged: {name} is {value.dtype} {list(value.shape)}")
        weights[name] = np.ascontiguousarray(value.transpose(np.argsort(axes)))
        if weights[name].shape != parameter.shape:
            raise ModelError(f"it was written by cutaway, and is damaged: {name} is {list(value.shape)}")
    return Imported(net, weights, tuple(classes), metadata, own=True)


# ---- files that others wrote


def _best(ways: Sequence[_Reading]) -> Imported:
    """Of the ways to see the input, the one that leaves the fewest nodes without a declaration."""
    found: list[Imported] = []
    errors: list[InputError] = []
    for way in ways:
        try:
            found.append(way.imported())
        except InputError as error:
            errors.append(error)
        if found and not found[-1].undeclared:
            break
    if not found:
        raise errors[0]
    return min(found, key=lambda one: len(one.undeclared))


def _ways(graph: GraphProto) -> Sequence[bool]:
    """Whether the channels of the input stand last: as it is likely, and then the other way round."""
    held = {tensor.name for tensor in graph.initializer}
    infos = [info for info in graph.input if info.name not in held]
    dims = [dim.dim_value for dim in infos[0].type.tensor_type.shape.dim] if infos else []
    if len(dims) == 4 and dims[3] in (1, 3) and dims[1] not in (1, 3):
        return [True, False]
    return [False, True] if len(dims) in (3, 4) else [False]


class _Reading:
    """One graph, from its input to its output."""

    def __init__(
        self, model: ModelProto, metadata: Mapping[str, str], shape: Shape | None, *, last: bool = False
    ) -> None:
        self.model, self.graph, self.metadata = model, model.graph, metadata
        self.opset = {one.domain: one.version for one in model.opset_import}
        self.known: dict[str, Given | Callable[[], Value]] = {
            tensor.name: _array(tensor) for tensor in self.graph.initializer
        }
        self.classes: tuple[str, ...] = ()
        self.input = self._the_input()
        self.given, self.layout, n = _how_it_lies(self.input, shape, last=last)
        self.building = Building(self.given, n)
        self.known[self.input.name] = Value(INPUT, self.layout)
        self.curves: dict[str, dict[str, Array]] = {}
        """Of each layer that is a function of a cell: what it makes of every point of those before it."""
        self.pads: dict[int, tuple[Padded, Callable[[], Value]]] = {}
        """Borders of zeros that no layer brings yet, each with what makes a layer of it."""
        self.reasons: dict[str, str] = {}
        """Why a layer is foreign, by its name while the net is put together."""

    def _the_input(self) -> ValueInfoProto:
        """The one input that is no constant."""
        live = [info for info in self.graph.input if info.name not in self.known]
        used = {name for node in self.graph.node for name in node.input}
        live = [info for info in live if info.name in used] or live
        if len(live) != 1:
            given = ", ".join(info.name for info in live[:6]) or "none"
            raise ModelError(f"it has {len(live)} inputs ({given}); a net here takes one picture")
        tensor = live[0].type.tensor_type
        if not live[0].type.HasField("tensor_type") or tensor.elem_type not in TYPES:
            kind = TensorProto.DataType.Name(tensor.elem_type) if tensor.elem_type else "no array"
            raise ModelError(f"its input {live[0].name!r} is {kind}; it can be float, or uint8")
        return live[0]

    def imported(self) -> Imported:
        """Every node that the output depends on, in order."""
        target = self._output()
        for node in _needed(self.graph.node, target):
            self._checked(node)
        end = self._value(target)
        if not isinstance(end, Value):
            raise ModelError(f"its output {target!r} does not depend on the picture")
        end = self._bare(end)
        net, weights = self.building.net(end.name) if end.name != INPUT else (Net(self.given, ()), {})
        return Imported(
            net,
            weights,
            self.classes or (),
            self.metadata,
            self._undeclared(net, end.name),
            self.input.type.tensor_type.elem_type == TensorProto.UINT8,
            input=self.layout,
            output=end.layout,
        )

    def _undeclared(self, net: Net, end: str) -> tuple[str, ...]:
        """The foreign layers that are in the net, each with its reason, by the names that they have there."""
        order = written_order(self.building.nodes, end) if end != INPUT else []
        new = dict(zip(order, net.names, strict=True))
        return tuple(f"{new[old]}: {reason}" for old, reason in self.reasons.items() if old in new)

    # --- the output -------------------------------------------------------------------------------

    def _output(self) -> str:
        """The output that says how probable each class is; what only names the most probable one is passed over."""
        makers = {name: node for node in self.graph.node for name in node.output}
        self._find_classes()
        found = [info for info in self.graph.output if not _names_a_class(info, makers)]
        if not found:
            raise ModelError("none of its outputs is an array of decimal numbers")
        chosen = next((info for info in found if info.name in ("probabilities", "output_probability")), found[0])
        maker = makers.get(chosen.name)
        return maker.input[0] if maker is not None and maker.op_type == "ZipMap" else chosen.name

    def _find_classes(self) -> None:
        """The names that scikit-learn's exporter gives."""
        for node in self.graph.node:
            settings = _attributes(node)
            labels = settings.get("classlabels_strings") or settings.get("classlabels_int64s")
            labels = labels or settings.get("classlabels_ints")
            if node.op_type == "ArrayFeatureExtractor" and isinstance(self.known.get(node.input[0]), np.ndarray):
                labels = np.ravel(self.known[node.input[0]]).tolist()  # type: ignore[arg-type]
            if labels:
                self.classes = tuple(
                    one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in labels
                )

    # --- one node ---------------------------------------------------------------------------------

    def _checked(self, node: NodeProto) -> None:
        """One node. Whatever a damaged one makes go wrong is said of it."""
        try:
            self._node(node)
        except (InputError, MemoryError):
            raise
        except Exception as error:
            why = " ".join(f"{type(error).__name__}: {error}".split())[:160]
            raise ModelError(f"{called(node)} does not fit what it is given ({why})") from None

    def _node(self, node: NodeProto) -> None:
        inputs = [self._value(name) for name in node.input]
        outputs: list[Given | Callable[[], Value]]
        if any(isinstance(value, Value) for value in inputs):
            outputs = list(self._converted(node, inputs))
        elif node.op_type in evaluating.CHANCE:
            raise ModelError(f"{called(node)} draws numbers by chance, which no picture decides")
        else:
            outputs = list(evaluating.constant(node, inputs, self.opset))  # type: ignore[arg-type]
        self.known |= {name: made for name, made in zip(node.output, outputs, strict=False) if name}

    def _value(self, name: str) -> Given:
        if not name:
            return None
        if name not in self.known:
            raise ModelError(f"it is damaged: {name!r} is used before anything makes it")
        value = self.known[name]
        if callable(value):
            value = self.known[name] = value()
        return value

    def _converted(self, node: NodeProto, inputs: list[Given]) -> Iterable[Given | Callable[[], Value]]:
        """The first output, and the others for when they are asked for."""
        if node.op_type in ("Shape", "Size"):
            return [self._sizes(node, inputs[0])]
        if node.op_type in PASSING and isinstance(inputs[0], Padded):
            return [self._passed_on(node, inputs[0])]
        if node.op_type not in WINDOWS:
            inputs = [self._bare(value) if isinstance(value, Value) else value for value in inputs]
        plain = _domain(node) == ""
        if plain and node.op_type in evaluating.FUNCTIONS and (known := self._known_function(node, inputs)):
            return [known]
        outputs: list[Given | Callable[[], Value]] = [
            self._later(node, inputs, place) for place in range(len(node.output))
        ]
        if plain and node.op_type in OPERATORS:
            outputs[0] = self._first(OPERATORS[node.op_type], node, inputs)
        return outputs

    def _later(self, node: NodeProto, inputs: list[Given], place: int) -> Callable[[], Value]:
        """What makes one output of a node, once it is asked for."""
        convert = LEARNERS.get((node.op_type, place)) if _domain(node) == "ai.onnx.ml" else None
        if convert:
            return lambda: self._first(convert, node, inputs, place)
        why = "has no declaration" if node.op_type not in OPERATORS else "has an output that is not declared"
        return lambda: self._undeclared_node(node, inputs, place, why)

    def _first(self, convert: Callable[[Call], Value], node: NodeProto, inputs: list[Given], place: int = 0) -> Value:
        """The layers of an output that has a declaration, or the one that stands for it."""
        try:
            return self._declared(convert, node, inputs)
        except Mixed as why:
            raise ModelError(f"{called(node)} {why}") from None
        except Undeclared as why:
            return self._undeclared_node(node, inputs, place, str(why))
        except ShapeError as error:
            raise ModelError(f"{called(node)}: {error}") from None

    def _undeclared_node(self, node: NodeProto, inputs: list[Given], place: int, why: str) -> Value:
        bare = [self._bare(value) if isinstance(value, Value) else value for value in inputs]
        made = self._foreign(node, bare, place, why)
        if node.op_type in evaluating.FUNCTIONS and not place:
            self._follow(node, bare, made)
        return made

    def _declared(self, convert: Callable[[Call], Value], node: NodeProto, inputs: list[Given]) -> Value:
        """The layers of a node; a border that they do not bring becomes a layer before them."""
        opset = self.opset.get(node.domain, 1)
        call = Call(self.building, node.op_type, inputs, _attributes(node), opset)
        try:
            made = convert(call)
        except Undeclared:
            bare = [self._bare(value) if isinstance(value, Value) else value for value in inputs]
            if bare == inputs:
                raise
            made = convert(Call(self.building, node.op_type, bare, call.attributes, opset))
        if isinstance(made, Padded):
            why = "stands before something that does not bring the border itself"
            self.pads[id(made)] = made, lambda: self._foreign(node, inputs, 0, why)
        elif node.op_type in evaluating.FUNCTIONS:
            self._follow(node, inputs, made)
        return made

    def _bare(self, value: Value) -> Value:
        """A border of zeros that nothing brings, as a layer of its own."""
        if not isinstance(value, Padded):
            return value
        known, make = self.pads[id(value)]
        made = make()
        self.pads[id(value)] = known, lambda: made
        return made

    def _passed_on(self, node: NodeProto, value: Padded) -> Padded:
        """A border that goes through a node which moves no number, like Transpose."""

        def through(one: Value) -> Value:
            return self._declared(OPERATORS[node.op_type], node, [one])

        inner = through(value.within)
        made = Padded(inner.name, inner.layout, inner, value.sides)
        self.pads[id(made)] = made, lambda: through(self._bare(value))
        return made

    def _foreign(self, node: NodeProto, inputs: Sequence[Given], output: int, why: str) -> Value:
        made = foreign(self.building, node, inputs, output, self.opset)
        self.reasons[made.name] = f"{called(node)} {why}"
        return made

    def _sizes(self, node: NodeProto, value: Given) -> Array:
        assert isinstance(value, Value)
        shape = np.array(self._bare(value).layout.shape(self.building.n), np.int64)
        settings = _attributes(node)
        return shape[settings.get("start") : settings.get("end")] if node.op_type == "Shape" else shape.prod()

    # --- functions of a cell ----------------------------------------------------------------------

    def _known_function(self, node: NodeProto, inputs: Sequence[Given]) -> Value | None:
        """The one layer that does what this node and those before it do together: x times its sigmoid is `silu`."""
        lives = [value for value in inputs if isinstance(value, Value)]
        for source, points in self._curves(node, inputs).items():
            start = Value(source, lives[0].layout)
            if evaluating.unchanged(points):
                return start
            if layer := evaluating.recognised(points):
                made = Value(self.building.add(layer, [source]), lives[0].layout)
                self._follow(node, inputs, made)
                return made
        return None

    def _follow(self, node: NodeProto, inputs: Sequence[Given], made: Value) -> None:
        """Keeps what a node makes of every point, for those behind it."""
        self.curves[made.name] = dict(list(self._curves(node, inputs).items())[:KNOWN_BACK])

    def _curves(self, node: NodeProto, inputs: Sequence[Given]) -> dict[str, Array]:
        """What a node makes of each point of what it depends on, farthest first: `{"conv#3": ...}`."""
        lives = [value for value in inputs if isinstance(value, Value)]
        constants = [value for value in inputs if isinstance(value, np.ndarray)]
        if any(constant.size != 1 for constant in constants):
            return {}
        if any(not self.building.same(lives[0], other) for other in lives[1:]):
            return {}
        known = [self.curves.get(value.name, {}) | {value.name: evaluating.POINTS} for value in lives]
        common = [source for source in known[0] if all(source in one for one in known)]
        found = {}
        for source in common:
            feeds = iter(one[source] for one in known)
            points = [
                next(feeds) if isinstance(v, Value) else np.array([]) if v is None else np.reshape(v, ())
                for v in inputs
            ]
            made = evaluating.curve(node, points, self.opset)
            if made is not None:
                found[source] = made
        return found


def _needed(nodes: Sequence[NodeProto], target: str) -> list[NodeProto]:
    """The nodes that an output depends on, in their order."""
    makers = {name: place for place, node in enumerate(nodes) for name in node.output if name}
    found: set[int] = set()
    todo = [target]
    while todo:
        place = makers.get(todo.pop())
        if place is not None and place not in found:
            found.add(place)
            todo += [name for name in nodes[place].input if name]
    return [nodes[place] for place in sorted(found)]


def _names_a_class(info: ValueInfoProto, makers: Mapping[str, NodeProto]) -> bool:
    """Whether an output is no array of decimal numbers, and no map of them either."""
    if info.type.HasField("tensor_type"):
        return info.type.tensor_type.elem_type not in FLOATS
    maker = makers.get(info.name)
    return maker is None or maker.op_type != "ZipMap"


def _domain(node: NodeProto) -> str:
    return "" if node.domain == "ai.onnx" else node.domain


def _attributes(node: NodeProto) -> dict[str, Any]:
    """The attributes of a node, arrays as arrays."""
    found = {}
    for attribute in node.attribute:
        value = helper.get_attribute_value(attribute)
        found[attribute.name] = numpy_helper.to_array(value) if attribute.type == AttributeProto.TENSOR else value
    return found


def _array(tensor: TensorProto) -> NDArray[Any]:
    try:
        return numpy_helper.to_array(tensor)
    except Exception as error:
        raise ModelError(f"it is damaged: the array {tensor.name!r}: {' '.join(str(error).split())[:160]}") from None


# ---- the picture


def _how_it_lies(info: ValueInfoProto, shape: Shape | None, *, last: bool) -> tuple[Shape, Layout, int]:
    """The shape of a picture for the net, how ONNX's array lies in it, and how many there are in a batch."""
    dims = [dim.dim_value for dim in info.type.tensor_type.shape.dim]
    rank = len(dims)
    if rank == 1 and dims[0]:
        return (dims[0],), Layout((dims[0],), ((1,),)), 1
    if rank not in (2, 3, 4):
        raise ModelError(f"its input {info.name!r} has {rank} axes; pictures have 4 [N, C, H, W], lists 2")
    own = _own_shape(dims, last)
    if shape is not None and len(shape) == len(own):
        own = tuple(given if size == ANY else size for size, given in zip(own, shape, strict=True))
    if any(size < 1 for size in own):
        raise ModelError(
            f"its input {info.name!r} is {describe(own)}: the size is left open, and a net here has one; "
            "state a preparation, such as 'colour, resize 224x224, scale'"
        )
    if max(own) > LONGEST_SIDE and rank == 4:
        raise ModelError(f"its input {info.name!r} is {describe(own)}; sides of up to {LONGEST_SIDE:,} are read")
    if rank == 3:
        return own, Layout(own, ((0,), (2,), (3,)) if last else ((0,), (3,), (2,))), dims[0] or 1
    return own, Layout.maps(own) if rank == 4 and not last else Layout.plain(own), dims[0] or 1


def _own_shape(dims: Sequence[int], last: bool) -> Shape:
    """Rows, columns, channels of an input [N, ...]; what has one side is a single row."""
    if len(dims) == 3:
        return (1, *dims[1:]) if last else (1, dims[2], dims[1])
    return tuple(dims[1:]) if last or len(dims) == 2 else (*dims[2:], dims[1])


def log(found: Imported, name: str) -> None:
    """One line for each node without a declaration."""
    for line in found.undeclared:
        logging.getLogger("cutaway").warning("%s: %s; its values are shown, not its arithmetic", name, line)
