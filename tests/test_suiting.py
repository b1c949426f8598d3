"""What the pictures decide of a recipe: mirroring, and how often small classes are seen."""

from dataclasses import replace

import numpy as np
import pytest

import cutaway as cw
from cutaway.pictures.arrays import Part, from_arrays
from cutaway.training import Recipe, recipe_for, set_up
from cutaway.training.loop import order_of
from cutaway.training.suiting import mirrored

NET = "conv 4 3x3, relu, globalmean, dense classes, softmax"


def arrows(count, seed):
    """Bright on the left, class 0, or on the right, class 1; with noise."""
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, 2, count)
    pictures = draw.integers(0, 100, (count, 12, 12, 1))
    pictures[labels == 0, 3:9, :4] += 100
    pictures[labels == 1, 3:9, 8:] += 100
    return pictures.astype(np.uint8), labels


def bars(count, seed):
    """Bright above, class 0, or below, class 1: a mirror changes nothing."""
    pictures, labels = arrows(count, seed)
    return np.ascontiguousarray(pictures.swapaxes(1, 2)), labels


def pictures_of(kind):
    train, held = kind(300, 0), kind(100, 1)
    return from_arrays([Part(train[0], train[1], "train"), Part(held[0], held[1], "validation")], "drawn", seed=0)


def test_a_mirror_changes_arrows_and_not_bars():
    for kind, changes in ((arrows, True), (bars, False)):
        setup = set_up(pictures_of(kind), NET, Recipe(epochs=1))
        look = mirrored(setup.train, setup.validation, 2)
        assert look.changes == changes, str(look)
        assert look.right == look.count == 100
        assert look.right_mirrored == (0 if changes else 100)


def test_a_mirror_changes_digits():
    setup = set_up(cw.read("digits"), NET, Recipe(epochs=1))
    assert mirrored(setup.train, setup.validation, 10).changes


def test_what_is_left_open_is_decided_and_said():
    asked = Recipe(epochs=1, flip=None)
    no, yes = (set_up(pictures_of(kind), NET, asked) for kind in (arrows, bars))
    assert (no.recipe.flip, yes.recipe.flip) == (False, True)
    assert no.said[0].startswith("pictures are not mirrored, since that would change what they show: a linear classif")
    assert yes.said == ()
    warned = set_up(pictures_of(arrows), NET, Recipe(epochs=1, flip=True))
    assert warned.recipe.flip is True
    assert warned.said[0].startswith("mirroring (flip) seems to change what the pictures show: ")


def uneven():
    pictures, labels = bars(300, 0)
    keep = (labels == 0) | (np.arange(300) < 60)
    held, true = bars(50, 1)
    return from_arrays([Part(pictures[keep], labels[keep], "train"), Part(held, true, "validation")], "drawn", seed=0)


def test_small_classes_are_seen_as_often_as_large_ones():
    setup = set_up(uneven(), NET, Recipe(epochs=1))
    counts = np.bincount(setup.train.labels)
    assert counts.max() > 2 * counts.min()
    seen = np.bincount(setup.train.labels[order_of(setup.train, 0, 1)])
    assert seen.sum() == counts.sum()
    assert abs(seen[0] - seen[1]) <= 2
    assert "all classes are seen equally often, though '1' has" in setup.said[0]
    assert setup.recipe.balance is True
    plain = set_up(uneven(), NET, Recipe(epochs=1, balance=False))
    assert plain.said == () and plain.train.weights is None


def test_photographs_are_changed_each_time_and_digits_are_not():
    few, large = recipe_for(350, side=28), recipe_for(350, side=64)
    assert few.augmentation() == Recipe().augmentation()
    changed = replace(large, flip=True).augmentation()
    assert (changed.flip, changed.shift, changed.rotate, changed.scale, changed.brightness) == (True, 4, 10, 0.15, 0.1)
    assert recipe_for(350, side=64, shift=0, rotate=0.0).shift == 0


@pytest.mark.parametrize("name", ["flip", "balance"])
def test_neither_yes_nor_no(name):
    with pytest.raises(cw.InputError, match=f"{name} is 'perhaps'; it can be True, False or None"):
        Recipe(**{name: "perhaps"})  # type: ignore[arg-type]
