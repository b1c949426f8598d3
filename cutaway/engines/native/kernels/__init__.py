"""The kernels: what the engine's programs are made of, one file for each family."""

from cutaway.engines.native.kernels import (
    activation,
    augmentation,
    convolution,
    dense,
    layout,
    merging,
    muon,
    norm,
    pairs,
    pooling,
    run,
    scores,
    small_maps,
    update,
    workers,
)
from cutaway.engines.native.kernels.op import KERNELS, Kernel

__all__ = [
    "KERNELS",
    "Kernel",
    "activation",
    "augmentation",
    "convolution",
    "dense",
    "layout",
    "merging",
    "muon",
    "norm",
    "pairs",
    "pooling",
    "run",
    "scores",
    "small_maps",
    "update",
    "workers",
]
