"""An ONNX file made elsewhere, read with suspicion: nothing in it is run, and nothing outside its folder is looked at.

Large models keep their numbers in files of their own ("external data"), named in the model. A name that leads out of
the folder, by `..`, from the root, or through a link, is refused before anything is opened.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

from onnx import GraphProto, ModelProto, TensorProto, helper, inliner

from cutaway.errors import ModelError

LARGEST_FILE = 2**31 - 1
"""Bytes: protobuf, in which ONNX is written, holds no more."""
LARGEST_DATA = 2**33
"""Bytes of weights in all, in files of their own: 8 GB."""
MOST_NODES = 100_000


def opened(source: str | Path | bytes | ModelProto) -> ModelProto:
    """The model of a file, with all its weights in it, its functions written out.

    Raises ModelError, with the file's name, for one that cannot be read, is damaged, or names other files outside its
    own folder.
    """
    if isinstance(source, ModelProto):
        return _complete(source, "the model", None)
    if isinstance(source, bytes):
        return _complete(_parsed(source, "the model"), "the model", None)
    path = Path(source)
    return _complete(_parsed(_content(path), str(path)), str(path), path.parent)


def _content(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise ModelError(f"{path} has {size:,} bytes; an ONNX file has up to {LARGEST_FILE:,}")
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror or error}") from None


def _parsed(content: bytes, name: str) -> ModelProto:
    try:
        model = ModelProto.FromString(content)
    except Exception as error:  # protobuf's DecodeError is its own
        raise ModelError(f"{name} is damaged, or not an ONNX model ({_line(error)})") from None
    if not model.graph.node and not model.graph.output:
        raise ModelError(f"{name} is damaged, or not an ONNX model: there is no graph in it")
    return model


def _complete(model: ModelProto, name: str, folder: Path | None) -> ModelProto:
    """Numbers from other files brought in, functions written out; whatever does not add up is an error."""
    own = ModelProto()
    own.CopyFrom(model)
    budget = LARGEST_DATA
    try:
        for tensor in _tensors(own.graph):
            if tensor.data_location == TensorProto.EXTERNAL:
                budget -= _bring(tensor, name, folder, budget)
            _check_size(tensor, name)
        if own.functions:
            own = inliner.inline_local_functions(own)
        if len(own.graph.node) > MOST_NODES:
            raise ModelError(f"{name} has {len(own.graph.node):,} nodes; up to {MOST_NODES:,} are read")
    except ModelError:
        raise
    except Exception as error:  # the inliner's and protobuf's own kinds
        raise ModelError(f"{name} is damaged: {_line(error)}") from None
    return own


def _tensors(graph: GraphProto) -> Iterator[TensorProto]:
    """Every array that is kept in a graph, those of its nodes too."""
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors) if attribute.HasField("t") else attribute.tensors
            for inner in (attribute.g, *attribute.graphs) if attribute.HasField("g") else attribute.graphs:
                yield from _tensors(inner)


# ---- numbers in files of their own


def _bring(tensor: TensorProto, name: str, folder: Path | None, budget: int) -> int:
    """Puts the numbers of one array into it; returns how many bytes they are."""
    told = {entry.key: entry.value for entry in tensor.external_data}
    location = told.get("location", "")
    path = _inside(location, name, folder)
    offset, wanted = _whole(told.get("offset", "0"), name), _bytes_of(tensor)
    length = _whole(told.get("length", str(wanted)), name)
    if wanted != length:
        raise ModelError(f"{name} is damaged: {tensor.name} has {wanted:,} bytes, and {length:,} of {location} are its")
    if length > budget:
        raise ModelError(f"{name} has more than {LARGEST_DATA:,} bytes of weights; that many are not read")
    try:
        with path.open("rb") as file:
            file.seek(offset)
            content = file.read(length)
    except OSError as error:
        raise ModelError(f"{name}: cannot read {path}: {error.strerror or error}") from None
    if len(content) < length:
        raise ModelError(f"{name}: {path} is cut short: it has no {length:,} bytes from {offset:,} on")
    tensor.ClearField("external_data")
    tensor.data_location = TensorProto.DEFAULT
    tensor.raw_data = content
    return length


def _inside(location: str, name: str, folder: Path | None) -> Path:
    """The file that a location names. Raises ModelError where that is not a plain file in the model's folder."""
    if folder is None:
        raise ModelError(f"{name} keeps weights in the file {location!r}; give the path of the model, not its bytes")
    parts = PurePosixPath(location.replace("\\", "/")).parts
    if (
        not location
        or "\0" in location
        or ".." in parts
        or location.startswith(("/", "\\"))
        or PureWindowsPath(location).drive
    ):
        raise ModelError(
            f"{name} keeps weights in {location!r}, which may lead out of its folder; "
            "save the model again, with its weights beside it"
        )
    path = folder
    for part in parts:
        path = path / part
        if path.is_symlink():
            raise ModelError(f"{name} keeps weights in {location!r}, which is a link; put the file itself there")
    if not path.is_file() or os.path.commonpath([path.resolve(), folder.resolve()]) != str(folder.resolve()):
        raise ModelError(f"{name} keeps weights in {location!r}, and there is no such file beside it")
    return path


def _whole(text: str, name: str) -> int:
    if not text.isdecimal() or len(text) > 15:
        raise ModelError(f"{name} is damaged: {text[:40]!r} is no place in a file")
    return int(text)


# ---- sizes


def _bytes_of(tensor: TensorProto) -> int:
    if any(size < 0 for size in tensor.dims):
        raise ModelError(f"the array {tensor.name} is damaged: its shape is {list(tensor.dims)}")
    return math.prod(tensor.dims) * int(helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize)


def _check_size(tensor: TensorProto, name: str) -> None:
    """Raises ModelError where an array says a shape that its numbers do not fill."""
    if tensor.data_type in (TensorProto.STRING, TensorProto.UNDEFINED) or not tensor.HasField("raw_data"):
        return
    four_bits = helper.tensor_dtype_to_np_dtype(tensor.data_type).name in ("int4", "uint4", "int2", "uint2") or (
        "float4" in helper.tensor_dtype_to_np_dtype(tensor.data_type).name
    )
    wanted = _bytes_of(tensor)
    if len(tensor.raw_data) != wanted and not four_bits:
        raise ModelError(
            f"{name} is damaged: {tensor.name} of shape {list(tensor.dims)} has {wanted:,} bytes, "
            f"and {len(tensor.raw_data):,} are there"
        )


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
