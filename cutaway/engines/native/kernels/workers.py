"""How threads are set to work, and how they wait: watching for a moment, which costs nothing to end, then asleep.

Waking a thread that sleeps takes the system about 50 microseconds: longer than a small net takes for a batch. So a
worker that is done watches for its next call, and goes to sleep in Python only when none comes. Its *station* says how
it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cutaway.engines.native.kernels.op import Op, kernel
from cutaway.engines.native.language import Pointer, Value

STATE, ENTRY, WORK, WAKE, YIELD = range(5)
"""Words of a station: a state; the code to run and its record; whether Python must wake the worker; the system's
function that lets other threads run."""
STATION = 128
"""Bytes from station to station: two cache lines, since processors fetch them in pairs."""
ASLEEP, WATCHING, CALLED = range(3)
"""The states. A worker is at work until it changes CALLED to WATCHING."""
PATIENCE = 2**16
"""Looks that a worker takes before it sleeps: about a millisecond, more than Python takes between two steps."""
POLITE = 64
"""Looks after which another thread may run."""

CALL = "stations workers entry work pitch"
"""Fields: where the stations are, how many are called, the code, the record of the first thread's part (the caller's
own), and bytes from that to the next thread's."""


def station(op: Op, number: Value) -> Pointer:
    """The words of a worker's station."""
    return op.pointer(op.stations + number * STATION, "i64")


@contextmanager
def watch(op: Op, other: Value) -> Iterator[Callable[[Value], None]]:
    """Looks again and again, and lets others run now and then: `with watch(op, other) as leave_when: ...`."""
    looks = op.variable(op.whole(0))
    with op.repeat() as leave_when:
        yield leave_when
        relax(op)
        looks.value += 1
        with op.when((looks.value % POLITE).equals(0)):
            op.jump(other)


def relax(op: Op) -> None:
    """Tells the processor that this is a waiting loop."""
    if op.machine.triple.startswith(("x86_64", "i686")):
        op.declared.add("declare void @llvm.x86.sse2.pause()")
        op.line("call void @llvm.x86.sse2.pause()")


@kernel("")
def serve(op: Op) -> None:
    """A worker that was called: works, watches for the next call, returns when none comes. Its record: the station."""
    own = op.pointer(op.record, "i64")
    with op.repeat() as leave_when:
        op.jump(own[ENTRY], own[WORK])
        op.atomic_write(own.at(STATE), WATCHING)
        looks = op.variable(op.whole(0))
        with watch(op, own[YIELD]) as stop_when:
            stop_when(op.atomic_read(own.at(STATE)).equals(CALLED))
            stop_when(looks.value >= PATIENCE)
            looks.value += 1
        leave_when(op.atomic_replace(own.at(STATE), WATCHING, ASLEEP))


@kernel(f"{CALL} sleepers other")
def lead(op: Op) -> None:
    """Calls workers. Where all were watching, does the caller's part and waits; else leaves that to `finish`."""
    asleep = op.variable(op.whole(0))
    for number in op.loop(op.workers):
        own = station(op, number)
        own[ENTRY], own[WORK] = op.entry, op.work + op.pitch * (number + 1)
        was = op.atomic_exchange(own.at(STATE), CALLED)
        own[WAKE] = op.convert("zext", was.equals(ASLEEP), "i64")
        asleep.value += own[WAKE]
    op.pointer(op.sleepers, "i64")[0] = asleep.value
    with op.when(asleep.value.equals(0)):
        op.jump(op.entry, op.work)
        await_all(op)


@kernel(f"{CALL} sleepers other")
def finish(op: Op) -> None:
    """The caller's part, when all have been woken; then waits for the others."""
    op.jump(op.entry, op.work)
    await_all(op)


@kernel(f"{CALL} sleepers other")
def wait(op: Op) -> None:
    """Waits until no worker is at work."""
    await_all(op)


def await_all(op: Op) -> None:
    """Until every worker that was called watches or sleeps."""
    for number in op.loop(op.workers):
        own = station(op, number)
        with watch(op, op.other) as leave_when:
            leave_when(op.atomic_read(own.at(STATE)).differs(CALLED))
