"""Losses: how wrong the net's outputs are, picture by picture, with gradients and terms.

Targets are [N, outputs]: 1 for what is true, 0 for what is not (or shares between, where labels are smoothed).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cutaway.layers import Layer
from cutaway.layers.layer import TINY, Array
from cutaway.layers.logsoftmax import LogSoftmax
from cutaway.layers.sigmoid import Sigmoid
from cutaway.layers.softmax import Softmax, below_the_largest
from cutaway.layers.working import Factor, Step, Term, Working, at, made, summed, times


@dataclass(frozen=True)
class Loss:
    """One way to say how wrong: a number per picture, 0 where all is right."""

    name: ClassVar[str]
    last: ClassVar[type[Layer] | None] = None
    """The last layer with which it is computed together, from that layer's inputs: safe for any score."""

    def value(self, outputs: Array, targets: Array) -> Array:
        """[N], from the net's outputs."""
        raise NotImplementedError

    def gradient(self, outputs: Array, targets: Array) -> Array:
        """The gradient of `value` with respect to the outputs, [N, outputs]."""
        raise NotImplementedError

    def value_of_scores(self, scores: Array, targets: Array) -> Array:
        """[N], from what goes into the layer `last`."""
        raise NotImplementedError

    def gradient_of_scores(self, scores: Array, targets: Array) -> Array:
        """The gradient of `value_of_scores` with respect to the scores, [N, outputs]."""
        raise NotImplementedError

    def terms(self, outputs: Array, targets: Array) -> Working:
        """The arithmetic for one picture, outputs and targets [outputs]."""
        raise NotImplementedError

    def terms_of_scores(self, scores: Array, targets: Array) -> Working:
        """The arithmetic of `value_of_scores` for one picture, [outputs]; its factors `input` are the scores."""
        raise NotImplementedError


class CrossEntropy(Loss):
    """`-sum over k of t[k] log p[k]`, p from softmax.

    >>> CrossEntropy().value(np.array([[0.1, 0.9]]), np.array([[0.0, 1.0]])).round(4)
    array([0.1054])

    Together with softmax: log sum exp(z) - sum t z, and the gradient is simply p - t (for targets that add up to 1).
    """

    name = "cross-entropy"
    last = Softmax

    def value(self, outputs: Array, targets: Array) -> Array:
        return -(targets * np.log(np.maximum(outputs, TINY))).sum(axis=-1)

    def gradient(self, outputs: Array, targets: Array) -> Array:
        return -targets / np.maximum(outputs, TINY)

    def value_of_scores(self, scores: Array, targets: Array) -> Array:
        lowered = below_the_largest(scores)
        logs = lowered - np.log(np.exp(lowered).sum(axis=-1, keepdims=True))
        return -(targets * logs).sum(axis=-1)

    def gradient_of_scores(self, scores: Array, targets: Array) -> Array:
        return Softmax().forward([scores], {}) * targets.sum(axis=-1, keepdims=True) - targets

    def terms(self, outputs: Array, targets: Array) -> Working:
        return summed([_log_term(_output(p, k), t) for k, (p, t) in enumerate(zip(outputs, targets, strict=True)) if t])

    def terms_of_scores(self, scores: Array, targets: Array) -> Working:
        logs = {k: made(f"log p {k}", LogSoftmax().terms((k,), [scores], {})) for k in np.flatnonzero(targets).tolist()}
        return summed([Term((log,), -targets[k] * log.value, f"-{targets[k]:g} * x") for k, log in logs.items()])


