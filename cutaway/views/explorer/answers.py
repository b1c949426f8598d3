"""Answers what a page asks: numbers of stages, weights, patches. The same for a server and for a notebook.

A message is a JSON object with an `id` and what it asks; bytes may come with it, and with the answer.

    {"ask": "stages", "shape", "names", "edits", "epoch"} + pixels   -> {"names", "shapes"} + float32 of each
    {"ask": "weights", "layer", "epoch"}                             -> {"layer", "weights", "order"} + float32 of each
    {"ask": "epoch", "epoch"}                                        -> {"order", "shapes"} + float32 of each
    {"ask": "patches", "layer", "map", "count", "edits", "epoch"}    -> {"patches"} + the pixels of each
    {"ask": "save", "edits", "name", "epoch"}                        -> {"folder"}

What is wrong with a question is said in one line: {"error"}. `model` in a message says which of several subjects is
meant; the first is 0.
"""

from __future__ import annotations

import json
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutaway import engines
from cutaway.engines.engine import Predictor
from cutaway.errors import CutawayError, InputError, JobError
from cutaway.layers.layer import Array
from cutaway.model import Model
from cutaway.net import INPUT, Net
from cutaway.net.run import by_layer
from cutaway.views.explorer.edits import as_text, edited, in_words
from cutaway.views.explorer.patches import Gallery, Strongest, strongest
from cutaway.views.explorer.subject import Subject, Weights, check_fit
from cutaway.wording import nearest, one_line

Message = dict[str, Any]
Buffer = bytes | memoryview
Answer = tuple[Message, list[bytes]]
Look = Callable[[Subject], Gallery]
"""Gives the pictures that patches are sought in."""

KEPT = 4
"""Nets, stages and searches that are kept for the next question."""
MOST_PATCHES = 100


