"""ONNX Runtime: predicts with the content of a `model.onnx`. It is ready at once and uses every core."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cutaway.cores import cores
from cutaway.engines.engine import Pixels
from cutaway.net import Net

TOGETHER = 32
"""Pictures that run at a time: larger batches are no faster, and take memory."""
MEMORY = 2**27
"""Bytes that the largest stage of these may take, where that is fewer pictures: 128 MB."""


class Session:
    """`Session(model.to_onnx())(pictures, "probabilities")`: the file, ready to run."""

    def __init__(self, data: bytes, threads: int | None = None, at_once: int = TOGETHER) -> None:
        import onnxruntime  # 0.09 s

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or cores()
        options.inter_op_num_threads = 1
        # threads that wait by spinning would take the cores from the decoding of the next pictures
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3  # errors alone
        self.session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        self.at_once = at_once

    def __call__(self, pictures: Pixels, *outputs: str) -> list[NDArray[np.float32]]:
        """These outputs of the file for uint8 [N, h, w, c]; `cutaway.net.onnx.names` has their names."""
        starts = range(0, max(1, len(pictures)), self.at_once)
        parts = [self.session.run(outputs, {"pictures": pictures[at : at + self.at_once]}) for at in starts]
        return parts[0] if len(parts) == 1 else [np.concatenate(of_one) for of_one in zip(*parts, strict=True)]


def at_once(net: Net) -> int:
    """How many pictures a net takes at a time: few where its maps are large."""
    largest = max(row.cost.memory for row in net.rows(net.preparation.shape))
    return max(1, min(TOGETHER, MEMORY // largest))
