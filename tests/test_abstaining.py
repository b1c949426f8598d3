"""How sure a guess must be, against curves counted by hand."""

import itertools

import numpy as np
import pytest

from cutaway.errors import InputError
from cutaway.model.abstaining import POINTS, Point, curve, threshold

SURE = np.array([0.95, 0.9, 0.9, 0.8, 0.7, 0.6])
RIGHT = np.array([True, True, False, True, True, False])


def test_the_curve_answers_equally_sure_guesses_together():
    assert curve(SURE, RIGHT) == [
        Point(0.95, 1, 0),
        Point(0.9, 3, 1),
        Point(0.8, 4, 1),
        Point(0.7, 5, 1),
        Point(0.6, 6, 2),
    ]
    order = np.random.default_rng(0).permutation(6)
    assert curve(SURE[order], RIGHT[order]) == curve(SURE, RIGHT)


def test_as_many_as_possible_are_answered_within_the_error():
    points = curve(SURE, RIGHT)
    assert threshold(points, 0.2) == (0.7, 5, 1, 6)
    assert threshold(points, 0.19) == (0.95, 1, 0, 6)
    assert threshold(points, 1.0) == (0.6, 6, 2, 6)
    assert threshold([list(point) for point in points], 0.2).sure == 0.7  # as JSON keeps it
    assert str(threshold(points, 0.2)).startswith(
        "answers where it is at least 70.0% sure: 83.3% of 6 validation pictures, 20.00% of them wrongly (95% interval "
    )


def test_what_cannot_be_is_said():
    points = curve(np.array([0.9, 0.8]), np.array([False, True]))
    with pytest.raises(InputError, match=r"no threshold keeps the error at 10.00% on 2 .*; the least is 50.00%"):
        threshold(points, 0.1)
    with pytest.raises(InputError, match="train it again"):
        threshold([], 0.1)


def test_of_very_many_pictures_some_points_are_kept():
    draw = np.random.default_rng(0)
    points = curve(draw.random(10_000), draw.random(10_000) < 0.9)
    assert len(points) == POINTS
    assert points[-1].answered == 10_000
    assert all(a.answered < b.answered and a.sure > b.sure for a, b in itertools.pairwise(points))
