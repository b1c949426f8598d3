"""Every engine passes the conformance suite; and the suite itself catches what it should."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cutaway.engines import NAMES, choose, conformance
from cutaway.engines.engine import Batch, Engine, NotFinite, Pixels, Predictor, Stepped, Targets, Trainer
from cutaway.engines.native import Native, refusal
from cutaway.engines.native.machine import this_machine
from cutaway.engines.native.precision import GRADIENT, worst
from cutaway.engines.reference import Reference, ReferenceTrainer
from cutaway.errors import InputError
from cutaway.layers.layer import Array, Weights
from cutaway.losses import CrossEntropy, Loss, SquaredError, loss_for
from cutaway.net import Net, Node, parse, start
from cutaway.net.zoo import ZOO
from cutaway.optimisers import AdamW, Group, Muon, Optimiser, Sgd
from tests.cases import CASES, Case
from tests.compare import assert_equal
from tests.layer_table import layer_of
from tests.nets import NETS, assert_same, drawn

SIZES = [(12, 12, 1), (13, 11, 3)]
GROUPS = (Group("dense1.weight", rate=0.5, decay=0.1), Group("dense1.*", rate=0), Group("*.bias", rate=2))
RULES = {
    "sgd": Sgd(),
    "adamw": AdamW(),
    "muon": Muon(),
    "sgd, with all": Sgd(clip=0.8, average=0.5, groups=GROUPS),
    "muon, with all": Muon(clip=0.8, average=0.5, groups=GROUPS),
}
"""How weights move. Each net above has steps with gradients longer than the clip, and one shorter ones too."""


@pytest.fixture(params=NAMES)
def engine(request: pytest.FixtureRequest) -> Engine:
    return choose(request.param, precision="float32")


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("text", NETS.values(), ids=NETS)
class TestConformance:
    def test_forward(self, engine: Engine, text: str, size: tuple[int, int, int]) -> None:
        net = parse(text, input=size)
        weights, pictures, _ = drawn(net, 5)
        conformance.forward(engine, net, weights, pictures)

    @pytest.mark.parametrize("count", [1, 7])
    def test_gradients(self, engine: Engine, text: str, size: tuple[int, int, int], count: int) -> None:
        if "norm," in text and count == 1:
            count = 2  # the variance of one picture's features may be 0, where the slope of a norm is not defined
        net = parse(text, input=size)
        weights, pictures, targets = drawn(net, count)
        conformance.gradients(engine, net, weights, Batch(pictures, targets), loss_for(net.output.layer), Sgd())

    @pytest.mark.parametrize("optimiser", RULES.values(), ids=RULES)
    def test_ten_steps(self, engine: Engine, text: str, size: tuple[int, int, int], optimiser: Optimiser) -> None:
        net = parse(text, input=size)
        batches = [Batch(*drawn(net, 6, seed)[1:]) for seed in range(10)]
        conformance.steps(engine, net, drawn(net, 1)[0], batches, loss_for(net.output.layer), optimiser, 0.003)


FIT_FOR_PICTURES = [
    case
    for case in CASES
    if case.exact
    and len(case.inputs) == 1
    and np.ndim(case.inputs[0]) == 3
    and np.min(case.inputs[0]) >= 0
    and np.max(case.inputs[0]) <= 255
    and np.all(np.equal(np.mod(case.inputs[0], 1), 0))
]
"""The named cases whose input can be a picture: an engine takes whole numbers from 0 to 255."""


@pytest.mark.parametrize("case", FIT_FOR_PICTURES, ids=lambda case: case.name)
def test_integer_cases_to_the_last_bit(engine: Engine, case: Case) -> None:
    layer = layer_of(case.text)
    picture = np.array(case.inputs[0], np.uint8)
    net = Net(picture.shape, (Node(f"{layer.word}_1", layer, ("input",)),))
    weights = {f"{layer.word}_1.{name}": np.array(value, np.float32) for name, value in case.weights.items()}
    (given,) = engine.predictor(net, weights)(picture[None])
    assert_equal(given, np.array(case.output, np.float32), case.name)


def test_most_cases_are_fit_for_pictures() -> None:
    assert len(FIT_FOR_PICTURES) > len(CASES) / 3


def with_preparation(name: str) -> Net:
    """A net of the zoo at its own size, fed with numbers around 0 as in real life."""
    entry = ZOO[name]
    size = "112x112x3" if name == "vgg11" else "x".join(map(str, entry.input))  # at 224, 133 million weights take 40 s
    return parse(f"input {size}, scale, normalise 0.5 0.25, {entry.text}", classes=entry.classes)


SMALL_ENOUGH = ["x5", "spreadsheet", "lenet5", "digits", "small"]


@pytest.mark.parametrize("name", ZOO)
def test_zoo_nets_forward(engine: Engine, name: str) -> None:
    """Every net of the zoo at its own size, vgg11 at half of it, one picture, every stage within its bound."""
    net = with_preparation(name)
    weights, pictures, _ = drawn(net, 1)
    conformance.forward(engine, net, weights, pictures)


@pytest.mark.parametrize("name", SMALL_ENOUGH)
def test_zoo_nets_train(engine: Engine, name: str) -> None:
    net = with_preparation(name)
    batches = [Batch(*drawn(net, 4, seed)[1:]) for seed in range(10)]
    loss = loss_for(net.output.layer)
    conformance.gradients(engine, net, drawn(net, 1)[0], batches[0], loss, Sgd())
    conformance.steps(engine, net, drawn(net, 1)[0], batches, loss, Sgd(), 0.003)


class TestTrainer:
    """What the loop relies on."""

    @pytest.fixture(params=[AdamW(), Sgd(average=0.9), Muon(average=0.9)], ids=lambda rule: rule.name)
    def trained(self, request: pytest.FixtureRequest, engine: Engine) -> tuple[Trainer, Pixels, Targets]:
        net = parse(NETS["branches"], input=(12, 12, 1))
        weights, pictures, targets = drawn(net, 6)
        return engine.trainer(net, weights, loss_for(net.output.layer), request.param, 7), pictures, targets

    def test_restored_is_the_same_to_the_last_bit(self, trained: tuple[Trainer, Pixels, Targets]) -> None:
        trainer, pictures, targets = trained
        trainer.step(Batch(pictures, targets), 0.01)
        kept = trainer.state()
        trainer.step(Batch(pictures, targets), 0.01)
        first, averaged = trainer.weights(), trainer.averaged()
        trainer.restore(kept)
        trainer.step(Batch(pictures, targets), 0.01)
        assert_same(first, trainer.weights())
        assert_same(averaged, trainer.averaged())

    def test_copies_do_not_move(self, trained: tuple[Trainer, Pixels, Targets]) -> None:
        trainer, pictures, targets = trained
        for given in (trainer.weights(), trainer.averaged(), trainer.state()):
            copied = {name: value.copy() for name, value in given.items()}
            trainer.step(Batch(pictures, targets), 0.01)
            assert_same(copied, given)

    def test_learns_by_heart(self, trained: tuple[Trainer, Pixels, Targets]) -> None:
        trainer, pictures, targets = trained
        first = trainer.step(Batch(pictures, targets), 0.01).losses.mean()
        for _ in range(60):
            last = trainer.step(Batch(pictures, targets), 0.01).losses.mean()
        assert last < first / 4

    def test_a_group_that_fits_no_weight_is_refused(self, engine: Engine) -> None:
        net = parse(NETS["lenet"], input=(12, 12, 1))
        rule = Sgd(groups=(Group("conv3.kernel", rate=0),))
        with pytest.raises(InputError, match=r"the pattern 'conv3.kernel' fits no weight; did you mean 'conv[12].ker"):
            engine.trainer(net, drawn(net, 1)[0], loss_for(net.output.layer), rule, 0)

    def test_averages_are_of_what_is_trained(self, engine: Engine) -> None:
        """What a norm measures is kept as it is; without averages, all is."""
        net = parse(NETS["branches"], input=(12, 12, 1))
        weights, pictures, targets = drawn(net, 6)
        trainer = engine.trainer(net, weights, loss_for(net.output.layer), Sgd(average=0.9), 0)
        plain = engine.trainer(net, weights, loss_for(net.output.layer), Sgd(), 0)
        for each in (trainer, plain):
            each.step(Batch(pictures, targets), 0.01)
        assert_same(trainer.weights(), plain.weights())
        assert_same(plain.averaged(), plain.weights())
        moved = {name for name, value in trainer.averaged().items() if (value != plain.weights()[name]).any()}
        assert moved >= {name for name, parameter in net.parameters().items() if parameter.decayed}
        assert not moved & {"norm1.mean", "norm1.variance", "norm2.mean", "norm2.variance"}

    def test_what_is_not_finite_is_said_and_moves_nothing(self, engine: Engine) -> None:
        net = parse(NETS["lenet"], input=(12, 12, 1))
        weights, pictures, targets = drawn(net, 3)
        weights["conv2.kernel"][0, 0, 0, 0] = np.inf
        trainer = engine.trainer(net, weights, loss_for(net.output.layer), Sgd(), 0)
        with pytest.raises(NotFinite, match=r"the output of conv2 \(conv 16 5x5\) is not finite"):
            trainer.step(Batch(pictures, targets), 0.01)
        assert_same(weights, trainer.weights())


def test_a_gradient_that_is_not_finite_is_where_it_began() -> None:
    """Finite scores under a loss that is not; then scores that are not: the layer is named where it began."""
    net = parse("flatten, dense 3, tanh, dense 2", input=(2, 2, 1))
    weights, pictures, _ = drawn(net, 2)
    targets = np.full((2, 2), 1e38, np.float32)
    trainer = choose("reference").trainer(net, weights, SquaredError(), Sgd(), 0)
    with pytest.raises(NotFinite, match=r"the loss, after dense2 \(dense 2\), is not finite"):
        trainer.step(Batch(pictures, targets), 0.1)
    weights["dense2.weight"][:] = 3e38
    steep = choose("reference").trainer(net, weights, SquaredError(), Sgd(), 0)
    with pytest.raises(NotFinite, match=r"the output of dense2 \(dense 2\) is not finite"):
        steep.step(Batch(pictures, np.zeros((2, 2), np.float32)), 0.1)


class HalfWeights(Reference):
    """An engine that rounds weights to half precision."""

    name = "half weights"

    def predictor(self, net: Net, weights: Weights) -> Predictor:
        return super().predictor(net, half(weights))

    def trainer(self, net: Net, weights: Weights, loss: Loss, optimiser: Optimiser, seed: int) -> Trainer:
        return super().trainer(net, half(weights), loss, optimiser, seed)


class Steep(Reference):
    """An engine whose gradients are too large by a ten-thousandth."""

    name = "steep"

    class Trainer(ReferenceTrainer):
        def gradients(self, batch: Batch) -> Mapping[str, Array]:
            return {name: g * np.float32(1.0001) for name, g in super().gradients(batch).items()}

    def trainer(self, net: Net, weights: Weights, loss: Loss, optimiser: Optimiser, seed: int) -> Trainer:
        return self.Trainer(net, weights, loss, optimiser, seed)


class Lazy(Reference):
    """An engine that leaves out its tenth step."""

    name = "lazy"

    class Trainer(ReferenceTrainer):
        def step(self, batch: Batch, rate: float) -> Stepped:
            return super().step(batch, 0.0 if self.steps == 9 else rate)

    def trainer(self, net: Net, weights: Weights, loss: Loss, optimiser: Optimiser, seed: int) -> Trainer:
        return self.Trainer(net, weights, loss, optimiser, seed)


class Heedless(Reference):
    """An engine that moves weights by a rule with other settings."""

    name = "heedless"

    def __init__(self, **settings: Any) -> None:
        self.settings = settings

    def trainer(self, net: Net, weights: Weights, loss: Loss, optimiser: Optimiser, seed: int) -> Trainer:
        return super().trainer(net, weights, loss, replace(optimiser, **self.settings), seed)


def half(weights: Weights) -> dict[str, Array]:
    return {name: value.astype(np.float16).astype(np.float32) for name, value in weights.items()}


class TestTheSuiteCatches:
    net = parse(NETS["lenet"], input=(12, 12, 1))
    loss = loss_for(net.output.layer)

    def test_weights_of_half_precision(self) -> None:
        weights, pictures, targets = drawn(self.net, 4)
        with pytest.raises(conformance.Disagreement, match="rounding allows"):
            conformance.forward(HalfWeights(), self.net, weights, pictures)
        with pytest.raises(conformance.Disagreement, match="gradient of"):
            conformance.gradients(HalfWeights(), self.net, weights, Batch(pictures, targets), self.loss, Sgd())

    def test_a_gradient_that_is_slightly_too_large(self) -> None:
        weights, pictures, targets = drawn(self.net, 4)
        with pytest.raises(conformance.Disagreement, match="gradient of"):
            conformance.gradients(Steep(), self.net, weights, Batch(pictures, targets), self.loss, Sgd())

    def test_a_step_that_was_not_taken(self) -> None:
        batches = [Batch(*drawn(self.net, 4, seed)[1:]) for seed in range(10)]
        with pytest.raises(conformance.Disagreement, match="after 10 steps"):
            conformance.steps(Lazy(), self.net, drawn(self.net, 1)[0], batches, self.loss, Sgd(), 0.003)

    @pytest.mark.parametrize("rule", ["sgd, with all", "muon, with all"])
    @pytest.mark.parametrize(
        "settings",
        [
            {"clip": None},
            {"average": 0.0},
            {"groups": GROUPS[1:]},
            {"groups": GROUPS[::2]},
            {"groups": GROUPS[:2]},
            {"nesterov": False},
            {"momentum": 0.89},
        ],
        ids=str,
    )
    def test_a_setting_that_was_not_heeded(self, rule: str, settings: dict[str, Any]) -> None:
        batches = [Batch(*drawn(self.net, 4, seed)[1:]) for seed in range(10)]
        with pytest.raises(conformance.Disagreement, match="after 10 steps"):
            conformance.steps(
                Heedless(**settings), self.net, drawn(self.net, 1)[0], batches, self.loss, RULES[rule], 0.003
            )


def test_a_matrix_that_moves_as_a_whole_does_not_drown_number_by_number() -> None:
    """A gradient of 0 leaves Adam to follow noise; Muon's orthogonal matrices are what all their numbers make them."""
    net = parse(NETS["lenet"], input=(12, 12, 1))
    batches = [Batch(*drawn(net, 6, seed)[1:]) for seed in range(2)]
    drift = {
        rule.name: conformance.drifted(net, drawn(net, 1)[0], batches, loss_for(net.output.layer), rule, 0.003)
        for rule in (AdamW(), Muon())
    }
    assert drift["adamw"]["dense1.weight"].max() > 0
    assert drift["muon"]["dense1.weight"].max() == 0
    assert drift["muon"]["conv2.bias"].max() > 0


