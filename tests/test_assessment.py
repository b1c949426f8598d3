"""What is measured of a model, kept with it, and said of it in plain words."""

import json
from typing import Any

import numpy as np
import pytest

import cutaway as cw
from cutaway.model import Model, Predictions, findings
from cutaway.model import assessment as assessments
from cutaway.model.assessment import (
    FACT,
    Assessment,
    Calibration,
    Confused,
    assess,
    from_facts,
    known_of,
    temperature_of,
)
from cutaway.model.calibration import temperature, tempered
from cutaway.model.evaluation import ClassFigures
from cutaway.model.neighbours import Nearest, affordable, nearest, places, products
from cutaway.net import parse, start
from cutaway.pictures.arrays import Part, from_arrays


def said(probs, true, classes=("cat", "dog", "fox"), reasons=None):
    probs = np.array(probs, np.float32)
    names = tuple(f"{number}.jpg" for number in range(len(probs)))
    losses = -np.log(probs[np.arange(len(probs)), true])
    return Predictions(classes, names, np.array(true), probs, losses, tuple(reasons or [""] * len(probs)))


def drawn(count, seed=0):
    """Guesses of some sureness that are right a little less often than that."""
    random = np.random.default_rng(seed)
    probs = random.dirichlet([0.3, 0.3, 0.3], count).clip(1e-6, 1)
    fair = probs**0.6 / (probs**0.6).sum(axis=1, keepdims=True)
    return said(probs, (fair.cumsum(axis=1) > random.random((count, 1))).argmax(axis=1))


def model_of(**facts):
    net = parse("input 2x2x1, flatten, dense 3, softmax")
    return Model(net, start(net, 0), ("cat", "dog", "fox"), facts)


# ---- what is measured


def test_by_hand():
    rows = said(
        [[0.8, 0.1, 0.1], [0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.5, 0.1, 0.4]], [0, 1, 1, 0], reasons=["", "", "", "x"]
    )
    known = assess("test", rows, "one")
    assert (known.right, known.count, known.wrong, known.skipped) == (2, 3, 1, 1)
    assert (known.commonest and known.commonest.label, known.guessing) == ("dog", 2 / 3)
    assert known.confused == (Confused("dog", "cat", 1),)
    matrix = known.confusion()
    assert matrix is not None
    assert matrix.tolist() == rows.figures().confusion.tolist() == [[1, 0, 0], [1, 1, 0], [0, 0, 0]]


def test_it_is_kept_as_json_and_comes_back():
    known = assess("validation", drawn(200), "one")
    facts = json.loads(json.dumps(known.facts()))
    assert from_facts(facts) == known
    assert facts["interval"] == list(known.interval)
    assert from_facts(facts).confusion() is not None
    other = assess("validation", said([[1, 0, 0]] * 3, [0, 0, 0]), "one")  # no temperature is best
    assert from_facts(json.loads(json.dumps(other.facts()))) == other
    assert other.calibration == Calibration(0.0, other.calibration.bins)  # type: ignore[union-attr]


def test_of_too_many_pairs_the_matrix_is_not_made_up(monkeypatch):
    monkeypatch.setattr(assessments, "PAIRS", 2)
    known = assess("test", drawn(200), "one")
    assert len(known.confused) == 2
    assert known.confused[0].count >= known.confused[1].count
    assert known.confusion() is None


def test_the_temperature_is_chosen_by_pictures_that_are_not_judged():
    here, there = drawn(400), drawn(400, seed=1)
    alone, by_others = assess("validation", here, "one"), assess("test", here, "one", chosen_by=there)
    assert alone.calibration and by_others.calibration
    assert alone.calibration.halves and not by_others.calibration.halves
    others = assess("validation", there, "one").calibration
    assert others and by_others.calibration.temperature == others.temperature != alone.calibration.temperature
    for one in (alone.calibration, by_others.calibration):
        assert one.temperature == pytest.approx(1 / 0.6, rel=0.15)
        assert one.after is not None and one.after < one.error
    assert assess("all", here, "one", known=2.0).calibration.temperature == 2.0  # type: ignore[union-attr]
    kept = model_of(**{FACT: by_others.facts()})
    assert temperature_of(kept, "all") == by_others.calibration.temperature
    assert temperature_of(kept, "validation") is None is temperature_of(model_of(), "all")


def test_in_halves_no_picture_chooses_its_own_temperature():
    rows = drawn(301)
    after = assessments.in_halves(rows, "one")
    assert after is not None
    for own, other in ((slice(0, None, 2), slice(1, None, 2)), (slice(1, None, 2), slice(0, None, 2))):
        best = temperature(rows.probs[other], rows.true[other], "one")
        np.testing.assert_array_equal(after[own], tempered(rows.probs[own], best, "one"))
    assert assessments.in_halves(rows[[0]], "one") is None


