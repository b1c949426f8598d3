"""What each thread does: step by step, stage by stage, block by block, record by record.

A stage is a run of the program's records. In one of blocks, each thread takes its own blocks of pictures through all
of the stage, one after another, so that a block stays in its caches; in one of the batch, each thread runs the records
once.
Where a stage ends at a barrier, no thread begins the next before all are there.
"""

from __future__ import annotations

from cutaway.engines.native.kernels import layout
from cutaway.engines.native.kernels.op import Op, kernel
from cutaway.engines.native.kernels.workers import watch
from cutaway.engines.native.language import Pointer, Value

RECORD = 32
"""64-bit words of a record: the kernel's address and up to 31 fields."""
STAGE = 4
"""Words of a stage: whether of blocks, its first record, the one after the last, whether a barrier ends it."""
(
    PICTURES,
    ROWS,
    CHANGES,
    TARGETS,
    LOSSES,
    OUTPUTS,
    NUMBERS,
    KEYS,
    TOTAL,
    BATCH,
    STEPS,
    FIRST_STAGE,
    STAGES,
    ACTIVE,
    TROUBLE,
    ARRIVED,
    ABANDONED,
    DONE,
    YIELD,
) = range(19)
"""Words of the call: what is asked, and what came of it.

Addresses: of pictures (uint8); of the numbers of those that are meant, one after another (0: all in order); of how each
is changed (0: not); of targets, losses, outputs, and of the floats and dropout keys of each step. How many pictures, in
batches of how many, in how many steps; the address of the first stage and how many to run; how many threads take part.
Then the number (from 1) of the step in which a number was not finite, the barrier's count, whether a thread has failed,
steps done, and the system's function that lets other threads run.
"""
CALL = 24


@kernel("call_place thread program records slots headers header_pitch")
def run(op: Op) -> None:
    """One thread's part of a call. `records`: how many of them the program of each slot has.

    A slot is the memory of one block. There is one for each of the thread's blocks where stages of blocks follow each
    other, and else one for all.
    """
    call = op.pointer(op.call_place, "i64")
    stages, threads = op.pointer(call[FIRST_STAGE], "i64"), call[ACTIVE]
    for step in op.loop(call[STEPS]):
        with op.when(untroubled(call, step) & op.atomic_read(call.at(ABANDONED)).equals(0)):
            begin = step * call[BATCH]
            size = op.smaller(call[BATCH], call[TOTAL] - begin)
            blocks = (size + (op.lanes - 1)) // op.lanes
            mine = blocks * op.thread // threads, blocks * (op.thread + 1) // threads
            head(op, op.whole(0), begin, size, op.whole(0), step)
            for number in op.loop(call[STAGES]):
                stage = stages.at(number * STAGE)
                with op.when(stage[0].differs(0)):
                    for place in op.loop(*mine):
                        slot = (place - mine[0]) % op.slots
                        head(op, slot, begin, size, place, step)
                        run_records(op, slot, stage[1], stage[2])
                with op.when(stage[0].equals(0)):
                    run_records(op, op.whole(0), stage[1], stage[2])
                with op.when(stage[3].differs(0) & (threads > 1)):
                    barrier(op, call)
            with op.when(op.thread.equals(0) & untroubled(call, step + 1)):
                call[DONE] = step + 1


def untroubled(call: Pointer, step: Value) -> Value:
    """Whether no step before this one failed. Another thread may be a step ahead, and have failed there."""
    trouble = call[TROUBLE]
    return trouble.equals(0) | (trouble > step)


def head(op: Op, slot: Value, begin: Value, size: Value, place: Value, step: Value) -> None:
    """Writes a block's header."""
    address = op.headers + slot * op.header_pitch
    words = op.pointer(address, "i64")
    first = place * op.lanes
    count = op.smaller(op.whole(op.lanes), size - first)
    words[layout.FIRST], words[layout.COUNT] = begin + first, count
    words[layout.BATCH], words[layout.PLACE], words[layout.STEP] = size, place, step
    mask = op.floats(address + layout.MASK)
    for lane in range(op.lanes):
        mask[lane] = op.where(count > lane, op.of("float", 1.0), op.of("float", 0.0))


def barrier(op: Op, call: Pointer) -> None:
    """Waits for all threads: watches (a stage is short), and after a while lets others run."""
    before = op.atomic_add(call.at(ARRIVED), 1)
    goal = (before // call[ACTIVE] + 1) * call[ACTIVE]
    with watch(op, call[YIELD]) as leave_when:
        leave_when(op.atomic_read(call.at(ARRIVED)) >= goal)
        leave_when(op.atomic_read(call.at(ABANDONED)).differs(0))


def run_records(op: Op, slot: Value, first: Value, last: Value) -> None:
    """Runs some records of a slot's program."""
    start = op.program + slot * op.records * (8 * RECORD)
    for number in op.loop(first, last):
        record = start + number * (8 * RECORD)
        op.jump(op.pointer(record, "i64")[0], record)
