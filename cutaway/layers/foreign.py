"""Foreign: an ONNX operator without a declaration. Its values are computed by ONNX's own evaluator, nothing is said of
how they come about.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from cutaway.errors import InputError, ShapeError
from cutaway.layers.foreign_words import model_of, words_of
from cutaway.layers.layer import (
    PREDICTING,
    TINY,
    UNIT,
    Array,
    Cell,
    Gradients,
    Layer,
    Operator,
    Parameter,
    Pass,
    Region,
    Shape,
    Sources,
    Weights,
    describe,
    whole,
)
from cutaway.layers.words import Words
from cutaway.layers.working import Factor, Step, Working, summed, times

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto
    from onnx.reference import ReferenceEvaluator
    from onnx.reference.op_run import OpRun

LONGEST = 2**20
"""Characters of a content: what is long is kept as weights."""
LARGEST = 2**25
"""Numbers that it may make of one picture: ten times those of the largest layer of VGG, and 128 MB of float32."""
ROUNDINGS = 64
"""How many float32 roundings its numbers are allowed, as a share of the largest: a guess, since nothing is declared."""
EXPORTED = 22
"""The version of ONNX's operators in the files that cutaway writes."""


@dataclass(frozen=True)
class Foreign(Layer):
    """`foreign Elu 14x14x8 14x14x8 20 alpha=1.0`: y = what ONNX's evaluator makes of x.

    The content says the shapes that go in and come out, the version of the operators, and the attributes; where that
    is not all (constants, another order of the axes), it is a small ONNX model of this operator alone, in base64. Its
    inputs are `x`, `x1`, ... with channels first, and `constant1`, ... for what is kept with the weights. There is no
    gradient, and no arithmetic to show.
    """

    operator: str
    content: str

    word = "foreign"
    activation = True

    # --- what it is -------------------------------------------------------------------------------

    @classmethod
    def read(cls, words: Words) -> Self:
        operator, content = words.next("an ONNX operator, like Erf"), [words.next("its content")]
        while words.more:
            content.append(words.next("an attribute"))
        try:
            return cls.of(operator, " ".join(content))
        except InputError as error:
            raise words.error(f"the content of {operator[:40]} {error}") from None

    @classmethod
    def of(cls, operator: str, content: str) -> Self:
        """The layer of a content that someone else may have written. Raises InputError where it is none."""
        if (found := checked(operator, content)) != operator:
            raise InputError(f"is one of {found}")
        return cls(operator, content)

    def text(self) -> str:
        return f"{self.word} {self.operator} {self.content}"

    def shape(self, *shapes: Shape) -> Shape:
        wanted = tuple(of_maps(one) for one in sizes(self._model.graph.input, "x"))
        if shapes != wanted:
            given, takes = (" and ".join(map(describe, some)) for some in (shapes, wanted))
            raise ShapeError(f"{self.word} {self.operator} takes {takes}; got {given}")
        return of_maps(sizes(self._model.graph.output, "y")[0])

    def parameters(self, *shapes: Shape) -> dict[str, Parameter]:
        held = [info for info in self._model.graph.input if info.name.startswith("constant")]
        return {
            info.name: Parameter(shape, trained=False)
            for info, shape in zip(held, sizes(held, "constant", batched=False), strict=True)
        }

    def note(self, *shapes: Shape) -> str:
        return f"foreign operator {self.operator}: value only, no arithmetic is declared"

    @property
    def _model(self) -> ModelProto:
        return unpacked(self.operator, self.content)

    # --- what it computes -------------------------------------------------------------------------

    def forward(self, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Array:
        """Picture by picture, so that none can depend on another."""
        shape = of_maps(sizes(self._model.graph.output, "y")[0])
        y = np.empty((len(xs[0]), *shape), xs[0].dtype)
        for number in range(len(y)):
            y[number] = self._of_one([x[number : number + 1] for x in xs], w)[0]
        return y

    def _of_one(self, xs: Sequence[Array], w: Weights) -> Array:
        feeds = {f"x{number or ''}": first(x) for number, x in enumerate(xs)} | dict(w)
        try:
            return last(evaluated(self._model, self.text(), feeds, xs[0].dtype))
        except Exception as error:
            raise InputError(f"the operator {self.operator} cannot be computed: {_line(error)}") from None

    def backward(self, dy: Array, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Gradients:
        raise InputError(
            f"{self.word} {self.operator} has no declared gradient; what is before it cannot be trained, "
            "nor can a guess be followed back through it"
        )

    def bound(self, xs: Sequence[Array], w: Weights) -> Array:
        y = self.forward(xs, w)
        largest = max(float(np.nanmax(abs(part), initial=0)) for part in (y, *xs))
        return np.full(y.shape, ROUNDINGS * (UNIT * largest + TINY))

    # --- how one cell came about ------------------------------------------------------------------

    def sources(self, cell: Cell, shapes: Sequence[Shape]) -> Sources:
        """All of its inputs: nothing says that it is less."""
        return Sources(tuple(whole(shape) for shape in shapes))

    def field(self, region: Region, shapes: Sequence[Shape]) -> tuple[Region, ...]:
        return tuple(whole(shape) for shape in shapes)

    def terms(self, cell: Cell, xs: Sequence[Array], w: Weights) -> Working:
        value = float(self.forward([x[None] for x in xs], w)[0][cell])
        made = Factor(f"{self.operator}, whose arithmetic is not declared", (), value)
        return summed([times(made)], Step("undeclared", value), where={"undeclared": made})

    # --- what others call it ----------------------------------------------------------------------

    def onnx(self, *shapes: Shape) -> list[Operator]:
        from onnx import helper, numpy_helper

        graph = _exported(self._model).graph
        held = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
        return [
            Operator(
                node.op_type,
                tuple(node.input),
                {one.name: helper.get_attribute_value(one) for one in node.attribute},
                node.output[0],
                {name: held[name] for name in node.input if name in held},
            )
            for node in graph.node
        ]


def packed(model: ModelProto) -> str:
    """The content that says a small model."""
    raw: bytes = model.SerializeToString(deterministic=True)
    return words_of(model) or base64.urlsafe_b64encode(raw).decode().rstrip("=")


@lru_cache(maxsize=256)
def unpacked(operator: str, content: str) -> ModelProto:
    """The small model that a content says. Raises InputError where it says none."""
    import onnx

    if len(content) > LONGEST:
        raise InputError(f"is {len(content):,} characters long; up to {LONGEST:,} are read")
    try:
        if " " in content:
            return model_of(operator, content)
        raw = base64.b64decode(content + "=" * (-len(content) % 4), altchars=b"-_", validate=True)
        return onnx.ModelProto.FromString(raw)
    except Exception as error:  # protobuf's DecodeError is its own
        raise InputError(f"is damaged ({_line(error)})") from None


def checked(operator: str, content: str) -> str:
    """The operator of a content. Raises InputError where it is not a small model as `Foreign` has them."""
    model = unpacked(operator, content)
    graph = model.graph
    if not graph.node or model.functions or len(graph.output) != 1 or not model.opset_import:
        raise InputError("is not one operator")
    if any(attribute.HasField("g") or attribute.graphs for node in graph.node for attribute in node.attribute):
        raise InputError("holds a graph of its own (a loop or a branch), which is not run")
    if any(tensor.data_location for tensor in graph.initializer):
        raise InputError("keeps its numbers in another file")
    shapes = [*sizes(graph.input, "x"), *sizes(graph.output, "y"), *sizes(graph.input, "constant", batched=False)]
    if any(size < 1 for shape in shapes for size in shape) or any(math.prod(shape) > LARGEST for shape in shapes):
        raise InputError(f"does not say sizes that can be: {', '.join(map(str, shapes))}")
    return main_node(model).op_type


def main_node(model: ModelProto) -> NodeProto:
    """The operator itself, among those that put its inputs and its output into order."""
    named = [node for node in model.graph.node if node.name == "main"]
    return (named or list(model.graph.node))[0]


def sizes(infos: Any, stem: str, *, batched: bool = True) -> list[Shape]:
    """The shapes of the inputs or outputs whose names start so, without N."""
    own = [info for info in infos if info.name.startswith(stem)]
    return [tuple(dim.dim_value for dim in info.type.tensor_type.shape.dim)[1 if batched else 0 :] for info in own]


def of_maps(shape: Shape) -> Shape:
    """ONNX's channels, rows, columns as our rows, columns, channels."""
    return (*shape[1:], shape[0]) if len(shape) == 3 else shape


def first(x: Array) -> Array:
    """Maps with their channels where ONNX has them."""
    return x.transpose(0, 3, 1, 2) if x.ndim == 4 else x


def last(x: Array) -> Array:
    """Maps with their channels where we have them."""
    return x.transpose(0, 2, 3, 1) if x.ndim == 4 else x


def evaluated(model: ModelProto, key: str, feeds: dict[str, Array], dtype: np.dtype[Any]) -> Array:
    """What ONNX's evaluator says: in float64 where it can, else in float32. Models of one key are the same."""
    if dtype == np.float64:
        try:
            return _run(evaluator(_Keyed(key, model), double=True), feeds, np.float64)
        except Exception:  # some operators are written for float32 alone
            pass
    return _run(evaluator(_Keyed(key, model)), feeds, np.float32).astype(dtype)


@dataclass(frozen=True)
class _Keyed:
    """A model that is known by a text: protobuf's own are not hashable."""

    key: str
    model: ModelProto = field(compare=False)


def _run(evaluator: ReferenceEvaluator, feeds: dict[str, Array], dtype: type[np.floating[Any]]) -> Array:
    with np.errstate(all="ignore"):
        (y,) = evaluator.run(None, {name: np.asarray(value, dtype) for name, value in feeds.items()})
    return np.asarray(y, dtype)


@lru_cache(maxsize=256)
def evaluator(given: _Keyed, *, double: bool = False) -> ReferenceEvaluator:
    """What computes a model; `double` has its constants in float64 too."""
    from onnx import ModelProto, TensorProto, numpy_helper
    from onnx.reference import ReferenceEvaluator

    model = ModelProto()
    model.CopyFrom(given.model)
    for tensor in model.graph.initializer if double else ():
        if tensor.data_type == TensorProto.FLOAT:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float64), tensor.name))
    return ReferenceEvaluator(model, new_ops=[_lrn()])


