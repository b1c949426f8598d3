"""Pictures that come as arrays with labels: IDX, .npz, the bundled sets."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cutaway.errors import DataError
from cutaway.pictures.natural import ordered
from cutaway.pictures.pictures import Pictures
from cutaway.pictures.source import Arrays


@dataclass(frozen=True)
class Part:
    """Some of the pictures of a set: uint8 [n, h, w, c], with their labels [n], numbers or text."""

    images: NDArray[np.uint8]
    labels: NDArray[np.generic]
    part: str  # train, validation or test; "" where validation is still to be chosen


def from_arrays(
    parts: Sequence[Part],
    title: str,
    seed: int,
    classes: Sequence[str] | None = None,
    remarks: Sequence[str] | None = None,
) -> Pictures:
    """One set of pictures out of its parts.

    `classes` are the names of the labels 0, 1, 2, ...; without them each label is its own name. `remarks` go
    behind the pictures' names.
    """
    if not any(len(part.images) for part in parts):
        raise DataError(f"{title}: holds no picture")
    if len({part.images.shape[1:] for part in parts}) > 1:
        shapes = " and ".join(f"{part.part} {part.images.shape[1:]}" for part in parts)
        raise DataError(f"{title}: its parts hold pictures of different shapes: {shapes}")
    values = np.concatenate([part.labels for part in parts])
    names, labels = _named(values, title, classes)
    images = parts[0].images if len(parts) == 1 else np.concatenate([part.images for part in parts])
    return Pictures(
        source=Arrays(images, _Names(parts, title, remarks)),
        classes=names,
        labels=labels,
        rows=np.arange(len(labels)),
        given=np.repeat([part.part for part in parts], [len(part.images) for part in parts]),
        title=title,
        seed=seed,
    )


def _named(
    values: NDArray[np.generic], title: str, classes: Sequence[str] | None
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    if classes is not None:
        labels = values.astype(np.int64)
        if labels.min() < 0 or labels.max() >= len(classes):
            wrong = labels[(labels < 0) | (labels >= len(classes))][0]
            raise DataError(f"{title}: label {wrong} is not one of its {len(classes)} classes, 0 to {len(classes) - 1}")
        return tuple(classes), labels
    different, places = np.unique(values, return_inverse=True)
    texts = [str(value) for value in different]
    names = ordered(texts)
    label = {name: place for place, name in enumerate(names)}
    return names, np.array([label[text] for text in texts], np.int64)[places]


class _Names:
    """`mnist[17]`, and in a part that the data keeps apart, `mnist test[3]`."""

    def __init__(self, parts: Sequence[Part], title: str, remarks: Sequence[str] | None) -> None:
        self.title, self.remarks = title, remarks
        self.parts = [part.part if part.part != "train" else "" for part in parts]
        self.starts = np.cumsum([0] + [len(part.images) for part in parts])

    def __call__(self, row: int) -> str:
        place = int(np.searchsorted(self.starts, row, side="right")) - 1
        part = f" {self.parts[place]}" if self.parts[place] else ""
        remark = f" {self.remarks[row]}" if self.remarks else ""
        return f"{self.title}{part}[{row - self.starts[place]}]{remark}"
