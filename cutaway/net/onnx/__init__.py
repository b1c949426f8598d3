"""Nets as ONNX: written, and read.

`names.py`       what a model.onnx calls its parts
`writing.py`     a net and its weights as a file
`loading.py`     a file made elsewhere, read with suspicion
`reading.py`     its graph as a net, node by node
`operators.py`   the table of operators that have a declaration
`layouts.py`     how ONNX's arrays lie in ours
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from numpy import float32
    from numpy.typing import NDArray
    from onnx import ModelProto

    from cutaway.layers import Shape
    from cutaway.net.net import Net


def read(model: str | Path | bytes | ModelProto, shape: Shape | None = None) -> tuple[Net, dict[str, NDArray[float32]]]:
    """A net and its weights out of an ONNX file: `net, weights = read("other.onnx")`.

    The net takes what the file takes, channels last, and ends as the file ends. `cutaway.load` makes a classifier of
    it that takes pictures. Raises ModelError.
    """
    from cutaway.net.onnx.reading import imported  # `onnx` costs 0.1 s, and predicting does not need it

    found = imported(model, shape)
    return found.net, found.weights
