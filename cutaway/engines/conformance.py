"""What every engine must pass: held against the declarations in float64, number by number.

    conformance.forward(engine, net, weights, pictures)
    conformance.gradients(engine, net, weights, batch, loss, optimiser)
    conformance.steps(engine, net, weights, batches, loss, optimiser, rate)

Each raises Disagreement, which says where, and both numbers. The bounds come from rounding alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cutaway.engines.engine import Batch, Engine, Pixels, Trainer
from cutaway.engines.reference import ReferenceTrainer
from cutaway.errors import CutawayError
from cutaway.layers.layer import UNIT, Array, Weights
from cutaway.losses import Loss
from cutaway.net import Net
from cutaway.net.check import check
from cutaway.net.run import by_layer, converted
from cutaway.optimisers import Optimiser

DRAWS = 6
"""How often the exact computation is repeated with its weights moved by as much as rounding may stand for."""
MARGIN = 2.0
"""Times the widest of those draws. A bound that holds for every combination would be wider still."""

AVERAGED = ", averaged"
"""Behind the name of a weight in a message."""


class Disagreement(CutawayError):
    """An engine's number that rounding cannot explain."""


def forward(engine: Engine, net: Net, weights: Weights, pictures: Pixels) -> None:
    """Every stage of every picture within its layer's bound; the prediction is the last stage."""
    predictor = engine.predictor(net, weights)
    stages = predictor.stages(pictures)
    for held in check(net, converted(weights, np.float32), stages):
        if not held.ok:
            raise Disagreement(f"{engine.name}: {held}")
    predicted = predictor(pictures)
    last = stages[net.output.name]
    if predicted.shape != last.shape or abs(predicted - last).max() > 64 * UNIT * max(1.0, float(abs(last).max())):
        raise Disagreement(f"{engine.name}: predictions are not what the last layer, {net.output.name}, says")


def gradients(engine: Engine, net: Net, weights: Weights, batch: Batch, loss: Loss, optimiser: Optimiser) -> None:
    """Every gradient of every weight within what rounding on its way allows (see `allowed`)."""
    given = engine.trainer(net, weights, loss, optimiser, seed=0).gradients(batch)
    exact = Exact(net, weights, loss, optimiser).gradients(batch)
    if set(given) != set(exact):
        raise Disagreement(f"{engine.name}: gradients of {sorted(given)}; due are those of {sorted(exact)}")
    bound = allowed(net, weights, batch, loss, optimiser)
    for name, gradient in given.items():
        hold(f"{engine.name}: gradient of {name}", gradient, exact[name], bound[name])


def steps(
    engine: Engine,
    net: Net,
    weights: Weights,
    batches: Sequence[Batch],
    loss: Loss,
    optimiser: Optimiser,
    rate: float,
) -> None:
    """Training steps: the weights afterwards within what rounding in each step allows, added up over the steps.

    So are those to keep, which are averages where the rule keeps them.

    A gradient that is nothing but rounding (of a bias before a norm, say, where it is 0) still moves its weight, and an
    adaptive rule moves it as far as any other: there the bound is the way that rounding alone would take it.
    """

    def after(trainer: Trainer) -> dict[str, Array]:
        for batch in batches:
            trainer.step(batch, rate)
        kept = {f"{name}{AVERAGED}": value for name, value in trainer.averaged().items()}
        return {**trainer.weights(), **kept}

    given = after(engine.trainer(net, weights, loss, optimiser, seed=0))
    exact = after(Exact(net, weights, loss, optimiser))
    moved = [after(Exact(net, wobbled(net, weights, draw), loss, optimiser)) for draw in range(DRAWS)]
    drift = drifted(net, weights, batches, loss, optimiser, rate)
    for name, value in given.items():
        spread = max(abs(other[name] - exact[name]).max() for other in moved)
        rounding = MARGIN * spread + 4 * UNIT * abs(exact[name]).max()
        bound = len(batches) * rounding + drift[name.removesuffix(AVERAGED)]
        hold(
            f"{engine.name}: {name} after {len(batches)} steps", value, exact[name], np.broadcast_to(bound, value.shape)
        )


