"""ONNX Runtime: predicts with the content of a `model.onnx`. It is ready at once and uses every core."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cutaway.cores import cores
from cutaway.engines.engine import Pixels
from cutaway.layers import Layer
from cutaway.net import Net

TOGETHER = 32
"""Pictures that run at a time: larger batches are no faster, and take memory."""
MEMORY = 2**27
"""Bytes that the largest stage of these may take, where that is fewer pictures: 128 MB."""


class Session:
    """`Session(Path("model.onnx").read_bytes())`: the file, ready to run."""

    def __init__(self, data: bytes, threads: int | None = None) -> None:
        import onnxruntime  # 0.09 s

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or cores()
        options.inter_op_num_threads = 1
        # threads that wait by spinning would take the cores from the decoding of the next pictures
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3  # errors alone
        self.run = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])

    def __call__(self, pictures: Pixels, output: str) -> NDArray[np.float32]:
        """One of the file's outputs, for uint8 [N, h, w, c]."""
        return self.run.run([output], {"pictures": pictures})[0]


class OnnxPredictor:
    """A net by its file: what the file's scores are, and what the net's last layer makes of them."""

    def __init__(self, net: Net, session: Session, output: str, last: Layer | None = None) -> None:
        self.session, self.output, self.last = session, output, last
        largest = max(row.cost.memory for row in net.rows(net.preparation.shape))
        self.at_once = max(1, min(TOGETHER, MEMORY // largest))

    def __call__(self, pictures: Pixels) -> NDArray[np.float32]:
        starts = range(0, max(1, len(pictures)), self.at_once)
        parts = [self.session(pictures[start : start + self.at_once], self.output) for start in starts]
        outputs = np.concatenate(parts)
        return outputs if self.last is None else self.last.forward([outputs], {})
