"""What the outputs of a net mean: one class out of several, yes or no, or each class by itself.

ends in             outputs      says
softmax             one a class  `one`: exactly one of the classes is true
one sigmoid         1            `two`: the probability of the second of two classes
several sigmoids    one a class  `each`: every class is true or not by itself, above its threshold
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cutaway.errors import JobError, ModelError
from cutaway.layers.layer import describe
from cutaway.layers.logsoftmax import LogSoftmax
from cutaway.layers.sigmoid import Sigmoid
from cutaway.layers.softmax import Softmax
from cutaway.net import Net

Kind = Literal["one", "two", "each"]

THRESHOLD = 0.5
"""Above it, a class that stands by itself counts as true, where the model has no threshold of its own for it."""


def kind(net: Net, classes: Sequence[str]) -> Kind:
    """What the net's outputs mean for these classes. Raises ModelError where they cannot stand for them."""
    last, shape = net.output.layer, net.shapes()[net.output.name]
    if isinstance(last, Sigmoid) and shape == (1,) and len(classes) == 2:
        return "two"
    if isinstance(last, Sigmoid | Softmax | LogSoftmax) and shape == (len(classes),):
        return "each" if isinstance(last, Sigmoid) else "one"
    raise ModelError(
        f"the net ends in {last.text()!r} with {describe(shape)} outputs, which do not give a probability for each "
        f"of {len(classes)} classes; end it with 'dense classes, softmax'"
    )


def probabilities(net: Net, kind: Kind, outputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """The probability of each class, [N, classes], from what the net says, [N, outputs]."""
    if isinstance(net.output.layer, LogSoftmax):
        return np.exp(outputs)
    if kind == "two":
        return np.concatenate([1 - outputs, outputs], axis=1)
    return outputs


def finite(probs: NDArray[np.float32]) -> NDArray[np.float32]:
    """The probabilities as they are. Raises JobError where one is not a finite number."""
    if not np.isfinite(probs).all():
        raise JobError(
            "the net's output is not a finite number; its weights are too large, train it again at a lower rate"
        )
    return probs
