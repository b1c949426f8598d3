"""The processor that code is made for: its name, its registers, its caches."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cutaway.engines.native.language import vector

VARIABLE = "CUTAWAY_CPU"
"""Names another processor to make code for, as LLVM calls it: `haswell` (AVX2), `x86-64` (SSE2). For tests."""
CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")


@dataclass(frozen=True)
class Machine:
    """What the code depends on, and nothing else: it is part of the cache's key."""

    triple: str
    """Architecture and operating system, as LLVM writes them."""
    cpu: str
    features: str
    lanes: int
    """Floats in one register, and pictures in one block: 16 with AVX-512, 8 with AVX2, else 4."""
    registers: int
    """Vector registers."""
    pairs: bool
    """Whether it multiplies pairs of bfloat16 and adds them to float32 (AVX512-BF16)."""

    @property
    def vector(self) -> str:
        """The type of a register: one float of every lane."""
        return vector("float", self.lanes)

    @property
    def accumulators(self) -> int:
        """Registers that a product may use for its sums; the others hold what is multiplied."""
        return 27 if self.registers == 32 else 12


@lru_cache(maxsize=1)
def this_machine() -> Machine:
    """The processor that this runs on, or the one that the environment names."""
    from llvmlite import binding as llvm

    cpu, features = os.environ.get(VARIABLE, ""), llvm.get_host_cpu_features()
    triple = llvm.get_process_triple()
    if cpu:
        known = {"haswell": 8}
        return Machine(triple, cpu, "", known.get(cpu, 4), 16, pairs=False)
    wide = bool(features.get("avx512f")) and bool(features.get("avx512bw")) and bool(features.get("avx512vl"))
    arm = triple.startswith(("aarch64", "arm64"))
    return Machine(
        triple,
        llvm.get_host_cpu_name(),
        features.flatten(),
        16 if wide else 8 if features.get("avx2") else 4,
        32 if wide or arm else 16,
        pairs=wide and bool(features.get("avx512bf16")),
    )


def installed() -> int:
    """Bytes of memory that this computer has, or its container may use; 0 where the system does not tell."""
    try:
        here = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return 0
    try:
        limit = CONTAINER_LIMIT.read_text().strip()
    except OSError:
        return here
    return min(here, int(limit)) if limit.isdigit() else here
