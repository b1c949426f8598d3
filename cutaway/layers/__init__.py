"""The kinds of layers, one file each. A new kind is a new file, and a line here.

>>> from cutaway.layers import KINDS
>>> KINDS["maxpool"].__name__
'MaxPool'
"""

from cutaway.layers.add import Add
from cutaway.layers.colour import Colour
from cutaway.layers.concat import Concat
from cutaway.layers.conv import Conv
from cutaway.layers.dense import Dense
from cutaway.layers.dropout import Dropout
from cutaway.layers.flatten import Flatten
from cutaway.layers.foreign import Foreign
from cutaway.layers.gelu import Gelu
from cutaway.layers.globalmean import GlobalMean
from cutaway.layers.grey import Grey
from cutaway.layers.hardsigmoid import HardSigmoid
from cutaway.layers.hardswish import HardSwish
from cutaway.layers.layer import ANY, PREDICTING, Layer, Pass, Shape
from cutaway.layers.leaky import Leaky
from cutaway.layers.logsoftmax import LogSoftmax
from cutaway.layers.lrn import Lrn
from cutaway.layers.maxpool import MaxPool
from cutaway.layers.meanpool import MeanPool
from cutaway.layers.multiply import Multiply
from cutaway.layers.norm import Norm
from cutaway.layers.normalise import Normalise
from cutaway.layers.prelu import PRelu
from cutaway.layers.relu import Relu
from cutaway.layers.relu6 import Relu6
from cutaway.layers.resize import Resize
from cutaway.layers.scale import Scale
from cutaway.layers.sigmoid import Sigmoid
from cutaway.layers.silu import Silu
from cutaway.layers.softmax import Softmax
from cutaway.layers.sumpool import SumPool
from cutaway.layers.tanh import Tanh

__all__ = [
    "ANY",
    "KINDS",
    "PREDICTING",
    "READABLE",
    "Add",
    "Colour",
    "Concat",
    "Conv",
    "Dense",
    "Dropout",
    "Flatten",
    "Foreign",
    "Gelu",
    "GlobalMean",
    "Grey",
    "HardSigmoid",
    "HardSwish",
    "Layer",
    "Leaky",
    "LogSoftmax",
    "Lrn",
    "MaxPool",
    "MeanPool",
    "Multiply",
    "Norm",
    "Normalise",
    "PRelu",
    "Pass",
    "Relu",
    "Relu6",
    "Resize",
    "Scale",
    "Shape",
    "Sigmoid",
    "Silu",
    "Softmax",
    "SumPool",
    "Tanh",
]

_KINDS: tuple[type[Layer], ...] = (
    *(Grey, Colour, Resize, Scale, Normalise),
    *(Conv, Norm, Lrn),
    *(Relu, Relu6, Leaky, PRelu, Tanh, Sigmoid, Silu, Gelu, HardSigmoid, HardSwish),
    *(MaxPool, MeanPool, SumPool, GlobalMean),
    *(Flatten, Dense, Dropout),
    *(Add, Concat, Multiply),
    *(Softmax, LogSoftmax),
)
KINDS: dict[str, type[Layer]] = {kind.word: kind for kind in _KINDS}
"""Every kind by its word in the notation."""
READABLE: dict[str, type[Layer]] = KINDS | {Foreign.word: Foreign}
"""Every word that the notation reads: the kinds, and what stands for an operator that has no declaration."""
