"""Training pictures that new ones are compared with: who is nearest, and what is unlike them all."""

import numpy as np
import pytest

from cutaway.errors import ModelError
from cutaway.model.seen import seen, unpacked

FEATURES = np.array([[1, 0], [2, 0.2], [0, 3], [0.1, 1], [1, 1]], np.float32)
LABELS = np.array([0, 0, 1, 1, 0])
NAMES = ["a.jpg", "b.jpg", "c.jpg", "d\udcff.jpg", "=e.jpg"]


@pytest.fixture
def known():
    return seen(FEATURES, LABELS, NAMES, of=50, held_out=np.array([[3, 0.1], [0.1, 4], [1, 0.5]], np.float32))


def test_the_angle_counts_and_not_the_length(known):
    places, distances = known.nearest(np.array([[70, 2], [0, 0.01]], np.float32))
    assert places.tolist() == [[0, 1, 4], [2, 3, 4]]
    exact = 1 - np.array([70, 2]) @ np.array([2, 0.2]) / np.hypot(70, 2) / np.hypot(2, 0.2)
    assert distances[0, 1] == pytest.approx(exact, abs=1e-6)
    (near,) = known.like(np.array([[1, 0]], np.float32), ["cat", "dog"])
    assert [(one.path, one.label) for one in near] == [("a.jpg", "cat"), ("b.jpg", "cat"), ("=e.jpg", "cat")]


def test_what_points_elsewhere_is_far(known):
    (usual,), (strange,) = ([*known.like(np.array([way], np.float32), "ab")] for way in ([1, 0.1], [-1, -1]))
    assert not known.is_far(usual)
    assert known.is_far(strange)


def test_usual_is_what_the_pictures_kept_back_are():
    draw = np.random.default_rng(0)
    held = draw.random((1000, 20)).astype(np.float32)
    known = seen(draw.random((500, 20)).astype(np.float32), np.zeros(500, int), ["x"] * 500, 500, held)
    far = sum(known.is_far(near) for near in known.like(held, "a"))
    assert far == pytest.approx(10, abs=1)
    nothing_kept_back = seen(FEATURES, LABELS, NAMES, 5, np.zeros((0, 2), np.float32))
    assert not any(nothing_kept_back.is_far(near) for near in nothing_kept_back.like(-FEATURES, "ab"))


def test_packed_and_unpacked_it_is_the_same(known, tmp_path):
    other = unpacked(tmp_path / "training.safetensors", known.packed())
    assert (other.names, other.of, other.usual) == (tuple(NAMES), 50, known.usual)
    assert other.labels.tolist() == LABELS.tolist()
    assert abs(other.features - known.features).max() < 2.0**-11


@pytest.mark.parametrize("content", [b"", b"junk", b"\x02\0\0\0\0\0\0\0{}", None])
def test_damage_is_named(known, tmp_path, content):
    content = known.packed()[:-1] if content is None else content
    with pytest.raises(ModelError, match=r"training.safetensors is damaged .*; remove it to go without"):
        unpacked(tmp_path / "training.safetensors", content)