def test_prediction_does_not_depend_on_the_batch(engine: Engine) -> None:
    net = parse(NETS["lenet"], input=(12, 12, 1))
    weights, pictures, _ = drawn(net, 9)
    predictor = engine.predictor(net, weights)
    together = predictor(pictures)
    alone = np.concatenate([predictor(pictures[i : i + 1]) for i in range(9)])
    np.testing.assert_allclose(together, alone, rtol=0, atol=8 * 2**-24)  # sums of a few hundred, in another order
    assert (together.argmax(axis=1) == alone.argmax(axis=1)).all()


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(InputError, match="there is no engine 'referense'; did you mean 'reference'"):
        choose("referense")


def test_gradients_of_bf16_are_near() -> None:
    """Each array of gradients within a part of its length; and not the same, so that pairs are really used."""
    if not this_machine().pairs:
        with pytest.raises(InputError, match="has no products of bf16"):
            choose("native", precision="bf16")
        return
    net = parse(
        "scale, conv 16 3x3 same, relu, conv 24 3x3 stride 2, relu, conv 9 3x3 same, flatten, dense 4, softmax",
        input=(13, 11, 3),
    )
    weights, pictures, targets = drawn(net, 19)
    loss = loss_for(net.output.layer)
    exact, rough = (
        choose("native", net, precision=precision)
        .trainer(net, weights, loss, Sgd(), 0)
        .gradients(Batch(pictures, targets))
        for precision in ("float32", "bf16")
    )
    assert 1e-4 < worst(exact, rough) < GRADIENT


