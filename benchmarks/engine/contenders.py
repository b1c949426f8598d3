"""Who is measured: ourselves, and every other with the settings that proved best for it."""

from __future__ import annotations

import ctypes.util
from collections.abc import Mapping
from dataclasses import dataclass, field

KEPT = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(2**40), "MALLOC_TOP_PAD_": str(2**28)}
"""glibc keeps the memory that it has: otherwise every step of PyTorch fetches its large arrays from the system anew."""


@dataclass(frozen=True)
class Contender:
    """One framework with its settings."""

    name: str
    program: str
    """The module in `peers/` that it is run by."""
    options: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def ours(self) -> bool:
        """Whether it is cutaway: it runs in this Python, the others in theirs."""
        return self.program == "native"

    @property
    def precision(self) -> str:
        """That of its products."""
        return "bf16" if "bf16" in self.options else "float32"


OURS = (Contender("cutaway", "native"), Contender("cutaway bf16", "native", ("bf16",)))


def preloaded(*names: str) -> tuple[Contender, ...]:
    """PyTorch at its best with another allocator, for each that is installed."""
    found = {name: ctypes.util.find_library(name) for name in names}
    return tuple(
        Contender(f"torch-last-bf16-{name}", "torch", ("last", "bf16"), {"LD_PRELOAD": library})
        for name, library in found.items()
        if library
    )


PEERS = {
    "training": (
        Contender("keras", "keras"),
        Contender("keras-bf16", "keras", ("bf16",)),
        Contender("keras-xla", "keras", ("xla",)),
        Contender("torch", "torch"),
        Contender("torch-last", "torch", ("last",)),
        Contender("torch-last-malloc", "torch", ("last",), KEPT),
        Contender("torch-bf16", "torch", ("bf16",)),
        Contender("torch-last-bf16", "torch", ("last", "bf16")),
        Contender("torch-last-bf16-malloc", "torch", ("last", "bf16"), KEPT),
        *preloaded("jemalloc", "tcmalloc_minimal"),
        Contender("torch-compile", "torch", ("last", "compile"), KEPT),
        Contender("torch-compile-bf16", "torch", ("last", "bf16", "compile"), KEPT),
        Contender("jax", "jax"),
        Contender("jax-scan", "jax", ("scan",)),
    ),
    "prediction": (
        Contender("onnxruntime", "onnxruntime"),
        Contender("onnxruntime-one", "onnxruntime", ("one",)),
    ),
}
