"""`cutaway engine`: what computes here, how fast at most, and whether its code is compiled."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from cutaway.cli.group import Command

if TYPE_CHECKING:
    from cutaway.engines.native.compiler import Library
    from cutaway.engines.native.machine import Machine

MATTER = ("sse2", "avx", "avx2", "fma", "avx512f", "avx512bw", "avx512vl", "avx512bf16", "neon", "sve", "bf16")
"""Features that decide which instructions the engine can use."""
SECONDS = 4
"""What compiling takes, about, on two cores."""


@click.command(cls=Command, example="cutaway engine\ncutaway engine --warm")
@click.option("--warm", is_flag=True, help="Compile everything now, so that the first training does not have to.")
def command(warm: bool) -> None:
    """Say what computes: the processor, how fast it multiplies and adds, and whether the engine's code is compiled."""
    from cutaway.engines.native import refusal
    from cutaway.errors import JobError

    if why := refusal():
        raise JobError(f"the native engine cannot be used here, and the reference engine computes: {why}")
    from cutaway.engines.native.compiler import library

    click.echo(warmed(library()) if warm else about(library()))


def about(library: Library) -> str:
    """All there is to say, in a table."""
    from cutaway.cli.table import columns
    from cutaway.cores import cores

    machine = library.machine
    precisions = ["float32", "bf16"] if machine.pairs else ["float32"]
    rows = [
        ("processor", f"{machine.cpu}, {machine.triple}"),
        ("features", ", ".join(features(machine)) or "none that matter"),
        ("registers", f"{machine.registers} of {32 * machine.lanes} bits: {machine.lanes} pictures side by side"),
        ("cores", str(cores())),
        ("precisions", ", ".join(precisions)),
        *((f"peak {precision}", peaks(precision, cores())) for precision in precisions),
        ("cache", cached()),
        ("compiled", compiled(library)),
    ]
    return columns(rows)


def features(machine: Machine) -> list[str]:
    """What the processor has of what matters."""
    had = machine.features.split(",")
    return [name for name in MATTER if f"+{name}" in had]


def peaks(precision: str, cores: int) -> str:
    """Measured: with one thread, and with all."""
    from cutaway.engines.native.peak import peak

    rates = {count: peak(precision, count, rounds=3) for count in sorted({1, cores})}
    return ", ".join(f"{rate:,.0f} GF/s with {count} thread{'s' * (count > 1)}" for count, rate in rates.items())


def cached() -> str:
    """Where machine code is kept, and how much of it."""
    from cutaway.engines.native import cache
    from cutaway.wording import memory

    held = cache.held()
    return f"{cache.folder()}: {len(held)} file{'s' * (len(held) != 1)}, {memory(sum(held))}"


def compiled(library: Library) -> str:
    """Whether the code for this processor is there."""
    missing = f"no: about {SECONDS} s on two cores, in the first training or by cutaway engine --warm"
    return "yes" if library.there(*library.groups) else missing


def warmed(library: Library) -> str:
    """Compiles what is not there, and says how long it took."""
    from cutaway.engines.native import cache
    from cutaway.errors import JobError

    if library.there(*library.groups):
        return f"everything was compiled already, in {cache.folder()}"
    began = time.perf_counter()
    library.load(*library.groups)
    seconds = time.perf_counter() - began
    if not library.there(*library.groups):
        raise JobError(f"compiled in {seconds:.1f} s, but {cache.folder()} cannot be written to, so it is not kept")
    return f"compiled in {seconds:.1f} s, into {cache.folder()}"