def test_auto_takes_bf16_where_the_net_bears_it() -> None:
    net = parse("scale, conv 16 3x3 same, relu, conv 16 3x3, relu, flatten, dense 4, softmax", input=(12, 12, 1))
    weights, pictures, targets = drawn(net, 17)
    trainer = choose("native", net).trainer(net, weights, loss_for(net.output.layer), Sgd(), 0)
    trainer.step(Batch(pictures, targets), 0.01)
    assert trainer.state()["bf16"].tolist() == [this_machine().pairs]
    again = choose("native", net).trainer(net, weights, loss_for(net.output.layer), Sgd(), 0)
    again.restore(trainer.state())
    for each in (trainer, again):
        each.step(Batch(pictures, targets), 0.01)
    assert_same(trainer.weights(), again.weights())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "scale, maxpool 17 stride 1, flatten, dense 3, softmax",
            r"maxpool1 \(maxpool 17 stride 1\) has windows of more",
        )
    ],
)
def test_a_net_that_is_refused_runs_with_the_reference(text: str, why: str, caplog: pytest.LogCaptureFixture) -> None:
    assert choose("auto", parse(text, input=(20, 20, 1))).name == "reference"
    (record,) = caplog.records
    assert re.search(why, record.getMessage())


def test_precisions_and_threads_that_cannot_be() -> None:
    with pytest.raises(InputError, match="there is no precision 'float23'; did you mean 'float32'"):
        choose("native", precision="float23")
    with pytest.raises(InputError, match="threads is 0; it can be 1 or more"):
        choose("native", threads=0)


