"""A model in whole numbers of 8 bits: a quarter of the size, and faster where the processor multiplies such numbers.

ONNX Runtime's own tool does it: weights become int8, each kernel with a scale of its own; activations uint8, between
the least and the largest number seen on calibration pictures. What prepares a picture stays as it is.
"""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cutaway.engines.onnx import Session, at_once
from cutaway.errors import JobError
from cutaway.model.model import Model
from cutaway.net import INPUT, Net
from cutaway.net.folding import folded
from cutaway.net.onnx.names import PICTURES, PROBABILITIES

if TYPE_CHECKING:
    import onnx

    from cutaway.pictures import Prepared

CALIBRATED = 128
"""Training pictures that the ranges come from."""
LOST = 0.003
"""So much accuracy may be lost at most: 0.3 points."""
GAINED = 1.2
"""So many times as fast it has to be at least."""
TIMED = 9
"""Runs of each, in turns; the medians are compared."""
KINDS = ("Conv", "Gemm", "Sum", "Concat", "MaxPool", "GlobalAveragePool", "AveragePool", "Clip", "Relu")
"""Operators that are computed so: with convolutions alone, numbers are turned back and forth between them."""


@dataclass(frozen=True)
class Comparison:
    """`98.1% of 160 right instead of 98.1%, 2.3 times as fast, 2.4 MB instead of 8.9 MB`."""

    right: int
    right_before: int
    count: int
    speed: float
    """How many times as fast."""
    bytes: int
    bytes_before: int

    def __str__(self) -> str:
        return (
            f"{self.right / self.count:.2%} of {self.count:,} pictures right instead of "
            f"{self.right_before / self.count:.2%}, {self.speed:.2f} times as fast, "
            f"{self.bytes / 1e6:.1f} MB instead of {self.bytes_before / 1e6:.1f} MB"
        )

    def require_better(self) -> None:
        """Raises JobError where it is not worth having."""
        lost = (self.right_before - self.right) / self.count
        if lost >= LOST:
            raise JobError(f"not written: {self}; {100 * lost:.2f} points are lost, {100 * LOST:g} would be too many")
        if self.speed < GAINED:
            raise JobError(f"not written: {self}; it has to be {GAINED:g} times as fast to be worth it here")


def quantised(model: Model, calibration: Prepared) -> bytes:
    """The model as ONNX with 8-bit products, its ranges from some prepared pictures."""
    import onnx
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static  # 0.2 s

    net, weights = folded(model.net, model.weights)
    whole = onnx.load_from_string(replace(model, net=net, weights=weights, onnx=None).to_onnx())
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "float.onnx", Path(folder) / "int8.onnx"
        source.write_bytes(_body(net, weights, model.classes))
        logging.disable(logging.WARNING)  # it recommends what is done here already
        try:
            quantize_static(
                source,
                target,
                _Reader(calibration),
                quant_format=QuantFormat.QDQ,
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                op_types_to_quantize=list(KINDS),
            )
        finally:
            logging.disable(logging.NOTSET)
        return _joined(whole, onnx.load(target), net)


def compared(model: Model, before: bytes, after: bytes, pictures: Prepared) -> Comparison:
    """Both files on the same pictures: how many are right, and how fast, in turns."""
    both = [Session(data, at_once=at_once(model.net)) for data in (before, after)]
    guessed: list[list[NDArray[np.int64]]] = [[], []]
    for start in range(0, len(pictures), 256):
        batch = pictures.take(np.arange(start, min(start + 256, len(pictures))))
        for said, session in zip(guessed, both, strict=True):
            said.append(session(batch, PROBABILITIES)[0].argmax(axis=1))
    old, new = (int((np.concatenate(said) == pictures.labels).sum()) for said in guessed)
    slow, fast = _seconds(both, pictures.take(np.arange(min(len(pictures), both[0].at_once))))
    return Comparison(new, old, len(pictures), slow / fast, len(after), len(before))


def _seconds(sessions: list[Session], batch: NDArray[np.uint8]) -> list[float]:
    """The median time of each for a batch."""
    times: list[list[float]] = [[] for _ in sessions]
    for _ in range(TIMED):
        for own, session in zip(times, sessions, strict=True):
            began = time.perf_counter()
            session(batch, PROBABILITIES)
            own.append(time.perf_counter() - began)
    return [float(np.median(own)) for own in times]


class _Reader:
    """Hands out prepared pictures one at a time, as the tool wants them."""

    def __init__(self, pictures: Prepared) -> None:
        self.rest: Iterator[dict[str, Any]] = ({PICTURES: pictures.take([row])} for row in range(len(pictures)))

    def get_next(self) -> dict[str, Any] | None:
        """The next one; None at the end."""
        return next(self.rest, None)

    def set_range(self, start_index: int, end_index: int) -> None:
        """Asked of readers that can go back; this one is read once."""


def _body(net: Net, weights: Any, classes: tuple[str, ...]) -> bytes:
    """What comes after preparation by itself, on pictures of the net's size: the tool follows shapes, and cannot
    follow those of pictures of any size.
    """
    from cutaway.net.onnx.writing import as_onnx

    ready = net.preparation
    last = net.names[len(ready.layers) - 1] if ready.layers else INPUT
    rest = net.nodes[len(ready.layers) :]
    nodes = tuple(replace(node, inputs=tuple(INPUT if name == last else name for name in node.inputs)) for node in rest)
    return as_onnx(Net(ready.shape, nodes), weights, classes)


def _joined(whole: onnx.ModelProto, body: onnx.ModelProto, net: Net) -> bytes:
    """The preparation of one file, and the quantised rest from another."""
    import onnx

    ready = net.names[: len(net.preparation.layers)]
    last = ready[-1] if ready else INPUT
    first = [node for node in whole.graph.node if node.name.split(".")[0] in (INPUT, *ready)]
    rest = [node for node in body.graph.node if node.name.split(".")[0] != INPUT or "uant" in node.op_type]
    for node in rest:
        for place, name in enumerate(node.input):
            if name == INPUT:
                node.input[place] = last
    needed = {name for node in first for name in node.input}
    held = [one for one in whole.graph.initializer if one.name in needed] + list(body.graph.initializer)
    graph = onnx.helper.make_graph([*first, *rest], "cutaway", list(whole.graph.input), list(whole.graph.output), held)
    made = onnx.helper.make_model(graph, opset_imports=list(body.opset_import), producer_name="cutaway")
    made.ir_version = whole.ir_version
    onnx.helper.set_model_props(made, {one.key: one.value for one in whole.metadata_props})
    onnx.checker.check_model(made)
    return bytes(made.SerializeToString(deterministic=True))