def drifted(
    net: Net,
    weights: Weights,
    batches: Sequence[Batch],
    loss: Loss,
    optimiser: Optimiser,
    rate: float,
) -> dict[str, Array]:
    """How far rounding alone can take each weight whose gradient it drowns; 0 for all others.

    What a norm measures follows the bias before it, so it can be off by as much as the one that drifts farthest. Where
    a rule moves an array as a whole, a gradient of 0 in it is nothing special: the array drowns, or nothing in it.
    """
    parameters = net.parameters()
    noise = allowed(net, weights, batches[0], loss, optimiser)
    exact = Exact(net, weights, loss, optimiser).gradients(batches[0])
    moved = {name: np.zeros_like(value) for name, value in noise.items()}
    memory = optimiser.state(moved, parameters)
    for _ in batches:
        optimiser.step(moved, noise, memory, parameters, rate)
    ways = {}
    for name, way in moved.items():
        size = np.linalg.norm if optimiser.whole(parameters[name]) else np.abs
        ways[name] = np.where(size(exact[name]) <= 4 * size(noise[name]), 4 * abs(way), 0.0)
    farthest = np.max([way.max() for way in ways.values()])
    return {name: ways.get(name, farthest) for name in weights}


def allowed(net: Net, weights: Weights, batch: Batch, loss: Loss, optimiser: Optimiser) -> dict[str, Array]:
    """How far float32 rounding can take each gradient.

    A rounded sum of n products is the exact sum for weights moved by at most n x 2^-24 of themselves (Higham 2002,
    section 3.1). So the exact gradients are computed again for weights moved so by chance, a few times: a gradient may
    be off by `MARGIN` times the widest of those, and by the rounding of its own sum over pictures and places.
    """
    exact = Exact(net, weights, loss, optimiser).gradients(batch)
    moved = [Exact(net, wobbled(net, weights, draw), loss, optimiser).gradients(batch) for draw in range(DRAWS)]
    own = Exact(net, weights, loss, optimiser).magnitudes(batch)
    bounds = {}
    for name, gradient in exact.items():
        spread = np.max([abs(other[name] - gradient) for other in moved], axis=0)
        bounds[name] = MARGIN * np.maximum(spread, spread.mean()) + own[name]
    return bounds


def wobbled(net: Net, weights: Weights, draw: int) -> dict[str, NDArray[np.float64]]:
    """The weights, each moved by chance by up to (terms + 8) x 2^-24 of itself; 8 is for what activations round."""
    random = np.random.default_rng(draw)
    parameters = net.parameters()
    return {
        name: np.asarray(value, np.float64)
        * (1 + (parameters[name].fan_in + 8) * UNIT * random.uniform(-1, 1, np.shape(value)))
        for name, value in weights.items()
    }


def hold(what: str, given: Array, exact: Array, bound: Array) -> None:
    """Raises Disagreement, with the worst cell, where an array is not within a bound of another."""
    if given.shape != exact.shape:
        raise Disagreement(f"{what}: shape {given.shape}; due is {exact.shape}")
    error = abs(given - exact)
    if (error <= bound).all():
        return
    excess = np.where(np.isfinite(error), error / np.maximum(bound, 1e-300), np.inf)
    worst = np.unravel_index(int(excess.argmax()), excess.shape)
    raise Disagreement(
        f"{what}{[int(i) for i in worst]}: {given[worst]!r}; exactly {exact[worst]!r}; "
        f"off by {error[worst]:.3g}, rounding allows {bound[worst]:.3g}"
    )


class Exact(ReferenceTrainer):
    """The reference trainer in float64."""

    def __init__(self, net: Net, weights: Weights, loss: Loss, optimiser: Optimiser) -> None:
        super().__init__(net, weights, loss, optimiser, seed=0, dtype=np.float64)

    def magnitudes(self, batch: Batch) -> dict[str, Array]:
        """What rounding alone can do to the sum that each gradient is: terms x 2^-24 x (sum of |x dy|)."""
        stages = self._forward(batch.seen())
        of_weights, of_stages = self._backward(stages, batch.targets)
        own = by_layer(self.own)
        bounds = {}
        for node in self.net:
            if node.name not in of_stages:
                continue
            dy = abs(of_stages[node.name])
            absolute = [abs(stages[name]) for name in node.inputs]
            w = {name: abs(value) for name, value in own.get(node.name, {}).items()}
            terms = dy.size // dy.shape[-1] + 8
            for name, sums in node.layer.backward(dy, absolute, w, self._pass())[1].items():
                full = f"{node.name}.{name}"
                size = np.maximum(abs(sums), abs(of_weights[full]))
                bounds[full] = terms * UNIT * (size if size.ndim > 1 else np.full(size.shape, size.max()))
        return bounds
