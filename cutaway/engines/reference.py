"""The reference engine: the declarations themselves, run in float32 with NumPy. Slow, and always right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cutaway.engines.engine import Batch, NotFinite, Pixels, Predictor, Stepped, Targets, Trainer
from cutaway.layers import Pass
from cutaway.layers.layer import Array, Weights
from cutaway.net import Net
from cutaway.net.run import backward, converted, first_not_finite, forward, observe

if TYPE_CHECKING:
    from cutaway.losses import Loss
    from cutaway.optimisers import Optimiser

MEMORY = 2**28
"""Bytes that the stages of one batch of predictions may take: 256 MB."""


class Reference:
    """The engine that is always there."""

    name = "reference"

    def predictor(self, net: Net, weights: Weights) -> Predictor:
        return ReferencePredictor(net, weights)

    def trainer(self, net: Net, weights: Weights, loss: Loss, optimiser: Optimiser, seed: int) -> Trainer:
        return ReferenceTrainer(net, weights, loss, optimiser, seed)


class ReferencePredictor:
    """Runs the net forward, as many pictures at a time as fit into `MEMORY`."""

    def __init__(self, net: Net, weights: Weights) -> None:
        self.net = net
        self.own = converted(weights, np.float32)

    def __call__(self, pictures: Pixels) -> NDArray[np.float32]:
        at_once = max(1, MEMORY // self.net.cost(pictures.shape[1:]).memory)
        parts = [
            self.stages(pictures[start : start + at_once])[self.net.output.name]
            for start in range(0, max(1, len(pictures)), at_once)
        ]
        return np.concatenate(parts)

    def stages(self, pictures: Pixels) -> dict[str, Array]:
        return forward(self.net, self.own, pictures.astype(np.float32))


class ReferenceTrainer:
    """Forward, loss, backward, update: the textbook's loop, one batch at a time."""

    def __init__(
        self,
        net: Net,
        weights: Weights,
        loss: Loss,
        optimiser: Optimiser,
        seed: int,
        dtype: type[np.floating[Any]] = np.float32,
    ) -> None:
        self.net = net
        self.loss = loss
        self.optimiser = optimiser
        self.seed = seed
        self.dtype = dtype
        self.parameters = net.parameters()
        self.own = {name: np.array(value, dtype) for name, value in weights.items()}
        optimiser.check(self.parameters)
        trained = {name: w for name, w in self.own.items() if self.parameters[name].trained}
        self.memory = optimiser.state(trained, self.parameters)
        self.steps = 0
        fused = type(net.output.layer) is loss.last
        self.end = net.output.inputs[0] if fused else net.output.name
        """The layer whose output the loss starts from: the scores, where the last layer is part of the loss."""

    @np.errstate(all="ignore")  # what is not finite is said with its layer, not as a warning
    def step(self, batch: Batch, rate: float) -> Stepped:
        stages, targets = self._forward(batch.seen()), batch.targets
        losses, (gradients, _) = self._losses(stages, targets), self._backward(stages, targets)
        self._refuse_what_is_not_finite(stages, losses, gradients)
        outputs = self.net.output.layer.forward([stages[self.end]], {}) if self._fused else stages[self.end]
        measured = observe(self.net, self.own, stages)
        self.optimiser.step(self.own, gradients, self.memory, self.parameters, rate)
        self.own |= measured
        self.steps += 1
        return Stepped(losses, outputs)

    @np.errstate(all="ignore")
    def gradients(self, batch: Batch) -> Mapping[str, Array]:
        return self._backward(self._forward(batch.seen()), batch.targets)[0]

    def weights(self) -> dict[str, NDArray[np.float32]]:
        return {name: value.copy() for name, value in self.own.items()}

    def averaged(self) -> dict[str, NDArray[np.float32]]:
        return self.optimiser.averaged(self.own, self.memory)

    def state(self) -> dict[str, Array]:
        memory = {f"optimiser.{name}": value.copy() for name, value in self.memory.items()}
        weights = {f"weights.{name}": value for name, value in self.weights().items()}
        return weights | memory | {"steps": np.array([self.steps])}

    def restore(self, state: Mapping[str, Array]) -> None:
        self.own = {name: state[f"weights.{name}"].copy() for name in self.own}
        self.memory = {name: state[f"optimiser.{name}"].copy() for name in self.memory}
        self.steps = int(state["steps"][0])

    @property
    def _fused(self) -> bool:
        return self.end != self.net.output.name

    def _pass(self) -> Pass:
        return Pass(training=True, key=(self.seed, self.steps))

    def _forward(self, pictures: Pixels) -> dict[str, Array]:
        return forward(self.net, self.own, pictures.astype(self.dtype), self._pass(), until=self.end)

    def _backward(self, stages: Mapping[str, Array], targets: Targets) -> tuple[dict[str, Array], dict[str, Array]]:
        """The gradients of the mean loss: of the weights and of the stages."""
        slope = self.loss.gradient_of_scores if self._fused else self.loss.gradient
        dy = slope(stages[self.end], targets.astype(self.dtype)) / self.dtype(len(targets))
        return backward(self.net, self.own, stages, self.end, dy, self._pass())

    def _losses(self, stages: Mapping[str, Array], targets: Targets) -> Array:
        value = self.loss.value_of_scores if self._fused else self.loss.value
        return value(stages[self.end], targets.astype(self.dtype))

    def _refuse_what_is_not_finite(self, stages: Mapping[str, Array], losses: Array, gradients: Weights) -> None:
        if np.isfinite(losses).all() and all(np.isfinite(gradient).all() for gradient in gradients.values()):
            return
        node = first_not_finite(self.net, stages)
        if node:
            raise NotFinite(f"the output of {node.name} ({node.layer.text()}) is not finite")
        wrong = [name for name, gradient in gradients.items() if not np.isfinite(gradient).all()]
        end = f"the loss, after {self.end} ({self.net[self.end].layer.text()}), is not finite"
        raise NotFinite(f"the gradient of {wrong[0]} is not finite" if wrong and np.isfinite(losses).all() else end)
