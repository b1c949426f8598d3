"""Which pictures are kept back: by content alone."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cutaway.pictures.split import TEST, TRAIN, VALIDATION, parts, validation


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


# ---- groups


def alone(count: int) -> np.ndarray:
    return np.arange(count)


@given(counts=st.lists(st.integers(2, 12), min_size=1, max_size=5), seed=st.integers(0, 2**63))
def test_groups_of_one_change_nothing(counts: list[int], seed: int) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    content = digests(len(labels), seed)
    assert np.array_equal(validation(content, labels, seed, alone(len(labels))), validation(content, labels, seed))


@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=40),
    classes=st.integers(1, 4),
    seed=st.integers(0, 2**63),
    test=st.sampled_from([0.0, 0.2]),
)
def test_no_group_is_parted_and_every_class_is_trained_on(
    sizes: list[int], classes: int, seed: int, test: float
) -> None:
    groups = np.repeat(np.arange(len(sizes)), sizes)
    labels = np.random.default_rng(seed).integers(0, classes, len(groups))
    found = parts(digests(len(groups), seed), labels, seed, groups, test=test)
    for group in range(len(sizes)):
        assert len(set(found[groups == group].tolist())) == 1
    for label in set(labels.tolist()):
        assert (found[labels == label] == TRAIN).any()
    if not test:
        assert TEST not in found


@given(counts=st.lists(st.integers(3, 12), min_size=1, max_size=5), seed=st.integers(0, 2**63))
def test_every_class_is_in_every_part_that_is_asked_for(counts: list[int], seed: int) -> None:
    """Of pairs, where no group is of two classes; in test, where validation leaves two pairs."""
    labels = np.repeat(np.arange(len(counts)), [2 * count for count in counts])
    found = parts(digests(len(labels), seed), labels, seed, alone(len(labels)) // 2, test=0.2)
    for label in range(len(counts)):
        own = found[labels == label]
        wanted = {TRAIN, VALIDATION, TEST} if (own != VALIDATION).sum() > 2 else {TRAIN, VALIDATION}
        assert set(own.tolist()) == wanted


def test_a_class_that_is_one_group_is_only_trained_on() -> None:
    labels = np.repeat([0, 1], [5, 50])
    groups = np.concatenate([np.zeros(5, int), 1 + np.arange(50)])
    for seed in range(30):
        found = parts(digests(55), labels, seed, groups)
        assert set(found[:5].tolist()) == {TRAIN}
        assert VALIDATION in found[5:]


def test_the_shares_are_those_asked_for() -> None:
    found = parts(digests(30_000), np.arange(30_000) % 3, 0, alone(30_000) // 3, validation=0.25, test=0.1)
    assert abs((found == VALIDATION).mean() - 0.25) < 0.015
    assert abs((found == TEST).mean() - 0.1) < 0.015


def test_a_test_part_is_taken_from_training_alone() -> None:
    content, labels = digests(1000), np.arange(1000) % 2
    before, after = (parts(content, labels, 5, alone(1000) // 2, test=test) for test in (0.0, 0.3))
    assert np.array_equal(before == VALIDATION, after == VALIDATION)


def test_a_group_goes_where_its_smallest_digest_goes() -> None:
    """Adding pictures, or another group, moves nothing, unless the new one is the smallest of a group."""
    content, labels, groups = digests(1000), np.arange(1000) % 2, alone(1000) // 4
    found = parts(content, labels, 3, groups, test=0.1)
    order = np.random.default_rng(1).permutation(1000)
    assert np.array_equal(parts(content[order], labels[order], 3, groups[order] * 7, test=0.1), found[order])
    assert np.array_equal(parts(content[:800], labels[:800], 3, groups[:800], test=0.1), found[:800])
    larger = np.full((1, 2), 2**64 - 1, np.uint64)
    grown = parts(np.concatenate([content, larger]), np.append(labels, 0), 3, np.append(groups, 7), test=0.1)
    assert np.array_equal(grown[:1000], found)
    assert grown[1000] == found[28]


def test_groups_that_share_a_picture_are_one() -> None:
    content = digests(9)
    content[3] = content[0]
    for seed in range(50):
        assert len(set(parts(content, np.zeros(9, int), seed, np.repeat([0, 1, 2], 3))[:6].tolist())) == 1


def test_parts_by_hand() -> None:
    """The second group is of both classes, and held out it would leave nothing of class 1."""
    labels, groups = np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 1])
    for seed in range(20):
        found = parts(digests(5), labels, seed, groups)
        assert found[2:].tolist() == [TRAIN] * 3
        assert found[:2].tolist() == [VALIDATION] * 2
