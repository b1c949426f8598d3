"""Which pictures are kept back: by content alone."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cutaway.pictures.split import validation


def digests(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2**64, (count, 2), np.uint64)


def test_a_fifth_is_kept_back() -> None:
    kept = validation(digests(20_000), np.arange(20_000) % 4, seed=0)
    assert abs(kept.mean() - 0.2) < 0.01
    for label in range(4):
        assert abs(kept[label::4].mean() - 0.2) < 0.02


def test_adding_and_shuffling_moves_no_picture() -> None:
    content, labels = digests(1000), np.arange(1000) % 2
    kept = validation(content, labels, seed=3)
    order = np.random.default_rng(1).permutation(1000)
    assert np.array_equal(validation(content[order], labels[order], seed=3), kept[order])
    assert np.array_equal(validation(content[:600], labels[:600], seed=3), kept[:600])


def test_another_seed_keeps_others_back() -> None:
    content, labels = digests(1000), np.zeros(1000, int)
    both = validation(content, labels, 0) & validation(content, labels, 1)
    assert 15 < both.sum() < 75  # 40 by chance; 200 if the seed did nothing


def test_equal_pictures_are_on_one_side() -> None:
    content = np.repeat(digests(300), 3, axis=0)
    kept = validation(content, np.arange(900) % 3, seed=0).reshape(300, 3)
    assert (kept.all(axis=1) | ~kept.any(axis=1)).all()


@given(counts=st.lists(st.integers(2, 12), min_size=1, max_size=5), seed=st.integers(0, 2**63))
def test_every_class_is_on_both_sides(counts: list[int], seed: int) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    kept = validation(digests(len(labels), seed), labels, seed)
    for label in range(len(counts)):
        assert 0 < kept[labels == label].sum() < counts[label]


def test_a_class_of_equal_pictures_is_on_both_sides() -> None:
    assert validation(np.ones((5, 2), np.uint64), np.zeros(5, int), seed=0).tolist() == [True] + [False] * 4
