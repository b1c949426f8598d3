"""The native engine reads and writes nothing but what it is given, and trusts no memory that it has not written."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from cutaway.engines import choose, conformance
from cutaway.engines.engine import Batch
from cutaway.engines.native.kernels import layout
from cutaway.engines.native.machine import this_machine
from cutaway.engines.native.predictor import NativePredictor
from cutaway.engines.native.program import Program
from cutaway.engines.native.trainer import NativeTrainer
from cutaway.losses import loss_for
from cutaway.net import Net, parse
from cutaway.optimisers import AdamW, Muon, Sgd
from tests.command import ROOT, WHERE
from tests.nets import NETS, assert_same, drawn

WIDE = (
    "scale, conv 16 3x3 same, relu, maxpool 2, concat(conv 9 1x1, norm, relu | conv 24 3x3 same, relu6, norm), "
    "conv 17 3x3 stride 2 pad 1, maxpool 3 stride 2 partial, lrn 3, flatten, dense 33, relu, dense 4, softmax"
)
"""With channels enough for products of bfloat16, an odd number of them too."""
ALL = NETS | {"wide": WIDE}
PRECISIONS = ["float32", "bf16"] if this_machine().pairs else ["float32"]
SIZE = (13, 11, 3)

WORKING, ZERO, SPARE = 1, 2, 3
"""What a byte of a program's memory is for, if not for weights, records and tables: numbers on their way, the zeros
beside a map's cells, nothing."""
POISONS = 0xFF, 0x7F
"""Four bytes of each are a float that is not a number."""


def purposes(program: Program, scratch: bool) -> NDArray[np.uint8]:
    """Of each byte of the memory. `scratch`: whether what a thread has for itself is written anew in each run."""
    marks = np.zeros(program.bytes, np.uint8)
    for start, size, end in zip(program.starts, program.sizes, program.starts[1:], strict=False):
        marks[start + size : end] = SPARE
    maps = [root for root, _, _ in program.maps().values()]
    first = {(thread, slot) for thread in range(program.builder.threads) for slot in range(program.slots)}
    marks[program.starts[5] :] = SPARE
    for thread in range(program.builder.threads):
        own = marks[program.thread_start(thread) :][: program.thread_size]
        own[:] = WORKING if scratch else 0
    for thread, slot in first:
        own = marks[program.slot_start(thread, slot) :][: program.slot_size]
        own[: layout.HEADER] = WORKING
        for count, start in program.builder.slot_extra:
            own[start : start + count] = WORKING
        for root in maps:
            own[root.offset : root.offset + root.size] = ZERO
        for root in maps:
            for channel in range(root.channels):
                for row in range(root.rows):
                    start = root.place.bytes + channel * root.plane + row * root.row
                    own[start : start + root.width * root.vector] = WORKING
    return marks


class Poisoned:
    """A program's memory, all that nobody should read filled with what is not a number."""

    def __init__(self, program: Program, poison: int, scratch: bool) -> None:
        self.program, self.poison = program, poison
        self.marks = purposes(program, scratch)
        assert {WORKING, SPARE} <= set(np.unique(self.marks))
        program.memory[(self.marks == WORKING) | (self.marks == SPARE)] = poison

    def check(self) -> None:
        """Whether nothing has been written where nothing should be."""
        memory = self.program.memory
        assert not memory[self.marks == ZERO].any(), "something was written beside a map"
        assert (memory[self.marks == SPARE] == self.poison).all(), "something was written between maps or threads"


def trainer_for(net: Net, precision: str, threads: int = 2) -> NativeTrainer:
    rule = Muon(clip=0.8, average=0.5) if "squeeze" in str(net) else AdamW()
    trainer = choose("native", net, threads, precision).trainer(
        net, drawn(net, 1)[0], loss_for(net.output.layer), rule, seed=3
    )
    assert isinstance(trainer, NativeTrainer)
    return trainer


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("text", ALL.values(), ids=ALL)
class TestPoison:
    """What a run finds in memory changes no bit of what it gives, and it writes only where it should."""

    def test_training(self, text: str, precision: str) -> None:
        net = parse(text, input=SIZE)
        plain, poisoned = trainer_for(net, precision), trainer_for(net, precision)
        poisoned.gradients(Batch(*drawn(net, 37)[1:]))  # makes room
        for step, count in enumerate([37, 33, 2, 17]):
            _, pictures, targets = drawn(net, count, step)
            memory = Poisoned(poisoned.program, POISONS[step % 2], scratch=True)
            first, second = (trainer.step(Batch(pictures, targets), 0.01) for trainer in (plain, poisoned))
            memory.check()
            assert_same(first._asdict(), second._asdict())
        assert_same(plain.state(), poisoned.state())

    def test_predicting(self, text: str, precision: str) -> None:
        net = parse(text, input=SIZE)
        weights, pictures, _ = drawn(net, 37)
        predictor = choose("native", net, 2, precision).predictor(net, weights)
        assert isinstance(predictor, NativePredictor)
        due = predictor(pictures)
        for poison in POISONS:
            memory = Poisoned(predictor.runner.program, poison, scratch=False)
            np.testing.assert_array_equal(predictor(pictures), due)
            memory.check()


@pytest.mark.parametrize("text", ALL.values(), ids=ALL)
class TestLanes:
    """The last block of a batch has lanes without a picture."""

    @pytest.mark.parametrize("count", [2, 15, 17])
    def test_they_do_not_count(self, text: str, count: int) -> None:
        net = parse(text, input=SIZE)
        weights, pictures, targets = drawn(net, count)
        engine = choose("native", net, 1, "float32")
        conformance.gradients(engine, net, weights, Batch(pictures, targets), loss_for(net.output.layer), Sgd())

    def test_what_was_in_them_does_not_matter(self, text: str) -> None:
        net = parse(text, input=SIZE)
        fresh, used = trainer_for(net, "float32"), trainer_for(net, "float32")
        start = used.state()
        used.step(Batch(*drawn(net, 32, seed=1)[1:]), 0.1)
        used.restore(start)
        _, pictures, targets = drawn(net, 17)
        fresh.gradients(Batch(*drawn(net, 32)[1:]))  # room for as many: the same blocks for the same threads
        first, second = (trainer.step(Batch(pictures, targets), 0.01) for trainer in (fresh, used))
        assert_same(first._asdict(), second._asdict())
        assert_same(fresh.state(), used.state())

    def test_a_picture_is_predicted_alike_in_every_lane(self, text: str) -> None:
        net = parse(text, input=SIZE)
        weights, pictures, _ = drawn(net, 19)
        predictor = choose("native", net, 2, "float32").predictor(net, weights)
        together = predictor(pictures)
        alone = np.concatenate([predictor(picture[None]) for picture in pictures])
        np.testing.assert_array_equal(together, alone)


@pytest.mark.parametrize("side", ["before", "after"])
def test_arrays_beside_memory_that_must_not_be_touched(side: str) -> None:
    """In a process of its own, which a touch would end."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.guarded", side], cwd=ROOT, env=WHERE, capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == 0, f"{ended.returncode}: {ended.stderr}"
    assert ended.stdout.split() == list(ALL)
