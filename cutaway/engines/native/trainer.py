"""A net whose weights move: whole batches in, forward, back and update in one go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from cutaway.engines.engine import NotFinite, Pixels, Stepped, Targets
from cutaway.engines.native import lowering
from cutaway.engines.native.compiler import library
from cutaway.engines.native.kernels.update import NUMBERS
from cutaway.engines.native.predictor import ready
from cutaway.engines.native.program import Program
from cutaway.engines.native.runner import Runner
from cutaway.engines.native.threads import Threads
from cutaway.engines.reference import ReferenceTrainer
from cutaway.layers.dropout import key_of
from cutaway.layers.layer import Array, Weights
from cutaway.losses import Loss
from cutaway.net import Net
from cutaway.optimisers import AdamW, Optimiser


class NativeTrainer:
    """Takes each block of pictures through the whole net and back while it is in a core's caches."""

    def __init__(
        self, net: Net, weights: Weights, loss: Loss, optimiser: Optimiser, seed: int, threads: Threads
    ) -> None:
        self.net, self.loss, self.optimiser, self.seed, self.threads = net, loss, optimiser, seed, threads
        self.steps_done = 0
        self.outputs = net.shapes()[net.output.name]
        self.batch = 0
        self._build(64)
        self._store(weights)

    def step(self, pictures: Pixels, targets: Targets, rate: float) -> Stepped:
        """One step; see `steps`."""
        return self.steps(pictures, targets, [rate], len(pictures))

    def steps(self, pictures: Pixels, targets: Targets, rates: Sequence[float], batch: int) -> Stepped:
        """Several steps in one call, on batches one after another; the last may be smaller."""
        x, count = ready(self.net, pictures), len(rates)
        self._fit(batch)
        stepped = Stepped(np.zeros(len(x), np.float32), np.zeros((len(x), *self.outputs), np.float32))
        done = self.runner.run(
            (0, len(self.program.stages)),
            total=len(x),
            batch=batch,
            steps=count,
            pictures=x,
            targets=np.ascontiguousarray(targets, np.float32),
            losses=stepped.losses,
            outputs=stepped.outputs,
            numbers=self._numbers(rates),
            keys=self._keys(count),
        )
        self.steps_done += done
        if done < count:
            here = slice(done * batch, (done + 1) * batch)
            self._say_what_is_not_finite(x[here], targets[here])
        return stepped

    def gradients(self, pictures: Pixels, targets: Targets) -> Mapping[str, Array]:
        """Those of the mean loss; nothing moves."""
        x = ready(self.net, pictures)
        self._fit(len(x))
        self.runner.run(
            (0, self.program.first_after),
            total=len(x),
            batch=len(x),
            pictures=x,
            targets=np.ascontiguousarray(targets, np.float32),
            losses=np.zeros(len(x), np.float32),
            outputs=np.zeros((len(x), *self.outputs), np.float32),
            keys=self._keys(1),
        )
        total = self.program.of_threads(self.low.gradients_place, self.low.weights.trained).sum(axis=0)
        return self.low.weights.load(total, trained_only=True)

    def weights(self) -> dict[str, NDArray[np.float32]]:
        return self.low.weights.load(self._floats("weights"))

    def state(self) -> dict[str, Array]:
        state: dict[str, Array] = {f"weights.{name}": value for name, value in self.weights().items()}
        for memory in self.memories:
            own = self.low.weights.load(self._floats(memory), trained_only=True)
            state |= {f"optimiser.{memory}.{name}": value for name, value in own.items()}
        if isinstance(self.optimiser, AdamW):
            state["optimiser.steps"] = np.array([self.steps_done])
        return state | {"steps": np.array([self.steps_done])}

    def restore(self, state: Mapping[str, Array]) -> None:
        self._store(chosen(state, "weights."))
        for memory in self.memories:
            self.low.weights.store(self._floats(memory), chosen(state, f"optimiser.{memory}."))
        self.steps_done = int(state["steps"][0])

    # --- inside -----------------------------------------------------------------------------------

    def _fit(self, batch: int) -> None:
        """Makes room for a larger batch than before."""
        if batch > self.batch:
            kept = self.state()
            self._build(batch)
            self.restore(kept)

    def _build(self, batch: int) -> None:
        self.batch = batch
        self.low, self.memories = lowering.training(
            self.net, library(), self.threads.count, batch, self.loss, self.optimiser
        )
        self.program = Program(self.low.build, slots=self.low.slots)
        self.runner = Runner(self.program, self.threads)

    def _store(self, weights: Weights) -> None:
        self.low.weights.store(self._floats("weights"), weights)

    def _floats(self, what: str) -> NDArray[np.float32]:
        if what == "weights":
            return self.program.floats(self.low.weights_place, self.low.weights.size)
        return self.program.floats(self.memories[what], self.low.weights.trained)

    def _numbers(self, rates: Sequence[float]) -> NDArray[np.float32]:
        """What the optimiser needs to know of each step."""
        numbers = np.ones((len(rates), NUMBERS), np.float32)
        numbers[:, 0] = rates
        if isinstance(self.optimiser, AdamW):
            for place in range(len(rates)):
                t = self.steps_done + place + 1
                numbers[place, 1:3] = 1 - self.optimiser.momentum**t, 1 - self.optimiser.spread**t
        return numbers

    def _keys(self, count: int) -> NDArray[np.uint32]:
        """What each dropout layer draws from in each step."""
        steps = range(self.steps_done, self.steps_done + count)
        keys = [key_of((self.seed, step, layer)) for step in steps for layer in self.low.dropouts]
        return np.array(keys or [(0, 0)], np.uint32)

    def _say_what_is_not_finite(self, pictures: Pixels, targets: Targets) -> None:
        """The reference names the layer where it began; it takes the same step from the same weights."""
        again = ReferenceTrainer(self.net, self.weights(), self.loss, self.optimiser, self.seed)
        again.steps = self.steps_done
        again.step(pictures, targets, 0.0)
        raise NotFinite("a number is too large for float32")


def chosen(state: Mapping[str, Array], prefix: str) -> dict[str, Array]:
    """What of a state begins with a prefix, without it."""
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
