"""Training: it learns, twice the same, goes on where it was left, and says what goes wrong."""

import itertools
import json
import math
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import cutaway as cw
from cutaway.engines import choose
from cutaway.engines.engine import Stepped
from cutaway.engines.reference import ReferenceTrainer
from cutaway.errors import InputError, JobError, ModelError, ShapeError
from cutaway.model import epochs
from cutaway.optimisers import Optimiser
from cutaway.training import Epoch, Recipe, Step, recipe_for, run, set_up
from cutaway.training.checkpoint import Checkpoint
from cutaway.training.measure import measure, targets
from cutaway.training.runs import folder_for
from cutaway.training.schedule import one_cycle
from cutaway.training.setup import Setup
from tests.command import PYTHON, WHERE

NET = "conv 4 3x3, relu, maxpool 2, dropout 0.2, flatten, dense classes, softmax"
"""Small enough for a few epochs a second; with dropout, so that its draws are under test too."""
EPOCHS = {"reference": 20, "native": 100}
"""Of the runs that are stopped from outside: long enough to be in the middle of."""


@pytest.fixture(scope="module")
def digits() -> cw.Pictures:
    return cw.read("digits")


@pytest.fixture(scope="module")
def setup(digits: cw.Pictures) -> Setup:
    return set_up(digits, NET, Recipe(epochs=3, batch=50, flip=True, shift=1, smoothing=0.1))


@pytest.fixture(scope="module")
def whole(setup: Setup) -> list[Epoch]:
    """The epochs of a run that was never left."""
    return [event for event in run(setup) if isinstance(event, Epoch)]


def last_model(setup: Setup, engine: str = "auto") -> cw.Model:
    (*_, last) = run(setup, None, choose(engine))
    assert isinstance(last, Epoch)
    return last.model


def assert_same(first: cw.Model, second: cw.Model) -> None:
    for name, value in first.weights.items():
        np.testing.assert_array_equal(value, second.weights[name], err_msg=name)


class TestRun:
    def test_learns_the_digits(self, digits: cw.Pictures) -> None:
        model = cw.train(digits, net="digits", epochs=8)
        assert model.evaluate(digits.validation).accuracy > 0.97

    def test_yields_steps_and_epochs(self, setup: Setup) -> None:
        events = list(run(setup))
        steps = [event for event in events if isinstance(event, Step)]
        epochs = [event for event in events if isinstance(event, Epoch)]
        per_epoch = math.ceil(len(setup.train) / 50)
        assert [(s.epoch, s.step) for s in steps] == list(itertools.product((1, 2, 3), range(1, per_epoch + 1)))
        assert [e.number for e in epochs] == [1, 2, 3]
        assert epochs[2].loss < epochs[0].loss
        assert epochs[0].accuracy == steps[per_epoch - 1].accuracy
        assert epochs[0].best
        assert isinstance(events[-1], Epoch)

    def test_figures_are_those_of_the_model(self, setup: Setup, digits: cw.Pictures) -> None:
        (*_, last) = (event for event in run(setup) if isinstance(event, Epoch))
        evaluation = last.model.evaluate(digits.validation)
        assert last.validation_accuracy == evaluation.accuracy
        assert last.validation_loss == pytest.approx(evaluation.loss, rel=1e-6)

    def test_same_seed_same_bits(self, setup: Setup) -> None:
        first, second = (last_model(setup) for _ in range(2))
        assert_same(first, second)

    def test_another_seed_other_bits(self, digits: cw.Pictures, setup: Setup) -> None:
        other = set_up(digits, NET, Recipe(epochs=1, batch=50, seed=1))
        one = set_up(digits, NET, Recipe(epochs=1, batch=50, seed=0))
        first, second = (last_model(s) for s in (one, other))
        assert any((first.weights[name] != second.weights[name]).any() for name in first.weights)

    def test_until_stops_at_the_first_epoch_that_reaches_it(self, digits: cw.Pictures) -> None:
        epochs = list(cw.training(digits, NET, epochs=30, until=0.8))
        assert epochs[-1].validation_accuracy >= 0.8
        assert all(epoch.validation_accuracy < 0.8 for epoch in epochs[:-1])
        assert len(epochs) < 30

    def test_best_is_kept(self, digits: cw.Pictures, tmp_path: Path) -> None:
        epochs = list(cw.training(digits, NET, folder=tmp_path / "run", epochs=4, batch=200))
        best = [epoch for epoch in epochs if epoch.best][-1]
        assert_same(best.model, cw.load(tmp_path / "run"))
        ranked = max(epochs, key=lambda epoch: (epoch.validation_accuracy, -epoch.validation_loss))
        assert ranked.number == best.number

    def test_x_or_not_x(self) -> None:
        """The textbook's 29 weights tell X's from what is none, whatever their kind, in pictures never seen."""
        pictures = cw.read("xs")
        test = cw.train(pictures, net="x5").evaluate(pictures.test)
        assert test.accuracy >= 0.97
        assert all(figures.recall is not None and figures.recall >= 0.97 for figures in test.classes)

    @pytest.mark.parametrize("optimiser", ["sgd", "muon"])
    def test_the_others_learn_too(self, digits: cw.Pictures, optimiser: str) -> None:
        (*_, last) = cw.training(digits, NET, epochs=4, optimiser=optimiser, batch=32)
        assert last.validation_accuracy > 0.85