class LogLoss(Loss):
    """`-sum over k of t[k] log p[k] + (1 - t[k]) log (1 - p[k])`, p from sigmoid: each output is a yes or no by itself.

    >>> LogLoss().value(np.array([[0.98]]), np.array([[1.0]])).round(4)
    array([0.0202])

    Together with sigmoid: max(z, 0) - t z + log (1 + e^-|z|), and the gradient is simply p - t.
    """

    name = "log loss"
    last = Sigmoid

    def value(self, outputs: Array, targets: Array) -> Array:
        yes, no = np.log(np.maximum(outputs, TINY)), np.log(np.maximum(1 - outputs, TINY))
        return -(targets * yes + (1 - targets) * no).sum(axis=-1)

    def gradient(self, outputs: Array, targets: Array) -> Array:
        return (1 - targets) / np.maximum(1 - outputs, TINY) - targets / np.maximum(outputs, TINY)

    def value_of_scores(self, scores: Array, targets: Array) -> Array:
        return self._each(scores, targets).sum(axis=-1)

    def gradient_of_scores(self, scores: Array, targets: Array) -> Array:
        return Sigmoid().value(scores) - targets

    def terms(self, outputs: Array, targets: Array) -> Working:
        yes = [_log_term(_output(p, k), t) for k, (p, t) in enumerate(zip(outputs, targets, strict=True)) if t]
        no = [_log_term(_left(p, k), 1 - t) for k, (p, t) in enumerate(zip(outputs, targets, strict=True)) if t < 1]
        return summed([*yes, *no])

    def terms_of_scores(self, scores: Array, targets: Array) -> Working:
        losses = self._each(scores, targets)
        return summed([times(made(f"loss {k}", self._own(scores, targets, losses, k))) for k in range(len(scores))])

    @staticmethod
    def _each(scores: Array, targets: Array) -> Array:
        """The loss of each output by itself."""
        return np.maximum(scores, 0) - targets * scores + np.log1p(np.exp(-abs(scores)))

    @staticmethod
    def _own(scores: Array, targets: Array, losses: Array, k: int) -> Working:
        step = Step(f"max(0, x) - {targets[k]:g} * x + log(1 + exp(-max(x, -x)))", float(losses[k]))
        return summed([times(at("input", scores, (k,)))], step)


class SquaredError(Loss):
    """`sum over k of (p[k] - t[k])^2`: squared differences, added up over the outputs.

    >>> SquaredError().value(np.array([[0.1, 0.9]]), np.array([[0.0, 1.0]])).round(4)
    array([0.02])
    """

    name = "squared error"

    def value(self, outputs: Array, targets: Array) -> Array:
        return ((outputs - targets) ** 2).sum(axis=-1)

    def gradient(self, outputs: Array, targets: Array) -> Array:
        return 2 * (outputs - targets)

    def terms(self, outputs: Array, targets: Array) -> Working:
        differences = [
            _difference(float(p), float(t), k) for k, (p, t) in enumerate(zip(outputs, targets, strict=True))
        ]
        return summed([times(d, d) for d in differences])


class ClassificationError(Loss):
    """1 where the best guess is wrong, else 0. It has no slope to follow: for measuring, not for training.

    >>> ClassificationError().value(np.array([[0.1, 0.9], [0.6, 0.4]]), np.array([[0, 1], [0, 1]]))
    array([0., 1.])
    """

    name = "classification error"

    def value(self, outputs: Array, targets: Array) -> Array:
        return (decided(outputs) != decided(targets)).any(axis=-1).astype(np.result_type(outputs, np.float32))

    def terms(self, outputs: Array, targets: Array) -> Working:
        wrong = float(self.value(outputs[None], targets[None])[0])
        return summed([times(Factor("best guess is wrong", (), wrong))])


def decided(outputs: Array) -> Array:
    """What outputs say, [N, 1]: the place of the largest; for a single output, whether it is above one half."""
    if outputs.shape[-1] == 1:
        return (outputs > 0.5).astype(np.int64)
    return outputs.argmax(axis=-1)[..., None]


def loss_for(last: Layer) -> Loss:
    """The loss of a net by its last layer: softmax has cross-entropy, sigmoid log loss, all others squared error."""
    for loss in (CrossEntropy(), LogLoss()):
        if type(last) is loss.last:
            return loss
    return SquaredError()


def _output(p: float, place: int) -> Factor:
    """An output of the net, which terms call p."""
    return Factor("p", (place,), float(p))


def _left(p: float, place: int) -> Factor:
    """What an output leaves to 1."""
    left = 1 - float(p)
    return Factor("1 - p", (place,), left, summed([times(_output(p, place))], Step("1 - x", left)))


def _difference(p: float, target: float, place: int) -> Factor:
    """An output less what it should be."""
    working = summed([times(_output(p, place))], Step(f"x - {target!r}", p - target))
    return Factor(f"output - target {place}", (place,), p - target, working)


def _log_term(p: Factor, share: float) -> Term:
    """-share log p, as one term."""
    return Term((p,), -float(share) * math.log(max(p.value, TINY)), f"-{float(share):g} * log(x)")
