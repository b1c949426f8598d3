"""ONNX Runtime, for prediction. Option: `one` (a single thread, which is often the faster for a single picture)."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.engine.job import Job
from benchmarks.engine.peers.serving import Ready, scaled, serve


def prepare(job: Job) -> Ready:
    """The net from its file, with all of the runtime's optimisations, on pictures with channels first."""
    onnxruntime: Any = import_module("onnxruntime")
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1 if "one" in job.options else job.threads
    session = onnxruntime.InferenceSession(job.onnx, settings, providers=["CPUExecutionProvider"])
    batches = [np.ascontiguousarray(batch.transpose(0, 3, 1, 2)) for batch in scaled(job)[0]]

    def predict() -> float:
        for batch in batches:
            session.run(None, {"x": batch})
        return 0.0

    return Ready(predict, 0)


if __name__ == "__main__":
    serve(prepare)