class Averaging(Recipe):
    """A recipe whose optimiser averages the weights."""

    def rule(self) -> Optimiser:
        return replace(super().rule(), average=0.9)


class TestAverages:
    """Where the optimiser keeps averages, they are what is judged and saved; the weights go their way."""

    settings = asdict(Recipe(epochs=2, batch=50))

    def epochs(self, digits: cw.Pictures, kind: type[Recipe]) -> list[Epoch]:
        events = run(set_up(digits, NET, kind(**self.settings)), engine=choose("reference"))
        return [event for event in events if isinstance(event, Epoch)]

    def test_they_are_judged_and_kept(self, digits: cw.Pictures) -> None:
        plain, averaged = (self.epochs(digits, kind) for kind in (Recipe, Averaging))
        assert [epoch.loss for epoch in plain] == [epoch.loss for epoch in averaged]
        for one, other in zip(plain, averaged, strict=True):
            assert all((one.model.weights[name] != value).any() for name, value in other.model.weights.items())
            evaluation = other.model.evaluate(digits.validation)
            assert other.validation_loss == pytest.approx(evaluation.loss, rel=1e-6)
            assert other.validation_loss != one.validation_loss

    @pytest.mark.parametrize("left_after", [10, 35])
    def test_a_run_that_is_left_goes_on_with_them(self, digits: cw.Pictures, left_after: int, tmp_path: Path) -> None:
        setup = set_up(digits, NET, Averaging(**self.settings))
        list(itertools.islice(run(setup, tmp_path, choose("reference")), left_after))
        if left_after == 10:  # no epoch is complete: what is saved are the averages of this moment
            left = Checkpoint.of(tmp_path, setup, "reference").load()
            assert left
            for name, value in cw.load(tmp_path).weights.items():
                np.testing.assert_array_equal(value, left[0][f"optimiser.average.{name}"], err_msg=name)
                assert (value != left[0][f"weights.{name}"]).any()
        *_, last = run(setup, tmp_path, choose("reference"))
        assert isinstance(last, Epoch)
        assert_same(last.model, self.epochs(digits, Averaging)[-1].model)


