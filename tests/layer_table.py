"""One of everything: every kind of layer over odd sizes, strides, paddings, dilations and groups."""

from __future__ import annotations

import numpy as np

from cutaway.layers import KINDS, Layer, Shape
from cutaway.layers.layer import Array
from cutaway.layers.words import Words

Row = tuple[str, tuple[Shape, ...]]
"""A layer in the notation (with several inputs: the word of its kind) and the shapes that go into it."""

POOLINGS: tuple[Row, ...] = (
    ("2", ((4, 5, 2),)),
    ("2 fit", ((4, 2, 1),)),
    ("3x2 stride 2x1 partial", ((6, 4, 2),)),
    ("3 stride 2 pad 1", ((5, 6, 2),)),
    ("2 stride 3 partial", ((5, 7, 1),)),
    ("3 stride 2 same", ((5, 6, 2),)),
    ("3 stride 2 pad 1 0 2 1 partial", ((4, 5, 1),)),
    ("5 partial", ((3, 2, 1),)),
)
CELLWISE = (
    "relu",
    "relu6",
    "leaky",
    "leaky 0.2",
    "prelu",
    "tanh",
    "sigmoid",
    "silu",
    "gelu",
    "hardsigmoid",
    "hardswish",
)

LAYERS: tuple[Row, ...] = (
    ("conv 2 3x3", ((5, 6, 2),)),
    ("conv 3 2x3 stride 2x1 no bias", ((6, 5, 1),)),
    ("conv 2 3x3 same", ((4, 5, 2),)),
    ("conv 2 2x2 stride 2 same", ((5, 5, 1),)),
    ("conv 2 4x4 stride 3 same", ((7, 5, 2),)),
    ("conv 2 3x3 stride 2 pad 1 0 2 1", ((5, 4, 2),)),
    ("conv 1 3x3 stride 2 fit", ((5, 7, 1),)),
    ("conv 2 1x1 stride 3", ((5, 4, 2),)),
    ("conv 2 1x1 pad 2", ((2, 2, 1),)),
    ("conv 4 2x2 pad 1 groups 2", ((4, 4, 4),)),
    ("conv 3 3x3 same groups 3 no bias", ((5, 4, 3),)),
    ("conv 2 3x2 pad 2 dilation 2x3", ((5, 6, 1),)),
    ("conv 1 3x3 pad 1 dilation 3", ((6, 7, 2),)),
    ("conv 2 3x3 same dilation 2", ((4, 7, 1),)),
    ("conv 4 3x3 stride 2 pad 2 1 1 2 groups 2 dilation 2", ((7, 6, 4),)),
    *((f"{kind} {settings}", shapes) for kind in ("maxpool", "meanpool", "sumpool") for settings, shapes in POOLINGS),
    ("globalmean", ((3, 4, 2),)),
    ("flatten", ((2, 3, 2),)),
    ("flatten", ((5,),)),
    ("dense 3", ((4,),)),
    ("dense 2 no bias", ((5,),)),
    ("dropout 0.3", ((3, 3, 2),)),
    ("dropout 0.0", ((4,),)),
    ("norm", ((3, 4, 2),)),
    ("norm", ((5,),)),
    ("norm ghost 2", ((3, 2, 2),)),
    ("lrn 5", ((2, 2, 7),)),
    ("lrn 4", ((2, 1, 5),)),
    ("lrn 9", ((1, 2, 3),)),
    ("lrn 3", ((4,),)),
    *((word, shapes) for word in CELLWISE for shapes in [((3, 2, 2),), ((6,),)]),
    ("add", ((2, 3, 2), (2, 3, 2))),
    ("add", ((4,), (4,), (4,))),
    ("concat", ((2, 2, 1), (2, 2, 3))),
    ("concat", ((2,), (1,), (3,))),
    ("multiply", ((2, 3, 2), (2,))),
    ("multiply", ((2, 2, 2), (2, 2, 2))),
    ("multiply", ((4,), (4,))),
    ("softmax", ((5,),)),
    ("softmax", ((2, 2, 3),)),
    ("logsoftmax", ((5,),)),
    ("logsoftmax", ((2, 2, 3),)),
    ("grey", ((3, 2, 3),)),
    ("grey", ((2, 3, 1),)),
    ("colour", ((2, 3, 1),)),
    ("colour", ((2, 2, 3),)),
    ("resize 3x4 squash", ((7, 5, 2),)),
    ("resize 6x7 squash", ((3, 4, 1),)),
    ("resize 4x4 crop", ((9, 6, 1),)),
    ("resize 3x3 crop", ((3, 3, 1),)),
    ("resize 5x4 fit", ((7, 12, 2),)),
    ("resize 5x5 fit", ((2, 9, 1),)),
    ("scale", ((2, 3, 1),)),
    ("scale 51.5", ((4,),)),
    ("normalise 0.5 0.25", ((2, 2, 3),)),
    ("normalise 0.5 0.4 -1.5 / 0.2 0.3 0.7", ((2, 2, 3),)),
    ("normalise 3.0 2.0", ((4,),)),
)
NAMES = [f"{text} over {' and '.join('x'.join(map(str, shape)) for shape in shapes)}" for text, shapes in LAYERS]


def layer_of(text: str, classes: int | None = None) -> Layer:
    """The layer that a text in the notation describes."""
    words = Words(text.split(), classes=classes)
    layer = KINDS[words.next("a layer")].read(words)
    words.end()
    return layer


def inputs_of(layer: Layer, shapes: tuple[Shape, ...], *, n: int = 2, seed: int = 0) -> list[Array]:
    """Float64 inputs [n, *shape] that are float32 numbers too: no two alike, none near an activation's kink.

    Whole numbers from 0 to 255 where the layer prepares pictures.
    """
    draw = np.random.default_rng(seed)
    if layer.keeps_pixels:
        return [draw.integers(0, 256, (n, *shape)).astype(np.float64) for shape in shapes]
    return [spaced(draw, (n, *shape)) for shape in shapes]


def spaced(draw: np.random.Generator, shape: Shape) -> Array:
    """Numbers 0.375 apart, and at least 0.18 from 0, 3 and 6, in an order by chance."""
    size = int(np.prod(shape))
    numbers = (draw.permutation(size) - size // 2 + 0.5) * 0.3751234
    return numbers.astype(np.float32).astype(np.float64).reshape(shape)


def weights_of(layer: Layer, shapes: tuple[Shape, ...], *, seed: int = 1) -> dict[str, Array]:
    """Float64 weights that are float32 numbers too; those that are a variance are positive."""
    draw = np.random.default_rng(seed)
    drawn = {name: draw.standard_normal(p.shape, np.float32) for name, p in layer.parameters(*shapes).items()}
    return {
        name: (abs(value) + np.float32(0.5) if name == "variance" else value).astype(np.float64)
        for name, value in drawn.items()
    }
