"""All functions of the engine, dealt out to modules that take about equally long to compile.

    for module in modules("products"):
        print(module.text(machine))

A group is what is needed together: `kernels` (what programs are made of), `products` (their inner loops in float32),
`pairs` (those in pairs of bfloat16), and `peak`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from cutaway.engines.native.kernels import KERNELS
from cutaway.engines.native.kernels import products as p
from cutaway.engines.native.language import Code
from cutaway.engines.native.machine import Machine

PARTS = {"kernels": 1, "products": 3, "pairs": 3, "peak": 1}
"""Modules of each group: each takes about a second, and one more processor can help."""

Function = tuple[str, Callable[[], Code]]
"""A function's name, and what writes it."""


@dataclass(frozen=True)
class Module:
    """What is compiled at a time: every so many-th function of a group, from one of the first on."""

    group: str
    part: int

    def functions(self, machine: Machine) -> list[Function]:
        """Its functions."""
        return list(GROUPS[self.group](machine))[self.part :: PARTS[self.group]]

    def names(self, machine: Machine) -> list[str]:
        """What they are called."""
        return [name for name, _ in self.functions(machine)]

    def text(self, machine: Machine) -> str:
        """The functions in LLVM's language."""
        codes = [write() for _, write in self.functions(machine)]
        declared = sorted({line for code in codes for line in code.declared})
        return "\n".join([f'target triple = "{machine.triple}"', *declared, *(code.text() for code in codes)])


def modules(*groups: str) -> list[Module]:
    """Those of some groups."""
    return [Module(group, part) for group in groups for part in range(PARTS[group])]


def kernels(machine: Machine) -> Iterator[Function]:
    """The kernels that this machine can run."""
    for kernel in KERNELS.values():
        if machine.pairs or not kernel.pairs:
            yield kernel.name, partial(kernel.code, machine)


def products(machine: Machine, pairs: bool) -> Iterator[Function]:
    """The inner loops: those of convolutions and of the gradients of their weights, of matrices, of dense layers."""
    for near in (True, False):
        for shape in p.product_shapes(machine):
            name = p.name_of("product", *shape, near, pairs)
            yield name, partial(p.write_product, machine, *shape, near, pairs)
    for sizes in p.gradient_shapes(machine):
        yield p.name_of("gradient", *sizes, pairs), partial(p.write_gradient, machine, *sizes, pairs)
    for shape in p.matrix_shapes(machine):
        yield p.name_of("matrix", *shape, pairs), partial(p.write_matrix, machine, *shape, pairs)
    for outputs in range(1, p.DENSE + 1):
        for along in (True, False):
            yield p.name_of("dense", outputs, along, pairs), partial(p.write_dense, machine, outputs, along, pairs)


def peak(machine: Machine) -> Iterator[Function]:
    """What measures the processor; see `peak.py`."""
    for pairs in (False, True)[: 1 + machine.pairs]:
        yield p.name_of("peak", pairs), partial(p.write_peak, machine, pairs)


GROUPS: dict[str, Callable[[Machine], Iterator[Function]]] = {
    "kernels": kernels,
    "products": partial(products, pairs=False),
    "pairs": partial(products, pairs=True),
    "peak": peak,
}
"""What writes the functions of each group."""
