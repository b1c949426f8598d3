"""Makes a trace: keeps what an engine computed for one picture, or computes it with the declarations."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from cutaway.errors import InputError, ShapeError
from cutaway.layers import ANY, Shape
from cutaway.layers.layer import Array, Weights, describe
from cutaway.net import INPUT, Net
from cutaway.net.run import converted, forward
from cutaway.trace.trace import Trace


def record(net: Net, weights: Weights, picture: Array, stages: Mapping[str, Array] | None = None) -> Trace:
    """The trace of one picture, uint8 [rows, columns, channels], of any size that the net takes.

    >>> trace = record(net, weights, picture)                                # doctest: +SKIP

    `stages` is what an engine computed, each layer's output by name, [*shape] or [1, *shape]; without it the
    declarations run in float32. All of it is kept: `net.cost(picture.shape).memory` bytes.
    Raises InputError where the picture does not fit the net, or a stage is missing or of another shape.
    """
    pixels = _picture(picture)
    shapes = _shapes(net, pixels.shape)
    own = converted(weights, np.float32)
    x = pixels.astype(np.float32)
    computed = forward(net, own, x[None]) if stages is None else stages
    kept = {node.name: _stage(node.name, computed, shapes[node.name]) for node in net}
    return Trace(net, own, pixels, {INPUT: _kept(x)} | kept)


def _picture(picture: Array) -> NDArray[np.uint8]:
    pixels = np.asarray(picture)
    if pixels.dtype != np.uint8 or pixels.ndim != 3:
        raise InputError(
            f"a picture is uint8 [rows, columns, channels]; got {pixels.dtype} [{', '.join(map(str, pixels.shape))}]"
        )
    pixels = pixels.copy()
    pixels.setflags(write=False)
    return pixels


def _shapes(net: Net, picture: Shape) -> dict[str, Shape]:
    """Of every stage for this picture, which after the net's own preparation must have the net's own size."""
    shapes = net.shapes(picture)
    number = len(net.preparation.layers)
    prepared = shapes[net.nodes[number - 1].name] if number else picture
    wanted = net.preparation.shape
    if any(want not in (ANY, have) for want, have in zip(wanted, prepared, strict=True)):
        raise ShapeError(f"the picture is {describe(picture)}; this net takes {describe(net.input)}")
    return shapes


def _stage(name: str, stages: Mapping[str, Array], shape: Shape) -> NDArray[np.float32]:
    if name not in stages:
        raise InputError(f"the engine gave no numbers for {name}; a trace needs every layer of the net")
    given = np.asarray(stages[name])
    if given.shape not in (shape, (1, *shape)):
        raise InputError(f"the engine's {name} is {describe(given.shape)}; the net makes {describe(shape)}")
    return _kept(given.reshape(shape))


def _kept(array: Array) -> NDArray[np.float32]:
    kept = np.array(array, np.float32)
    kept.setflags(write=False)
    return kept
