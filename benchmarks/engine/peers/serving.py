"""A contender's side of the talk: a job comes in as a line of JSON; then, for every line `go`, a rate goes out."""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.engine.job import Job

SECONDS = 1.0
"""The least that a timing lasts; it goes through all batches once at least, however long that takes."""
RATE, MOMENTUM = 0.001, 0.9
"""For gradient descent, the same for all."""


class Ready(NamedTuple):
    """A contender that stands at the start."""

    call: Callable[[], float]
    """Goes through all batches once, waits until it is done, and says the last loss (0 for prediction)."""
    parameters: int
    """How many numbers it trains, by which the harness sees that it is the same net; 0 where it does not say."""


def serve(prepare: Callable[[Job], Ready]) -> None:
    """Talks until there is no more to read. What goes wrong is said in one line, and ends it."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints must not come in between

    def say(**what: Any) -> None:
        print(json.dumps(what), file=out, flush=True)

    try:
        job = Job.read(json.loads(sys.stdin.readline()))
        ready = prepare(job)
        measured(ready, job, SECONDS / 2)  # compiles what is compiled on first use, and warms up
        say(parameters=ready.parameters)
        for _ in sys.stdin:
            say(rate=measured(ready, job, SECONDS))
    except Exception as error:
        say(error=f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}")


def measured(ready: Ready, job: Job, seconds: float) -> float:
    """Pictures per second."""
    began, calls, loss = time.perf_counter(), 0, 0.0
    while (taken := time.perf_counter() - began) < seconds or not calls:
        loss = ready.call()
        calls += 1
    if not math.isfinite(loss):
        raise ArithmeticError(f"the loss became {loss}")
    return calls * job.batches * job.batch / taken


def pixels(job: Job) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Pictures drawn by chance, [batches, batch, H, W, C], and for each the number of its class."""
    random = np.random.default_rng(0)
    x = random.integers(0, 256, (job.batches, job.batch, *job.input), dtype=np.uint8)
    return x, random.integers(0, max(job.outputs, 2), (job.batches, job.batch))


def scaled(job: Job) -> tuple[NDArray[np.float32], NDArray[Any]]:
    """The same from -1 to 1, ready to be trained on; and the classes, or yes and no as 1.0 and 0.0."""
    x, y = pixels(job)
    numbers = x.astype(np.float32) / np.float32(127.5) - np.float32(1)
    return numbers, y if job.outputs > 1 else y.astype(np.float32)[..., None]
