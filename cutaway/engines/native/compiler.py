"""From kernels to machine code: written, compiled once for this processor, loaded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutaway.engines.native import cache
from cutaway.engines.native.kernels import KERNELS, Kernel
from cutaway.engines.native.kernels import products as p
from cutaway.engines.native.language import Code
from cutaway.engines.native.machine import Machine, this_machine

Table = NDArray[np.int64]
"""Addresses of products by their sizes: what a kernel that calls them reads."""

PRODUCT = (p.MOST_COLUMNS + 1, p.MOST_CHANNELS + 1)
GRADIENT = (p.MOST_TAPS + 1, 8, p.MOST_CHANNELS + 1)
"""The shapes of the tables: [columns, channels]; [rows of taps, taps, channels]."""


@dataclass
class Library:
    """All code for one machine: `library.address("convolve")`; `library.table("product", near=True)`."""

    machine: Machine
    _engines: list[object] = field(default_factory=list)
    _tables: dict[str, Table] = field(default_factory=dict)
    _addresses: dict[str, int] = field(default_factory=dict)

    def address(self, name: str) -> int:
        """Where the code of a kernel begins."""
        if name not in self._addresses:
            self._load("kernels", [kernel.name for kernel in here(self.machine)])
        return self._addresses[name]

    def table(self, kind: str, *, near: bool = True, pairs: bool = False) -> Table:
        """The products of one kind: `product`, `gradient`, `dense`, `matrix`."""
        key = f"{kind}{near:d}{pairs:d}"
        if key not in self._tables:
            group = "pairs" if pairs else "products"
            self._load(group, [name for name, _ in codes(self.machine, group, names_only=True)])
            self._fill(group)
        return self._tables[key]

    def product_address(self, kind: str, pairs: bool) -> int:
        """Where the code of a product without sizes begins."""
        self.table("product", pairs=pairs)
        return self._addresses[p.name_of(kind, pairs)]

    def _fill(self, group: str) -> None:
        """The tables of a group of products."""
        pairs = group == "pairs"
        for near in (True, False):
            product, gradient = np.zeros(PRODUCT, np.int64), np.zeros(GRADIENT, np.int64)
            for shape in p.product_shapes(self.machine):
                product[shape] = self._addresses[p.name_of("product", *shape, near, pairs)]
            for r, s, q, own in p.gradient_shapes(self.machine):
                if own == near:
                    gradient[r, s, q] = self._addresses[p.name_of("gradient", r, s, q, near, pairs)]
            self._tables |= {f"product{near:d}{pairs:d}": product, f"gradient{near:d}{pairs:d}": gradient}
        if pairs:
            return
        matrix = np.zeros(PRODUCT, np.int64)
        for shape in p.matrix_shapes(self.machine):
            matrix[shape] = self._addresses[p.name_of("matrix", *shape)]
        self._tables["matrix10"] = matrix
        for along in (True, False):
            dense = [0] + [self._addresses[p.name_of("dense", q, along)] for q in range(1, p.DENSE + 1)]
            self._tables[f"dense{along:d}0"] = np.array(dense, np.int64)

    def _load(self, group: str, names: Iterable[str]) -> None:
        """Compiles a group of functions, or takes it from the cache, and finds out where each is."""
        from llvmlite import binding as llvm

        key = repr((self.machine, llvm.llvm_version_info, sources(), group))
        data = cache.stored(key, lambda: compiled(self.machine, group))
        made_for = target(self.machine)
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), made_for)
        engine.add_object_file(llvm.ObjectFileRef.from_data(data))
        engine.finalize_object()
        self._engines.append(engine)  # it owns the code
        self._addresses |= {name: engine.get_function_address(name) for name in names}


def codes(machine: Machine, group: str, names_only: bool = False) -> Iterator[tuple[str, Code | None]]:
    """Every function of a group of products, with its name."""
    pairs = group == "pairs"
    for near in (True, False):
        for shape in p.product_shapes(machine):
            name = p.name_of("product", *shape, near, pairs)
            yield name, None if names_only else p.write_product(machine, *shape, near, pairs)
    for r, s, q, near in p.gradient_shapes(machine):
        name = p.name_of("gradient", r, s, q, near, pairs)
        yield name, None if names_only else p.write_gradient(machine, r, s, q, near, pairs)
    yield p.name_of("peak", pairs), None if names_only else p.write_peak(machine, pairs)
    if pairs:
        return
    for shape in p.matrix_shapes(machine):
        yield p.name_of("matrix", *shape), None if names_only else p.write_matrix(machine, *shape)
    for outputs in range(1, p.DENSE + 1):
        for along in (True, False):
            name = p.name_of("dense", outputs, along)
            yield name, None if names_only else p.write_dense(machine, outputs, along)


def here(machine: Machine) -> list[Kernel]:
    """The kernels that this machine can run."""
    return [kernel for kernel in KERNELS.values() if machine.pairs or not kernel.pairs]


def text(machine: Machine, group: str) -> str:
    """A group of functions in LLVM's language."""
    bodies, declared = [], set()
    if group == "kernels":
        for kernel in here(machine):
            body, names = kernel.text(machine)
            bodies.append(body)
            declared |= names
    else:
        for _, code in codes(machine, group):
            assert code
            bodies.append(code.text())
            declared |= code.declared
    return "\n".join([f'target triple = "{machine.triple}"', *sorted(declared), *bodies])


def compiled(machine: Machine, group: str) -> bytes:
    """A group of functions as an object file: registers instead of variables, then what LLVM does by itself."""
    from llvmlite import binding as llvm

    module = llvm.parse_assembly(text(machine, group))
    maker = target(machine)
    options = llvm.create_pipeline_tuning_options(speed_level=1)
    options.loop_vectorization = options.slp_vectorization = options.loop_unrolling = False
    llvm.create_pass_builder(maker, options).getModulePassManager().run(
        module, llvm.create_pass_builder(maker, options)
    )
    return maker.emit_object(module)


def target(machine: Machine) -> Any:
    """LLVM's own idea of the machine."""
    from llvmlite import binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_triple(machine.triple).create_target_machine(
        opt=2, cpu=machine.cpu, features=machine.features, jit=True
    )


@lru_cache(maxsize=1)
def sources() -> str:
    """A hash of the files that write the code."""
    here = Path(__file__).parent
    paths = sorted([*here.glob("*.py"), *here.glob("kernels/*.py")])
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


@lru_cache(maxsize=1)
def library() -> Library:
    """The code for this machine."""
    return Library(this_machine())
