"""The pictures that a page opens with: some that the model was chosen by, or those that are given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cutaway.errors import CutawayError, PictureError
from cutaway.model import Model
from cutaway.model.model import Picture, as_pixels
from cutaway.model.names import escaped
from cutaway.model.origin import short, source_of
from cutaway.net import Net
from cutaway.pictures import Pictures, ink, read
from cutaway.pictures.choice import evenly, in_turn
from cutaway.pictures.decoding import Least, Pixels
from cutaway.pictures.pictures import TEST, VALIDATION
from cutaway.views.explorer.patches import Gallery

FEW = 12
"""Pictures that a page opens with."""
LOOKED_AT = 100
"""Of each class, so many files are looked at for the fifth that was kept back; a class of fewer is looked at whole."""


@dataclass(frozen=True, eq=False)
class Shown:
    """A picture at hand."""

    name: str
    pixels: Pixels = field(repr=False)
    """uint8 [h, w, c], at its own size."""
    label: int | None = None
    """The place of its true class among the model's, where that is known."""
    part: str = ""
    """`validation`, where it was kept back from training; else nothing."""


Given = tuple[str, Picture, str | None]
"""A picture that a person named: what it is called, the picture, and its class, where that is known."""


def given(
    pictures: Sequence[Given], classes: Sequence[str], least: Least | None = None
) -> tuple[list[Shown], list[PictureError]]:
    """Pictures as they can be shown, and why others cannot be read. `least` as in `decode`: what a model reads."""
    shown: list[Shown] = []
    unreadable: list[PictureError] = []
    for name, picture, label in pictures:
        try:
            shown.append(Shown(called(name, picture), as_pixels(picture, least), place_of(label, classes)))
        except PictureError as error:
            unreadable.append(error)
    return shown, unreadable


def named(pictures: Sequence[Picture]) -> list[Given]:
    """Pictures with the names that they go by, numbered where they have none."""
    return [
        (str(picture), picture, folder_of(picture))
        if isinstance(picture, str | Path)
        else (f"picture {number}", picture, None)
        for number, picture in enumerate(pictures, 1)
    ]


def called(name: str, picture: Picture) -> str:
    """What a page calls a picture: of a file, its folder and name; the way there is nobody else's business."""
    return escaped("/".join(Path(picture).parts[-2:]) if isinstance(picture, str | Path) else name)


def folder_of(path: str | Path) -> str:
    """The name of the folder that a file is in: its class, where there is one called so."""
    return Path(path).resolve().parent.name


def place_of(name: str | None, classes: Sequence[str]) -> int | None:
    """Where a class stands among the model's."""
    return next((place for place, one in enumerate(classes) if one == name), None)


def class_of(pictures: Pictures, label: np.int64) -> str | None:
    """The name of a label; None where a picture has none."""
    return pictures.classes[label] if label >= 0 else None


def samples() -> list[Shown]:
    """Pictures that are always there: some digits, and X's."""
    sets = [(read("digits"), 8), (read("xs-28"), 4)]
    return [Shown(pictures.names[row], pictures[row]) for pictures, count in sets for row in range(count)]


# ---- those that the model was chosen by


def of_training(model: Model, data: str | Path | None = None) -> tuple[list[Shown], str]:
    """Some validation pictures of a model, and a line that says why there are none ('' where there are)."""
    try:
        shown = validation(source_of(model, data), model.classes, least=model.net.preparation.least)
    except CutawayError as error:
        return [], str(error)
    return shown, "" if shown else "none of its validation pictures can be read; name some pictures"


def validation(pictures: Pictures, classes: Sequence[str], count: int = FEW, least: Least | None = None) -> list[Shown]:
    """Some pictures that were kept back from training: of every class in turn, the same each time."""
    held = kept_back(pictures, classes=count, each=LOOKED_AT)
    shown: list[Shown] = []
    for row in in_turn(held.labels):
        if len(shown) == count:
            break
        try:
            pixels = held.source.picture(int(held.rows[row]), least)
        except PictureError:
            continue
        shown.append(
            Shown(short(held, held.names[row]), pixels, place_of(class_of(held, held.labels[row]), classes), VALIDATION)
        )
    return shown


def gallery(pictures: Pictures, net: Net, classes: Sequence[str], count: int) -> Gallery:
    """Up to so many validation pictures at the net's own size, for patches."""
    each = max(LOOKED_AT, 5 * -(-count // max(1, len(pictures.classes))))  # a fifth of them was kept back
    held = kept_back(pictures, classes=count, each=each)
    order = in_turn(held.labels)[:count]
    own = held.chosen(order).prepared(net.preparation)
    names = [short(pictures, name) for name in own.names]
    labels = [place_of(class_of(held, label), classes) for label in own.labels]
    return Gallery(names, labels, own.take(np.arange(len(own))))


def gallery_of(pictures: Sequence[Shown], net: Net) -> Gallery:
    """The pictures at hand, for patches."""
    pixels = [net.preparation(one.pixels) for one in pictures]
    room = np.zeros((0, *net.preparation.shape), np.uint8)
    return Gallery(
        [one.name for one in pictures], [one.label for one in pictures], np.stack(pixels) if pixels else room
    )


def kept_back(pictures: Pictures, classes: int, each: int) -> Pictures:
    """The validation pictures among some: of so many classes, evenly chosen, and of each among so many pictures.

    The split goes by the content of each picture alone, so that a few files can be read instead of all.
    """
    rows = np.flatnonzero(pictures.given != TEST)
    if VALIDATION in pictures.given:
        rows = np.flatnonzero(pictures.given == VALIDATION)
    there = np.unique(pictures.labels[rows])
    chosen = [rows[pictures.labels[rows] == label] for label in there[evenly(len(there), classes)]]
    some = np.concatenate([own[evenly(len(own), each)] for own in chosen]) if chosen else rows
    return pictures.alone(some).validation


# ---- ink on paper


def is_ink(pictures: Sequence[Shown]) -> bool:
    """Whether these are grey pictures of light strokes on black, as digits: they are shown as ink on paper."""
    return ink.is_ink([one.pixels for one in pictures])
