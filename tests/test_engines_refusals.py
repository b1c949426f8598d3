"""What the native engine says where it cannot do what it is asked for, and what it leaves as it was."""

import re
from importlib.metadata import PackageNotFoundError

import numpy as np
import pytest

from cutaway.engines import choose
from cutaway.engines.engine import Batch, NotFinite
from cutaway.engines.native.trainer import NativeTrainer
from cutaway.layers.layer import Array
from cutaway.losses import loss_for
from cutaway.net import Net, parse
from cutaway.optimisers import Sgd
from tests.nets import NETS, assert_same, drawn

SIZE = (12, 12, 1)


def trainer_for(net: Net, weights: dict[str, Array]) -> NativeTrainer:
    trainer = choose("native", net, 2, "float32").trainer(net, weights, loss_for(net.output.layer), Sgd(), 0)
    assert isinstance(trainer, NativeTrainer)
    return trainer


class TestNotFinite:
    @pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan], ids=str)
    @pytest.mark.parametrize(
        ("name", "where"),
        [
            ("conv1.kernel", "the output of conv1 (conv 6 3x3 same) is not finite"),
            ("norm2.gain", "the output of norm2 (norm) is not finite"),
            ("conv3.bias", "the output of conv3 (conv 3 1x1) is not finite"),
            ("dense3.weight", "the output of dense3 (dense 4) is not finite"),
        ],
    )
    def test_the_layer_is_named_and_nothing_moves(self, name: str, where: str, value: float) -> None:
        net = parse(NETS["branches"], input=SIZE)
        weights, pictures, targets = drawn(net, 19)
        weights[name].flat[0] = value
        trainer = trainer_for(net, weights)
        with pytest.raises(NotFinite, match=re.escape(where)):
            trainer.step(Batch(pictures, targets), 0.01)
        assert_same(trainer.weights(), weights)

    def test_finite_numbers_whose_product_is_not(self) -> None:
        net = parse(NETS["lenet"], input=SIZE)
        weights, pictures, targets = drawn(net, 19)
        weights["dense2.weight"][:] = 3e38
        trainer = trainer_for(net, weights)
        with pytest.raises(NotFinite, match=r"the output of dense2 \(dense 4\) is not finite"):
            trainer.step(Batch(pictures, targets), 0.01)
        assert_same(trainer.weights(), weights)

    def test_steps_before_it_are_taken_and_those_after_are_not(self) -> None:
        net = parse(NETS["squares"], input=SIZE)
        weights, pictures, targets = drawn(net, 60)
        targets[20:40] = 1e38
        several, one = (trainer_for(net, weights) for _ in range(2))
        with pytest.raises(NotFinite, match=r"the loss, after dense2 \(dense 4\), is not finite"):
            several.steps(Batch(pictures, targets), [0.01] * 3, 20)
        one.step(Batch(pictures[:20], targets[:20]), 0.01)
        assert_same(several.state(), one.state())
        for trainer in (several, one):
            trainer.step(Batch(pictures[40:], targets[40:]), 0.01)
        assert_same(several.state(), one.state())

    def test_what_is_predicted_is_not_finite_either(self) -> None:
        """A pooling or a ReLU does not hide it."""
        net = parse("scale, conv 4 3x3, relu, maxpool 2, conv 4 3x3, maxpool 2 partial, flatten", input=SIZE)
        weights, pictures, _ = drawn(net, 3)
        weights["conv1.kernel"][:] = np.nan
        assert np.isnan(choose("native", net).predictor(net, weights)(pictures)).all()


def test_no_pictures_are_predicted_as_nothing() -> None:
    net = parse(NETS["lenet"], input=SIZE)
    weights, pictures, _ = drawn(net, 1)
    predicted = choose("native", net).predictor(net, weights)(pictures[:0])
    assert predicted.shape == (0, 4)
    assert predicted.dtype == np.float32


class TestLlvmlite:
    """Where it is missing or too old, the reference engine computes, and one line says why."""

    net = parse(NETS["lenet"], input=SIZE)

    def line(self, caplog: pytest.LogCaptureFixture) -> str:
        assert choose("auto", self.net).name == "reference"
        (record,) = caplog.records
        return record.getMessage()

    def test_missing(self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
        def version(name: str) -> str:
            raise PackageNotFoundError(name)

        monkeypatch.setattr("cutaway.engines.native.support.version", version)
        assert self.line(caplog) == (
            "the reference engine computes, slowly: llvmlite, which the native engine compiles with, is not "
            "installed; pip install llvmlite"
        )

    @pytest.mark.parametrize("found", ["0.45.1", "0.9", "0.45.0rc1"])
    def test_too_old(self, found: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
        monkeypatch.setattr("cutaway.engines.native.support.version", lambda name: found)
        due = f"the reference engine computes, slowly: llvmlite is {found}; the native engine needs 0.46 or newer"
        assert self.line(caplog) == due

    @pytest.mark.parametrize("found", ["0.46.0", "0.46.0b1", "0.100.0", "1.0"])
    def test_new_enough(self, found: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("cutaway.engines.native.support.version", lambda name: found)
        assert choose("auto", self.net).name == "native"


class TestBatches:
    """What does not fit is refused before any machine code runs; nothing moves."""

    def test_no_pictures_to_learn_from(self) -> None:
        net = parse(NETS["branches"], input=SIZE)
        weights, pictures, targets = drawn(net, 3)
        trainer = trainer_for(net, weights)
        for call in (
            lambda: trainer.step(Batch(pictures[:0], targets[:0]), 0.1),
            lambda: trainer.gradients(Batch(pictures[:0], targets[:0])),
        ):
            with pytest.raises(ValueError, match="there is no picture to learn from"):
                call()
        assert_same(trainer.weights(), weights)

    @pytest.mark.parametrize(("rates", "batch"), [(5, 10), (1, 10), (2, 0), (2, 20)])
    def test_as_many_rates_as_batches(self, rates: int, batch: int) -> None:
        net = parse(NETS["lenet"], input=SIZE)
        weights, pictures, targets = drawn(net, 20)
        trainer = trainer_for(net, weights)
        with pytest.raises(ValueError, match=f"{rates} rates for 20 pictures in batches of {batch}"):
            trainer.steps(Batch(pictures, targets), [0.1] * rates, batch)
        assert_same(trainer.weights(), weights)
