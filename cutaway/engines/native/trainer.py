"""A net whose weights move: whole batches in, forward, back and update in one go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutaway.augmentation import Change
from cutaway.engines.engine import Batch, NotFinite, Stepped
from cutaway.engines.native import lowering
from cutaway.engines.native.compiler import library
from cutaway.engines.native.kernels.update import C1, C2, NUMBERS, RATE, SHARE
from cutaway.engines.native.maps import Place
from cutaway.engines.native.memory import room_for_another, too_much
from cutaway.engines.native.precision import bears
from cutaway.engines.native.predictor import ready
from cutaway.engines.native.program import Program
from cutaway.engines.native.runner import Runner
from cutaway.engines.native.threads import Threads
from cutaway.engines.reference import ReferenceTrainer
from cutaway.errors import InputError
from cutaway.layers.dropout import key_of
from cutaway.layers.layer import Array, Weights
from cutaway.losses import Loss
from cutaway.net import Net
from cutaway.optimisers import AdamW, Muon, Optimiser


class NativeTrainer:
    """Takes each block of pictures through the whole net and back while it is in a core's caches."""

    def __init__(
        self, net: Net, weights: Weights, loss: Loss, optimiser: Optimiser, seed: int, threads: Threads, precision: str
    ) -> None:
        self.net, self.loss, self.optimiser, self.seed, self.threads = net, loss, optimiser, seed, threads
        self.start, self.precision = {name: np.array(value, np.float32) for name, value in weights.items()}, precision
        self.parameters = net.parameters()
        optimiser.check(self.parameters)
        self.steps_done = self.batch = 0
        self.low: lowering.Lowering
        self.remembered: lowering.Remembered
        self.program: Program
        self.runner: Runner
        self.outputs = net.shapes()[net.output.name]

    def step(self, batch: Batch, rate: float) -> Stepped:
        """One step; see `steps`."""
        return self.steps(batch, [rate], len(batch.targets))

    def steps(self, batches: Batch, rates: Sequence[float], size: int) -> Stepped:
        """Several steps in one call, on batches of a size, one after another; the last may be smaller."""
        given, total, count = self._ready(batches), len(batches.targets), len(rates)
        if size < 1 or count != -(-total // size):  # else steps of none, or pictures that are left out
            raise ValueError(f"{count} rates for {total} pictures in batches of {size}")
        self._choose(given.part(0, size))
        self._fit(size)
        stepped = Stepped(np.zeros(total, np.float32), np.zeros((total, *self.outputs), np.float32))
        done = self.runner.run(
            self.program.all,
            total=total,
            batch=size,
            steps=count,
            pictures=given.pictures,
            targets=given.targets,
            rows=given.rows,
            changes=given.changes,
            losses=stepped.losses,
            outputs=stepped.outputs,
            numbers=self._numbers(rates),
            keys=self._keys(count),
        )
        self.steps_done += done
        if done < count:
            self._say_what_is_not_finite(given.part(done * size, (done + 1) * size))
        return stepped

    def gradients(self, batch: Batch) -> Mapping[str, Array]:
        """Those of the mean loss; nothing moves."""
        given = self._ready(batch)
        self._choose(given)
        return self.gradients_and_losses(given)[0]

    def gradients_and_losses(self, given: Batch) -> tuple[Mapping[str, Array], Array]:
        """The gradients of the mean loss, and the loss of every picture."""
        count = len(given.targets)
        self._fit(count)
        losses = np.zeros(count, np.float32)
        self.runner.run(
            self.program.gradients,
            total=count,
            batch=count,
            pictures=given.pictures,
            targets=given.targets,
            rows=given.rows,
            changes=given.changes,
            losses=losses,
            outputs=np.zeros((count, *self.outputs), np.float32),
            keys=self._keys(1),
        )
        total = self.program.of_threads(self.low.gradients_place, self.low.weights.trained).sum(axis=0)
        return self.low.weights.load(total, trained_only=True), losses

    def weights(self) -> dict[str, NDArray[np.float32]]:
        self._fit(1)
        return self.low.weights.load(self._floats(self.low.weights_place, trained_only=False))

    def averaged(self) -> dict[str, NDArray[np.float32]]:
        return self.weights() | self._averages()

    def state(self) -> dict[str, Array]:
        state: dict[str, Array] = {f"weights.{name}": value for name, value in self.weights().items()}
        for memory, name, place in self._memories():
            state[f"optimiser.{memory}.{name}"] = self.low.weights.slices[name].load(place)
        state |= {f"optimiser.average.{name}": value for name, value in self._averages().items()}
        if self.optimiser.average or self.optimiser.counts:
            state["optimiser.steps"] = np.array([self.steps_done])
        if self.precision != "auto":
            state["bf16"] = np.array([self.precision == "bf16"], np.uint8)
        return state | {"steps": np.array([self.steps_done])}

    def restore(self, state: Mapping[str, Array]) -> None:
        if self.precision == "auto" and "bf16" in state:
            self.precision = "bf16" if state["bf16"][0] else "float32"
        self._fit(1)
        self._store(chosen(state, "weights."))
        for memory, name, place in self._memories():
            self.low.weights.slices[name].store(place, state[f"optimiser.{memory}.{name}"])
        if self.remembered.average:
            self.low.weights.store(self._floats(self.remembered.average), chosen(state, "optimiser.average."))
        self.steps_done = int(state["steps"][0])

    # --- inside -----------------------------------------------------------------------------------

    def _ready(self, batch: Batch) -> Batch:
        """A batch as machine code reads it. Raises ValueError where sizes do not fit: it looks where it is told to."""
        pictures, targets, rows, changes = batch
        count = len(pictures) if rows is None else len(rows)
        if not count:
            raise ValueError("there is no picture to learn from")
        if targets.shape != (count, *self.outputs):
            raise ValueError(f"targets are {targets.shape}; {count} pictures need {(count, *self.outputs)}")
        if rows is not None and not 0 <= rows.min() <= rows.max() < len(pictures):
            raise ValueError(f"rows go from {rows.min()} to {rows.max()}; there are {len(pictures)} pictures")
        if changes is not None and changes.shape != (count, len(Change)):
            raise ValueError(f"changes are {changes.shape}; {count} pictures need {(count, len(Change))}")
        if rows is not None and pictures.shape[1:] != self.net.preparation.shape:
            pictures, rows = pictures[rows], None  # to prepare no more than is needed
        pictures = ready(self.net, pictures)
        rows, changes = (None if n is None else np.ascontiguousarray(n, np.int64) for n in (rows, changes))
        return Batch(pictures, np.ascontiguousarray(targets, np.float32), rows, changes)

    def _choose(self, given: Batch) -> None:
        """Decides for bfloat16 or float32, where that is left open, by the first batch."""
        if self.precision != "auto":
            return
        self.precision = "float32"
        if not library().machine.pairs:
            return
        count = len(given.targets)
        self._fit(count)
        if not room_for_another(self.program.touched):
            return
        other = NativeTrainer(self.net, self.weights(), self.loss, self.optimiser, self.seed, self.threads, "bf16")
        other.steps_done = self.steps_done
        other._fit(count)
        if other.low.paired and bears(self, other, given):
            kept = self.state()
            self.precision, self.batch = "bf16", other.batch
            self.low, self.remembered = other.low, other.remembered
            self.program, self.runner = other.program, other.runner
            self.restore(kept)

    def _fit(self, batch: int) -> None:
        """Makes room for a first batch, or for a larger one than before."""
        if batch <= self.batch:
            return
        kept = self.state() if self.batch else None
        self.batch = batch
        self.low, self.remembered = lowering.training(
            self.net, library(), self.threads.count, batch, self.loss, self.optimiser, self.precision == "bf16"
        )
        try:
            self.program = Program(self.low.build, slots=self.low.slots, most_blocks=self.low.blocks)
        except MemoryError as error:
            raise InputError(self._too_much(*error.args)) from None
        self.runner = Runner(self.program, self.threads)
        if kept:
            self.restore(kept)
            return
        self._store(self.start)
        if self.remembered.average:
            trained = {name: value for name, value in self.start.items() if self.parameters[name].trained}
            self.low.weights.store(self._floats(self.remembered.average), trained)

    def _too_much(self, taken: int) -> str:
        """What to say where a batch does not fit."""
        settings: dict[str, Any] = {"threads": self.threads.count, "precision": self.precision}
        return too_much(taken, self.net, self.loss, self.optimiser, batch=self.batch, **settings)

    def _store(self, weights: Weights) -> None:
        self.low.weights.store(self._floats(self.low.weights_place, trained_only=False), weights)

    def _floats(self, place: Place, trained_only: bool = True) -> NDArray[np.float32]:
        return self.program.floats(place, self.low.weights.trained if trained_only else self.low.weights.size)

    def _memories(self) -> Iterator[tuple[str, str, NDArray[np.float32]]]:
        """What the rule remembers of each weight: the name of the memory, of the weight, and where it is."""
        for name, parameter in self.parameters.items():
            if parameter.trained:
                for memory, place in zip(self.optimiser.memories(parameter), self.remembered.memories, strict=False):
                    yield memory, name, self._floats(place)

    def _averages(self) -> dict[str, NDArray[np.float32]]:
        place = self.remembered.average
        return self.low.weights.load(self._floats(place), trained_only=True) if place else {}

    def _numbers(self, rates: Sequence[float]) -> NDArray[np.float32]:
        """What the update needs to know of each step; see `kernels/update.py`."""
        numbers = np.zeros((len(rates), NUMBERS), np.float32)
        rule = self.optimiser.rest if isinstance(self.optimiser, Muon) else self.optimiser
        t = self.steps_done + 1 + np.arange(len(rates))
        numbers[:, RATE] = rates
        if isinstance(rule, AdamW):
            numbers[:, C1], numbers[:, C2] = 1 - rule.momentum**t, 1 - rule.spread**t
        numbers[:, SHARE] = 1 - np.minimum(self.optimiser.average, (1 + t) / (10 + t))
        return numbers

    def _keys(self, count: int) -> NDArray[np.uint32]:
        """What each dropout layer draws from in each step."""
        steps = range(self.steps_done, self.steps_done + count)
        keys = [key_of((self.seed, step, layer)) for step in steps for layer in self.low.dropouts]
        return np.array(keys or [(0, 0)], np.uint32)

    def _say_what_is_not_finite(self, batch: Batch) -> None:
        """The reference names the layer where it began; it takes the same step from the same weights."""
        again = ReferenceTrainer(self.net, self.weights(), self.loss, self.optimiser, self.seed)
        again.steps = self.steps_done
        again.step(batch, 0.0)
        raise NotFinite("a number is too large for float32")


def chosen(state: Mapping[str, Array], prefix: str) -> dict[str, Array]:
    """What of a state begins with a prefix, without it."""
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
