"""A run of the native engine that the keyboard breaks off: nobody waits for ever, and it can be taken up again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from cutaway.engines import choose
from cutaway.engines.engine import Batch, Trainer
from cutaway.engines.native.threads import Threads
from cutaway.losses import loss_for
from cutaway.net import parse
from cutaway.optimisers import Sgd
from tests.nets import NETS, assert_same, drawn

NET = parse(NETS["branches"], input=(12, 12, 1))
WEIGHTS, PICTURES, TARGETS = drawn(NET, 50)
ASLEEP = 0.1
"""Seconds after which workers sleep: then it is Python that wakes them."""


def made(threads: int) -> Trainer:
    return choose("native", NET, threads, "float32").trainer(NET, WEIGHTS, loss_for(NET.output.layer), Sgd(), 0)


def step(trainer: Trainer) -> None:
    trainer.step(Batch(PICTURES, TARGETS), 0.01)


def in_time(work: Callable[[], object]) -> list[BaseException]:
    """What it raises, in a thread that can be left alone if it does not end."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(30)
    assert not thread.is_alive(), "it waits for ever"
    return raised


@pytest.mark.parametrize("threads", [2, 3])
@pytest.mark.parametrize("woken", [False, True], ids=["before the others are woken", "after"])
def test_the_callers_part_is_broken_off(threads: int, woken: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others come to a barrier to which the caller never comes."""
    trainer, fresh = made(threads), made(threads)
    kept = trainer.state()
    step(trainer)
    time.sleep(ASLEEP)
    wake = Threads._wake

    def interrupted(self: Threads) -> None:
        monkeypatch.undo()
        if woken:
            wake(self)
            time.sleep(ASLEEP)
        raise KeyboardInterrupt

    monkeypatch.setattr(Threads, "_wake", interrupted)
    (error,) = in_time(lambda: step(trainer))
    assert isinstance(error, KeyboardInterrupt)
    trainer.restore(kept)
    for each in (trainer, fresh):
        assert not in_time(lambda each=each: step(each))  # type: ignore[misc]
    assert_same(trainer.state(), fresh.state())
