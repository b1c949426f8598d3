"""What this engine does not run, and why; asked before anything is compiled."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from cutaway.engines.native.lowering import LOWER
from cutaway.engines.native.lowering.plain import MOST_CODES
from cutaway.engines.native.machine import this_machine
from cutaway.layers import MaxPool, Norm
from cutaway.net import Net, Node

OLDEST = (0, 46)
"""llvmlite from here on brings an LLVM (20) that reads what `language.py` writes."""
LARGEST = 2**31
"""Bytes of one map for a block of pictures: places in it are kept as 32-bit numbers."""
WIDEST = 64
"""Bytes of the widest register."""


def refusal(net: Net | None = None) -> str:
    """Why the engine cannot be used at all, or for this net: the first layer that it does not run. '' where it can."""
    return missing_library() or (refused_layer(net) if net else "")


def missing_library() -> str:
    """Says where llvmlite is not here, or too old."""
    try:
        found = version("llvmlite")
    except PackageNotFoundError:
        return "llvmlite, which the native engine compiles with, is not installed; pip install llvmlite"
    numbers = tuple(int(part) for part in found.split(".")[:2] if part.isdecimal())
    wanted = ".".join(map(str, OLDEST))
    return "" if numbers >= OLDEST else f"llvmlite is {found}; the native engine needs {wanted} or newer"


def refused_layer(net: Net) -> str:
    """The first layer that does not run, and why."""
    shapes = net.shapes()
    for node in net:
        if why := reason(node) or too_large(shapes[node.name]):
            return f"{node.name} ({node.layer.text()}) {why}"
    return ""


def reason(node: Node) -> str:
    """Why a layer does not run, whatever its size."""
    if type(node.layer) not in LOWER and not node.layer.keeps_pixels:
        return "is not a layer that the native engine knows"
    if isinstance(node.layer, MaxPool) and node.layer.size[0] * node.layer.size[1] > MOST_CODES:
        return f"has windows of more than {MOST_CODES} cells, which the native engine does not run"
    if isinstance(node.layer, Norm) and node.layer.ghost % (lanes := this_machine().lanes):
        return f"normalises {node.layer.ghost} pictures at a time, and the native engine multiples of {lanes}"
    return ""


def too_large(shape: tuple[int, ...]) -> str:
    """Says where one map of a block of pictures would be too large."""
    size = WIDEST
    for length in shape:
        size *= length
    return "" if size < LARGEST else "has maps of more than 2 GB for a block of pictures"
