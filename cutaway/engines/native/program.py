"""A program: records for every block and thread, the memory that they work in, and the order in which they run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cutaway.engines.native.compiler import Library
from cutaway.engines.native.kernels import KERNELS, layout
from cutaway.engines.native.kernels import run as running
from cutaway.engines.native.language import bits
from cutaway.engines.native.machine import installed
from cutaway.engines.native.maps import Area, Map, Place

LINE = 64
"""Bytes of a cache line; everything begins on one."""
SKEW = 3 * LINE
"""Between maps, so that their cells do not all fall into the same places of the caches."""
RUN = 8 * running.RECORD
"""Bytes of the record that a thread starts with."""

Operand = int | float | Place | Map | Callable[[], int] | NDArray[np.int64]
"""What a field can be given: a number, a place, something known later; numbers thread by thread."""


@dataclass(eq=False)
class Record:
    """One kernel at work: what the plan says, before addresses are known."""

    kernel: str
    operands: dict[str, Operand]
    level: int
    """Its stage: stages of blocks are 0, 1, ..., and what the batch does before each has the same number."""
    of_batch: bool = False
    """Runs once in each thread and not for each block."""
    adds_to: Map | None = None
    """The gradient that it writes first, or adds to."""
    writer: str = ""
    """What writes it: several records of one writer each write a part."""
    after: bool = False
    """Of the batch, and after all stages of blocks."""


@dataclass(eq=False)
class Region:
    """Memory of one area, handed out from its start."""

    size: int = 0

    def take(self, count: int) -> int:
        """So many bytes, on a cache line of their own."""
        start = self.size
        self.size += -(-count // LINE) * LINE
        return start


class Builder:
    """Collects records and memory; `Program` makes addresses of them."""

    def __init__(self, library: Library, threads: int) -> None:
        self.library, self.threads = library, threads
        self.machine = library.machine
        self.vector = 4 * self.machine.lanes
        self.records: list[Record] = []
        self.thread, self.shared = Region(), Region()
        self.scratch = 0
        """Bytes that every thread has for what does not outlive a record."""
        self.codes: list[tuple[Record, int]] = []
        self.filled: list[tuple[Callable[[], int], NDArray[np.generic]]] = []
        self.deferred: list[tuple[list[int], Callable[[], ArrayLike], str]] = []
        self.slot_extra: list[list[int]] = []

    # --- memory -----------------------------------------------------------------------------------

    def in_thread(self, count: int) -> Place:
        """Bytes that each thread has for itself."""
        return Place(Area.THREAD, self.thread.take(count))

    def in_shared(self, count: int) -> Place:
        """Bytes that all threads see."""
        return Place(Area.SHARED, self.shared.take(count))

    def in_slot(self, count: int) -> Place:
        """Bytes that each block has."""
        own = [count, 0]
        self.slot_extra.append(own)
        return Place(Area.SLOT, lambda: own[1])

    def table(self, values: ArrayLike | Callable[[], ArrayLike], kind: str) -> Place:
        """Numbers that all threads read; from a function where they depend on how memory is laid out."""
        made = values if callable(values) else lambda: values
        own = [0]
        self.deferred.append((own, made, kind))
        return Place(Area.SHARED, lambda: own[0])

    def constants(self, values: ArrayLike) -> Place:
        """Floats that all threads read."""
        return self.table(values, "float32")

    def scratchpad(self, count: int) -> Place:
        """Bytes that a record may use and leave to the next."""
        self.scratch = max(self.scratch, count)
        return Place(Area.THREAD, lambda: self.scratch_start)

    scratch_start = 0
    thread_pitch = 0
    """Bytes from one thread's memory to the next one's."""

    # --- records ----------------------------------------------------------------------------------

    def add(self, kernel: str, level: int, adds_to: Map | None, writer: str, **operands: Operand) -> Record:
        """One record for each block."""
        record = Record(kernel, operands, level, adds_to=adds_to, writer=writer)
        self.records.append(record)
        return record

    def add_for_batch(self, kernel: str, level: int, *, after: bool = False, **operands: Operand) -> Record:
        """One record for each thread."""
        record = Record(kernel, operands, level, of_batch=True, after=after)
        self.records.append(record)
        return record


def expanded(record: Record) -> Iterable[tuple[str, Operand]]:
    """Operands field by field: a map is its place and its distances."""
    for name, value in record.operands.items():
        if isinstance(value, Map):
            yield name, value.place
            fields = KERNELS[record.kernel].fields
            if f"{name}_plane" in fields:
                yield f"{name}_plane", value.plane
                yield f"{name}_row", value.row
        else:
            yield name, value


@dataclass(eq=False)
class Plan:
    """Records in order, and where everything is going to stand: a program without its memory and its code.

    `stages` says in which order.

    `all`, `ahead`, `blocks`, `gradients` name stages to run, from the first to before the last: all; what is done once
    for all batches where weights do not move; what is done with each batch then; all that does not move weights.
    """

    builder: Builder
    slots: int
    """Blocks that each thread has memory for."""
    keep: bool = False
    """Whether no map takes the memory of another."""
    most_blocks: int | None = None
    """The most blocks that a call has. Slots beyond are never touched, and take no memory."""

    def __post_init__(self) -> None:
        self.order()
        self.allocate()

    # --- order ------------------------------------------------------------------------------------

    def order(self) -> None:
        """Stages: of each level first what the batch does, then the blocks; then what comes after all blocks.

        Whoever writes a gradient first, in this order, does not add to it.
        """
        place = {id(record): number for number, record in enumerate(self.builder.records)}
        key = lambda r: (r.after, r.level, not r.of_batch, place[id(r)])  # noqa: E731
        written: dict[int, set[str]] = {}
        self.records = []
        for record in sorted(self.builder.records, key=key):
            if record.adds_to is not None:
                writers = written.setdefault(id(record.adds_to), set())
                first = not writers - {record.writer}
                writers.add(record.writer)
                if record.kernel == "clear" and not first:
                    continue  # what others have written is added to
                if "adding" in KERNELS[record.kernel].fields:
                    record.operands["adding"] = int(not first)
            self.records.append(record)
        self.stages = self._stages()
        ahead = sum(1 for _, level in self.groups if level < 0)
        before = sum(1 for after, _ in self.groups if not after)
        self.ahead, self.blocks, self.gradients = (0, ahead), (ahead, len(self.stages)), (0, before)
        self.all = (0, len(self.stages))

    def _stages(self) -> NDArray[np.int64]:
        groups: list[tuple[tuple[bool, int, bool], int, int]] = []
        for number, record in enumerate(self.records):
            key = (record.after, record.level, record.of_batch)
            if groups and groups[-1][0] == key:
                groups[-1] = (key, groups[-1][1], number + 1)
            else:
                groups.append((key, number, number + 1))
        self.groups = [(after, level) for (after, level, _), _, _ in groups]
        rows = []
        for (after, level, of_batch), first, last in groups:
            ends = (
                not of_batch or after or level < 0
            )  # what the batch does before its blocks, each thread does for itself
            rows.append((int(not of_batch), first, last, int(ends)))
        return np.array(rows, np.int64).reshape(-1, running.STAGE)

    # --- memory -----------------------------------------------------------------------------------

    def maps(self) -> dict[int, tuple[Map, int, int]]:
        """Every map that has memory, with its first and last record."""
        lives: dict[int, tuple[Map, int, int]] = {}
        for number, record in enumerate(self.records):
            for value in record.operands.values():
                if isinstance(value, Map):
                    root = value.root
                    first = lives[id(root)][1] if id(root) in lives else number
                    lives[id(root)] = (root, first, number)
        return lives

    def allocate(self) -> None:
        """A place for each map: where the geometry is the same, that of one that is no longer needed."""
        builder, slot = self.builder, Region()
        slot.take(layout.HEADER)
        free: dict[tuple[int, ...], list[int]] = {}
        busy: list[tuple[int, Map]] = []
        for root, first, last in sorted(self.maps().values(), key=lambda life: life[1]):
            for end, done in [item for item in busy if item[0] < first]:
                busy.remove((end, done))
                free.setdefault(done.geometry, []).append(done.offset)
            waiting = free.get(root.geometry, [])
            root.offset = waiting.pop() if waiting and not self.keep else slot.take(root.size + SKEW)
            busy.append((last, root))
        for extra in builder.slot_extra:
            extra[1] = slot.take(extra[0])
        builder.scratch_start = builder.thread.take(builder.scratch)
        self.tables: list[tuple[int, NDArray[np.generic]]] = []
        for own, made, kind in builder.deferred:
            values = np.ascontiguousarray(np.asarray(made(), kind))
            own[0] = builder.shared.take(values.nbytes)
            self.tables.append((own[0], values))
        builder.deferred.clear()  # as large as the weights, and not needed any more
        self.slot_size, self.thread_size = slot.size, builder.thread.size
        builder.thread_pitch = self.thread_size + LINE * 5
        self.call_size = running.CALL * 8
        self.runs_size = builder.threads * RUN
        records = builder.threads * self.slots * len(self.records) * running.RECORD * 8
        self.sizes = [
            builder.shared.size,
            self.call_size,
            self.runs_size,
            self.stages.nbytes,
            records,
            builder.threads * (self.thread_size + LINE * 5),
            builder.threads * self.slots * (self.slot_size + LINE * 7),
        ]

    @property
    def bytes(self) -> int:
        """All memory that the program has."""
        return sum(-(-size // 4096) * 4096 for size in self.sizes)

    @property
    def touched(self) -> int:
        """What of it is used."""
        slots = self.builder.threads * self.slots
        idle = 0 if self.most_blocks is None else max(0, slots - self.most_blocks)
        return self.bytes - idle * (self.slot_size + LINE * 7)


class Program(Plan):
    """Memory and records, ready to run. Raises MemoryError, with its bytes, where it is larger than the computer."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.touched > (installed() or self.touched):
            raise MemoryError(self.touched)
        self.write()

    def write(self) -> None:
        """Takes the memory, fills the tables, and writes every record for every thread and slot."""
        raw = np.zeros(self.bytes + 4096, np.uint8)
        start = -raw.ctypes.data % 4096
        self.memory = raw[start : start + self.bytes]
        self.starts = np.cumsum([0, *(-(-size // 4096) * 4096 for size in self.sizes)]).tolist()
        for offset, values in self.tables:
            self.memory[offset : offset + values.nbytes] = np.frombuffer(values.tobytes(), np.uint8)
        self.tables = []
        self.view(self.starts[3], self.stages.size, np.int64)[:] = self.stages.ravel()
        values, areas = self._numbers()
        shape = (self.builder.threads, self.slots, len(self.records), running.RECORD)
        records = self.view(self.starts[4], int(np.prod(shape)), np.int64).reshape(shape)
        self.base = base = self.memory.ctypes.data
        for thread in range(self.builder.threads):
            for slot in range(self.slots):
                starts = [
                    0,
                    base + self.slot_start(thread, slot),
                    base + self.thread_start(thread),
                    base,
                    base + self.starts[1],
                    base + self.thread_start(0),
                ]
                records[thread, slot] = values[thread] + np.array(starts, np.int64)[areas]
        for thread in range(self.builder.threads):
            self._write_run(thread, base)

    def _write_run(self, thread: int, base: int) -> None:
        """The record that one thread starts with."""
        operands = {
            "call_place": base + self.starts[1],
            "thread": thread,
            "program": base + self.starts[4] + thread * self.slots * len(self.records) * running.RECORD * 8,
            "records": len(self.records),
            "slots": self.slots,
            "headers": base + self.slot_start(thread, 0),
            "header_pitch": self.slot_start(thread, 1) - self.slot_start(thread, 0),
        }
        words = self.view(self.starts[2] + thread * RUN, running.RECORD, np.int64)
        for field_, value in operands.items():
            words[KERNELS["run"].fields.index(field_) + 1] = value

    def stage_address(self, number: int) -> int:
        """Where a stage's words are."""
        return self.base + self.starts[3] + number * running.STAGE * 8

    @property
    def runs_address(self) -> int:
        """Where the record is that the first thread starts with; the others' follow, `RUN` bytes apart."""
        return self.base + self.starts[2]

    def _numbers(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Of every record's words the number of each thread, and the area that it counts from."""
        threads = self.builder.threads
        values = np.zeros((threads, len(self.records), running.RECORD), np.int64)
        areas = np.zeros((len(self.records), running.RECORD), np.int64)
        for number, record in enumerate(self.records):
            fields = KERNELS[record.kernel].fields
            values[:, number, 0] = self.builder.library.address(record.kernel)
            given = dict(expanded(record))
            missing = set(fields) - set(given)
            assert not missing, f"{record.kernel} lacks {missing}"
            for place, name in enumerate(fields, 1):
                value = given[name]
                if isinstance(value, Place):
                    values[:, number, place], areas[number, place] = value.bytes, value.area
                elif isinstance(value, float):
                    values[:, number, place] = bits(value)
                else:
                    assert not isinstance(value, Map)
                    values[:, number, place] = value() if callable(value) else value
        return values, areas

    def slot_start(self, thread: int, slot: int) -> int:
        """Bytes from the start of memory."""
        return self.starts[6] + (thread * self.slots + slot) * (self.slot_size + LINE * 7)

    def thread_start(self, thread: int) -> int:
        """Bytes from the start of memory."""
        return self.starts[5] + thread * (self.thread_size + LINE * 5)

    def view(self, start: int, count: int, kind: type[Any]) -> NDArray[Any]:
        """Numbers in memory."""
        return self.memory[start : start + count * np.dtype(kind).itemsize].view(kind)

    def floats(self, place: Place, count: int) -> NDArray[np.float32]:
        """Floats that all threads see."""
        assert place.area == Area.SHARED
        return self.view(place.bytes, count, np.float32)

    def of_threads(self, place: Place, count: int) -> NDArray[np.float32]:
        """A copy of floats that each thread has for itself, [threads, count]."""
        starts = [self.thread_start(thread) + place.bytes for thread in range(self.builder.threads)]
        return np.stack([self.view(start, count, np.float32) for start in starts])

    @property
    def call(self) -> NDArray[np.int64]:
        """The words of the call."""
        return self.view(self.starts[1], running.CALL, np.int64)
