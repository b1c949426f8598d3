"""The nets that ship, as text: from one small enough to draw on paper to those that changed the field.

    >>> from cutaway.net import zoo
    >>> zoo.net("lenet5").names[:3]
    ['conv1', 'relu1', 'maxpool1']

The comment behind a stage is the shape that leaves it, for the net's natural input. Shapes, parameters and
multiplications are those of the publication.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cutaway.errors import InputError
from cutaway.layers import Shape
from cutaway.layers.words import nearest
from cutaway.net.net import Net
from cutaway.net.notation import parse, states_input


@dataclass(frozen=True)
class Entry:
    """One net that ships."""

    name: str
    input: Shape
    """The shape of picture that it was made for; most take others too."""
    classes: int
    """How many classes it was made for."""
    text: str
    """Its layers in the notation, one stage a line, without input and preparation."""
    what: str
    """One line: what it is good for, or known for."""
    source: str
    """Where it was published."""


def net(name_or_text: str, *, input: Shape | None = None, classes: int | None = None) -> Net:
    """A net of the zoo by its name, or any net by its text.

    >>> net("lenet5", classes=26).shapes()["dense3"]
    (26,)
    >>> net("flatten, dense classes, softmax", input=(8, 8, 1), classes=10).names
    ['flatten1', 'dense1', 'softmax1']

    A net of the zoo has its natural input and classes unless others are given; a text that starts with `input` keeps
    its own (`states_input` tells). Raises InputError for an unknown name,
    NotationError for a text that is not understood, ShapeError where a layer does not fit.
    """
    if entry := ZOO.get(name_or_text):
        return parse(entry.text, input=input or entry.input, classes=entry.classes if classes is None else classes)
    if re.search(r"[\s,()|]", name_or_text):
        return parse(name_or_text, input=None if states_input(name_or_text) else input, classes=classes)
    raise InputError(
        f"there is no net {name_or_text!r}{nearest(name_or_text.lower(), list(ZOO))}; known: {', '.join(ZOO)}; "
        "or write one: 'conv 16 3x3 same, relu, maxpool 2, flatten, dense classes, softmax'"
    )


def stages(*texts: str) -> str:
    """One stage a line."""
    return ",\n".join(texts)


# --- blocks that the larger nets repeat -----------------------------------------------------------


def inception(one: int, three_in: int, three: int, five_in: int, five: int, pooled: int) -> str:
    """Four branches side by side, named as the columns of the paper's table 1."""
    return (
        f"concat(conv {one} 1x1, relu"
        f" | conv {three_in} 1x1, relu, conv {three} 3x3 same, relu"
        f" | conv {five_in} 1x1, relu, conv {five} 5x5 same, relu"
        f" | maxpool 3 stride 1 same, conv {pooled} 1x1, relu)"
    )


def basic(count: int, stride: int = 1) -> str:
    """ResNet's basic block; where it halves the maps, a 1x1 convolution halves the shortcut too."""
    body = f"conv {count} 3x3 stride {stride} pad 1 no bias, norm, relu, conv {count} 3x3 pad 1 no bias, norm"
    shortcut = f" | conv {count} 1x1 stride {stride} no bias, norm" if stride > 1 else ""
    return f"residual({body}{shortcut}), relu"


def fire(squeezed: int, expanded: int) -> str:
    """SqueezeNet's module: few 1x1 kernels, then twice as many as `expanded`, half of them 1x1 and half 3x3."""
    return f"conv {squeezed} 1x1, relu, concat(conv {expanded} 1x1, relu | conv {expanded} 3x3 same, relu)"


def bottlenecks(expansion: int, before: int, count: int, repeats: int, stride: int) -> str:
    """One line of table 2 of MobileNetV2 (t, channels that come in, c, n, s)."""
    first = inverted(expansion * before, count, stride) if expansion > 1 else depthwise(before, count, stride)
    again = f"residual({inverted(expansion * count, count, 1)})"
    return ", ".join([first, *[again] * (repeats - 1)])


def inverted(wide: int, count: int, stride: int) -> str:
    """Widen, filter each channel by itself, narrow again without an activation."""
    return f"conv {wide} 1x1 no bias, norm, relu6, {depthwise(wide, count, stride)}"


def depthwise(wide: int, count: int, stride: int) -> str:
    """One 3x3 kernel per channel, then a 1x1 convolution across channels."""
    return f"conv {wide} 3x3 stride {stride} same groups {wide} no bias, norm, relu6, conv {count} 1x1 no bias, norm"


# --- the nets -------------------------------------------------------------------------------------