class TestResume:
    """Left at any moment, a run goes on to the same bits as one that was never left."""

    @pytest.mark.parametrize("left_after", [1, 17, 29, 30, 31, 60])
    def test_left_after_some_events(self, setup: Setup, whole: list[Epoch], left_after: int, tmp_path: Path) -> None:
        list(itertools.islice(run(setup, tmp_path), left_after))
        rest = list(run(setup, tmp_path))
        assert sum(isinstance(event, Step) for event in rest) < 3 * 29
        last = rest[-1]
        assert isinstance(last, Epoch)
        assert_same(last.model, whole[-1].model)
        best = [epoch for epoch in whole if epoch.best][-1]
        assert_same(cw.load(tmp_path), best.model)
        kept = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
        assert [(row["loss"], row["rate"]) for row in kept] == [(epoch.loss, epoch.rate) for epoch in whole]
        assert not (tmp_path / "checkpoint").exists()

    def test_a_folder_with_another_run_or_a_model_is_left_as_it_is(
        self, digits: cw.Pictures, setup: Setup, tmp_path: Path
    ) -> None:
        other = set_up(digits, NET, Recipe(epochs=1, batch=50))
        list(itertools.islice(run(setup, tmp_path), 10))
        with pytest.raises(InputError, match="holds an unfinished run with other settings or pictures already"):
            next(iter(run(other, tmp_path)))
        list(run(setup, tmp_path))
        before = (tmp_path / "model.safetensors").read_bytes()
        with pytest.raises(InputError, match="holds a model already, which is left as it is"):
            cw.train(digits, NET, epochs=1, folder=tmp_path)
        assert (tmp_path / "model.safetensors").read_bytes() == before

    def test_nothing_is_written_among_the_pictures(self, tmp_path: Path) -> None:
        for label, level in (("dark", 0), ("light", 255)):
            (tmp_path / label).mkdir()
            for number in range(4):
                Image.new("L", (8, 8), level + number - 3 * (level > 0)).save(tmp_path / label / f"{number}.png")
        with pytest.raises(InputError, match="would be written among the pictures"):
            cw.train(tmp_path, NET, epochs=1, folder=tmp_path / "model")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["dark", "light"]

    def test_test_pictures_have_the_last_word(self) -> None:
        pictures = cw.read("xs")
        model = cw.train(pictures, "x5", epochs=1)
        assert model.facts["test"]["accuracy"] == model.evaluate(pictures.test).accuracy

    def test_a_damaged_checkpoint_is_not_used(self, setup: Setup, tmp_path: Path) -> None:
        list(itertools.islice(run(setup, tmp_path), 10))
        (file,) = (tmp_path / "checkpoint").glob("*.safetensors")
        data = file.read_bytes()
        checkpoint = Checkpoint.of(tmp_path, setup, choose().name)
        assert checkpoint.load()
        for place in np.random.default_rng(0).integers(0, len(data), 50):
            flipped = bytearray(data)
            flipped[place] ^= 1 << (place % 8)
            file.write_bytes(flipped)
            assert checkpoint.load() is None
        for length in (0, 1, 100, len(data) - 1):
            file.write_bytes(data[:length])
            assert checkpoint.load() is None

    @pytest.mark.parametrize(("engine", "lines"), [("reference", 1), ("reference", 2), ("reference", 5), ("native", 5)])
    def test_a_killed_run_goes_on(self, engine: str, lines: int, tmp_path: Path) -> None:
        """SIGKILL just after an epoch is said: the same command ends in the bits of a run that was never killed."""
        with started(tmp_path, "killed", engine) as process:
            after_epochs(process, lines)
            process.kill()
        assert process.returncode == -signal.SIGKILL
        finished(tmp_path, "killed", engine)
        finished(tmp_path, "whole", engine)
        assert_same(cw.load(tmp_path / "killed"), cw.load(tmp_path / "whole"))

    @pytest.mark.parametrize("pause", [0.3, 0.45, 0.6, 0.75])
    def test_a_run_that_is_killed_at_any_time(self, pause: float, tmp_path: Path) -> None:
        with started(tmp_path, "killed") as process:
            time.sleep(pause)
            process.kill()
        finished(tmp_path, "killed")
        assert len(cw.load(tmp_path / "killed").facts["epochs"]) == EPOCHS["reference"]

    def test_the_latest_unfinished_run_is_taken_up(self, setup: Setup, tmp_path: Path) -> None:
        first, resumed = folder_for("pets", setup, choose().name, tmp_path)
        assert (first.name, resumed) == ("pets-1", False)
        list(itertools.islice(run(setup, first), 3))
        assert folder_for("pets", setup, choose().name, tmp_path) == (first, True)
        list(run(setup, first))
        second, resumed = folder_for("pets", setup, choose().name, tmp_path)
        assert (second.name, resumed) == ("pets-2", False)

    def test_a_folder_is_trained_into_by_one_process_at_a_time(self, setup: Setup, tmp_path: Path) -> None:
        holding = run(setup, tmp_path)
        next(holding)
        with pytest.raises(JobError, match="another process is training into"):
            next(iter(run(setup, tmp_path)))
        holding.close()
        assert isinstance(next(iter(run(setup, tmp_path))), Step)


