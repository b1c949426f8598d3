"""Runs the declarations over a net: forward with every stage kept, backward with every gradient.

In float64 this is the reference that everything else is held against; in float32 it is the reference engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from cutaway.layers import PREDICTING, Pass
from cutaway.layers.layer import Array, Weights
from cutaway.net.net import INPUT, Net, Node


@np.errstate(all="ignore")  # infinities and what is not a number are results like others, and said where they matter
def forward(
    net: Net, weights: Weights, x: Array, run: Pass = PREDICTING, *, until: str | None = None
) -> dict[str, Array]:
    """Every layer's output [N, *shape] by name, and `input` itself, up to and including the layer `until`.

    Computed in the type of x, in which the weights should be too. Keeps everything: for a batch of N pictures that is
    N times the memory that `net.cost()` states.
    """
    own = by_layer(weights)
    stages = {INPUT: x}
    for number, node in enumerate(net):
        fed = [stages[name] for name in node.inputs]
        stages[node.name] = node.layer.forward(fed, own.get(node.name, {}), _numbered(run, number))
        if node.name == until:
            break
    return stages


@np.errstate(all="ignore")
def backward(
    net: Net, weights: Weights, stages: Mapping[str, Array], end: str, dy: Array, run: Pass = PREDICTING
) -> tuple[dict[str, Array], dict[str, Array]]:
    """The gradients of a number whose gradient at the output of the layer `end` is dy.

    Returns those of the weights (`conv1.kernel`, ...) and those of the stages (`conv1`, ..., `input`).
    """
    own = by_layer(weights)
    of_stages: dict[str, Array] = {end: dy}
    of_weights: dict[str, Array] = {}
    numbered = list(enumerate(net))
    for number, node in reversed(numbered):
        if node.name not in of_stages:
            continue
        fed = [stages[name] for name in node.inputs]
        at = _numbered(run, number)
        back, gradients = node.layer.backward(of_stages[node.name], fed, own.get(node.name, {}), at)
        of_weights |= {f"{node.name}.{name}": gradient for name, gradient in gradients.items()}
        for name, gradient in zip(node.inputs, back, strict=True):
            of_stages[name] = of_stages[name] + gradient if name in of_stages else gradient
    return of_weights, of_stages


def observe(net: Net, weights: Weights, stages: Mapping[str, Array]) -> dict[str, Array]:
    """New values of the weights that are measured (the running means of norms) after one training batch."""
    own = by_layer(weights)
    return {
        f"{node.name}.{name}": value
        for node in net
        if node.name in own and node.name in stages
        for name, value in node.layer.observe([stages[i] for i in node.inputs], own[node.name]).items()
    }


def by_layer(weights: Weights) -> dict[str, dict[str, Array]]:
    """`{"conv1.kernel": a}` as `{"conv1": {"kernel": a}}`."""
    own: dict[str, dict[str, Array]] = {}
    for name, value in weights.items():
        layer, _, part = name.rpartition(".")
        own.setdefault(layer, {})[part] = value
    return own


def converted(weights: Weights, dtype: type[np.floating]) -> dict[str, Array]:
    """The same weights in another type."""
    return {name: np.asarray(value, dtype) for name, value in weights.items()}


def first_not_finite(net: Net, stages: Mapping[str, Array]) -> Node | None:
    """The first layer whose output has a number that is not finite."""
    return next((n for n in net if n.name in stages and not np.isfinite(stages[n.name]).all()), None)


def _numbered(run: Pass, number: int) -> Pass:
    """The run as one layer sees it: layers draw different random numbers."""
    return replace(run, key=(*run.key, number)) if run.training else run
