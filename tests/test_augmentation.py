"""Augmentation: a pure function of seed, epoch and picture."""

import numpy as np

from cutaway.pictures.augmentation import Augmentation

BOTH = Augmentation(flip=True, shift=2)


def test_the_same_whatever_the_batch() -> None:
    whole = BOTH.draw(seed=1, epoch=2, indices=np.arange(100))
    order = np.random.default_rng(0).permutation(100)
    assert np.array_equal(BOTH.draw(1, 2, order), whole[order])
    assert np.array_equal(BOTH.draw(1, 2, [7]), whole[7:8])


def test_every_change_is_as_likely() -> None:
    drawn = BOTH.draw(seed=0, epoch=0, indices=np.arange(50_000))
    different, counts = np.unique(drawn, axis=0, return_counts=True)
    assert len(different) == 2 * 5 * 5
    assert abs(counts - 1000).max() < 5 * 1000**0.5


def test_seeds_and_epochs_differ() -> None:
    first = BOTH.draw(0, 0, np.arange(1000))
    for other in (BOTH.draw(0, 1, np.arange(1000)), BOTH.draw(1, 0, np.arange(1000))):
        assert (first == other).all(axis=1).mean() < 0.05  # 0.02 by chance


def test_apply_by_hand() -> None:
    picture = np.array([[1, 2, 3], [4, 5, 6]], np.uint8)[np.newaxis, :, :, np.newaxis]

    def changed(*parameters: int) -> object:
        result = BOTH.apply(picture, np.array([parameters]))
        assert result.dtype == np.uint8 and result.shape == (1, 2, 3, 1)
        return result[0, ..., 0].tolist()

    assert changed(0, 0, 0) == [[1, 2, 3], [4, 5, 6]]
    assert changed(1, 0, 0) == [[3, 2, 1], [6, 5, 4]]
    assert changed(0, 1, 0) == [[1, 2, 3], [1, 2, 3]]
    assert changed(0, 0, 1) == [[1, 1, 2], [4, 4, 5]]
    assert changed(0, -1, -2) == [[6, 6, 6], [6, 6, 6]]
    assert changed(1, 0, 1) == [[3, 3, 2], [6, 6, 5]]


def test_each_picture_of_a_batch_gets_its_own() -> None:
    batch = np.random.default_rng(0).integers(0, 256, (20, 7, 9, 3), np.uint8)
    parameters = BOTH.draw(0, 0, np.arange(20))
    whole = BOTH.apply(batch, parameters)
    for number in range(20):
        one = slice(number, number + 1)
        assert np.array_equal(BOTH.apply(batch[one], parameters[one]), whole[one])


def test_nothing_asked_for_changes_nothing() -> None:
    batch = np.random.default_rng(0).integers(0, 256, (4, 5, 5, 1), np.uint8)
    none = Augmentation()
    assert not none.draw(0, 0, np.arange(4)).any()
    assert np.array_equal(none.apply(batch, none.draw(0, 0, np.arange(4))), batch)
