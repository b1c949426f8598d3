"""From a net to a program: `program(net, Purpose(training=True, pairs=pairs), library, threads=2, batch=128, ...)`."""

from __future__ import annotations

from cutaway.engines.native.compiler import Library
from cutaway.engines.native.lowering import convolution, dense, ends, merging, norm, plain
from cutaway.engines.native.lowering.lowering import LOWER, Lowering, Purpose, Unsupported
from cutaway.engines.native.lowering.update import Remembered, update
from cutaway.losses import Loss
from cutaway.net import Net
from cutaway.optimisers import Optimiser

__all__ = [
    "LOWER",
    "Lowering",
    "Purpose",
    "Remembered",
    "Unsupported",
    "convolution",
    "dense",
    "merging",
    "norm",
    "plain",
    "predicting",
    "training",
]


def layers(low: Lowering, until: str | None = None) -> None:
    """All layers forward, but those that another has taken along."""
    ends.pictures_in(low)
    for node in low.net:
        if node.name not in low.taken:
            lower = LOWER.get(type(node.layer))
            if lower is None:
                raise Unsupported(f"{node.name} ({node.layer.text()}) is not a layer that runs here")
            lower(low, node)
        if node.name == until:
            break


def predicting(net: Net, library: Library, threads: int, *, pairs: bool = False, keeping: bool = False) -> Lowering:
    """A net forward."""
    low = Lowering(net, Purpose(keeping=keeping, pairs=pairs), library, threads, batch=1)
    layers(low)
    ends.outputs_out(low)
    return low


def training(
    net: Net, library: Library, threads: int, batch: int, kind: Loss, optimiser: Optimiser, pairs: bool
) -> tuple[Lowering, Remembered]:
    """A net forward and back, and how its weights move; and where the optimiser remembers."""
    blocks = -(-batch // library.machine.lanes)  # a thread without one would only be waited for
    low = Lowering(net, Purpose(training=True, pairs=pairs), library, min(threads, blocks), batch)
    fused = type(net.output.layer) is kind.last
    registers = low.weights.trained // low.machine.lanes
    low.build.add_for_batch("clear_gradients", -1, gradients=low.gradients_place, first=0, last=registers)
    layers(low, until=net.output.inputs[0] if fused else None)
    ends.loss(low, kind)
    for way in reversed(low.ways_back):
        way()
    return low, update(low, optimiser)
