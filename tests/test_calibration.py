"""Intervals against published values; calibration and temperature against what is known beforehand."""

import numpy as np
import pytest

from cutaway.model.calibration import calibration_error, is_settled, reliability, temperature, tempered
from cutaway.model.intervals import wilson


def softmax(scores):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def sigmoid(scores):
    return 1 / (1 + np.exp(-scores))


@pytest.mark.parametrize(
    "right, count, low, high",
    [
        (81, 263, 0.2553, 0.3662),  # Newcombe 1998, table I, method 3
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_as_published(right, count, low, high):
    assert wilson(right, count) == pytest.approx((low, high), abs=5e-5)


def test_wilson_at_the_ends():
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(20, 20)[1] == 1.0
    assert wilson(20, 20)[0] == pytest.approx(1 - wilson(0, 20)[1])


def test_wilson_holds_for_19_of_20():
    """Of many counts drawn from a known share, 95% of the intervals hold it."""
    drawn = np.random.default_rng(0).binomial(60, 0.9, 2000)
    ends = np.array([wilson(int(right), 60) for right in drawn])
    assert np.mean((ends[:, 0] <= 0.9) & (ends[:, 1] >= 0.9)) == pytest.approx(0.95, abs=0.02)


def test_bins_by_hand():
    probs = np.array([[0.95, 0.05], [0.92, 0.08], [0.24, 0.76], [0.0, 1.0]])
    bins = reliability(probs, np.array([0, 1, 1, 1]), bins=10)
    assert [(one.low, one.high, one.count, one.right) for one in bins] == [(0.7, 0.8, 1, 1.0), (0.9, 1.0, 3, 2 / 3)]
    assert bins[1].sure == pytest.approx((0.95 + 0.92 + 1) / 3)
    assert calibration_error(probs, np.array([0, 1, 1, 1]), bins=10) == pytest.approx(
        0.25 * 0.24 + 0.75 * (2.87 / 3 - 2 / 3)
    )


def test_no_error_where_probabilities_can_be_taken_at_their_word():
    random = np.random.default_rng(1)
    probs = softmax(2 * random.normal(size=(40_000, 4)))
    true = (probs.cumsum(axis=1) > random.random((len(probs), 1))).argmax(axis=1)
    assert calibration_error(probs, true) < 0.01
    assert calibration_error(tempered(probs, 0.4, "one"), true) > 0.1


@pytest.mark.parametrize("kind, made", [("one", softmax), ("two", softmax), ("each", sigmoid)])
@pytest.mark.parametrize("known", [0.5, 1.0, 3.0])
def test_a_known_temperature_is_found_again(kind, made, known):
    """Classes drawn by some probabilities; then the scores are multiplied by T, which T divides again."""
    random = np.random.default_rng(2)
    scores = 1.5 * random.normal(size=(20_000, 2 if kind == "two" else 5))
    fair = made(scores)
    if kind == "each":  # one label a picture, and every class judged by itself
        wanted = random.random(fair.shape) < fair
        alone = wanted.sum(axis=1) == 1
        scores, true = scores[alone], wanted[alone].argmax(axis=1)
        one_of = sigmoid(scores)
        best = temperature(one_of, true, kind)
        assert temperature(made(scores * known), true, kind) == pytest.approx(best * known, rel=1e-4)
        return
    true = (fair.cumsum(axis=1) > random.random((len(fair), 1))).argmax(axis=1)
    found = temperature(made(scores * known), true, kind)
    assert found == pytest.approx(known, rel=0.03)
    np.testing.assert_allclose(tempered(made(scores * known), known, kind), fair, rtol=1e-6)


def test_it_has_the_least_cross_entropy():
    random = np.random.default_rng(3)
    probs, true = softmax(3 * random.normal(size=(500, 3))).astype(np.float32), random.integers(0, 3, 500)
    best = temperature(probs, true, "one")

    def loss(t):
        return -np.log(tempered(probs, t, "one")[np.arange(500), true]).mean()

    assert loss(best) < min(loss(best * 1.02), loss(best / 1.02))
    assert is_settled(best)


def test_where_every_guess_is_right_or_nothing_was_learned_none_is_best():
    sure, all_right = np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([0, 1])
    assert not is_settled(temperature(sure, all_right, "one"))
    assert not is_settled(temperature(sure, 1 - all_right, "one"))
    assert np.isfinite(tempered(sure, 0.01, "one")).all()


def test_probabilities_of_0_and_1_stay_numbers():
    hard = np.array([[1, 0], [0, 1], [1, 0]], np.float32)
    for kind in ("one", "two", "each"):
        assert np.isfinite(tempered(hard, temperature(hard, np.array([0, 1, 1]), kind), kind)).all()
    many = np.full((2, 20_000), 1 / 20_000, np.float32)
    np.testing.assert_allclose(tempered(many, 0.01, "one"), many, rtol=1e-5)


def test_of_very_many_some_rows_are_enough(monkeypatch):
    random = np.random.default_rng(4)
    probs = softmax(2 * random.normal(size=(20_000, 5)))
    true = (probs.cumsum(axis=1) > random.random((len(probs), 1))).argmax(axis=1)
    whole = temperature(probs, true, "one")
    monkeypatch.setattr("cutaway.model.calibration.ENOUGH", 40_000)
    assert temperature(probs, true, "one") == temperature(probs[::3], true[::3], "one") != whole
