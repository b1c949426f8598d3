"""Augmentation: a pure function of seed, epoch and picture."""

import numpy as np
import pytest

from cutaway.augmentation import ONE, Augmentation, Change, Changes, apply
from cutaway.errors import InputError

BOTH = Augmentation(flip=True, shift=2)
EVERYTHING = Augmentation(
    flip=True, shift=2, rotate=20, scale=0.2, brightness=0.1, contrast=0.3, erase=0.4, border="reflect", fill=7
)
STRAIGHT = [Change.D, Change.DOWN, Change.RIGHT]
"""What differs where a picture is only mirrored and moved."""


def unchanged(**numbers: int) -> Changes:
    """A line that changes nothing, but for what is named."""
    line = {name: 0 for name in Change.__members__} | {"A": ONE, "D": ONE, "GAIN": ONE} | numbers
    return np.array([list(line.values())])


def test_the_same_whatever_the_batch() -> None:
    whole = EVERYTHING.draw(seed=1, epoch=2, indices=np.arange(100))
    order = np.random.default_rng(0).permutation(100)
    assert np.array_equal(EVERYTHING.draw(1, 2, order), whole[order])
    assert np.array_equal(EVERYTHING.draw(1, 2, [7]), whole[7:8])


def test_every_change_is_as_likely() -> None:
    drawn = BOTH.draw(seed=0, epoch=0, indices=np.arange(50_000))[:, STRAIGHT]
    different, counts = np.unique(drawn, axis=0, return_counts=True)
    assert len(different) == 2 * 5 * 5
    assert abs(counts - 1000).max() < 5 * 1000**0.5


def test_numbers_with_a_fraction_spread_over_all_that_is_asked_for() -> None:
    drawn = EVERYTHING.draw(seed=0, epoch=0, indices=np.arange(50_000)) / ONE
    gain = np.log(drawn[:, Change.GAIN]) / np.log(1.3)
    angle = np.rad2deg(np.arctan2(-drawn[:, Change.B], drawn[:, Change.A])) / 20
    scale = np.log(np.hypot(drawn[:, Change.A], drawn[:, Change.B])) / np.log(1.2)
    light = (drawn[:, Change.OFFSET] - 128 * (1 - drawn[:, Change.GAIN])) / 25.5
    for share in (gain, angle, scale, light):
        counts, _ = np.histogram(share, 10, (-1.001, 1.001))  # rounding to 16 bits may pass the ends
        assert counts.sum() == 50_000
        assert abs(counts - 5000).max() < 5 * 5000**0.5
    assert abs(np.corrcoef(np.stack([gain, angle, scale, light])) - np.eye(4)).max() < 0.03


def test_seeds_and_epochs_differ() -> None:
    first = BOTH.draw(0, 0, np.arange(1000))[:, STRAIGHT]
    for other in (BOTH.draw(0, 1, np.arange(1000)), BOTH.draw(1, 0, np.arange(1000))):
        assert (first == other[:, STRAIGHT]).all(axis=1).mean() < 0.05  # 0.02 by chance


PICTURE = np.array([[1, 2, 3], [4, 5, 6]], np.uint8)[np.newaxis, :, :, np.newaxis]


def changed(picture: np.ndarray = PICTURE, **numbers: int) -> object:
    result = apply(picture, unchanged(**numbers))
    assert result.dtype == np.uint8
    assert result.shape == picture.shape
    return result[0, ..., 0].tolist()


def test_moving_by_hand() -> None:
    assert changed() == [[1, 2, 3], [4, 5, 6]]
    assert changed(D=-ONE) == [[3, 2, 1], [6, 5, 4]]
    assert changed(DOWN=1) == [[1, 2, 3], [1, 2, 3]]
    assert changed(RIGHT=1) == [[1, 1, 2], [4, 4, 5]]
    assert changed(DOWN=-1, RIGHT=-2) == [[6, 6, 6], [6, 6, 6]]
    assert changed(D=-ONE, RIGHT=1) == [[3, 3, 2], [6, 6, 5]]


def test_borders_by_hand() -> None:
    assert changed(RIGHT=2, BORDER=1) == [[3, 2, 1], [6, 5, 4]]
    assert changed(DOWN=1, BORDER=1) == [[4, 5, 6], [1, 2, 3]]
    assert changed(RIGHT=1, BORDER=2, FILL=9) == [[9, 1, 2], [9, 4, 5]]
    assert changed(DOWN=-3, BORDER=2, FILL=9) == [[9, 9, 9], [9, 9, 9]]


def test_turning_by_hand() -> None:
    square = np.arange(9, dtype=np.uint8).reshape(1, 3, 3, 1)
    quarter = changed(square, A=0, B=-ONE, C=ONE, D=0)
    assert quarter in (np.rot90(square[0, ..., 0]).tolist(), np.rot90(square[0, ..., 0], -1).tolist())


def test_values_between_neighbours_by_hand() -> None:
    row = np.array([0, 100, 200], np.uint8).reshape(1, 1, 3, 1)
    assert changed(row, D=ONE // 2) == [[50, 100, 150]]  # twice as large, about the middle
    assert changed(row, D=2 * ONE) == [[0, 100, 200]]  # half as large: beyond the edges stands the edge


def test_brightness_and_contrast_by_hand() -> None:
    row = np.array([0, 100, 250], np.uint8).reshape(1, 1, 3, 1)
    assert changed(row, OFFSET=10 * ONE) == [[10, 110, 255]]
    assert changed(row, OFFSET=-50 * ONE) == [[0, 50, 200]]
    assert changed(row, GAIN=ONE // 2, OFFSET=64 * ONE) == [[64, 114, 189]]


def test_erasing_by_hand() -> None:
    square = np.ones((1, 4, 4, 1), np.uint8)
    middle = changed(square, ROW=ONE // 2, COLUMN=ONE // 2, SIDE=ONE // 2, FILL=7)
    assert middle == [[1, 1, 1, 1], [1, 7, 7, 1], [1, 7, 7, 1], [1, 1, 1, 1]]
    corner = changed(square, ROW=0, COLUMN=0, SIDE=ONE // 2, FILL=7)
    assert corner == [[7, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1]]


def test_each_picture_of_a_batch_gets_its_own() -> None:
    batch = np.random.default_rng(0).integers(0, 256, (20, 7, 9, 3), np.uint8)
    changes = EVERYTHING.draw(0, 0, np.arange(20))
    whole = apply(batch, changes)
    for number in range(20):
        one = slice(number, number + 1)
        assert np.array_equal(apply(batch[one], changes[one]), whole[one])


def test_nothing_asked_for_changes_nothing() -> None:
    batch = np.random.default_rng(0).integers(0, 256, (4, 5, 5, 1), np.uint8)
    assert np.array_equal(apply(batch, Augmentation().draw(0, 0, np.arange(4))), batch)


def test_a_border_that_there_is_not() -> None:
    with pytest.raises(InputError, match="there is no border 'mirror'; known: edge, reflect, fill"):
        Augmentation(border="mirror")