def test_models_of_before_have_their_accuracy():
    assert known_of(model_of()) is None
    known = known_of(model_of(validation={"accuracy": 0.75, "loss": 1.5, "count": 8}))
    assert known and (known.part, known.right, known.count, known.guessing, known.confusion()) == (
        *("validation", 6, 8, None, None),
    )


# ---- the nearest neighbour


def brute(train, judged):
    return ((judged.reshape(len(judged), 1, -1).astype(int) - train.reshape(1, len(train), -1)) ** 2).sum(-1).argmin(1)


@pytest.mark.parametrize("shape", [(3, 3, 1), (28, 28, 3)])
def test_the_nearest_is_the_nearest(shape, monkeypatch):
    random = np.random.default_rng(0)
    train, judged = (random.integers(0, 256, (count, *shape), np.uint8) for count in (40, 30))
    train[7], judged[3] = train[2], train[2]  # of equally near ones the first
    wanted = brute(train, judged)
    assert places(train, judged).tolist() == wanted.tolist()
    assert wanted[3] == 2
    monkeypatch.setattr("cutaway.model.neighbours.TOGETHER", 100)
    assert places(train, judged).tolist() == wanted.tolist()


def test_products_are_exact_however_many_pixels():
    random = np.random.default_rng(0)
    a, b = (random.integers(-128, 128, (3, 30_001)).astype(np.float32) for _ in range(2))
    a[0], b[0] = -127, -127
    assert (products(a, b) == a.astype(np.int64) @ b.astype(np.int64).T).all()


def test_it_is_bounded_and_the_same_each_time():
    random = np.random.default_rng(0)
    shades = random.integers(0, 2, 300)
    images = (shades[:, None, None, None] * 200 + random.integers(0, 50, (300, 4, 4, 1))).astype(np.uint8)
    parts = [Part(images[:200], shades[:200], "train"), Part(images[200:], shades[200:], "validation")]
    pictures = from_arrays(parts, "shades", seed=0)
    train, judged = (part.prepared(lambda one: one) for part in (pictures.train, pictures.validation))
    assert nearest(train, judged) == Nearest(100, 100, 200, 100, 200)
    few = nearest(train, judged, work=16 * 1000)
    assert few == nearest(train, judged, work=16 * 1000)
    assert (few.of_count, few.of_known, few.accuracy) == (100, 200, 1.0)
    assert few.count * few.known <= 1000


@pytest.mark.parametrize(
    "train, judged, pixels", [(48_000, 10_000, 784), (10**6, 50_000, 150_528), (20, 10**6, 3), (1, 1, 1)]
)
def test_the_work_is_bounded(train, judged, pixels):
    known, count = affordable(train, judged, pixels, 20_000_000_000)
    assert 1 <= known <= train and 1 <= count <= judged
    assert known * count * pixels <= 20_000_000_000
    assert known == train or count >= 300


# ---- what is said


def judged(right=90, count=100, **more):
    classes = (ClassFigures("cat", 0.9, 0.95, 60), ClassFigures("dog", 0.9, 0.8, 30), ClassFigures("fox", 0.9, 0.9, 10))
    usual: dict[str, Any] = {
        "loss": 0.3,
        "classes": classes,
        "confused": (Confused("cat", "fox", 4), Confused("dog", "cat", 3), Confused("cat", "dog", 3)),
    }
    return Assessment("validation", right, count, **(usual | more))


def epochs(*shares):
    return [{"number": n, "accuracy": own, "validation_accuracy": held} for n, (own, held) in enumerate(shares, 1)]


def steps(known=None, **facts):
    return " ".join(findings.next_steps(model_of(**facts), known or judged(900, 1000)))


def test_nothing_is_advised_where_nothing_shows_it():
    spread = tuple(Confused(*pair, 1) for pair in (("cat", "dog"), ("dog", "cat"), ("cat", "fox"), ("dog", "fox")))
    quiet = judged(996, 1000, confused=spread, nearest=Nearest(900, 1000, 50, 1000, 50))
    facts = {
        "epochs": epochs((0.99, 0.98), (0.995, 0.985)),
        "epoch": 2,
        "finished": True,
        "recipe": {"epochs": 2},
        "data": {"counts": {"cat": 900, "dog": 800, "fox": 700}, "skipped": []},
        "validation": {"accuracy": 0.985, "count": 1000},
    }
    assert findings.next_steps(model_of(**facts), quiet) == []


