"""The code for this processor: compiled once, kept on disk, loaded."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from threading import RLock

import numpy as np
from numpy.typing import NDArray

from cutaway.cores import cores
from cutaway.engines.native import cache, objects
from cutaway.engines.native.kernels import products as p
from cutaway.engines.native.machine import Machine, this_machine
from cutaway.engines.native.modules import Module, modules

Table = NDArray[np.int64]
"""Addresses of products by their sizes: what a kernel that calls them reads."""

PRODUCT = (p.MOST_COLUMNS + 1, p.MOST_CHANNELS + 1)
GRADIENT = (p.MOST_TAPS + 1, 8, p.MOST_CHANNELS + 1)
"""The shapes of the tables: [columns, channels]; [rows of taps, taps, channels]."""

OURS = ("functions", "language", "machine", "modules", "objects")
OTHERS = ("augmentation", "layers.lrn", "layers.norm")
"""The modules that the text of the code depends on, beside `kernels/`: of this package, and of cutaway."""


class Library:
    """All code for one machine: `library.address("convolve")`; `library.table("product", near=True)`.

    Tables have their place at once, and are filled by the first `address` after that: what only asks how large a
    program would be compiles nothing.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self._addresses: dict[str, int] = {}
        self._tables: dict[str, Table] = {}
        self._wanted: set[str] = set()
        self._loaded: set[str] = set()
        self._engines: list[object] = []
        self._lock = RLock()

    @property
    def groups(self) -> tuple[str, ...]:
        """All that a training on this machine may need."""
        return ("kernels", "products", "pairs") if self.machine.pairs else ("kernels", "products")

    def address(self, name: str, group: str = "kernels") -> int:
        """Where the code of a function begins."""
        self.load(group, *self._wanted)
        return self._addresses[name]

    def table(self, kind: str, *, near: bool = True, pairs: bool = False) -> Table:
        """The products of one kind: `product`, `gradient`, `dense`, `matrix`."""
        self._wanted.add("pairs" if pairs else "products")
        shapes = {"gradient": GRADIENT, "dense": (p.DENSE + 1,)}
        return self._tables.setdefault(f"{kind}{near:d}{pairs:d}", np.zeros(shapes.get(kind, PRODUCT), np.int64))

    def load(self, *groups: str) -> None:
        """Takes groups of functions from the cache. What is not there is compiled, on all cores."""
        if self._loaded.issuperset(groups):
            return
        with self._lock:
            wanted = [group for group in groups if group not in self._loaded]
            parts = modules(*wanted)
            with ThreadPoolExecutor(cores()) as pool:
                self._place(parts, list(pool.map(self._object, parts)))
            for group in wanted:
                self._fill(group)
            self._loaded |= set(wanted)

    def there(self, *groups: str) -> bool:
        """Whether the cache has the code of these groups."""
        return all(cache.read(cache.path_of(self._key(part))) is not None for part in modules(*groups))

    def _key(self, part: Module) -> str:
        """All that the code depends on."""
        from llvmlite import binding as llvm

        return repr((self.machine, llvm.llvm_version_info, sources(), part))

    def _object(self, part: Module) -> bytes:
        """The object file of a module."""
        machine = self.machine
        return cache.stored(
            self._key(part), lambda: objects.made(part.text(machine), machine.triple, machine.cpu, machine.features)
        )

    def _place(self, parts: list[Module], files: list[bytes]) -> None:
        """Puts code into memory, and notes where each function is."""
        from llvmlite import binding as llvm

        made_for = objects.target(self.machine.triple, self.machine.cpu, self.machine.features)
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), made_for)
        for file in files:
            engine.add_object_file(llvm.ObjectFileRef.from_data(file))
        engine.finalize_object()
        self._engines.append(engine)  # it owns the code
        for part in parts:
            self._addresses |= {name: engine.get_function_address(name) for name in part.names(self.machine)}

    def _fill(self, group: str) -> None:
        """Enters the addresses of a group of products into its tables."""
        if group not in ("products", "pairs"):
            return
        pairs, at = group == "pairs", self._addresses
        for near in (True, False):
            table = self.table("product", near=near, pairs=pairs)
            for shape in p.product_shapes(self.machine):
                table[shape] = at[p.name_of("product", *shape, near, pairs)]
        for *sizes, near in p.gradient_shapes(self.machine):
            self.table("gradient", near=near, pairs=pairs)[tuple(sizes)] = at[
                p.name_of("gradient", *sizes, near, pairs)
            ]
        for shape in p.matrix_shapes(self.machine):
            self.table("matrix", pairs=pairs)[shape] = at[p.name_of("matrix", *shape, pairs)]
        for along in (True, False):
            names = [p.name_of("dense", q, along, pairs) for q in range(1, p.DENSE + 1)]
            self.table("dense", near=along, pairs=pairs)[1:] = [at[name] for name in names]


@lru_cache(maxsize=1)
def sources() -> str:
    """A hash of the files that write the code."""
    here = Path(__file__).parent
    others = [here.parents[1] / f"{name.replace('.', '/')}.py" for name in OTHERS]
    paths = [*sorted(here.glob("kernels/*.py")), *(here / f"{name}.py" for name in OURS), *others]
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


@lru_cache(maxsize=1)
def library() -> Library:
    """The code for this machine."""
    return Library(this_machine())
