"""The last layer by itself: the best there is, held against scikit-learn's; its folds, its temperature."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from cutaway.losses import CrossEntropy, LogLoss
from cutaway.model.calibration import temperature
from cutaway.training.head import FOLDS, _solved, balanced, fitted, folds_of


def drawn(count=300, features=8, classes=3, seed=0, spread=2.5):
    """Features of classes that overlap."""
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, classes, count)
    middles = np.random.default_rng(99).normal(size=(classes, features))
    x = middles[labels] + spread * draw.normal(size=(count, features))
    return x.astype(np.float32), labels


def names(count):
    return [bytes(f"{number:05}", "ascii") for number in range(count)]


def test_it_is_the_optimum_that_scikit_learn_finds():
    x, labels = drawn()
    decay = 0.05
    weight, bias = _solved(x.astype(np.float64), np.eye(3)[labels], CrossEntropy(), np.ones(len(x)), decay)
    known = LogisticRegression(C=1 / (decay * len(x)), tol=1e-10, max_iter=10_000).fit(x, labels)
    own = x @ weight + bias
    theirs = known.decision_function(x)
    # scores are told but for a number added to all; L-BFGS stops where the slope is below 1e-5
    assert abs((own - own.mean(axis=1, keepdims=True)) - (theirs - theirs.mean(axis=1, keepdims=True))).max() < 2e-2


def test_pictures_count_by_their_shares():
    x, labels = drawn()
    shares = np.where(labels == 0, 5.0, 1.0)
    decay = 0.05
    weight, bias = _solved(x.astype(np.float64), np.eye(3)[labels], CrossEntropy(), shares, decay)
    known = LogisticRegression(C=1 / (decay * shares.sum()), tol=1e-10, max_iter=10_000)
    theirs = known.fit(x, labels, sample_weight=shares).decision_function(x)
    own = x @ weight + bias
    assert abs((own - own.mean(axis=1, keepdims=True)) - (theirs - theirs.mean(axis=1, keepdims=True))).max() < 2e-2
    assert (own.argmax(axis=1) == 0).sum() > (labels == 0).sum()


def test_probabilities_can_be_taken_at_their_word():
    """On pictures of the same kind, hardly any other temperature would be better."""
    x, labels = drawn(600, spread=3)
    head = fitted(x, np.eye(3)[labels], CrossEntropy(), "one", folds_of(names(600), labels), np.ones(600))
    other, true = drawn(5000, seed=1, spread=3)
    scores = other @ head.weight + head.bias
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    left = temperature(powers / powers.sum(axis=1, keepdims=True), true, "one")
    assert 0.8 < left < 1.25
    assert (scores.argmax(axis=1) == true).mean() > 0.5


def test_out_of_fold_scores_are_no_better_than_those_of_new_pictures():
    """A layer with as many weights as pictures knows its own by heart, and says so of none."""
    x, labels = drawn(60, features=200, classes=2, spread=30)
    head = fitted(x, np.eye(2)[labels], CrossEntropy(), "one", folds_of(names(60), labels), np.ones(60))
    assert (head.out_of_fold.argmax(axis=1) == labels).mean() < 0.75


def test_one_output_and_yes_or_no():
    x, labels = drawn(classes=2, spread=1)
    head = fitted(x, labels[:, None].astype(float), LogLoss(), "two", folds_of(names(300), labels), np.ones(300))
    assert head.weight.shape == (8, 1)
    assert (((x @ head.weight + head.bias)[:, 0] > 0) == labels).mean() > 0.8


def test_folds_are_even_and_keep_equal_pictures_together():
    labels = np.repeat([0, 1, 2], [50, 30, 20])
    digests = [bytes([number // 2]) for number in range(100)]  # each picture twice
    folds = folds_of(digests, labels)
    assert set(folds) == set(range(FOLDS))
    assert (folds[0::2] == folds[1::2]).all()
    for label in range(3):
        counts = np.bincount(folds[labels == label], minlength=FOLDS)
        assert counts.max() - counts.min() <= 2
    order = np.random.default_rng(0).permutation(100)
    assert (folds_of([digests[row] for row in order], labels[order]) == folds[order]).all()


def test_balanced_classes_count_the_same():
    labels = np.repeat([0, 1], [90, 10])
    shares = balanced(labels, 2)
    assert shares[:90].sum() == pytest.approx(shares[90:].sum())
    assert shares.mean() == pytest.approx(1)