@pytest.mark.parametrize("text", NETS.values(), ids=NETS)
def test_one_thread_and_two_agree(text: str) -> None:
    net = parse(text, input=(12, 12, 1))
    weights, pictures, targets = drawn(net, 37)
    for threads in (1, 2, 3):
        engine = choose("native", net, threads, "float32")
        conformance.gradients(engine, net, weights, Batch(pictures, targets), loss_for(net.output.layer), Sgd())


@pytest.mark.parametrize("batch", [10, 32, 50, 100])
def test_ghost_norm_of_whole_blocks_runs_natively(batch: int) -> None:
    net = parse("input 6x5x2, conv 5 3x3, norm ghost 32, relu, flatten, dense 3, softmax")
    random = np.random.default_rng(0)
    pictures = random.integers(0, 256, (batch, 6, 5, 2), np.uint8)
    targets = np.eye(3, dtype=np.float32)[random.integers(0, 3, batch)]
    for threads in (1, 2, 3):
        native = Native(threads, "float32")
        conformance.gradients(native, net, start(net), Batch(pictures, targets), CrossEntropy(), Sgd())
        conformance.steps(native, net, start(net), [Batch(pictures, targets)] * 3, CrossEntropy(), Sgd(), 0.05)


def test_ghost_norm_of_other_sizes_is_left_to_the_reference() -> None:
    why = refusal(parse("input 6x5x2, conv 5 3x3, norm ghost 10, flatten, dense 3, softmax"))
    assert re.fullmatch(r"norm1 \(norm ghost 10\) normalises 10 pictures at a time, .* multiples of \d+", why), why