_ENTRIES = (
    Entry(
        "x5",
        (5, 5, 1),
        2,
        stages(
            "conv 1 3x3, relu",  # 3x3x1
            "maxpool 2 partial",  # 2x2x1: the right and lower windows are cut short
            "flatten, dense 3, relu",  # 3; tanh or sigmoid instead of ReLU train no better here
            "dense 1, sigmoid",  # the probability that it is an X
        ),
        "X or not X on 5x5 pixels: 29 parameters, small enough to follow with a pencil",
        "the textbook example",
    ),
    Entry(
        "spreadsheet",
        (28, 28, 1),
        10,
        stages(
            "conv 2 3x3, relu",  # 26x26x2
            "conv 2 3x3, relu",  # 24x24x2: two kernels of 3x3 over two channels
            "maxpool 2",  # 12x12x2
            "flatten, dense classes, softmax",
        ),
        "a digit through two convolutions, pooling and a dense layer: what fits on one sheet of a workbook",
        "Howard and Gugger, Deep Learning for Coders with fastai and PyTorch (2020), conv-example.xlsx",
    ),
    Entry(
        "digits",
        (8, 8, 1),
        10,
        stages(
            "conv 16 3x3 same, relu",  # 8x8x16
            "conv 32 3x3 same, relu, maxpool 2",  # 4x4x32
            "flatten, dense 64, relu, dropout 0.5",  # 64
            "dense classes, softmax",
        ),
        "for the bundled 8x8 digits: about 99% right after seconds of training",
        "cutaway",
    ),
    # Pools cut short at the edge, so that every size down to 1x1 fits and no row is ever left out. Four of them, and no
    # more than 32 channels, keep the last layer small where pictures are large: at 256x256 it has 8,192 weights per
    # class. A global mean would leave 32, but it forgets where things are.
    Entry(
        "small",
        (64, 64, 3),
        10,
        stages(
            "conv 16 3x3 same, relu, maxpool 2 partial",  # 32x32x16
            "conv 32 3x3 same, relu, maxpool 2 partial",  # 16x16x32
            "conv 32 3x3 same, relu, maxpool 2 partial",  # 8x8x32
            "conv 32 3x3 same, relu, maxpool 2 partial",  # 4x4x32
            "flatten, dense classes, softmax",
        ),
        "a good start for pictures of 8 to 64 pixels, grey or colour: few weights, fast without a GPU",
        "cutaway",
    ),
    Entry(
        "medium",
        (64, 64, 3),
        10,
        stages(
            "conv 16 3x3 same no bias, norm, relu, maxpool 2 partial",  # 32x32x16
            "conv 32 3x3 same no bias, norm, relu, maxpool 2 partial",  # 16x16x32
            "conv 64 3x3 same no bias, norm, relu, maxpool 2 partial",  # 8x8x64
            "conv 96 3x3 same no bias, norm, relu, maxpool 2 partial",  # 4x4x96
            "conv 128 3x3 same no bias, norm, relu",  # 4x4x128
            "globalmean, dropout 0.4, dense classes, softmax",
        ),
        "a start from nothing for photographs of 48 to 128 pixels, of which there are too few for a larger net",
        "cutaway",
    ),
    Entry(
        "lenet5",
        (28, 28, 1),
        10,
        stages(
            "conv 6 5x5 same, relu, maxpool 2",  # 14x14x6
            "conv 16 5x5, relu, maxpool 2",  # 5x5x16
            "flatten, dense 120, relu, dense 84, relu, dense classes, softmax",
        ),
        "the classic for handwritten digits, with today's ReLU, max pooling and full connections",
        "LeCun, Bottou, Bengio and Haffner, Gradient-Based Learning Applied to Document Recognition (1998)",
    ),
    Entry(
        "alexnet",
        (227, 227, 3),
        1000,
        stages(
            "conv 96 11x11 stride 4, relu, lrn 5, maxpool 3 stride 2",  # 55x55x96, then 27x27x96
            "conv 256 5x5 same groups 2, relu, lrn 5, maxpool 3 stride 2",  # 13x13x256
            "conv 384 3x3 same, relu",  # 13x13x384
            "conv 384 3x3 same groups 2, relu",  # 13x13x384
            "conv 256 3x3 same groups 2, relu, maxpool 3 stride 2",  # 6x6x256
            "flatten, dense 4096, relu, dropout 0.5",
            "dense 4096, relu, dropout 0.5",
            "dense classes, softmax",
        ),
        "won ImageNet in 2012 and began it all; its groups are the two GPUs that it was split over",
        "Krizhevsky, Sutskever and Hinton, ImageNet Classification with Deep Convolutional Neural Networks (2012)",
    ),
    Entry(
        "nin",
        (32, 32, 3),
        10,
        stages(
            "conv 192 5x5 same, relu, conv 160 1x1, relu, conv 96 1x1, relu",  # 32x32x96
            "maxpool 3 stride 2 partial, dropout 0.5",  # 16x16x96
            "conv 192 5x5 same, relu, conv 192 1x1, relu, conv 192 1x1, relu",  # 16x16x192
            "meanpool 3 stride 2 partial, dropout 0.5",  # 8x8x192
            "conv 192 3x3 same, relu, conv 192 1x1, relu, conv classes 1x1, relu",  # 8x8x10
            "globalmean, softmax",
        ),
        "network in network: 1x1 convolutions between the others, and no dense layer at all",
        "Lin, Chen and Yan, Network In Network (2013)",
    ),
    Entry(
        "vgg11",
        (224, 224, 3),
        1000,
        stages(
            "conv 64 3x3 same, relu, maxpool 2",  # 112x112x64
            "conv 128 3x3 same, relu, maxpool 2",  # 56x56x128
            "conv 256 3x3 same, relu, conv 256 3x3 same, relu, maxpool 2",  # 28x28x256
            "conv 512 3x3 same, relu, conv 512 3x3 same, relu, maxpool 2",  # 14x14x512
            "conv 512 3x3 same, relu, conv 512 3x3 same, relu, maxpool 2",  # 7x7x512
            "flatten, dense 4096, relu, dropout 0.5",
            "dense 4096, relu, dropout 0.5",
            "dense classes, softmax",
        ),
        "nothing but 3x3 convolutions, doubled in number where the maps are halved",
        "Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image Recognition (2014), A",
    ),
    Entry(
        "googlenet",
        (224, 224, 3),
        1000,
        stages(
            "conv 64 7x7 stride 2 pad 3, relu, maxpool 3 stride 2 partial, lrn 5",  # 56x56x64
            "conv 64 1x1, relu, conv 192 3x3 same, relu, lrn 5, maxpool 3 stride 2 partial",  # 28x28x192
            inception(64, 96, 128, 16, 32, 32),  # 28x28x256
            inception(128, 128, 192, 32, 96, 64),  # 28x28x480
            "maxpool 3 stride 2 partial",  # 14x14x480
            inception(192, 96, 208, 16, 48, 64),  # 14x14x512
            inception(160, 112, 224, 24, 64, 64),  # 14x14x512
            inception(128, 128, 256, 24, 64, 64),  # 14x14x512
            inception(112, 144, 288, 32, 64, 64),  # 14x14x528
            inception(256, 160, 320, 32, 128, 128),  # 14x14x832
            "maxpool 3 stride 2 partial",  # 7x7x832
            inception(256, 160, 320, 32, 128, 128),  # 7x7x832
            inception(384, 192, 384, 48, 128, 128),  # 7x7x1024
            "globalmean, dropout 0.4, dense classes, softmax",
        ),
        "won ImageNet in 2014: inception blocks look at several scales at once (without the two extra heads)",
        "Szegedy et al., Going Deeper with Convolutions (2014)",
    ),
    Entry(
        "resnet18",
        (224, 224, 3),
        1000,
        stages(
            "conv 64 7x7 stride 2 pad 3 no bias, norm, relu, maxpool 3 stride 2 pad 1",  # 56x56x64
            *(basic(64), basic(64)),  # 56x56x64
            *(basic(128, stride=2), basic(128)),  # 28x28x128
            *(basic(256, stride=2), basic(256)),  # 14x14x256
            *(basic(512, stride=2), basic(512)),  # 7x7x512
            "globalmean, dense classes, softmax",
        ),
        "shortcuts around every two convolutions let much deeper nets learn",
        "He, Zhang, Ren and Sun, Deep Residual Learning for Image Recognition (2015)",
    ),
    Entry(
        "squeezenet",
        (224, 224, 3),
        1000,
        stages(
            "conv 96 7x7 stride 2, relu, maxpool 3 stride 2 partial",  # 54x54x96
            *(fire(16, 64), fire(16, 64), fire(32, 128)),  # 54x54x256
            "maxpool 3 stride 2 partial",  # 27x27x256
            *(fire(32, 128), fire(48, 192), fire(48, 192), fire(64, 256)),  # 27x27x512
            "maxpool 3 stride 2 partial",  # 13x13x512
            fire(64, 256),  # 13x13x512
            "dropout 0.5, conv classes 1x1, relu",  # 13x13x1000
            "globalmean, softmax",
        ),
        "as good as AlexNet with a fiftieth of its weights (version 1.0)",
        "Iandola et al., SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB model size (2016)",
    ),
    Entry(
        "mobilenetv2",
        (224, 224, 3),
        1000,
        stages(
            "conv 32 3x3 stride 2 same no bias, norm, relu6",  # 112x112x32
            bottlenecks(1, 32, 16, 1, 1),  # 112x112x16
            bottlenecks(6, 16, 24, 2, 2),  # 56x56x24
            bottlenecks(6, 24, 32, 3, 2),  # 28x28x32
            bottlenecks(6, 32, 64, 4, 2),  # 14x14x64
            bottlenecks(6, 64, 96, 3, 1),  # 14x14x96
            bottlenecks(6, 96, 160, 3, 2),  # 7x7x160
            bottlenecks(6, 160, 320, 1, 1),  # 7x7x320
            "conv 1280 1x1 no bias, norm, relu6",  # 7x7x1280
            "globalmean, dropout 0.2, dense classes, softmax",
        ),
        "made for phones: depthwise convolutions between narrow layers (padded as TensorFlow does)",
        "Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks (2018)",
    ),
)
ZOO: dict[str, Entry] = {entry.name: entry for entry in _ENTRIES}
"""Every net by its name, small ones first."""
