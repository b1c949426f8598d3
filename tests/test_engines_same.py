"""The native engine does the same to the last bit whenever it is given the same: trainers, processes, calls."""

import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from cutaway.engines import choose
from cutaway.engines.engine import Batch, Trainer
from cutaway.engines.native.machine import this_machine
from cutaway.engines.native.trainer import NativeTrainer
from cutaway.losses import loss_for
from cutaway.net import parse
from cutaway.optimisers import AdamW, Muon
from tests.command import ROOT, WHERE
from tests.compare import assert_equal
from tests.nets import NETS, assert_same, drawn

SIZE = (13, 11, 3)
PRECISIONS = ["float32", "bf16"] if this_machine().pairs else ["float32"]


def trained(text: str, threads: int, precision: str, seed: int = 5) -> Trainer:
    """After four steps, on batches that do not fill their blocks."""
    net = parse(text, input=SIZE)
    rule = Muon(average=0.9) if "squeeze" in text else AdamW()
    weights = drawn(net, 1)[0]
    trainer = choose("native", net, threads, precision).trainer(net, weights, loss_for(net.output.layer), rule, seed)
    for step, count in enumerate([40, 37, 3, 40]):
        trainer.step(Batch(*drawn(net, count, step)[1:]), 0.01)
    return trainer


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("text", NETS.values(), ids=NETS)
def test_two_trainers(text: str, threads: int, precision: str) -> None:
    assert_same(*(trained(text, threads, precision).state() for _ in range(2)))


def test_another_seed_is_something_else() -> None:
    """So that what is compared above depends on it at all: the net has dropout."""
    first, second = (trained(NETS["branches"], 2, "float32", seed).weights() for seed in (5, 6))
    assert any((first[name] != second[name]).any() for name in first)


def digest() -> str:
    """Of everything that all trainers remember."""
    found = hashlib.sha256()
    for text in NETS.values():
        for precision in PRECISIONS:
            for name, value in sorted(trained(text, 2, precision).state().items()):
                found.update(name.encode() + np.ascontiguousarray(value).tobytes())
    return found.hexdigest()


def test_two_processes() -> None:
    words = [sys.executable, "-c", "from tests.test_engines_same import digest; print(digest())"]
    ended = subprocess.run(words, cwd=ROOT, env=WHERE, capture_output=True, text=True, check=True, timeout=120)
    assert ended.stdout.strip() == digest()


@pytest.mark.parametrize("text", NETS.values(), ids=NETS)
def test_steps_in_one_call_are_those_of_many(text: str) -> None:
    """The last batch may be smaller."""
    net = parse(text, input=SIZE)
    loss, (weights, pictures, targets) = loss_for(net.output.layer), drawn(net, 55)
    one, many = (choose("native", net, 2, "float32").trainer(net, weights, loss, AdamW(), 0) for _ in range(2))
    assert isinstance(many, NativeTrainer)
    whole = many.steps(Batch(pictures, targets), [0.01, 0.02, 0.03], 20)
    parts = [
        one.step(Batch(pictures, targets).part(first, first + 20), rate)
        for first, rate in ((0, 0.01), (20, 0.02), (40, 0.03))
    ]
    assert_same(one.state(), many.state())
    np.testing.assert_array_equal(whole.losses, np.concatenate([part.losses for part in parts]))
    np.testing.assert_array_equal(whole.outputs, np.concatenate([part.outputs for part in parts]))


def test_several_threads_of_python_at_once() -> None:
    net = parse(NETS["lenet"], input=(12, 12, 1))
    weights, pictures, _ = drawn(net, 200)
    predictor = choose("native", net, 2, "float32").predictor(net, weights)
    due = predictor(pictures)
    starts = [0, 50, 100, 150] * 25
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda start: predictor(pictures[start : start + 50]), starts)
        for start, predicted in zip(starts, found, strict=True):
            assert_equal(predicted, due[start : start + 50], f"pictures from {start}")


@pytest.mark.parametrize("threads", [2, 3, 4])
def test_room_for_more_pictures_than_a_batch_has(threads: int) -> None:
    """A trainer that begins with few pictures takes as many threads as there are blocks; that changes no bit."""
    net = parse(NETS["branches"], input=SIZE)
    weights = drawn(net, 1)[0]

    def after(first: int) -> Trainer:
        trainer = choose("native", net, threads, "float32").trainer(
            net, weights, loss_for(net.output.layer), AdamW(), 5
        )
        trainer.gradients(Batch(*drawn(net, first)[1:]))
        for step, count in enumerate([3, 37, 100, 20]):
            trainer.step(Batch(*drawn(net, count, step)[1:]), 0.01)
        return trainer

    assert_same(after(3).state(), after(100).state())