class TestKeptEpochs:
    """The weights of every epoch, where they are asked for: the run is the same without."""

    def test_each_epoch_s_weights_are_kept(self, setup: Setup, whole: list[Epoch], tmp_path: Path) -> None:
        list(run(setup, tmp_path, keep_epochs=True))
        assert epochs.numbers(tmp_path) == [1, 2, 3]
        for epoch in whole:
            kept = epochs.load(tmp_path, epoch.number, setup.net)
            assert_same(replace(epoch.model, weights=kept), epoch.model)
        assert sorted(path.name for path in (tmp_path / "epochs").iterdir())[0] == "0001.safetensors"

    def test_the_run_is_the_same(self, setup: Setup, tmp_path: Path) -> None:
        for name, keep in (("with", True), ("without", False)):
            list(itertools.islice(run(setup, tmp_path / name, keep_epochs=keep), 40))
            list(run(setup, tmp_path / name, keep_epochs=not keep))  # one can be taken up as the other
        assert_same(cw.load(tmp_path / "with"), cw.load(tmp_path / "without"))
        assert epochs.numbers(tmp_path / "with") == [1]
        assert epochs.numbers(tmp_path / "without") == [2, 3]

    @pytest.mark.parametrize("left_after", [17, 29, 30, 31, 60])
    def test_none_is_missing_after_a_resume(
        self, setup: Setup, whole: list[Epoch], left_after: int, tmp_path: Path
    ) -> None:
        list(itertools.islice(run(setup, tmp_path, keep_epochs=True), left_after))
        list(run(setup, tmp_path, keep_epochs=True))
        for epoch in whole:
            kept = epochs.load(tmp_path, epoch.number, setup.net)
            assert_same(replace(epoch.model, weights=kept), epoch.model)

    def test_the_averages_are_kept_where_they_are_judged(self, digits: cw.Pictures, tmp_path: Path) -> None:
        setup = set_up(digits, NET, Averaging(epochs=1, batch=50))
        *_, last = run(setup, tmp_path, choose("reference"), keep_epochs=True)
        assert isinstance(last, Epoch)
        assert_same(replace(last.model, weights=epochs.load(tmp_path, 1, setup.net)), last.model)

    def test_a_run_that_was_killed_before_its_first_checkpoint_is_begun_anew(
        self, setup: Setup, tmp_path: Path
    ) -> None:
        epochs.save(tmp_path, 1, {"a": np.zeros(3, np.float32)})
        list(run(setup, tmp_path, keep_epochs=True))
        assert epochs.load(tmp_path, 1, setup.net)
        other = tmp_path / "other"
        (other / "epochs").mkdir(parents=True)
        (other / "epochs" / "notes.txt").write_text("mine")
        with pytest.raises(InputError, match="holds 'epochs' already, which is left as it is"):
            next(iter(run(setup, other, keep_epochs=True)))

    def test_they_need_a_folder(self, setup: Setup) -> None:
        with pytest.raises(InputError, match="keep_epochs needs a folder to keep them in"):
            next(iter(run(setup, keep_epochs=True)))

    def test_the_library_keeps_them_too(self, digits: cw.Pictures, tmp_path: Path) -> None:
        cw.train(digits, NET, folder=tmp_path, epochs=2, keep_epochs=True)
        assert epochs.numbers(tmp_path) == [1, 2]

    def test_what_was_not_kept_or_is_damaged_is_said(self, setup: Setup, tmp_path: Path) -> None:
        with pytest.raises(ModelError, match="epoch 1 were not kept; train with --keep-epochs to keep them"):
            epochs.load(tmp_path, 1, setup.net)
        list(run(setup, tmp_path, keep_epochs=True))
        with pytest.raises(ModelError, match="epoch 4 were not kept; there are 1, 2, 3"):
            epochs.load(tmp_path, 4, setup.net)
        path = tmp_path / "epochs" / "0002.safetensors"
        data = path.read_bytes()
        for place in np.random.default_rng(0).integers(0, len(data), 50):
            flipped = bytearray(data)
            flipped[place] ^= 1 << (place % 8)
            path.write_bytes(flipped)
            with pytest.raises(ModelError, match=r"0002\.safetensors"):
                epochs.load(tmp_path, 2, setup.net)
        path.write_bytes(data[:100])
        with pytest.raises(ModelError, match="damaged or cut short"):
            epochs.load(tmp_path, 2, setup.net)
        with pytest.raises(ModelError, match=r"0001\.safetensors: the weights dense1\.weight are .* the net needs"):
            epochs.load(tmp_path, 1, cw.parse("input 8x8x1, flatten, dense 10, softmax"))


