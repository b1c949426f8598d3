"""The operators of scikit-learn's exporter that have a declaration: they stand in ONNX's domain `ai.onnx.ml`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cutaway.layers import Dense, Sigmoid, Softmax
from cutaway.net.onnx.building import Undeclared, Value
from cutaway.net.onnx.call import Call
from cutaway.net.onnx.layouts import Layout


def scaler(call: Call) -> Value:
    """Scaler: (x - offset) scale, feature by feature."""
    x, (gain, offset) = call.by_channel(
        call.live(), np.array(call.setting("scale", [1.0])), np.array(call.setting("offset", [0.0]))
    )
    return call.affine(x, gain, -offset * gain)


def normalizer(call: Call) -> Value:
    """Normalizer: what softmax made has the sum 1 already."""
    if call.setting("norm", b"MAX") != b"L1" or not isinstance(call.building.layer(call.live()), Softmax):
        raise Undeclared("brings to a sum of 1 what is not softmax's")
    return call.live()


def scores(call: Call) -> Value:
    """The second output of LinearClassifier: dense, and what makes probabilities of it.

    Of two classes it holds each weight twice, with both signs, and has a sigmoid for both; softmax of half the scores
    is the same, since e^(z/2) / (e^(z/2) + e^(-z/2)) = 1 / (1 + e^-z).
    """
    x, order = call.building.features(call.live())
    bias = np.array(call.setting("intercepts"), np.float64)
    weight = np.array(call.setting("coefficients"), np.float64).reshape(len(bias), -1).T[np.argsort(order)]
    after = call.setting("post_transform", b"NONE").decode()
    both = len(bias) == 2 and bias[0] == -bias[1] and (weight[:, 0] == -weight[:, 1]).all()
    if after not in ("NONE", "SOFTMAX", "LOGISTIC"):
        raise Undeclared(f"makes probabilities by {after}")
    if after == "LOGISTIC" and both:
        weight, bias, after = weight / 2, bias / 2, "SOFTMAX"
    layout = Layout.plain((len(bias),))
    y = call.put(Dense(len(bias)), x, layout=layout, weights={"weight": weight, "bias": bias})
    return y if after == "NONE" else call.put(Softmax() if after == "SOFTMAX" else Sigmoid(), y)


LEARNERS: dict[tuple[str, int], Callable[[Call], Value]] = {
    ("Scaler", 0): scaler,
    ("Normalizer", 0): normalizer,
    ("LinearClassifier", 1): scores,
}
"""By operator and which of its outputs."""
