"""The training loop: a generator that says what happens, step by step and epoch by epoch.

Who runs it prints, draws, stops or saves. Leaving it early (`break`) loses nothing: it can be taken up again.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutaway.augmentation import Augmentation, Changes
from cutaway.engines import choose
from cutaway.engines.engine import Batch, Engine, NotFinite, Stepped, Trainer
from cutaway.engines.reference import Reference
from cutaway.errors import InputError, JobError
from cutaway.layers.layer import Array
from cutaway.losses import loss_for
from cutaway.model import Model, epochs
from cutaway.model.folder import save
from cutaway.net import start
from cutaway.pictures import Prepared
from cutaway.training.checkpoint import Checkpoint
from cutaway.training.lock import held
from cutaway.training.measure import count_right, measure, targets
from cutaway.training.runs import left
from cutaway.training.schedule import one_cycle
from cutaway.training.setup import Setup
from cutaway.training.transfer import Looked, Transferred, transferred


@dataclass(frozen=True)
class Step:
    """After each step: how far this epoch is, and its means so far."""

    epoch: int
    step: int
    steps: int
    """Steps of one epoch."""
    loss: float
    accuracy: float
    speed: float
    """Pictures per second in this epoch so far."""


@dataclass(frozen=True)
class Epoch:
    """After each epoch."""

    number: int
    """From 1."""
    epochs: int
    seconds: float
    """Of this epoch, validation included."""
    loss: float
    """Mean over the training pictures as they came, while the weights moved."""
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    rate: float
    """The learning rate of its last step."""
    best: bool
    """Whether its validation accuracy is the best so far (of equal ones, the lower loss); where a picture may have
    several classes, its validation loss."""
    model: Model = field(repr=False)
    """The net with the weights of this moment, averaged where the optimiser averages them."""


Events = Generator[Looked | Step | Epoch, None, None]


def run(setup: Setup, folder: Path | None = None, engine: Engine | None = None, *, keep_epochs: bool = False) -> Events:
    """Trains; yields a `Step` after each step and an `Epoch` after each epoch.

    A pretrained net first gets its last layer: `Looked` while its features are computed, then an `Epoch` that is done
    with it. That is all, unless the setup says `finetune`.

    `engine` is what `cutaway.engines.choose` gives; without it, the best one for the net.

    With a folder, the best model so far is always in it, and what is needed to go on is in `folder/checkpoint`: if a
    run of the same setup was left there, it goes on where it was, to the same bits. Raises JobError where the loss is
    no longer a finite number; the best weights are kept.

    `keep_epochs` keeps the weights of every epoch beside the best, in `folder/epochs` (`cutaway.model.epochs` reads
    them); it does not change the run.
    """
    engine = engine or (choose("auto", setup.net) if trains(setup) else Reference())
    if folder is None:
        if keep_epochs:
            raise InputError(
                "keep_epochs needs a folder to keep them in; give one, or keep each epoch's model yourself"
            )
        yield from _events(setup, None, engine)
        return
    with held(folder):
        left(folder, setup, engine.name)  # raises where something else is in it
        yield from _events(setup, folder, engine, keep_epochs)


def trains(setup: Setup) -> bool:
    """Whether weights move step by step, which needs an engine that trains."""
    return setup.pretrained is None or setup.finetune


def _events(setup: Setup, folder: Path | None, engine: Engine, keep_epochs: bool = False) -> Events:
    known = None
    checkpoint = Checkpoint.of(folder, setup, engine.name) if folder else None
    if setup.pretrained and not (checkpoint and checkpoint.load()):
        known = yield from transferred(setup)
        if not setup.finetune:
            yield _last_layer_only(setup, known, folder, keep_epochs)
            return
    yield from _Run(setup, folder, engine, keep_epochs, known).events()


def _last_layer_only(setup: Setup, known: Transferred, folder: Path | None, keep_epochs: bool) -> Epoch:
    """The whole of a run that leaves the pretrained weights as they are."""
    figures = known.figures
    facts = {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "engine": "onnx",
        "data": setup.data,
        "epochs": [figures],
        "epoch": 1,
        "finished": True,
        "validation": _validation(figures, setup),
    }
    model = Model(setup.net, known.weights, setup.classes, facts | known.facts)
    if folder:
        if keep_epochs:
            epochs.save(folder, 1, known.weights)
        save(model, folder)
    return Epoch(epochs=1, best=True, model=model, **figures)


def _validation(figures: dict[str, Any], setup: Setup) -> dict[str, Any]:
    """What a model says of its validation pictures."""
    return {
        "accuracy": figures["validation_accuracy"],
        "loss": figures["validation_loss"],
        "count": len(setup.validation),
    }


@dataclass
class _Sums:
    """What an epoch has added up so far."""

    loss: float = 0.0
    right: int = 0
    seen: int = 0
    seconds: float = 0.0

    def add(self, stepped: Stepped, wanted: Array, seconds: float, several: bool) -> None:
        self.loss += float(stepped.losses.sum(dtype=np.float64))
        self.right += count_right(stepped.outputs, wanted, several)
        self.seen += len(wanted)
        self.seconds += seconds


class _Run:
    """One run: where it is, and how it goes on."""

    def __init__(
        self,
        setup: Setup,
        folder: Path | None,
        engine: Engine,
        keep_epochs: bool = False,
        known: Transferred | None = None,
    ) -> None:
        self.setup, self.folder, self.engine, self.keep_epochs = setup, folder, engine, keep_epochs
        recipe = setup.recipe
        self.loss = loss_for(setup.net.output.layer)
        first = known.weights if known else start(setup.net, recipe.seed)
        self.trainer: Trainer = engine.trainer(setup.net, first, self.loss, recipe.rule(), recipe.seed)
        self.augmentation = recipe.augmentation()
        self.outputs = setup.net.shapes()[setup.net.output.name][0]
        self.peak = setup.rate
        self.per_epoch = -(-len(setup.train) // recipe.batch)
        self.before = 1 if setup.pretrained else 0
        """Epochs that were none: the fitting of the last layer is told as the first."""
        self.epoch, self.step = 1 + self.before, 0
        self.sums = _Sums()
        self.epochs: list[dict[str, Any]] = []
        self.best: dict[str, NDArray[np.float32]] | None = None
        self.best_epoch = 0
        self.known = known
        self.finished = self.failed = False
        self.between = True
        """Whether it is between two steps; within one, interrupted from the keyboard, weights may be half moved."""
        self.facts: dict[str, Any] = {}
        self.created = datetime.now(UTC).isoformat(timespec="seconds")
        self.checkpoint = Checkpoint.of(folder, setup, engine.name) if folder else None
        if self.checkpoint and (left := self.checkpoint.load()):
            self._take_up(*left)

    def events(self) -> Events:
        """The whole run, from wherever it is."""
        try:
            if self.known:
                yield self._take_first(self.known)
            while not self.finished:
                yield from self._epoch()
        finally:
            self._leave()

    def _epoch(self) -> Events:
        recipe = self.setup.recipe
        order = order_of(self.setup.train, recipe.seed, self.epoch)
        while self.step < self.per_epoch:
            began = time.perf_counter()
            rows = order[self.step * recipe.batch : (self.step + 1) * recipe.batch]
            wanted = targets(self.setup.train.true[rows], self.outputs, recipe.smoothing)
            self.between = False
            try:
                pictures, places = self.setup.train.locate(rows)
                batch = Batch(pictures, wanted, places, self._changes(rows))
                stepped = self.trainer.step(batch, self._rate(self.step))
            except NotFinite as error:
                raise self._diverged(error) from None
            self.step += 1
            self.sums.add(stepped, wanted, time.perf_counter() - began, self.setup.several)
            self.between = True
            yield self._progress()
            if self.checkpoint and self.checkpoint.due():
                self._save_checkpoint()
        yield self._end_epoch()

    def _changes(self, rows: NDArray[np.int64]) -> Changes | None:
        """What is done to these pictures in this epoch; None where nothing was asked for."""
        if self.augmentation == Augmentation():
            return None
        return self.augmentation.draw(self.setup.recipe.seed, self.epoch, rows)

    def _rate(self, step: int) -> float:
        """The learning rate of a step of this epoch."""
        recipe = self.setup.recipe
        done, total = (self.epoch - 1 - self.before) * self.per_epoch + step, recipe.epochs * self.per_epoch
        return one_cycle(done, total, self.peak, recipe.warmup)

    def _progress(self) -> Step:
        sums = self.sums
        speed = sums.seen / max(sums.seconds, 1e-9)
        return Step(self.epoch, self.step, self.per_epoch, sums.loss / sums.seen, sums.right / sums.seen, speed)

    def _end_epoch(self) -> Epoch:
        began = time.perf_counter()
        weights = self.trainer.averaged()
        try:
            loss, accuracy = measure(self.engine, self.setup.net, weights, self.setup.validation)
        except NotFinite as error:
            raise self._diverged(error) from None
        better = self.best is None or self._better(loss, accuracy)
        sums, number = self.sums, self.epoch
        figures: dict[str, Any] = {
            "number": number,
            "seconds": round(sums.seconds + time.perf_counter() - began, 3),
            "loss": sums.loss / sums.seen,
            "accuracy": sums.right / sums.seen,
            "validation_loss": loss,
            "validation_accuracy": accuracy,
            "rate": self._rate(self.per_epoch - 1),
        }
        if self.folder and self.keep_epochs:  # before the epoch counts: interrupted in here, it is written again
            epochs.save(self.folder, number, weights)
        self.between = False  # up to the next epoch's start: interrupted in here, this one would be told twice
        self.epochs.append(figures)
        if better:
            self.best, self.best_epoch = weights, number
        until = self.setup.recipe.until
        self.finished = number >= self.setup.recipe.epochs + self.before or (until is not None and accuracy >= until)
        self.epoch, self.step, self.sums = number + 1, 0, _Sums()
        self.between = True
        model = self._model(weights, number)
        if self.folder:
            self._save(weights)
        return Epoch(epochs=self.setup.recipe.epochs + self.before, best=better, model=model, **figures)

    def _take_first(self, known: Transferred) -> Epoch:
        """The pretrained net with its new last layer is the best so far, and told as the first epoch."""
        self.epochs.append(known.figures)
        self.best, self.best_epoch, self.facts = known.weights, 1, known.facts
        model = self._model(known.weights, 1)
        if self.folder:
            if self.keep_epochs:
                epochs.save(self.folder, 1, known.weights)
            self._save(known.weights)
        return Epoch(epochs=self.setup.recipe.epochs + self.before, best=True, model=model, **known.figures)

    def _better(self, loss: float, accuracy: float) -> bool:
        best = self.epochs[self.best_epoch - 1]
        if self.setup.several:  # all classes of a picture are seldom guessed right together: too coarse to choose by
            return loss < best["validation_loss"]
        return (accuracy, -loss) > (best["validation_accuracy"], -best["validation_loss"])

    # --- what is kept -----------------------------------------------------------------------------

    def _model(self, weights: dict[str, NDArray[np.float32]], number: int) -> Model:
        """The model of one epoch, with everything that is known about it."""
        facts = {
            "created": self.created,
            "engine": self.engine.name,
            "recipe": asdict(self.setup.recipe) | {"rate": self.peak},
            "data": self.setup.data,
            "epochs": list(self.epochs),
            "epoch": number,
            "finished": self.finished,
        }
        if 0 < number <= len(self.epochs):
            facts["validation"] = _validation(self.epochs[number - 1], self.setup)
        return Model(self.setup.net, weights, self.setup.classes, facts | self.facts)

    def _save(self, weights: dict[str, NDArray[np.float32]]) -> None:
        """Keeps the best model and what is needed to go on, in an order in which a crash between loses neither."""
        assert self.folder
        assert self.checkpoint
        if not self.finished:
            self._save_checkpoint()
        save(self._model(weights if self.best is None else self.best, self.best_epoch), self.folder)
        if self.finished:
            self.checkpoint.remove()

    def _save_checkpoint(self) -> None:
        assert self.checkpoint
        tensors = self.trainer.state() | {f"best.{name}": value for name, value in (self.best or {}).items()}
        progress = {
            "epoch": self.epoch,
            "step": self.step,
            "sums": vars(self.sums),
            "epochs": self.epochs,
            "best_epoch": self.best_epoch,
            "created": self.created,
            "facts": self.facts,
        }
        self.checkpoint.save(tensors, progress)

    def _take_up(self, tensors: dict[str, Array], progress: dict[str, Any]) -> None:
        """Goes on from a checkpoint."""
        best = {name.removeprefix("best."): value for name, value in tensors.items() if name.startswith("best.")}
        self.trainer.restore({name: value for name, value in tensors.items() if not name.startswith("best.")})
        self.best = best or None
        self.best_epoch, self.epoch, self.step = progress["best_epoch"], progress["epoch"], progress["step"]
        self.sums, self.epochs = _Sums(**progress["sums"]), progress["epochs"]
        self.created, self.facts = progress["created"], progress.get("facts", {})

    def _leave(self) -> None:
        """Keeps what is there when the run ends before its time: left early, stopped, failed."""
        if not self.folder or self.finished or not (self.step or self.epochs):
            return
        if self.failed:  # going on would fail again at the same step
            assert self.checkpoint
            self.checkpoint.remove()
        elif self.between:
            self._save(self.trainer.averaged())

    def _diverged(self, error: NotFinite) -> JobError:
        """The end of a run whose numbers are no longer finite; nothing of this moment is kept."""
        self.failed = True
        at_end = self.step == self.per_epoch
        where = f"at the end of epoch {self.epoch}" if at_end else f"in epoch {self.epoch}, step {self.step + 1}"
        kept = "no epoch was complete" if self.best is None else f"epoch {self.best_epoch} was the best so far"
        if self.best is not None and self.folder:
            kept = f"the weights of epoch {self.best_epoch} are kept in {self.folder}"
        return JobError(f"training stopped {where}: {error}; {kept}; a lower rate may help: --rate {self.peak / 10:g}")


def order_of(pictures: Prepared, seed: int, epoch: int) -> NDArray[np.int64]:
    """The order in which an epoch sees the pictures: a pure function of seed, epoch and data.

    Each is seen once; where they have weights, as often as its weight is to the mean of all, rounded up or down by
    chance (systematic resampling), so that the mean gradient is the weighted one.
    """
    random = np.random.default_rng([seed, epoch])
    if pictures.weights is None:
        return random.permutation(len(pictures))
    upto = np.cumsum(pictures.weights, dtype=np.float64)
    marks = (np.arange(len(pictures)) + random.random()) * (upto[-1] / len(pictures))
    return random.permutation(np.searchsorted(upto, marks, side="right").clip(max=len(pictures) - 1))
