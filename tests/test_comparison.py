"""Comparing models: figures, intervals that know that the pictures are the same, disagreements."""

import math

import numpy as np
import pytest

from cutaway.errors import DataError, InputError
from cutaway.model import Predictions
from cutaway.model.comparison import CALIBRATION, CROSS, EDGE, ERROR, MAY_BE, MORE, SQUARED, TOO_FEW, compare
from cutaway.model.intervals import by_chance, of_means, of_shares


def said(of_dog, true=(1, 0, 1), classes=("cat", "dog"), names=None, reasons=None):
    """What a model says: the probability of the second of two classes for each picture."""
    probs = np.array([[1 - p, p] for p in of_dog], np.float32)
    labels = np.array(true)
    losses = -np.log(probs[np.arange(len(labels)), labels].astype(float))
    names = names or tuple(f"{n}.jpg" for n in range(len(labels)))
    return Predictions(classes, names, labels, probs, losses, reasons or ("",) * len(labels))


A, B = said((0.9, 0.1, 0.4)), said((0.6, 0.3, 0.1))


def test_the_textbooks_two_networks():
    figures = compare([A, B], ["a", "b"]).figures
    shown = {name: [f"{one.value:.2f}" for one in of] for name, of in figures.items()}
    assert shown[ERROR] == ["0.33", "0.33"]
    assert shown[SQUARED] == ["0.25", "0.71"]
    assert shown[CROSS] == ["0.38", "1.06"]
    assert shown[CALIBRATION] == ["0.27", "0.53"]


def test_pictures_and_classes_are_matched_by_name():
    order = [2, 0, 1]
    other = Predictions(
        ("dog", "cat"),
        tuple(B.names[n] for n in order),
        1 - B.true[order],
        B.probs[order][:, ::-1],
        B.losses[order],
        ("",) * 3,
    )
    matched = compare([A, other], ["a", "b"])
    np.testing.assert_array_equal(matched.said[1].probs, B.probs)
    assert matched.figures[CROSS][1] == compare([A, B], ["a", "b"]).figures[CROSS][1]


def test_what_one_could_not_read_counts_for_none():
    broken = said((0.9, math.nan, 0.4), reasons=("", "cut short", ""))
    both = compare([broken, B], ["a", "b"])
    assert both.skipped == ("1.jpg",)
    assert both.count == 2
    assert both.figures[ERROR][1].value == 0.5


def test_disagreements_and_who_is_more_wrong():
    first = said((0.9, 0.2, 0.4, 0.1), true=(1, 0, 1, 1))
    second = said((0.2, 0.3, 0.45, 0.3), true=(1, 0, 1, 1))
    both = compare([first, second], ["a", "b"])
    (only,) = both.disagreements
    assert (only.name, only.true, only.guesses, only.right) == ("0.jpg", "dog", ("dog", "cat"), (True, False))
    assert only.probs == pytest.approx((0.9, 0.2))
    assert both.table == {(True, True): 1, (True, False): 1, (False, False): 2}
    assert both.all_wrong == 2
    assert both.more_wrong == (2, 0)


def test_ties_are_nobodys():
    assert compare([said((0.1,), (1,)), said((0.1,), (1,))], ["a", "b"]).more_wrong == (0, 0)


def test_where_all_are_wrong_each_picture_says_who_is_more():
    first = said((0.2, 0.4, 0.4), true=(1, 1, 0))
    second = said((0.3, 0.1, 0.4), true=(1, 1, 0))
    both = compare([first, second], ["a", "b"])
    assert [(one.name, one.more_wrong) for one in both.wrong] == [("1.jpg", 1), ("0.jpg", 0)]
    assert both.disagreements == []


def test_where_both_probabilities_rounded_to_0_the_loss_decides():
    zero = np.array([[1, 0]], np.float32)
    first, second = (
        Predictions(("cat", "dog"), ("x",), np.array([1]), zero, np.array([loss]), ("",)) for loss in (99.0, 120.0)
    )
    both = compare([first, second], ["a", "b"])
    assert both.more_wrong == (0, 1)
    assert [one.value for one in both.figures[CROSS]] == [99.0, 120.0]


def test_log_loss_is_not_held_against_cross_entropy():
    """A net whose outputs stand by themselves is trained by a loss that counts every class."""
    each = Predictions(A.classes, A.names, A.true, A.probs, A.losses + 0.3, A.reasons)
    both = compare([A, each], ["a", "b"])
    assert both.other_losses == ("b",)
    assert both.figures[CROSS][1].value == pytest.approx(both.figures[CROSS][0].value)
    assert both.figures[CROSS][0].value == pytest.approx(A.losses.mean())
    assert compare([A, B], ["a", "b"]).other_losses == ()


@pytest.mark.parametrize(("only_first", "only_other", "worth"), [(0, 6, MORE), (0, 5, EDGE), (2, 3, MAY_BE)])
def test_what_a_difference_of_errors_is_worth(only_first, only_other, worth):
    """Of 100 pictures; 5 to 0 is outside the interval, and McNemar's p is 2 / 2^5 = 0.0625."""
    wrong_first, wrong_other = np.full(100, 0.9), np.full(100, 0.9)
    wrong_first[:only_first], wrong_other[only_first : only_first + only_other] = 0.1, 0.1
    both = compare([said(wrong_first, np.ones(100, int)), said(wrong_other, np.ones(100, int))], ["a", "b"])
    assert both.worth(ERROR, 1) == worth


def test_few_pictures_say_nothing_of_calibration():
    assert compare([A, B], ["a", "b"]).worth(CALIBRATION, 1) == TOO_FEW