def _lrn() -> type[OpRun]:
    """ONNX's LRN; in its evaluator (of onnx 1.23, at least) it runs over as many channels as there are pictures."""
    from onnx.reference.op_run import OpRun

    class LRN(OpRun):
        op_domain = ""

        def _run(self, x: Array, alpha: float, beta: float, bias: float, size: int) -> tuple[Array]:
            around = ((0, 0), ((size - 1) // 2, size // 2), *((0, 0),) * (x.ndim - 2))
            windows = np.lib.stride_tricks.sliding_window_view(np.pad(x * x, around), size, axis=1)
            return ((x / (bias + alpha / size * windows.sum(axis=-1)) ** beta).astype(x.dtype),)

    return LRN


def _exported(model: ModelProto) -> ModelProto:
    """The small model in the operators that cutaway writes. Raises InputError where it cannot be."""
    from onnx import version_converter

    for node in model.graph.node:
        if node.domain not in ("", "ai.onnx"):
            raise InputError(f"the operator {node.domain}.{node.op_type} is not one of ONNX's own, and is not written")
        if len(node.output) > 1:
            raise InputError(f"one of several outputs of {node.op_type} is not written")
    if {one.domain: one.version for one in model.opset_import}.get("") == EXPORTED:
        return model
    try:
        return version_converter.convert_version(model, EXPORTED)
    except Exception as error:  # its own kinds
        raise InputError(f"{main_node(model).op_type} is not written in version {EXPORTED}: {_line(error)}") from None


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
