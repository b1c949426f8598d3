"""Training pictures as the net sees them, kept with the model: how like them is a new picture, and which are nearest?

Two pictures are alike where the features that the last layer weighs point the same way: the distance is 1 less the
cosine of the angle between them, 0 to 2. Cosine rather than Euclidean distance, because what a net has never seen
excites few features, and short lists of numbers are near to everything: with MobileNetV2 on cats and dogs, of 49 other
photos 48 are farther away than 99% of cats and dogs by the angle, 12 by the length (2026-11-28).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cutaway.errors import ModelError

NEAREST = 3
"""A picture is as far from those seen in training as from the nearest three of them, on average."""
USUAL = 0.99
"""The share of validation pictures that are no farther from the training pictures than what is called usual."""
TOGETHER = 1 << 22
"""Distances that are held at a time."""

Features = NDArray[np.float32]


class Near(NamedTuple):
    """A training picture that is like another."""

    path: str
    label: str
    distance: float


@dataclass(frozen=True, eq=False)
class Seen:
    """`model.seen.nearest(model.features(prepared))`."""

    features: Features = field(repr=False)
    """[m, F], each of length 1."""
    labels: NDArray[np.int64] = field(repr=False)
    """[m]: the place of each one's class."""
    names: tuple[str, ...] = field(repr=False)
    of: int
    """How many training pictures there were; these are evenly chosen ones."""
    usual: float = 0.0
    """The distance that 99% of the validation pictures keep within; beyond it, nothing like it was seen in training."""

    def __len__(self) -> int:
        return len(self.names)

    def nearest(self, features: Features, count: int = NEAREST) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """([n, count], [n, count]): the nearest of them and their distances, for features [n, F]."""
        count, own = min(count, len(self)), unit(features)
        size = max(1, TOGETHER // max(1, len(self)))
        places, distances = [], []
        for start in range(0, max(1, len(own)), size):
            part = 1 - own[start : start + size] @ self.features.T
            near = np.argsort(part, axis=1, kind="stable")[:, :count]
            places.append(near)
            distances.append(np.take_along_axis(part, near, axis=1))
        return np.concatenate(places), np.maximum(0, np.concatenate(distances))

    def like(self, features: Features, classes: Sequence[str]) -> Iterator[tuple[Near, ...]]:
        """For each list of features, the nearest training pictures with their classes."""
        for places, distances in zip(*self.nearest(features), strict=True):
            yield tuple(
                Near(self.names[place], _name(classes, self.labels[place]), float(distance))
                for place, distance in zip(places, distances, strict=True)
            )

    def is_far(self, near: Sequence[Near]) -> bool:
        """Whether a picture is farther from all that was seen in training than is usual."""
        return sum(one.distance for one in near) > self.usual * len(near)

    def packed(self) -> bytes:
        """The content of a file; features with 11 bits of precision, of which distances need 8."""
        from safetensors.numpy import save

        tensors: dict[str, NDArray[Any]] = {
            "features": self.features.astype(np.float16),
            "labels": self.labels,
            "usual": np.array([self.usual]),
            "of": np.array([self.of]),
        }
        names = [name.encode("utf-8", "surrogateescape").decode("latin-1") for name in self.names]
        return save(tensors, {"names": json.dumps(names)})


def seen(features: Features, labels: NDArray[np.int64], names: Sequence[str], of: int, held_out: Features) -> Seen:
    """From the features of training pictures, and of pictures that were kept back, which say what is usual."""
    known = Seen(unit(features), labels, tuple(names), of)
    far = known.nearest(held_out)[1].mean(axis=1) if len(held_out) else np.zeros(0, np.float32)
    return Seen(known.features, labels, known.names, of, float(np.quantile(far, USUAL)) if len(far) else 2.0)


def unpacked(path: Path, content: bytes) -> Seen:
    """What `packed` made. Raises ModelError, naming the file, for anything else."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        tensors = load(content)
        length = int.from_bytes(content[:8], "little")
        names = json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["names"])
        given = tuple(name.encode("latin-1").decode("utf-8", "surrogateescape") for name in names)
        features = unit(tensors["features"].astype(np.float32))
        return Seen(features, tensors["labels"], given, int(tensors["of"][0]), float(tensors["usual"][0]))
    except (SafetensorError, ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        raise ModelError(f"{path} is damaged ({' '.join(str(error).split())}); remove it to go without") from None


def _name(classes: Sequence[str], label: np.int64) -> str:
    """Of a label; nothing for a picture that is of no class, as one of several classes may be."""
    return classes[int(label)] if label >= 0 else ""


def unit(features: Features) -> Features:
    """Each list of features divided by its length."""
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    result: Features = (features / np.maximum(lengths, np.finfo(np.float32).tiny)).astype(np.float32)
    return result