@pytest.mark.parametrize(
    "known, facts, wanted",
    [
        (judged(62), {}, "Nothing shows that it has learned: 62.0% are right"),
        (
            None,
            {"epochs": epochs((0.9, 0.9)), "finished": False, "recipe": {"epochs": 9}},
            "stopped after 1 of 9 epochs",
        ),
        (judged(nearest=Nearest(91, 100, 50, 100, 50)), {}, "no better than the most similar training picture (91.0%"),
        (
            None,
            {"epochs": epochs((1.0, 0.8)), "epoch": 1, "validation": {"accuracy": 0.8, "count": 200}},
            "by heart: 100.0% of them are right, and 80.0% of the validation pictures. More pictures help; --shift 2",
        ),
        (
            None,
            {"epochs": epochs((0.8, 0.8), (0.9, 0.85)), "epoch": 2},
            "80.0%, then 85.0% of the validation pictures. Train longer: --epochs 4",
        ),
        (judged(), {}, "6 of 10 mistakes are between 'cat' and 'dog': look"),
        (None, {"data": {"counts": {"cat": 300, "dog": 200, "fox": 7}}}, "'fox' has 7 pictures: add some"),
        (
            judged(850, 1000),
            {"data": {"counts": {"cat": 300, "dog": 60, "fox": 80}}},
            "uneven: 'cat' has 300 pictures, 'dog' 60, of which 80.0%",
        ),
        (None, {"data": {"skipped": [{}, {}]}}, "2 files could not be read and were left out"),
        (judged(18, 20), {}, "Only 20 pictures were judged"),
    ],
)
def test_what_shows_is_said_with_its_number(known, facts, wanted):
    assert wanted in steps(known, **facts)


@pytest.mark.parametrize(
    "facts",
    [
        {"epochs": epochs((0.8, 0.8), (0.9, 0.85)), "epoch": 1},  # the last was not the best
        {"epochs": epochs((0.8, 0.8), (0.9, 0.805)), "epoch": 2},
        {"epochs": epochs((0.8, 0.8), (0.9, 0.85)), "epoch": 2, "recipe": {"until": 0.85}},
    ],
)
def test_going_on_is_not_advised_where_it_would_not_help(facts):
    assert "Train longer" not in steps(**facts)


@pytest.mark.parametrize(
    "facts",
    [
        {"epochs": epochs((0.9, 0.8)), "epoch": 1, "validation": {"accuracy": 0.8, "count": 10}},  # that may be chance
        {"epochs": epochs((0.81, 0.8), (1.0, 0.7)), "epoch": 1, "validation": {"accuracy": 0.8, "count": 200}},
        {"epochs": epochs((0.84, 0.8)), "epoch": 1, "validation": {"accuracy": 0.8, "count": 20_000}},
    ],
)
def test_not_everything_is_learned_by_heart(facts):
    assert "by heart" not in steps(**facts)


def test_few_pictures_are_enough_where_all_goes_well():
    facts = {"data": {"counts": {"cat": 40, "dog": 40, "fox": 40}}}
    assert "add some" in steps(judged(970, 1000), **facts)
    assert "add some" not in steps(judged(990, 1000), **facts)


def test_where_it_fails():
    text = " ".join(findings.failures(judged()))
    assert "10 of 100 pictures were taken for another class. 'dog' is found least often: 24 of its 30 pictures." in text
    assert "'cat' was taken for 'fox' 4 times." in text
    assert "None of the 5 pictures was taken for another class." == findings.failures(judged(5, 5))[0]
    sure = assess("validation", said([[0.95, 0.05, 0]] * 10, [0, 1] * 5), "one")
    assert "more sure than it should be: 95.0% on average, and right for 50.0%" in findings.too_sure(sure)


def test_names_stay_on_their_line():
    one = judged(classes=(ClassFigures("a\nb", 1.0, 0.5, 50), ClassFigures("c", 1.0, 1.0, 50)))
    assert all("\n" not in text for text in (*findings.failures(one), *findings.short(one)))
    assert r"'a\nb'" in findings.against_guessing(one)


def test_the_card_and_info_say_the_same(digits_run):
    from tests.command import ran

    model = cw.load(digits_run)
    known = known_of(model)
    assert known and known.nearest and known.nearest.accuracy > 0.95
    card, told = (digits_run / "README.md").read_text("utf-8"), ran("info", digits_run)
    assert f"(95% interval {findings.interval(known.interval)})".replace("(", "&#40;").replace(")", "&#41;") in card
    assert "## Where it fails" in card and "pixel by pixel" in card
    assert f"interval     {findings.interval(known.interval)} with 95% confidence (validation)" in told
    assert f"training pictures {known.nearest.accuracy:.2%}" in told
    assert known.accuracy == model.facts["validation"]["accuracy"]
