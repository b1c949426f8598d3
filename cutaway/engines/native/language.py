"""A small language for kernels: Python that writes LLVM's, line by line, as it runs.

    code = Code("double", ["x", "y", "n"])
    x, y = code.pointer(code.x, VECTOR), code.pointer(code.y, VECTOR)
    for i in code.loop(code.n):
        y[i] = x[i] * 2.0
    print(code.text())

Operators on values write instructions; `for` over `code.loop` writes a loop, once; `with code.when(...)` a branch.
What Python itself does while it runs (its own loops, ifs, function calls) is decided when the kernel is written:
unrolling is a Python loop. Numbers that change in a loop live in a `Variable`, which LLVM keeps in a register.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

BYTES = {"bfloat": 2, "i1": 1, "i8": 1, "i16": 2, "i32": 4, "i64": 8, "float": 4, "double": 8, "ptr": 8}
"""Of one element of each type."""
REAL = ("float", "double")


def vector(element: str, lanes: int) -> str:
    """The type of a register that holds one element of every lane."""
    return f"<{lanes} x {element}>"


def element(kind: str) -> str:
    """`float` of `<16 x float>`, and of `float`."""
    return kind[1:-1].split(" x ")[1] if kind.startswith("<") else kind


def lanes(kind: str) -> int:
    """16 of `<16 x float>`; 0 of `float`."""
    return int(kind[1:].split(" x ")[0]) if kind.startswith("<") else 0


def bytes_of(kind: str) -> int:
    """What one value takes in memory."""
    return BYTES[element(kind)] * max(1, lanes(kind))


def constant(kind: str, number: float) -> str:
    """A number as LLVM writes it: floats by the bits of the double that they are, exactly."""
    if element(kind) in REAL:
        exact = struct.unpack("f", struct.pack("f", number))[0] if element(kind) == "float" else number
        text = f"0x{struct.unpack('<Q', struct.pack('<d', exact))[0]:016X}"
    elif element(kind) == "i1":
        text = "true" if number else "false"
    else:
        text = str(int(number))
    return f"splat ({element(kind)} {text})" if lanes(kind) else text


def bits(number: float) -> int:
    """A float's 32 bits, as a field of a record holds them.

    >>> hex(bits(1.0))
    '0x3f800000'
    """
    return int(struct.unpack("I", struct.pack("f", number))[0])


@dataclass(frozen=True, eq=False)
class Value:
    """A number, or one of every lane, that the kernel computes."""

    code: Code
    kind: str
    name: str

    def _with(self, other: Value | float, whole: str, real: str, swapped: bool = False) -> Value:
        a, b = self, self.code.like(other, self)
        if swapped:
            a, b = b, a
        return self.code.write(f"{real if self.real else whole} {self.kind} {a.name}, {b.name}", self.kind)

    @property
    def real(self) -> bool:
        """Whether it is a float or a double."""
        return element(self.kind) in REAL

    def __add__(self, other: Value | float) -> Value:
        return self._with(other, "add", "fadd")

    def __radd__(self, other: float) -> Value:
        return self._with(other, "add", "fadd", swapped=True)

    def __sub__(self, other: Value | float) -> Value:
        return self._with(other, "sub", "fsub")

    def __rsub__(self, other: float) -> Value:
        return self._with(other, "sub", "fsub", swapped=True)

    def __mul__(self, other: Value | float) -> Value:
        return self._with(other, "mul", "fmul")

    def __rmul__(self, other: float) -> Value:
        return self._with(other, "mul", "fmul", swapped=True)

    def __truediv__(self, other: Value | float) -> Value:
        return self._with(other, "", "fdiv")

    def __rtruediv__(self, other: float) -> Value:
        return self._with(other, "", "fdiv", swapped=True)

    def __floordiv__(self, other: Value | int) -> Value:
        return self._with(other, "sdiv", "")

    def __mod__(self, other: Value | int) -> Value:
        return self._with(other, "srem", "")

    def __and__(self, other: Value | int) -> Value:
        return self._with(other, "and", "")

    def __or__(self, other: Value | int) -> Value:
        return self._with(other, "or", "")

    def __xor__(self, other: Value | int) -> Value:
        return self._with(other, "xor", "")

    def __lshift__(self, other: Value | int) -> Value:
        return self._with(other, "shl", "")

    def __rshift__(self, other: Value | int) -> Value:
        """Shifts zeros in: for numbers without a sign."""
        return self._with(other, "lshr", "")

    def shift_down(self, count: int) -> Value:
        """Divided by a power of two, towards minus infinity: for whole numbers with a sign."""
        return self._with(count, "ashr", "")

    def __neg__(self) -> Value:
        return 0.0 - self if self.real else 0 - self

    def _compare(self, other: Value | float, whole: str, real: str) -> Value:
        b = self.code.like(other, self)
        kind = vector("i1", lanes(self.kind)) if lanes(self.kind) else "i1"
        verb = f"fcmp {real}" if self.real else f"icmp {whole}"
        return self.code.write(f"{verb} {self.kind} {self.name}, {b.name}", kind)

    def __lt__(self, other: Value | float) -> Value:
        return self._compare(other, "slt", "olt")

    def __le__(self, other: Value | float) -> Value:
        return self._compare(other, "sle", "ole")

    def __gt__(self, other: Value | float) -> Value:
        return self._compare(other, "sgt", "ogt")

    def __ge__(self, other: Value | float) -> Value:
        return self._compare(other, "sge", "oge")

    def equals(self, other: Value | float) -> Value:
        """Whether two numbers are the same, lane by lane. (`==` is left to Python.)"""
        return self._compare(other, "eq", "oeq")

    def differs(self, other: Value | float) -> Value:
        """Whether two numbers are not the same, lane by lane; true of what is not a number."""
        return self._compare(other, "ne", "une")

    def at_least(self, other: Value | int) -> Value:
        """>= for whole numbers without a sign."""
        return self._compare(other, "uge", "oge")


@dataclass(frozen=True, eq=False)
class Pointer:
    """A place in memory where values of one kind stand one after another: `p[i]` is the one i further on."""

    code: Code
    kind: str
    name: str
    aligned: bool = True
    """Whether vectors stand on a multiple of their size."""

    def at(self, index: Value | int) -> Pointer:
        """The place `index` values further on."""
        if not isinstance(index, Value) and index == 0:
            return self
        i = self.code.whole(index)
        moved = self.code.write(f"getelementptr {self.kind}, ptr {self.name}, i64 {i.name}", "ptr")
        return Pointer(self.code, self.kind, moved.name, self.aligned)

    def as_kind(self, kind: str, aligned: bool = True) -> Pointer:
        """The same place, read as values of another kind."""
        return Pointer(self.code, kind, self.name, aligned)

    def __getitem__(self, index: Value | int) -> Value:
        place = self.at(index)
        return self.code.write(f"load {self.kind}, ptr {place.name}, align {self._align}", self.kind)

    def __setitem__(self, index: Value | int, value: Value | float) -> None:
        place, v = self.at(index), self.code.of(self.kind, value)
        self.code.line(f"store {self.kind} {v.name}, ptr {place.name}, align {self._align}")

    @property
    def _align(self) -> int:
        return bytes_of(self.kind) if self.aligned else BYTES[element(self.kind)]


class Variable:
    """A number that changes as the kernel runs: `total.value += x`."""

    def __init__(self, place: Pointer) -> None:
        self.place = place

    @property
    def value(self) -> Value:
        """What it is now."""
        return self.place[0]

    @value.setter
    def value(self, value: Value | float) -> None:
        self.place[0] = value


class Code:
    """One function being written: `Code("name", ["x", "y"])` has 64-bit arguments `code.x` and `code.y`."""

    def __init__(self, name: str, arguments: Sequence[str]) -> None:
        self.name = name
        self.arguments = list(arguments)
        self.lines: list[str] = []
        self.variables: list[str] = []
        self.declared: set[str] = set()
        self.written = 0

    def __getattr__(self, name: str) -> Value:
        if name in self.__dict__.get("arguments", ()):
            return Value(self, "i64", f"%{name}")
        raise AttributeError(name)

    def text(self) -> str:
        """The whole function in LLVM's language."""
        arguments = ", ".join(f"i64 %{name}" for name in self.arguments)
        body = "\n".join(["entry:", *self.variables, *self.lines, "ret void"])
        return f"define void @{self.name}({arguments}) nounwind {{\n{body}\n}}\n"

    # --- writing ----------------------------------------------------------------------------------

    def line(self, text: str) -> None:
        """One instruction without a result."""
        self.lines.append(text)

    def write(self, text: str, kind: str) -> Value:
        """One instruction with a result of this kind."""
        self.written += 1
        name = f"%v{self.written}"
        self.lines.append(f"{name} = {text}")
        return Value(self, kind, name)

    def label(self, what: str) -> str:
        """A new name for a place to jump to."""
        self.written += 1
        return f"{what}{self.written}"

    # --- numbers ----------------------------------------------------------------------------------

    def of(self, kind: str, value: Value | float) -> Value:
        """A number as a value of this kind; a scalar is spread over the lanes of a vector."""
        if not isinstance(value, Value):
            return Value(self, kind, constant(kind, value))
        if value.kind == kind:
            return value
        assert lanes(kind) and element(kind) == value.kind, f"{value.kind} cannot be {kind}"
        one = self.write(f"insertelement {kind} poison, {value.kind} {value.name}, i64 0", kind)
        mask = f"<{lanes(kind)} x i32> zeroinitializer"
        return self.write(f"shufflevector {kind} {one.name}, {kind} poison, {mask}", kind)

    def like(self, value: Value | float, other: Value) -> Value:
        """A number as a value of the kind that another has."""
        return self.of(other.kind, value)

    def whole(self, value: Value | int) -> Value:
        """A number as a 64-bit whole number."""
        if isinstance(value, Value) and value.kind != "i64":
            return self.write(f"sext {value.kind} {value.name} to i64", "i64")
        return self.of("i64", value)

    def convert(self, verb: str, value: Value, kind: str) -> Value:
        """LLVM's conversions: `zext`, `trunc`, `sitofp`, `fptosi`, `bitcast`, ..."""
        return self.write(f"{verb} {value.kind} {value.name} to {kind}", kind)

    def bits_as_float(self, bits: Value) -> Value:
        """A whole number whose lower 32 bits are those of a float."""
        return self.convert("bitcast", self.convert("trunc", bits, "i32"), "float")

    def where(self, condition: Value, yes: Value | float, no: Value | float) -> Value:
        """One of two numbers, lane by lane."""
        given = yes if isinstance(yes, Value) else no
        assert isinstance(given, Value)
        a, b = self.like(yes, given), self.like(no, given)
        return self.write(f"select {condition.kind} {condition.name}, {a.kind} {a.name}, {b.kind} {b.name}", given.kind)

    def smaller(self, a: Value, b: Value | float) -> Value:
        """The smaller of two numbers."""
        return self.where(a < b, a, b)

    def larger(self, a: Value, b: Value | float) -> Value:
        """The larger of two numbers; b where a is not a number."""
        return self.where(a > b, a, b)

    def call(self, function: str, kind: str, *arguments: Value, flags: str = "") -> Value:
        """One of LLVM's own functions (`llvm.fmuladd.v16f32`), whose names say their kinds."""
        self.declared.add(f"declare {kind} @{function}({', '.join(a.kind for a in arguments)})")
        given = ", ".join(f"{a.kind} {a.name}" for a in arguments)
        return self.write(f"call {flags} {kind} @{function}({given})", kind)

    def multiply_add(self, a: Value, b: Value, c: Value) -> Value:
        """a b + c, rounded once where the machine can."""
        return self.call(f"llvm.fmuladd.{short(c.kind)}", c.kind, a, b, c)

    def root(self, x: Value) -> Value:
        """The square root."""
        return self.call(f"llvm.sqrt.{short(x.kind)}", x.kind, x)

    def size(self, x: Value) -> Value:
        """Without its sign."""
        return self.call(f"llvm.fabs.{short(x.kind)}", x.kind, x)

    def sum(self, x: Value) -> Value:
        """Of all lanes, in halves: half the lanes to the other half, and so on."""
        zero = self.of(element(x.kind), 0.0)
        return self.call(f"llvm.vector.reduce.fadd.{short(x.kind)}", element(x.kind), zero, x, flags="reassoc")

    # --- memory -----------------------------------------------------------------------------------

    def pointer(self, address: Value, kind: str, aligned: bool = True) -> Pointer:
        """The place at an address."""
        return Pointer(self, kind, self.convert("inttoptr", address, "ptr").name, aligned)

    def variable(self, start: Value | float, kind: str = "") -> Variable:
        """A number that changes, with its first value."""
        kind = kind or (start.kind if isinstance(start, Value) else "float")
        self.written += 1
        name = f"%var{self.written}"
        self.variables.append(f"{name} = alloca {kind}, align {bytes_of(kind)}")
        variable = Variable(Pointer(self, kind, name))
        variable.value = self.of(kind, start)
        return variable

    def array(self, kind: str, count: int) -> Pointer:
        """Memory of the function's own for so many values."""
        self.written += 1
        name = f"%array{self.written}"
        self.variables.append(f"{name} = alloca {kind}, i64 {count}, align {bytes_of(kind)}")
        return Pointer(self, kind, name)

    # --- flow -------------------------------------------------------------------------------------

    def loop(self, first: Value | int, stop: Value | int | None = None, step: Value | int = 1) -> Iterator[Value]:
        """`for i in code.loop(n)`, `for i in code.loop(first, stop, step)`: what the body writes, it repeats."""
        start, end = (self.whole(0), self.whole(first)) if stop is None else (self.whole(first), self.whole(stop))
        count = self.variable(start)
        test, body, done = self.label("test"), self.label("body"), self.label("done")
        self.line(f"br label %{test}")
        self.line(f"{test}:")
        i = count.value
        self.line(f"br i1 {(i < end).name}, label %{body}, label %{done}")
        self.line(f"{body}:")
        yield i
        count.value = i + self.whole(step)
        self.line(f"br label %{test}")
        self.line(f"{done}:")

    @contextmanager
    def when(self, condition: Value) -> Iterator[None]:
        """What is written inside happens only where the condition holds."""
        body, done = self.label("when"), self.label("done")
        self.line(f"br i1 {condition.name}, label %{body}, label %{done}")
        self.line(f"{body}:")
        yield
        self.line(f"br label %{done}")
        self.line(f"{done}:")

    @contextmanager
    def repeat(self) -> Iterator[Callable[[Value], None]]:
        """What is written inside happens again and again: `with code.repeat() as leave_when: ... leave_when(done)`."""
        body, done = self.label("again"), self.label("done")
        self.line(f"br label %{body}")
        self.line(f"{body}:")

        def leave_when(condition: Value) -> None:
            further = self.label("further")
            self.line(f"br i1 {condition.name}, label %{done}, label %{further}")
            self.line(f"{further}:")

        yield leave_when
        self.line(f"br label %{body}")
        self.line(f"{done}:")

    def pieces(self, total: Value, largest: Value | int) -> Iterator[tuple[Value, Value]]:
        """Cuts a number into pieces of nearly equal size, none larger: (where it starts, its size) of each."""
        count = (total + largest - 1) // largest
        size, longer = total // count, total % count
        start = self.variable(self.whole(0))
        for i in self.loop(count):
            own = size + self.convert("zext", i < longer, "i64")
            yield start.value, own
            start.value += own

    def atomic_add(self, place: Pointer, number: int) -> Value:
        """Adds to a number that other threads add to as well; what it was before."""
        return self.write(f"atomicrmw add ptr {place.name}, i64 {number} acq_rel", "i64")

    def atomic_read(self, place: Pointer) -> Value:
        """A number that other threads write, and all that they wrote before it."""
        return self.write(f"load atomic i64, ptr {place.name} acquire, align 8", "i64")

    def atomic_write(self, place: Pointer, number: int) -> None:
        """Writes a number that other threads read, and with it all that was written before."""
        self.line(f"store atomic i64 {number}, ptr {place.name} release, align 8")

    def atomic_exchange(self, place: Pointer, number: int) -> Value:
        """Writes a number that other threads write as well; what it was before."""
        return self.write(f"atomicrmw xchg ptr {place.name}, i64 {number} acq_rel", "i64")

    def atomic_replace(self, place: Pointer, old: int, new: int) -> Value:
        """Writes a number where another still is what it was; whether it was."""
        pair = f"cmpxchg ptr {place.name}, i64 {old}, i64 {new} acq_rel acquire"
        both = self.write(pair, "{ i64, i1 }")
        return self.write(f"extractvalue {both.kind} {both.name}, 1", "i1")

    def jump(self, address: Value, *arguments: Value) -> None:
        """Calls the function at an address."""
        target = self.convert("inttoptr", address, "ptr")
        given = ", ".join(f"{a.kind} {a.name}" for a in arguments)
        self.line(f"call void {target.name}({given})")


def short(kind: str) -> str:
    """`v16f32` of `<16 x float>`: how LLVM's functions name their kinds."""
    scalar = {"float": "f32", "double": "f64"}.get(element(kind), element(kind))
    return f"v{lanes(kind)}{scalar}" if lanes(kind) else scalar
