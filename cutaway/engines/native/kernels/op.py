"""What a kernel is: a function of one argument, the place of a record whose fields say what to do and where.

A program is a list of such records, 64-bit whole numbers all: the address of the kernel's code, then its fields. Places
in memory are addresses, distances are bytes. `@x` among the fields is a map in lanes: its address, the distance from
channel to channel and from row to row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cutaway.engines.native.language import Code, Pointer, Value, Variable, vector
from cutaway.engines.native.machine import Machine


class Op(Code):
    """A kernel being written. `op.x` is the value of the field x, as the record has it."""

    def __init__(self, name: str, fields: tuple[str, ...], machine: Machine) -> None:
        super().__init__(name, ["record"])
        self.machine = machine
        record = self.pointer(self.record, "i64")
        self.values = {field: record[place + 1] for place, field in enumerate(fields)}

    def __getattr__(self, name: str) -> Value:
        values = self.__dict__.get("values", {})
        return values[name] if name in values else super().__getattr__(name)

    @property
    def lanes(self) -> int:
        """Pictures in one block."""
        return self.machine.lanes

    @property
    def width_of_vector(self) -> int:
        """Bytes of a register."""
        return 4 * self.machine.lanes

    def vectors(self, address: Value) -> Pointer:
        """The registers that stand at an address."""
        return self.pointer(address, self.machine.vector)

    def floats(self, address: Value) -> Pointer:
        """The floats that stand at an address."""
        return self.pointer(address, "float")

    def codes(self, address: Value) -> Pointer:
        """Bytes, one for each lane, that stand at an address."""
        return self.pointer(address, vector("i8", self.lanes))

    def row(self, name: str, channel: Value | int = 0, row: Value | int = 0) -> Pointer:
        """A row of the map in lanes whose fields are `name`, `name_plane`, `name_row`."""
        plane, pitch = getattr(self, f"{name}_plane"), getattr(self, f"{name}_row")
        return self.vectors(getattr(self, name) + plane * channel + pitch * row)

    def rows_of(self, *names: str) -> Iterator[tuple[Value, Value, list[Pointer]]]:
        """Every channel and row of maps of one size (fields `channels`, `rows`): (channel, row, the maps' rows)."""
        for channel in self.loop(self.channels):
            for row in self.loop(self.rows):
                yield channel, row, [self.row(name, channel, row) for name in names]

    def vector_of(self, number: float) -> Value:
        """A number in every lane."""
        return self.of(self.machine.vector, number)

    def spread(self, scalar: Value) -> Value:
        """A scalar in every lane."""
        return self.of(self.machine.vector, scalar)

    def total(self, start: float = 0.0) -> Variable:
        """A register to add to."""
        return self.variable(self.vector_of(start))

    def give(self, place: Pointer, index: Value | int, value: Value, adding: bool) -> None:
        """Stores a value, or adds it to what is there."""
        place[index] = place[index] + value if adding else value

    def either(self, flag: Value) -> Iterator[bool]:
        """What the body writes, twice: for a field that is 0, and for one that is not."""
        for adding in (False, True):
            with self.when(flag.differs(0) if adding else flag.equals(0)):
                yield adding


@dataclass(frozen=True)
class Kernel:
    """One kernel: its name, its fields, and the function that writes it."""

    name: str
    fields: tuple[str, ...]
    write: Callable[[Op], None]
    pairs: bool = False
    """Whether it needs a machine that multiplies pairs of bfloat16."""

    def code(self, machine: Machine) -> Code:
        """The kernel, written for a machine."""
        op = Op(self.name, self.fields, machine)
        self.write(op)
        return op


KERNELS: dict[str, Kernel] = {}
"""Every kernel by its name."""


def kernel(
    fields: str, name: str = "", *, pairs: bool = False
) -> Callable[[Callable[[Op], None]], Callable[[Op], None]]:
    """Registers the function under it as a kernel with these fields."""

    def register(write: Callable[[Op], None]) -> Callable[[Op], None]:
        own = name or write.__name__
        assert own not in KERNELS, f"there are two kernels {own}"
        expanded = [part for field in fields.split() for part in parts(field)]
        KERNELS[own] = Kernel(own, tuple(expanded), write, pairs)
        return write

    return register


def parts(field: str) -> list[str]:
    """`@x` stands for x, x_plane, x_row."""
    return [field[1:], f"{field[1:]}_plane", f"{field[1:]}_row"] if field.startswith("@") else [field]
