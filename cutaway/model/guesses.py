"""What a model says of one picture: class names with probabilities, best first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

from cutaway.model.names import escaped
from cutaway.model.outputs import Kind
from cutaway.model.seen import Near


@dataclass(frozen=True)
class Guess:
    """One class and how probable it is."""

    label: str
    prob: float
    """From 0 to 1."""

    def __str__(self) -> str:
        return f"{escaped(self.label)} {self.prob:.1%}"


@dataclass(frozen=True, repr=False)
class Guesses(Sequence[Guess]):
    """The most probable classes of one picture, best first.

    guesses = model.predict("photo.jpg")
    guesses.label, guesses.prob             # ('cat', 0.97)
    [guess.label for guess in guesses]      # ['cat', 'dog']
    """

    path: str
    """The file, or `the picture` where an array was given."""
    guesses: tuple[Guess, ...]
    labels: tuple[str, ...]
    """What is true by this: the best class; or, where each class stands by itself, all that are above its threshold."""

    nearest: tuple[Near, ...] = ()
    """The training pictures that are most like it, nearest first, where the model has some."""
    unlike: bool = False
    """Whether it is unlike anything seen in training: farther from the nearest than 99% of the validation pictures."""
    several: bool = False
    """Whether each class stands by itself, so that several may be true, or none."""

    @property
    def label(self) -> str:
        """The best class."""
        return self.guesses[0].label

    @property
    def prob(self) -> float:
        """The probability of the best class."""
        return self.guesses[0].prob

    def __len__(self) -> int:
        return len(self.guesses)

    def __iter__(self) -> Iterator[Guess]:
        return iter(self.guesses)

    @overload
    def __getitem__(self, place: int) -> Guess: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Guess]: ...
    def __getitem__(self, place: int | slice) -> Guess | Sequence[Guess]:
        return self.guesses[place]

    def __repr__(self) -> str:
        return f"<{escaped(self.path)}: {', '.join(map(str, self.guesses))}>"


def ranked(
    path: str,
    probs: NDArray[np.float32],
    classes: Sequence[str],
    kind: Kind,
    top: int,
    thresholds: NDArray[np.float64],
) -> Guesses:
    """The `top` most probable classes of one picture; of equally probable ones, the first class first.

    `thresholds` [classes] say above which probability a class that stands by itself is true.
    """
    order = np.argsort(-probs, kind="stable")
    true = [label for label in order if probs[label] > thresholds[label]] if kind == "each" else order[:1]
    best = tuple(Guess(classes[label], float(probs[label])) for label in order[:top])
    return Guesses(path, best, tuple(classes[label] for label in true), several=kind == "each")
