"""cutaway's own engine."""

from __future__ import annotations

import numpy as np

from benchmarks.engine.job import Job
from benchmarks.engine.peers.serving import MOMENTUM, RATE, Ready, pixels, serve
from cutaway.engines.engine import Batch
from cutaway.engines.native import Native
from cutaway.engines.native.trainer import NativeTrainer
from cutaway.losses import loss_for
from cutaway.net import parse, start
from cutaway.optimisers import Sgd


def prepare(job: Job) -> Ready:
    """All batches in one call of the trainer, which takes pictures as they come: whole numbers from 0 to 255."""
    engine, net = Native(job.threads, "bf16" if "bf16" in job.options else "float32"), parse(job.net)
    x, y = pixels(job)
    if job.what == "prediction":
        predictor = engine.predictor(net, start(net))

        def predict() -> float:
            for batch in x:
                predictor(batch)
            return 0.0

        return Ready(predict, 0)
    pictures = x.reshape(-1, *job.input)
    targets = np.eye(job.outputs, dtype=np.float32)[y.ravel()] if job.outputs > 1 else y.reshape(-1, 1)
    rule = Sgd(momentum=MOMENTUM, nesterov=False, decay=0.0)
    trainer = engine.trainer(net, start(net), loss_for(net.output.layer), rule, 0)
    assert isinstance(trainer, NativeTrainer)
    batches = Batch(pictures, targets.astype(np.float32))
    rates = [RATE] * job.batches

    def train() -> float:
        return float(trainer.steps(batches, rates, job.batch).losses[-job.batch :].mean())

    return Ready(train, net.cost().parameters)


if __name__ == "__main__":
    serve(prepare)
