"""The nets that are measured."""

from __future__ import annotations

from dataclasses import dataclass

from cutaway.layers import Shape
from cutaway.net import Net, zoo


@dataclass(frozen=True)
class Case:
    """One net at one size of picture."""

    name: str
    text: str
    """Its layers in the notation, without input and scaling."""
    input: Shape
    classes: int = 10

    @property
    def net(self) -> Net:
        """The net as `cutaway train` makes it: it takes pixels from 0 to 255, and scales and normalises them itself."""
        size = "x".join(map(str, self.input))
        each = " ".join(["0.5"] * self.input[-1])
        return zoo.net(f"input {size}, scale, normalise {each} / {each}, {self.text}", classes=self.classes)


def of_zoo(name: str, input: Shape | None = None, classes: int | None = None) -> Case:
    """A net that ships, at its own size or another."""
    entry = zoo.ZOO[name]
    return Case(name, entry.text, input or entry.input, classes or entry.classes)


def normed(count: int) -> str:
    """A convolution with batch norm, as in most nets since 2015."""
    return f"conv {count} 3x3 same no bias, norm, relu"


KERAS_MNIST = "conv 32 3x3, relu, maxpool 2, conv 64 3x3, relu, maxpool 2, flatten, dropout 0.5, dense classes, softmax"
VGG_LIKE = (
    "conv 64 3x3 same, relu, conv 128 3x3 same, relu, maxpool 2, conv 256 3x3 same, relu, maxpool 2, "
    "conv 256 3x3 same, relu, maxpool 2, flatten, dense classes, softmax"
)
RESNET9 = (
    f"{normed(64)}, {normed(128)}, maxpool 2, residual({normed(128)}, {normed(128)}), {normed(256)}, maxpool 2, "
    f"{normed(512)}, maxpool 2, residual({normed(512)}, {normed(512)}), flatten, dense classes, softmax"
)

_CASES = (
    of_zoo("x5"),
    of_zoo("digits"),
    of_zoo("lenet5"),
    Case("keras-mnist", KERAS_MNIST, (28, 28, 1)),  # the first example of Keras: "Simple MNIST convnet"
    Case("vgg-like", VGG_LIKE, (32, 32, 3)),
    Case("resnet9", RESNET9, (32, 32, 3)),
    of_zoo("resnet18", (96, 96, 3), 10),
    of_zoo("mobilenetv2", (96, 96, 3), 10),
)
CASES: dict[str, Case] = {case.name: case for case in _CASES}
"""By name, small ones first."""
