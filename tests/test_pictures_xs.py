"""X or not X: drawn the same each time, half of each, and never both."""

import numpy as np
import pytest

from cutaway.errors import DataError
from cutaway.pictures import read
from cutaway.pictures.xs import NOISE, OTHER_KINDS, X_KINDS, Sheet, shape, xs


def shapes(size: int, kinds: tuple[str, ...], count: int) -> dict[str, set[bytes]]:
    random = np.random.default_rng(5)
    return {kind: {shape(Sheet(size), random, kind).tobytes() for _ in range(count)} for kind in kinds}


def test_all_x_of_5x5() -> None:
    different = shapes(5, X_KINDS, 300)
    assert {kind: len(some) for kind, some in different.items()} == {
        "centred": 1, "off-centre": 9, "wonky": 8, "noisy": 18
    }  # fmt: skip
    (centred,) = different["centred"]
    assert np.array_equal(np.frombuffer(centred, bool).reshape(5, 5), np.eye(5) + np.eye(5)[::-1] > 0)
    for wonky in different["wonky"]:  # one end, moved by one pixel
        moved = np.flatnonzero(np.frombuffer(wonky, bool) ^ np.frombuffer(centred, bool))
        assert len(moved) == 2 and abs(np.diff(moved)[0]) in (1, 5)


@pytest.mark.parametrize("size", [5, 6, 8, 12, 28])
def test_no_shape_is_both(size: int) -> None:
    x = set.union(*shapes(size, X_KINDS, 200).values())
    others = set.union(*shapes(size, OTHER_KINDS, 200).values())
    assert not x & others


def test_nothing_but_x_has_an_x_in_it_at_5x5() -> None:
    for kind, some in shapes(5, OTHER_KINDS, 200).items():
        for one in some:
            windows = np.lib.stride_tricks.sliding_window_view(np.frombuffer(one, bool).reshape(5, 5), (3, 3))
            cross = windows[..., (0, 0, 1, 2, 2), (0, 2, 1, 0, 2)].all(axis=-1)
            plus = windows[..., (0, 1, 1, 2), (1, 0, 2, 1)].any(axis=-1)
            assert not (cross & ~plus).any(), kind


@pytest.mark.parametrize("size", [5, 7, 28])
def test_balanced_and_the_same_each_time(size: int) -> None:
    pictures, again = xs(size, count=360), xs(size, count=360)
    assert pictures.counts() == {"not X": 180, "X": 180} and pictures.size == (size, size, 1)
    assert pictures.fingerprint == again.fingerprint != xs(size, count=360, seed=1).fingerprint
    assert len(pictures.test) == 72 and pictures.test.counts() == {"not X": 36, "X": 36}
    of_kind = [sum(name.endswith(f" X {kind}") for name in pictures.test.names) for kind in (*X_KINDS, *OTHER_KINDS)]
    assert of_kind == [9] * 4 + [4] * 9
    assert len({picture.tobytes() for picture in pictures}) == 360  # no test picture was seen in training


def test_names_tell_the_kind_and_labels_agree() -> None:
    pictures = read("xs")
    assert pictures.size == (5, 5, 1) and pictures.names[2] == "xs[2] X off-centre"
    assert pictures.test.names[1] == "xs test[1] not X V"
    for name, label in zip(pictures.names, pictures.labels, strict=True):
        kind = name.split("] ")[1]
        assert kind.startswith(pictures.classes[label])


def test_ink_is_white_on_dark_paper() -> None:
    for picture in read("xs-28"):
        assert set(np.unique(picture[picture >= NOISE])) == {255}


def test_other_sizes() -> None:
    assert read("xs-28").size == (28, 28, 1)
    for name in ("xs-4", "xs-129"):
        with pytest.raises(DataError, match=f"{name}: X are drawn at 5 to 128 pixels"):
            read(name)
