"""Losses: the textbook's two networks, gradients against finite differences, extremes."""

import math

import numpy as np
import pytest

from cutaway.layers.formula import compute
from cutaway.layers.layer import Array
from cutaway.layers.sigmoid import Sigmoid
from cutaway.layers.softmax import Softmax
from cutaway.layers.working import Factor, Working
from cutaway.losses import ClassificationError, CrossEntropy, LogLoss, Loss, SquaredError, loss_for
from cutaway.net import parse

TRAINABLE = [CrossEntropy(), LogLoss(), SquaredError()]


def dog_cat_dog() -> np.ndarray:
    """The true classes of the textbook's three pictures, [cat, dog]."""
    return np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])


def probabilities(*of_dog: float) -> np.ndarray:
    return np.array([[1 - p, p] for p in of_dog])


@pytest.mark.parametrize(
    ("loss", "first", "second"),
    [(ClassificationError(), 0.33, 0.33), (SquaredError(), 0.25, 0.71), (CrossEntropy(), 0.38, 1.06)],
)
def test_the_textbooks_two_networks(loss: Loss, first: float, second: float) -> None:
    for given, expected in (((0.9, 0.1, 0.4), first), ((0.6, 0.3, 0.1), second)):
        mean = loss.value(probabilities(*given), dog_cat_dog()).mean()
        assert round(float(mean), 2) == expected


def test_log_loss_of_a_sure_x() -> None:
    value = LogLoss().value(np.array([[0.98]]), np.array([[1.0]]))[0]
    assert round(float(value), 4) == 0.0202


@pytest.mark.parametrize("loss", TRAINABLE, ids=lambda loss: loss.name)
def test_gradient_is_the_slope(loss: Loss) -> None:
    random = np.random.default_rng(3)
    outputs, targets = random.uniform(0.1, 0.9, (4, 3)), random.uniform(0, 1, (4, 3))
    np.testing.assert_allclose(
        loss.gradient(outputs, targets), slope(lambda p: loss.value(p, targets), outputs), rtol=1e-6, atol=1e-8
    )


@pytest.mark.parametrize("loss", [CrossEntropy(), LogLoss()], ids=lambda loss: loss.name)
def test_of_scores_is_the_same_loss(loss: Loss) -> None:
    random = np.random.default_rng(4)
    scores, targets = random.normal(0, 2, (5, 4)), random.uniform(0, 1, (5, 4))
    assert loss.last is not None
    outputs = loss.last().forward([scores], {})
    np.testing.assert_allclose(loss.value_of_scores(scores, targets), loss.value(outputs, targets), rtol=1e-12)
    np.testing.assert_allclose(
        loss.gradient_of_scores(scores, targets),
        slope(lambda z: loss.value_of_scores(z, targets), scores),
        rtol=1e-6,
        atol=1e-8,
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_scores_stay_finite(dtype: type) -> None:
    scores: Array = np.array([[1e4, -1e4, 0.0]], dtype)
    wrong: Array = np.array([[0.0, 1.0, 0.0]], dtype)
    assert CrossEntropy().value_of_scores(scores, wrong)[0] == 2e4
    assert LogLoss().value_of_scores(scores, wrong)[0] == dtype(2e4 + math.log(2))
    for loss in (CrossEntropy(), LogLoss()):
        assert np.isfinite(loss.gradient_of_scores(scores, wrong)).all()
        assert loss.gradient_of_scores(scores, wrong).dtype == dtype


def test_certainty_that_is_wrong_costs_much_but_not_infinity() -> None:
    sure, wrong = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    assert 80 < CrossEntropy().value(sure, wrong)[0] < 100
    assert 160 < LogLoss().value(sure, wrong)[0] < 200


@pytest.mark.parametrize("loss", [*TRAINABLE, ClassificationError()], ids=lambda loss: loss.name)
def test_terms_add_up_to_the_value(loss: Loss) -> None:
    outputs, targets = np.array([0.2, 0.5, 0.3]), np.array([0.1, 0.0, 0.9])
    expected = loss.value(outputs[None], targets[None])[0]
    assert loss.terms(outputs, targets).value == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("loss", [CrossEntropy(), LogLoss()], ids=lambda loss: loss.name)
def test_terms_of_scores_add_up_to_the_value(loss: Loss) -> None:
    for scores in (np.array([2.0, -1.0, 0.5]), np.array([800.0, -900.0, 0.0])):
        for targets in (np.array([0.0, 1.0, 0.0]), np.array([0.1, 0.0, 0.9])):
            made = loss.terms_of_scores(scores, targets)
            assert made.value == pytest.approx(loss.value_of_scores(scores[None], targets[None])[0], rel=1e-12)
            assert recomputed(made) == pytest.approx(made.value, rel=1e-9)


@pytest.mark.parametrize("loss", TRAINABLE, ids=lambda loss: loss.name)
def test_formulas_come_to_the_terms(loss: Loss) -> None:
    made = loss.terms(np.array([0.2, 0.5, 0.3]), np.array([0.1, 0.0, 0.9]))
    assert recomputed(made) == pytest.approx(made.value, rel=1e-12)


def recomputed(made: Working) -> float:
    """What the formulas of a working come to, from the numbers that nothing made."""

    def number(factor: Factor) -> float:
        return recomputed(factor.made) if factor.made else factor.value

    where = {name: number(factor) for name, factor in made.where.items()}
    terms = [
        compute(term.formula, number(term.factors[0]), where)
        if term.formula
        else math.prod(number(factor) for factor in term.factors)
        for term in made.terms
    ]
    x = max(terms) if made.rule == "max" else math.fsum(terms)
    for step in made.steps:
        x = compute(step.formula, x, where)
    return x


def test_one_output_is_a_yes_or_no() -> None:
    outputs, targets = np.array([[0.7], [0.2], [0.5]]), np.array([[1.0], [1.0], [0.0]])
    assert ClassificationError().value(outputs, targets).tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("end", "kind"),
    [("softmax", CrossEntropy), ("sigmoid", LogLoss), ("tanh", SquaredError)],
)
def test_the_last_layer_decides(end: str, kind: type[Loss]) -> None:
    net = parse(f"flatten, dense 3, {end}", input=(2, 2, 1))
    assert type(loss_for(net.output.layer)) is kind


def test_of_scores_needs_no_probabilities_at_all() -> None:
    scores, targets = np.array([[2.0, -1.0]]), np.array([[1.0, 0.0]])
    p = Softmax().forward([scores], {})
    q = Sigmoid().value(scores)
    np.testing.assert_allclose(CrossEntropy().gradient_of_scores(scores, targets), p - targets)
    np.testing.assert_allclose(LogLoss().gradient_of_scores(scores, targets), q - targets)


def slope(value, at: np.ndarray, step: float = 1e-6) -> np.ndarray:
    """Central differences of a sum of values."""
    gradient = np.empty_like(at)
    for place in np.ndindex(at.shape):
        above, below = at.copy(), at.copy()
        above[place] += step
        below[place] -= step
        gradient[place] = (value(above).sum() - value(below).sum()) / (2 * step)
    return gradient