def test_pictures_that_are_there_twice_are_matched_by_their_order_alone():
    twice = said((0.9, 0.1, 0.4), names=("x", "x", "y"))
    assert compare([twice, twice], ["a", "b"]).count == 3
    with pytest.raises(DataError, match="a has a picture twice"):
        compare([twice, said((0.9, 0.1, 0.4), names=("x", "y", "x"))], ["a", "b"])


def test_errors_name_what_does_not_fit():
    with pytest.raises(InputError, match="one model cannot be compared"):
        compare([A], ["a"])
    with pytest.raises(DataError, match="only b knows the class 'fox': cat, dog against cat, dog, fox"):
        compare([A, fox()], ["a", "b"])
    with pytest.raises(DataError, match=r"a and b are not of the same pictures; only a has 2\.jpg"):
        compare([A, said((0.9, 0.1), (1, 0))], ["a", "b"])
    with pytest.raises(DataError, match=r"0\.jpg is 'dog' in a and 'cat' in b"):
        compare([A, said((0.9, 0.1, 0.4), (0, 0, 1))], ["a", "b"])
    with pytest.raises(DataError, match="nothing to compare"):
        compare([said((math.nan,), (1,), reasons=("empty",)), said((0.5,), (1,))], ["a", "b"])


def fox():
    """A model of three classes."""
    probs = np.full((3, 3), 1 / 3, np.float32)
    return Predictions(("cat", "dog", "fox"), A.names, A.true, probs, np.ones(3), ("",) * 3)


TRUTH = 0.1160
"""Of four million pictures, how much the calibration error grows where log odds are taken 2.5 times."""


# --- intervals -------------------------------------------------------------------------------------------


def test_students_t_against_the_printed_table():
    """For 9 degrees of freedom 95% lie within 2.262; of numbers 0 .. 9 the mean is 4.5 and its deviation 0.957."""
    apart = of_means(np.zeros(10), np.arange(10.0))
    assert apart.value == 4.5
    assert apart.high - 4.5 == pytest.approx(2.262 * 3.02765 / math.sqrt(10), rel=1e-4)
    assert of_means(np.zeros(1), np.ones(1)).high == math.inf


def test_shares_against_published_numbers():
    """R's PropCIs, diffpropci.mp(b = 40, c = 20, n = 160): -0.21601726 to -0.03089632."""
    apart = of_shares(np.arange(160) < 40, (np.arange(160) >= 40) & (np.arange(160) < 60))
    assert (apart.low, apart.high) == pytest.approx((-0.21601726, -0.03089632), abs=1e-8)


def test_mcnemar_is_a_coin_for_each_picture_they_differ_on():
    nobody = np.zeros(20, bool)
    assert by_chance(nobody, nobody) == 1
    assert by_chance(nobody, np.arange(20) < 10) == pytest.approx(2 / 2**10)
    assert by_chance(np.arange(20) < 3, np.arange(20) >= 19) == pytest.approx(2 * (1 + 4) / 16)


def test_an_interval_of_shares_holds_as_often_as_it_says():
    """Agresti and Min: over many draws of 60 pictures, the true difference is inside in about 95 of 100."""
    random = np.random.default_rng(5)
    inside = 0
    for _ in range(2000):
        kind = random.choice(4, 60, p=(0.7, 0.05, 0.15, 0.1))
        apart = of_shares((kind == 1) | (kind == 3), (kind == 2) | (kind == 3))
        inside += apart.low <= 0.10 <= apart.high
    assert 0.935 < inside / 2000 < 0.985


def test_pairing_is_what_makes_it_narrow():
    """Two models wrong on nearly the same hundred of a thousand pictures differ clearly; by chance they would not."""
    first = np.arange(1000) < 100
    second = np.arange(1000) < 115
    assert of_shares(first, second).is_clear
    assert not of_shares(first, np.roll(second, 500)).is_clear


def test_a_calibration_difference_is_the_same_each_time_and_around_its_value():
    random = np.random.default_rng(0)
    true = random.integers(0, 2, 800)
    sure = said(np.where(true == 1, 0.97, 0.6), true)
    fair = said(np.where(random.random(800) < 0.9, np.where(true == 1, 0.9, 0.1), np.where(true == 1, 0.1, 0.9)), true)
    (_, one), (_, again) = (compare([sure, fair], ["a", "b"]).figures[CALIBRATION] for _ in range(2))
    assert one == again
    assert one.difference and one.difference.low < one.difference.value < one.difference.high < 0


def test_a_calibration_difference_is_seldom_claimed_where_there_is_none():
    """Two models of the same kind: of 40 times, more than chance is said at most thrice (about 1 is due)."""
    random = np.random.default_rng(3)
    claimed = 0
    for _ in range(40):
        score = random.normal(0, 2, 120)
        true = (random.random(120) < 1 / (1 + np.exp(-score))).astype(int)
        ours, theirs = (said(1 / (1 + np.exp(-1.5 * (score + random.normal(0, 0.5, 120)))), true) for _ in "ab")
        claimed += compare([ours, theirs], ["a", "b"]).worth(CALIBRATION, 1) == MORE
    assert claimed <= 3


def test_a_calibration_interval_holds_where_the_first_is_well_calibrated():
    """The percentile interval alone is around too small a difference: pictures drawn again make 0 larger, not 0.116."""
    random = np.random.default_rng(4)
    inside = 0
    for _ in range(30):
        score = random.normal(0, 2, 400)
        true = (random.random(400) < 1 / (1 + np.exp(-score))).astype(int)
        fair, sure = (said(1 / (1 + np.exp(-scale * score)), true) for scale in (1, 2.5))
        difference = compare([fair, sure], ["a", "b"]).figures[CALIBRATION][1].difference
        assert difference
        inside += difference.low <= TRUTH <= difference.high
    assert inside >= 22