class Kept:
    """The last few of something that is costly to make."""

    def __init__(self, most: int = KEPT) -> None:
        self.most = most
        self.held: OrderedDict[Hashable, Any] = OrderedDict()
        self.lock = threading.Lock()

    def __call__(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What was made for this key, or is made now; another thread may make the same meanwhile."""
        with self.lock:
            if key in self.held:
                self.held.move_to_end(key)
                return self.held[key]
        made = make()
        with self.lock:
            self.held[key] = made
            while len(self.held) > self.most:
                self.held.popitem(last=False)
        return made


class Answers:
    """`answers = Answers([subject], look)`; `answers(message, buffers)` gives the answer and its buffers.

    May be called from several threads. `subjects[0]` may be replaced while a training goes on.
    """

    def __init__(self, subjects: Sequence[Subject], look: Look) -> None:
        self.subjects = list(subjects)
        self.look = look
        self.nets, self.stages, self.galleries, self.searches = Kept(), Kept(2), Kept(), Kept()
        self.asks: dict[str, Callable[[Subject, Message, Sequence[Buffer]], Answer]] = {
            "stages": self._stages,
            "weights": self._weights,
            "epoch": self._epoch,
            "patches": self._patches,
            "save": self._save,
        }

    def __call__(self, message: Any, buffers: Sequence[Buffer] = ()) -> Answer:
        """Never raises for what a page can send."""
        number = message.get("id") if isinstance(message, dict) else None
        try:
            answer, parts = self._answer(message, buffers)
        except CutawayError as error:
            answer, parts = {"error": one_line(str(error))}, []
        except MemoryError:
            answer, parts = {"error": "not enough memory to answer this; a smaller picture takes less"}, []
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
            answer, parts = {"error": f"the page's question is not understood ({one_line(repr(error))})"}, []
        return {"id": number} | answer, parts

    def _answer(self, message: Message, buffers: Sequence[Buffer]) -> Answer:
        ask = str(message.get("ask"))
        if ask not in self.asks:
            raise InputError(f"nobody can ask {ask!r}{nearest(ask, list(self.asks))}; known: {', '.join(self.asks)}")
        number = message.get("model") or 0
        if not 0 <= number < len(self.subjects):
            raise InputError(f"there is no model {number}; there are {len(self.subjects)}, from 0")
        return self.asks[ask](self.subjects[number], message, buffers)

    # --- numbers ----------------------------------------------------------------------------------

    def _stages(self, subject: Subject, message: Message, buffers: Sequence[Buffer]) -> Answer:
        picture = pixels(message["shape"], buffers)
        key, net, predictor = self._net(subject, message)
        names = [str(name) if name == INPUT else net[str(name)].name for name in message["names"]]
        check_fit(net, picture.shape)
        stages = self.stages((key, picture.shape, picture.tobytes()), lambda: predictor.stages(picture[None]))
        shapes = {name: list(stages[name].shape[1:]) for name in names}
        return {"names": names, "shapes": shapes}, [floats(stages[name]) for name in names]

    def _weights(self, subject: Subject, message: Message, buffers: Sequence[Buffer]) -> Answer:
        layer = subject.net[str(message["layer"])].name
        own = by_layer(self._at(subject, message.get("epoch"))).get(layer, {})
        shapes = {name: {"shape": list(value.shape)} for name, value in own.items()}
        return {"layer": layer, "weights": shapes, "order": list(own)}, [floats(value) for value in own.values()]

    def _epoch(self, subject: Subject, message: Message, buffers: Sequence[Buffer]) -> Answer:
        own = self._at(subject, message["epoch"])
        shapes = {name: list(value.shape) for name, value in own.items()}
        return {"order": list(own), "shapes": shapes}, [floats(value) for value in own.values()]

    def _at(self, subject: Subject, epoch: Any) -> Weights:
        """The weights of an epoch, in the net's own order."""
        if epoch is not None and not isinstance(epoch, int):
            raise InputError(f"the epoch is {epoch!r}; it can be a number")
        own = subject.at(epoch)
        return {name: own[name] for name in subject.net.parameters()}

    def _net(self, subject: Subject, message: Message) -> tuple[Hashable, Net, Predictor]:
        """The net that a message means, with its edits, ready to run; and what tells it from others."""
        epoch, edits = message.get("epoch"), message.get("edits") or []
        key = (id(subject), epoch, json.dumps(edits, sort_keys=True))

        def make() -> tuple[Subject, Net, Predictor]:
            net, weights = edited(subject.net, self._at(subject, epoch), edits)
            return subject, net, engines.predictor(net, weights)  # the subject too, so that its id stays its own

        _, net, predictor = self.nets(key, make)
        return key, net, predictor

    # --- what a map looks for ---------------------------------------------------------------------

    def _patches(self, subject: Subject, message: Message, buffers: Sequence[Buffer]) -> Answer:
        layer, channel, count = str(message["layer"]), int(message["map"]), int(message.get("count", 9))
        epoch, edits = message.get("epoch"), message.get("edits") or []
        key = (id(subject), epoch, json.dumps(edits, sort_keys=True), layer)

        def make() -> tuple[Subject, Strongest]:
            net, weights = edited(subject.net, self._at(subject, epoch), edits)
            gallery = self.galleries((subject.net, subject.classes), lambda: self.look(subject))
            return subject, strongest(net, weights, layer, gallery)

        _, found = self.searches(key, make)
        best = found.patches(channel, max(1, min(count, MOST_PATCHES)))
        return {"patches": [told for told, _ in best]}, [own for _, own in best]

    # --- keeping ----------------------------------------------------------------------------------

    def _save(self, subject: Subject, message: Message, buffers: Sequence[Buffer]) -> Answer:
        edits = message.get("edits") or []
        net, weights = as_text(*edited(subject.net, self._at(subject, message.get("epoch")), edits))
        facts = {name: value for name, value in subject.facts.items() if name not in ("validation", "test", "finished")}
        origin = {"of": str(subject.folder or subject.title), "changes": [in_words(edit) for edit in edits]}
        model = Model(net, weights, subject.classes, facts | {"edited": origin})
        place = subject.folder.parent if subject.folder else Path("runs")
        folder = new_folder(place, str(message.get("name") or f"{subject.title}-edited"))
        model.save(folder)
        return {"folder": str(folder)}, []


def pixels(shape: Any, buffers: Sequence[Buffer]) -> NDArray[np.uint8]:
    """The picture that came with a message, [h, w, c]."""
    data = np.frombuffer(buffers[0], np.uint8) if buffers else np.zeros(0, np.uint8)
    height, width, channels = shape
    if channels not in (1, 3) or min(shape) < 1 or data.size != height * width * channels:
        raise InputError(f"a picture of shape {shape} does not have {data.size} bytes")
    return data.reshape(height, width, channels)


def floats(array: Array) -> bytes:
    """Little-endian float32, in reading order."""
    return np.ascontiguousarray(array, "<f4").tobytes()


def new_folder(place: Path, name: str) -> Path:
    """Makes a folder of a name, or with the next free number behind it, and gives its path."""
    stem = re.sub(r"[^\w.-]+", "-", name).strip("-.")[:100] or "edited"
    number = 1
    while True:
        folder = place / (stem if number == 1 else f"{stem}-{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            number += 1
        except OSError as error:
            raise JobError(f"cannot make {folder}: {error.strerror}; nothing was saved") from None
        else:
            return folder
