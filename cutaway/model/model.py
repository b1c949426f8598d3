"""A trained classifier: a net, its weights, the names of its classes, and what is known about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from cutaway import _show, engines
from cutaway.engines.engine import Pixels, Predictor, Says
from cutaway.engines.patient import FEWER
from cutaway.errors import DataError, InputError, ModelError, PictureError
from cutaway.layers.layer import describe
from cutaway.model import outputs, several
from cutaway.model.evaluation import Evaluation, same_classes
from cutaway.model.guesses import Guesses, ranked
from cutaway.model.predictions import Predictions
from cutaway.model.seen import Near, Seen
from cutaway.model.stored import Stored
from cutaway.net import Net
from cutaway.net.onnx import names
from cutaway.pictures import Pictures, Prepared, decode
from cutaway.pictures.decoding import Least
from cutaway.pictures.threads import ahead
from cutaway.wording import first

if TYPE_CHECKING:
    from cutaway.engines.onnx import Session
    from cutaway.layers import Layer
    from cutaway.trace import Trace

Picture = str | Path | bytes | Pixels
"""A file, the bytes of one, or uint8 [h, w] (grey) or [h, w, c] with c = 1 or 3 (red, green, blue)."""

TOGETHER = 32
"""Pictures that are decoded and guessed at a time, where many are asked for: enough to keep every core busy."""

BATCH = 256
"""Pictures that are judged at a time."""


@dataclass(frozen=True, eq=False)
class Model:
    """What training makes and a model folder holds.

        model = cutaway.load("runs/pets-1")
        model.predict("photo.jpg")              # <photo.jpg: cat 97.2%, dog 2.8%>

    Raises ModelError where weights or classes do not fit the net.
    """

    net: Net
    weights: Mapping[str, NDArray[np.float32]] = field(repr=False)
    """`conv1.kernel`, `conv1.bias`, ...: what `net.parameters()` asks for."""
    classes: tuple[str, ...]
    """In the order of the outputs."""
    facts: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What is known about it, as JSON can say it: `recipe`, `data`, `validation`, `epochs`, `created`, `engine`."""
    onnx: bytes | None = field(default=None, repr=False)
    """The content of its model.onnx, where it was loaded with one: ONNX Runtime then predicts with it."""
    seen: Seen | None = field(default=None, repr=False)
    """Training pictures that new ones are compared with, where it was loaded with some."""

    def __post_init__(self) -> None:
        outputs.kind(self.net, self.classes)
        if not isinstance(self.weights, Stored):  # those were looked at before they were saved
            check_weights(self.net, self.weights)

    @cached_property
    def kind(self) -> outputs.Kind:
        """What its outputs mean: `one` of the classes, one of `two`, or `each` class by itself."""
        return outputs.kind(self.net, self.classes)

    @cached_property
    def thresholds(self) -> NDArray[np.float64]:
        """[classes]: above which probability a class that stands by itself is taken as true."""
        return several.known(self.facts, self.classes)

    @cached_property
    def _predictor(self) -> Predictor:
        return engines.predictor(self.net, self.weights, self._fast(names.SCORES, self.net.output.layer))

    @cached_property
    def _session(self) -> Session:
        from cutaway.engines.onnx import Session, at_once

        assert self.onnx is not None
        return Session(self.onnx, at_once=at_once(self.net))

    def _fast(self, output: str, last: Layer | None = None) -> Callable[[], Says] | None:
        """What makes ready the model's own file, where it has one: one of its outputs, and what a layer makes of it."""

        def says(pictures: Pixels) -> NDArray[np.float32]:
            (said,) = self._session(pictures, output)
            return said if last is None else last.forward([said], {})

        return (lambda: says) if self.onnx else None

    # --- guesses ----------------------------------------------------------------------------------

    @overload  # a list of pictures is no picture, though an array can be iterated too
    def predict(  # type: ignore[overload-overlap]
        self, picture: Picture, top: int = 5
    ) -> Guesses: ...
    @overload
    def predict(self, picture: Iterable[Picture], top: int = 5) -> list[Guesses]: ...
    def predict(self, picture: Picture | Iterable[Picture], top: int = 5) -> Guesses | list[Guesses]:
        """The `top` most probable classes of a picture, best first; of several pictures, a list of these.

            model.predict("photo.jpg").label                # 'cat'
            model.predict(["a.jpg", "b.jpg"], top=1)

        Raises PictureError where one cannot be read (`guesses` goes on after it), InputError for what is no picture.
        """
        alone = isinstance(picture, str | Path | bytes | np.ndarray) or not isinstance(picture, Iterable)
        every = list(self.guesses([picture] if alone else picture, top))  # type: ignore[list-item, arg-type]
        good = [guesses for guesses in every if not isinstance(guesses, PictureError)]
        if len(good) < len(every):
            raise next(guesses for guesses in every if isinstance(guesses, PictureError))
        return good[0] if alone else good

    def guesses(self, pictures: Iterable[Picture], top: int = 5) -> Iterator[Guesses | PictureError]:
        """One after another, in order: the guesses for each picture, or the error that says why it cannot be read.

        The next ones are read meanwhile; at most 100 are in memory at a time, so there may be any number of them.
        """
        if top < 1:
            raise InputError(f"top is {top}; it says how many classes to name, 1 or more")
        read = ahead(self._read, pictures, 2 * TOGETHER)
        while some := list(islice(read, TOGETHER)):
            good = [picture for _, picture in some if not isinstance(picture, PictureError)]
            said = iter(self._guesses(np.stack(good), top) if good else ())
            for given, picture in some:
                if isinstance(picture, PictureError):
                    yield picture
                else:
                    yield replace(next(said), path=name_of(given))

    def _guesses(self, pictures: Pixels, top: int) -> Iterator[Guesses]:
        """Of prepared pictures, with the training pictures that are like them where the model has some."""
        if self.seen is None:
            probs = self.probabilities(pictures)
            near: Iterator[tuple[Near, ...]] = iter([()] * len(pictures))
        else:
            probs, features = self._said(pictures)
            near = self.seen.like(features, self.classes)
        for own, like in zip(outputs.finite(probs), near, strict=True):
            guesses = ranked("", own, self.classes, self.kind, top, self.thresholds)
            yield replace(guesses, nearest=like, unlike=self.seen is not None and self.seen.is_far(like))

    def _said(self, pictures: Pixels) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Probabilities and features, in one pass where the model has its file."""
        if self.onnx is None or len(pictures) * self.net.cost().multiplications < FEWER:
            return self.probabilities(pictures), self.features(pictures)
        scores, features = self._session(pictures, names.SCORES, names.FEATURES)
        last = self.net.output.layer
        return outputs.probabilities(self.net, self.kind, last.forward([scores], {})), features

    def probabilities(self, pictures: Pixels) -> NDArray[np.float32]:
        """[N, classes]: the probability of each class, for prepared pictures uint8 [N, H, W, C] (`net.preparation`)."""
        return outputs.probabilities(self.net, self.kind, self._predictor(pictures))

    def _read(self, picture: Picture) -> Pixels | PictureError:
        """A picture at the net's own size."""
        try:
            pixels = as_pixels(picture, self.net.preparation.least)
        except PictureError as error:
            return error
        return self.net.preparation(pixels)

    def _finite(self, pictures: Pixels) -> NDArray[np.float32]:
        return outputs.finite(self.probabilities(pictures))

    # --- figures ----------------------------------------------------------------------------------

    def evaluate(self, pictures: Pictures, progress: Callable[[int, int], None] | None = None) -> Evaluation:
        """How well it does on labelled pictures: `model.evaluate(cutaway.read("pets/").validation)`.

        Classes are matched by name. Unreadable pictures are left out and named in `skipped`. `progress` is told how
        much is done, and of how much: each picture counts when it is read and when it is judged. Where a picture may
        be of several classes, it is a `several.SeveralEvaluation`, by the model's own thresholds.
        """
        if pictures.truths is not None:
            return self.marks(pictures, progress).figures(self.thresholds)
        return self.predictions(pictures, progress).figures()

    def predictions(
        self,
        pictures: Pictures,
        progress: Callable[[int, int], None] | None = None,
        prepared: Prepared | None = None,
    ) -> Predictions:
        """What it says of each labelled picture, in their order; one that cannot be read has a row like the others.

        `progress` is as for `evaluate`. `prepared` are the same pictures, where they were read already.
        """
        if pictures.truths is not None:
            raise DataError(f"{pictures.title}: a picture may be of several classes; use `marks`, or `evaluate`")
        place = same_classes(pictures, self.classes)
        about = self._judged_all(pictures, place[pictures.labels], progress, prepared)
        return Predictions(self.classes, tuple(pictures.names), place[pictures.labels], *about)

    def marks(
        self,
        pictures: Pictures,
        progress: Callable[[int, int], None] | None = None,
        prepared: Prepared | None = None,
    ) -> several.Marks:
        """The same of pictures that may be of several classes each (`pictures.truths`)."""
        if pictures.truths is None or self.kind != "each":
            raise DataError(
                f"{pictures.title}: "
                + ("each picture is of one class; use `predictions`" if pictures.truths is None else several.ONE_CLASS)
            )
        truths = np.zeros((len(pictures), len(self.classes)), bool)
        truths[:, same_classes(pictures, self.classes)] = pictures.truths
        about = self._judged_all(pictures, truths, progress, prepared)
        return several.Marks(self.classes, tuple(pictures.names), truths, *about)

    def _judged_all(
        self,
        pictures: Pictures,
        true: NDArray[np.int64] | NDArray[np.bool_],
        progress: Callable[[int, int], None] | None,
        prepared: Prepared | None,
    ) -> tuple[NDArray[np.float32], NDArray[np.float64], tuple[str, ...]]:
        """Of each picture, in order: probabilities, loss, and why it could not be read."""
        if not len(pictures):
            raise DataError(f"{pictures.title}: there are no pictures to judge")
        total = 2 * len(pictures)
        if prepared is None:
            prepared = pictures.prepared(self.net.preparation, progress and (lambda done, _: progress(done, total)))
        probs = np.full((len(pictures), len(self.classes)), np.nan, np.float32)
        losses = np.full(len(pictures), np.nan)
        count = len(prepared)
        for rows in np.split(np.arange(count), range(BATCH, count, BATCH)):
            own = prepared.kept[rows]
            probs[own], losses[own] = self._judged(prepared.take(rows), true[own])
            if progress:
                progress(total - int(count - 1 - rows[-1]), total)
        reasons = np.full(len(pictures), "", object)
        reasons[np.setdiff1d(np.arange(len(pictures)), prepared.kept)] = [one.reason for one in prepared.skipped]
        return probs, losses, tuple(reasons)

    def _judged(
        self, pictures: Pixels, true: NDArray[np.int64] | NDArray[np.bool_]
    ) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Probabilities, and the loss of each picture: from the scores, since a probability may round to 0 or 1."""
        last = self.net.output.layer
        from cutaway.losses import CrossEntropy, loss_for

        loss = loss_for(last)
        wanted = true if true.ndim == 2 else true[:, None] if self.kind == "two" else np.eye(len(self.classes))[true]
        if type(last) is not loss.last:  # logsoftmax, which is the logarithms already
            probs = self._finite(pictures)
            return probs, CrossEntropy().value(probs.astype(np.float64), wanted)
        scores = self._scores(pictures)
        probs = outputs.finite(outputs.probabilities(self.net, self.kind, last.forward([scores], {})))
        return probs, loss.value_of_scores(scores.astype(np.float64), wanted.astype(np.float64))

    @cached_property
    def _scores(self) -> Predictor:
        return engines.predictor(self.net.scores, self.weights, self._fast(names.SCORES))

    def features(self, pictures: Pixels) -> NDArray[np.float32]:
        """[N, F]: what the last dense layer weighs, for prepared pictures; alike for pictures that are alike.

        Raises InputError where the net has no dense layer.
        """
        if self.net.features is None:
            raise InputError("the net has no dense layer, so no features of whole pictures")
        return self._features(pictures)

    @cached_property
    def _features(self) -> Predictor:
        assert self.net.features is not None
        trunk = self.net.until(self.net.features)
        own = {name: self.weights[name] for name in trunk.parameters()}
        return engines.predictor(trunk, own, self._fast(names.FEATURES))

    # --- every number -----------------------------------------------------------------------------

    def trace(self, picture: Picture) -> Trace:
        """Every stage of one picture: `model.trace("photo.jpg")["conv1"][12, 7, 3].working()`."""
        from cutaway.trace import record

        pixels = as_pixels(picture, self.net.preparation.least)
        self.net.preparation(pixels)  # raises where it does not fit
        stages = self._predictor.stages(pixels[None])
        return record(self.net, self.weights, pixels, stages)

    # --- looking ----------------------------------------------------------------------------------

    def to_html(self, file: str | Path, pictures: Sequence[Picture] | None = None) -> None:
        """Writes the explorer as one file that works off-line: `model.to_html("pets.html", ["photo.jpg"])`.

        Without pictures, it has some of those that the model was chosen by, where they can still be read. Raises
        InputError where the net is too large for a file, JobError where it cannot be written.
        """
        _show.write_page(self, Path(file), pictures)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """What a notebook shows."""
        return _show.notebook(self)

    # --- keeping ----------------------------------------------------------------------------------

    def save(self, folder: str | Path) -> None:
        """Writes the model folder: weights, config, class names, history, model card, and the model as ONNX.

        `cutaway.load` reads it again.
        """
        from cutaway.model.folder import finish, save

        save(self, Path(folder))
        finish(replace(self, onnx=self.to_onnx()), Path(folder))

    def to_onnx(self) -> bytes:
        """The content of a file that any ONNX runtime predicts with: uint8 [N, height, width, channels] of any size in,
        probabilities out. `cutaway export` writes it and shows that it says the same.
        """
        from cutaway.model.folder import digest
        from cutaway.net.onnx.writing import as_onnx

        return as_onnx(self.net, self.weights, self.classes, {names.WEIGHTS: digest(self.weights)})

    def __repr__(self) -> str:
        right = self.facts.get("validation", {}).get("accuracy")
        known = f", {right:.2%} right on validation" if right is not None else ""
        return f"<Model: {len(self.classes)} classes, {self.net.cost().parameters:,} parameters{known}>"


def as_pixels(picture: Picture, least: Least | None = None) -> Pixels:
    """A file (as `decode` reads it) or an array, as uint8 [h, w, c].

    Raises PictureError for an unreadable file, InputError for anything else.
    """
    if isinstance(picture, str | Path | bytes):
        return decode(picture, least)
    if not isinstance(picture, np.ndarray):
        raise InputError(f"a picture is a file's path, its bytes or a uint8 array; got {type(picture).__name__}")
    pixels = picture[..., None] if picture.ndim == 2 else picture
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in (1, 3) or not pixels.size:
        raise InputError(
            f"a picture is uint8 [h, w] or [h, w, c] with c = 1 or 3; got {picture.dtype} {list(picture.shape)}"
        )
    return pixels


def name_of(picture: Picture) -> str:
    """What a picture is called in guesses and errors."""
    return str(picture) if isinstance(picture, str | Path) else "the picture"


def check_weights(net: Net, weights: Mapping[str, NDArray[np.float32]]) -> None:
    """Raises ModelError that names the first array of weights that is missing, not the net's, or of another shape."""
    wanted = net.parameters()
    for name, parameter in wanted.items():
        if name not in weights:
            raise ModelError(f"the weights {name} ({describe(parameter.shape)}) are missing")
        given = weights[name]
        if given.shape != parameter.shape or given.dtype != np.float32:
            raise ModelError(
                f"the weights {name} are {given.dtype} {describe(given.shape)}; "
                f"the net needs float32 {describe(parameter.shape)}"
            )
    for name in weights:
        if name not in wanted:
            raise ModelError(f"the net has no weights called {name}; it has {first(list(wanted), 6)}")
