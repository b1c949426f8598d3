"""What a recipe leaves open and the pictures themselves decide: whether to mirror them, and which classes to see more.

Mirroring doubles what a net can learn from, where left and right do not matter; where they do (letters, arrows, hands)
it teaches nonsense. The validation pictures tell: the simplest classifier there is, a linear one on 16x16 pixels,
judges them as they are and in a mirror. Of what it can do beyond guessing, it loses three quarters on digits and
letters, a third on clothes, and nothing that chance does not explain on faces, cats and dogs, or crosses (2026-11-28).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cutaway.layers.resize import triangle
from cutaway.pictures import Prepared
from cutaway.pictures.choice import evenly
from cutaway.training.head import balanced
from cutaway.training.recipe import Recipe

Labels = NDArray[np.int64]

SIDE = 16
"""Pixels a side that the classifier looks at."""
RIDGE = 0.1
"""Of the mean variance of a pixel: how much its weights are held back (0.1, 1 and 10 tell the same story)."""
MOST = 2000
"""Pictures that it is fitted to, and that it judges."""
SIGNIFICANT = 0.01
"""How seldom chance alone would make so many mirrored pictures worse."""
KEPT = 0.5
"""The share of what it can do beyond guessing that has to be left in a mirror."""
UNEVEN = 2.0
"""Where the largest class has so many times the pictures of the smallest, small ones are seen more often."""


@dataclass(frozen=True)
class Mirrored:
    """How many validation pictures a linear classifier gets right, as they are and in a mirror."""

    right: int
    right_mirrored: int
    lost: int
    """Right as they are, wrong in a mirror."""
    guessing: int
    """Pictures of the commonest class."""
    count: int

    @property
    def changes(self) -> bool:
        """Whether a mirror changes what the pictures show: much is lost, and more than chance explains (McNemar)."""
        won = self.lost - (self.right - self.right_mirrored)
        n = self.lost + won
        tail = sum(math.comb(n, k) for k in range(self.lost, n + 1)) / 2**n
        left = self.right_mirrored - self.guessing < KEPT * (self.right - self.guessing)
        return self.lost > won and tail < SIGNIFICANT and left

    def __str__(self) -> str:
        return (
            f"a linear classifier is right for {self.right / self.count:.1%} of {self.count:,} validation pictures, "
            f"and for {self.right_mirrored / self.count:.1%} of them mirrored"
        )


def mirrored(train: Prepared, held_out: Prepared, classes: int) -> Mirrored:
    """Looks whether a mirror changes what pictures show; evenly chosen ones of both, the same each time."""
    mine, theirs = evenly(len(train), MOST), evenly(len(held_out), MOST)
    seen, true = held_out.take(theirs), held_out.labels[theirs]
    guess = linear(tiny(train.take(mine)), train.labels[mine], classes)
    plain, flipped = (guess(tiny(some)) == true for some in (seen, seen[:, :, ::-1]))
    commonest = int(np.bincount(true, minlength=1).max())
    return Mirrored(int(plain.sum()), int(flipped.sum()), int((plain & ~flipped).sum()), commonest, len(true))


def linear(x: NDArray[np.float64], labels: NDArray[np.int64], classes: int) -> Callable[[NDArray[np.float64]], Labels]:
    """Least squares from pixels to classes, held back a little (ridge regression, Hoerl and Kennard 1970)."""
    mean, wanted = x.mean(axis=0), np.eye(classes)[labels]
    centred, share = x - mean, wanted.mean(axis=0)
    products = centred.T @ centred
    products[np.diag_indices_from(products)] += RIDGE * max(1e-12, np.trace(products) / len(products))
    weights = np.linalg.solve(products, centred.T @ (wanted - share))
    return lambda other: ((other - mean) @ weights + share).argmax(axis=1)


def tiny(pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
    """[n, pixels]: pictures scaled to at most 16 pixels a side."""
    rows, columns = (triangle(side, min(SIDE, side), 0, min(SIDE, side)) for side in pictures.shape[1:3])
    return np.stack([np.einsum("rh,hwk,cw->rck", rows, one, columns, optimize=True).ravel() for one in pictures])


def suited(
    recipe: Recipe, train: Prepared, held_out: Prepared, classes: Sequence[str]
) -> tuple[Recipe, Prepared, list[str]]:
    """The recipe with nothing left open, the training pictures with their weights, and what is to be said of it."""
    said = []
    if recipe.flip is None or recipe.flip:
        look = mirrored(train, held_out, len(classes))
        if recipe.flip is None:
            recipe = replace(recipe, flip=not look.changes)
            said += [f"pictures are not mirrored, since that would change what they show: {look}"] * look.changes
        elif look.changes:
            said.append(f"mirroring (flip) seems to change what the pictures show: {look}")
    several = train.truths is not None
    counts = np.bincount(train.labels, minlength=len(classes)) if not several else np.ones(1)
    if recipe.balance is None:
        recipe = replace(recipe, balance=bool(counts.max() > UNEVEN * counts.min()))
    if recipe.balance and not several:
        few, many = classes[int(counts.argmin())], classes[int(counts.argmax())]
        said.append(
            f"all classes are seen equally often, though {few!r} has {counts.min():,} pictures and {many!r} "
            f"{counts.max():,}"
        )
        shares: NDArray[np.float64] = balanced(train.labels, len(classes))
        own = shares if train.weights is None else shares * train.weights
        train = replace(train, weights=own.astype(np.float32))
    return recipe, train, said