class TestFailures:
    def test_a_loss_that_is_not_finite(self, digits: cw.Pictures, tmp_path: Path) -> None:
        """The rate is far too high: it stops, says where, and keeps the last good epoch if there is one."""
        setup = set_up(digits, NET, Recipe(epochs=3, batch=50, optimiser="sgd", rate=1000.0, warmup=0.0))
        with pytest.raises(JobError, match=r"training stopped in epoch \d, step \d+: .* is not finite.*--rate 100$"):
            list(run(setup, tmp_path / "run"))
        assert not (tmp_path / "run" / "checkpoint").exists()

    def test_weights_that_the_last_step_of_an_epoch_ruins(
        self, setup: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The training loss was finite to the end, the validation scores are not: that epoch is not the best one."""
        per_epoch = math.ceil(len(setup.train) / 50)
        monkeypatch.setattr(
            "cutaway.training.loop.one_cycle", lambda step, *_: 3e38 if step == 2 * per_epoch - 1 else 1e-3
        )
        with pytest.raises(
            JobError, match=r"at the end of epoch 2: the output of \w+ \(.*\) is not finite for a valid"
        ):
            list(run(setup, tmp_path))
        kept = cw.load(tmp_path)
        assert kept.facts["epoch"] == 1
        assert all(np.isfinite(value).all() for value in kept.weights.values())
        assert "NaN" not in (tmp_path / "config.json").read_text() + (tmp_path / "metrics.jsonl").read_text()

    def test_the_best_weights_survive_it(self, setup: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        per_epoch = math.ceil(len(setup.train) / 50)
        monkeypatch.setattr("cutaway.training.loop.one_cycle", lambda step, *_: 1e-3 if step < per_epoch else 1e38)
        epochs: list[Epoch] = []
        with pytest.raises(JobError, match="the weights of epoch 1 are kept"):
            epochs.extend(event for event in run(setup, tmp_path) if isinstance(event, Epoch))
        kept = cw.load(tmp_path)
        assert kept.facts["epoch"] == 1
        assert all(np.isfinite(value).all() for value in kept.weights.values())

    def test_a_net_that_does_not_fit_the_classes(self, digits: cw.Pictures) -> None:
        for text in ("flatten, dense 4, softmax", "flatten, dense classes"):
            with pytest.raises(InputError, match=r"the net ends in .* end it with 'dense classes, softmax'"):
                set_up(digits, text)

    def test_log_softmax_is_not_trained(self, digits: cw.Pictures) -> None:
        with pytest.raises(InputError, match="ends in 'logsoftmax' is not trained; end it with 'softmax'"):
            set_up(digits, "flatten, dense classes, logsoftmax")

    def test_a_net_that_does_not_fit_the_pictures(self, digits: cw.Pictures) -> None:
        with pytest.raises(ShapeError, match="conv1: conv 11x11 does not fit 8x8x1"):
            set_up(digits, "alexnet")

    def test_no_room_on_disk(self, setup: Setup, tmp_path: Path) -> None:
        blocked = tmp_path / "file"
        blocked.write_text("not a folder")
        with pytest.raises(JobError, match="cannot write into"):
            next(iter(run(setup, blocked)))

    def test_interrupted_within_a_step_the_last_whole_state_is_kept(
        self, setup: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Ctrl-C while weights are moved: half a step is never saved, and the run goes on from the epoch before."""

        def interrupted(self: ReferenceTrainer, *given: Any) -> Stepped:
            stepped = step(self, *given)
            if self.steps == 40:
                self.own["conv1.kernel"][:] = np.nan
                raise KeyboardInterrupt
            return stepped

        step = ReferenceTrainer.step
        monkeypatch.setattr(ReferenceTrainer, "step", interrupted)
        with pytest.raises(KeyboardInterrupt):
            list(run(setup, tmp_path, choose("reference")))
        monkeypatch.undo()
        rest = list(run(setup, tmp_path, choose("reference")))
        assert isinstance(rest[0], Step)
        assert (rest[0].epoch, rest[0].step) == (2, 1)
        assert_same(last_model(setup, "reference"), rest[-1].model)  # type: ignore[union-attr]

    def test_ctrl_c_in_the_library_keeps_the_best(self, tmp_path: Path) -> None:
        program = (
            "import cutaway as cw, os, signal, cutaway.training.loop as loop\n"
            "saved = loop._Run._end_epoch\n"
            "def interrupted(self):\n"
            "    if self.epoch == 3: os.kill(os.getpid(), signal.SIGINT)\n"
            "    return saved(self)\n"
            "loop._Run._end_epoch = interrupted\n"
            f"model = cw.train('digits', {NET!r}, epochs=100000, batch=50)\n"
            "print(model.facts['epoch'])\n"
        )
        out = subprocess.run([sys.executable, "-c", program], env=WHERE, capture_output=True, text=True, check=True)
        assert int(out.stdout) == 2


def test_the_validation_loss_is_computed_from_the_scores(digits: cw.Pictures) -> None:
    """A probability that float32 rounds to 1 or 0 still has its own loss."""
    net = cw.parse("input any, grey, resize 8x8 crop, flatten, dense 10, softmax")
    pictures = digits.validation.prepared(net.preparation)
    weights = {"dense1.weight": np.zeros((64, 10), np.float32), "dense1.bias": np.zeros(10, np.float32)}
    weights["dense1.bias"][3] = 500.0
    loss, accuracy = measure(choose(), net, weights, pictures)
    share = float((pictures.labels == 3).mean())
    assert loss == pytest.approx(500 * (1 - share), rel=1e-6)
    assert accuracy == pytest.approx(share)


class TestRecipe:
    def test_wrong_settings_say_what_would_work(self) -> None:
        for settings, words in (
            ({"epochs": 0}, "epochs is 0; it can be a whole number from 1"),
            ({"epochs": 2.5}, "epochs is 2.5; it can be a whole number from 1"),
            ({"epochs": None}, "epochs is None; it can be a whole number from 1"),
            ({"batch": "8"}, "batch is '8'; it can be a whole number from 1"),
            ({"until": 99}, "until is 99; it can be a number from 0 to 1"),
            ({"optimiser": "adam"}, "there is no optimiser 'adam'; did you mean 'adamw'"),
            ({"rate": -1.0}, "rate is -1.0"),
            ({"smoothing": math.nan}, "smoothing is nan"),
        ):
            with pytest.raises(InputError, match=words):
                Recipe(**settings)

    def test_numpys_numbers_are_numbers(self) -> None:
        recipe = Recipe(epochs=np.int64(3), rate=np.float32(0.5), seed=np.int64(1))  # type: ignore[arg-type]
        assert json.dumps(vars(recipe))
        with pytest.raises(InputError, match="flip is 'no'; it can be True, False or None"):
            Recipe(flip="no")  # type: ignore[arg-type]

    def test_few_pictures_are_seen_more_often(self) -> None:
        assert recipe_for(100).epochs == 40
        assert recipe_for(60_000).epochs == 5
        assert recipe_for(100, epochs=3, seed=2) == Recipe(epochs=3, batch=32, seed=2)

    def test_one_cycle(self) -> None:
        rates = [one_cycle(step, 100, 2.0, 0.25) for step in range(100)]
        assert max(rates) == rates[25] == 2.0
        assert rates[:26] == sorted(rates[:26])
        assert rates[25:] == sorted(rates[25:], reverse=True)
        assert 0 < rates[-1] < 0.001
        assert rates[0] > 0
        assert one_cycle(0, 1, 1.0, 0.2) == 1.0

    def test_targets(self) -> None:
        labels = np.array([1, 0])
        assert targets(labels, 2, 0.0).tolist() == [[0, 1], [1, 0]]
        assert targets(labels, 1, 0.0).tolist() == [[1], [0]]
        np.testing.assert_allclose(targets(labels, 4, 0.2).sum(axis=1), 1, rtol=1e-6)
        np.testing.assert_allclose(targets(labels, 2, 0.2), [[0.1, 0.9], [0.9, 0.1]], rtol=1e-6)
        np.testing.assert_allclose(targets(labels, 1, 0.2), [[0.9], [0.1]], rtol=1e-6)


class TestSetUp:
    def test_the_net_prepares_pictures_itself(self, setup: Setup) -> None:
        assert str(setup.net).startswith("input any, grey, resize 8x8 crop, scale, normalise 0.")
        assert setup.net.preparation.shape == setup.train.shape == (8, 8, 1)

    def test_mean_and_deviation_are_measured(self, setup: Setup) -> None:
        x = setup.train.take(np.arange(len(setup.train))) / 255
        words = str(setup.net).split("normalise ")[1].split(",")[0].split()
        assert [float(word) for word in words] == pytest.approx([x.mean(), x.std()], rel=1e-3)

    def test_a_net_that_says_how_is_taken_at_its_word(self, digits: cw.Pictures) -> None:
        text = "input any, colour, resize 12x10 squash, scale 127.5, conv 2 3x3, flatten, dense classes, softmax"
        setup = set_up(digits, text)
        assert setup.train.shape == (12, 10, 3)
        assert "normalise" not in str(setup.net)

    def test_a_net_itself_or_nothing_of_the_kind(self, digits: cw.Pictures) -> None:
        net = cw.parse(NET, input=(8, 8, 1), classes=10)
        assert set_up(digits, net).net == set_up(digits, NET).net
        with pytest.raises(InputError, match="the net is 7; it can be a name"):
            cw.train(digits, 7)  # type: ignore[arg-type]

    def test_size(self, digits: cw.Pictures) -> None:
        assert set_up(digits, NET, size=(16, 20)).train.shape == (16, 20, 1)

    def test_a_size_beside_a_text_that_states_its_input(self, digits: cw.Pictures) -> None:
        with pytest.raises(InputError, match="states its own input"):
            set_up(digits, f"input 12x12x1, {NET}", size=(16, 16))

    def test_two_classes_may_share_one_output(self) -> None:
        setup = set_up(cw.read("xs"), "x5")
        assert setup.net.shapes()[setup.net.output.name] == (1,)

    @pytest.mark.parametrize(
        ("text", "first"),
        [
            ("scale", "input any, grey, resize 8x8 crop, scale, conv 4"),
            ("scale, normalise 0.3 0.37", "input any, grey, resize 8x8 crop, scale, normalise 0.3 0.37, conv 4"),
            ("normalise 77 96", "input any, grey, resize 8x8 crop, normalise 77.0 96.0, conv 4"),
            ("grey", "input any, resize 8x8 crop, grey, scale, normalise 0."),
            ("resize 6x6", "input any, grey, resize 6x6 crop, scale, normalise 0."),
        ],
    )
    def test_what_a_text_leaves_open_is_put_in_front(self, digits: cw.Pictures, text: str, first: str) -> None:
        net = set_up(digits, f"{text}, {NET}").net
        assert str(net).replace("\n", " ").startswith(first)

    def test_a_text_that_states_its_input(self, digits: cw.Pictures) -> None:
        setup = set_up(digits, f"input 12x12x1, {NET}")
        assert setup.train.shape == (12, 12, 1)
        assert str(setup.net).startswith("input any, grey, resize 12x12 crop, scale, normalise")

    def test_an_unknown_setting(self, digits: cw.Pictures) -> None:
        with pytest.raises(InputError, match="a recipe has no 'epoch'; did you mean 'epochs'"):
            cw.train(digits, NET, epoch=3)

    def test_the_seed_of_the_split_is_kept(self, tmp_path: Path) -> None:
        """What was trained on is not judged by: `evaluate` splits as training did, whatever the recipe's seed."""
        pictures = cw.read("digits", seed=5)
        model = cw.train(pictures, NET, epochs=1, seed=1)
        assert model.facts["data"]["seed"] == 5
        assert model.facts["validation"]["count"] == len(pictures.validation) != len(cw.read("digits").validation)

    def test_settings_or_a_recipe(self, digits: cw.Pictures) -> None:
        with pytest.raises(InputError, match="give a recipe or epochs, not both"):
            cw.training(digits, NET, recipe=Recipe(), epochs=3)


def command(folder: str, engine: str) -> list[str]:
    how = ["--epochs", str(EPOCHS[engine]), "--engine", engine]
    return [*PYTHON, "train", "digits", "--net", NET, *how, "-o", folder]


def started(place: Path, folder: str, engine: str = "reference") -> "subprocess.Popen[str]":
    """With the slow engine, if none is named: the fast one is done before it can be killed at a certain time."""
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.Popen(  # type: ignore[call-overload]
        command(folder, engine), cwd=place, env=WHERE, text=True, **pipe
    )


def finished(place: Path, folder: str, engine: str = "reference") -> None:
    subprocess.run(command(folder, engine), cwd=place, env=WHERE, capture_output=True, check=True)


def after_epochs(process: "subprocess.Popen[str]", count: int) -> None:
    """Waits until a run has said that so many epochs are complete."""
    assert process.stdout
    for line in process.stdout:
        count -= line.startswith("epoch")
        if not count:
            return
    raise AssertionError("the run ended before its time")
