"""Optimisers: steps that a person can check, and the published rules written out."""

import json
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest

from cutaway.errors import InputError
from cutaway.layers.layer import Parameter
from cutaway.optimisers import OPTIMISERS, AdamW, Group, Muon, Optimiser, Sgd
from cutaway.optimisers.muon import orthogonal

PARAMETERS = {"kernel": Parameter((2,), decayed=True), "bias": Parameter((2,))}


def weights() -> dict[str, np.ndarray]:
    return {"kernel": np.array([1.0, -2.0]), "bias": np.array([4.0, 8.0])}


def test_plain_gradient_descent() -> None:
    w, rule = weights(), Sgd(momentum=0, nesterov=False, decay=0)
    rule.step(
        w, {"kernel": np.array([2.0, 4.0]), "bias": np.array([1.0, 0.0])}, rule.state(w, PARAMETERS), PARAMETERS, 0.5
    )
    assert w["kernel"].tolist() == [0.0, -4.0]
    assert w["bias"].tolist() == [3.5, 8.0]


def test_momentum_remembers() -> None:
    w, rule = weights(), Sgd(momentum=0.5, nesterov=False, decay=0)
    state = rule.state(w, PARAMETERS)
    for _ in range(3):  # velocities 2, 3, 3.5
        rule.step(w, {"kernel": np.array([2.0, 0.0])}, state, PARAMETERS, 1.0)
    assert w["kernel"].tolist() == [1 - 2 - 3 - 3.5, -2]
    assert w["bias"].tolist() == [4, 8]


def test_nesterov_looks_ahead() -> None:
    w, rule = weights(), Sgd(momentum=0.5, nesterov=True, decay=0)
    state = rule.state(w, PARAMETERS)
    rule.step(w, {"kernel": np.array([2.0, 0.0])}, state, PARAMETERS, 1.0)  # 2 + 0.5 x 2
    assert w["kernel"].tolist() == [-2, -2]
    rule.step(w, {"kernel": np.array([2.0, 0.0])}, state, PARAMETERS, 1.0)  # 2 + 0.5 x 3
    assert w["kernel"].tolist() == [-5.5, -2]


def test_decay_pulls_kernels_and_leaves_biases() -> None:
    nothing = {"kernel": np.zeros(2), "bias": np.zeros(2)}
    for rule in (Sgd(momentum=0, nesterov=False, decay=0.5), AdamW(decay=0.5), Muon(decay=0.5)):
        w = weights()
        rule.step(w, nothing, rule.state(w, PARAMETERS), PARAMETERS, 0.5)
        assert w["kernel"].tolist() == [0.75, -1.5]
        assert w["bias"].tolist() == [4, 8]


def test_adams_first_step_is_the_rate_whatever_the_gradient() -> None:
    w, rule = weights(), AdamW(decay=0)
    rule.step(w, {"kernel": np.array([1e-3, -50.0])}, rule.state(w, PARAMETERS), PARAMETERS, 0.25)
    np.testing.assert_allclose(w["kernel"], [0.75, -1.75], rtol=1e-5)


def test_adam_is_the_published_rule() -> None:
    random = np.random.default_rng(0)
    gradients = random.normal(size=(20, 2))
    w, rule = weights(), AdamW(momentum=0.9, spread=0.99, decay=0.1)
    state = rule.state(w, PARAMETERS)
    expected, m, v = w["kernel"].copy(), np.zeros(2), np.zeros(2)
    for t, g in enumerate(gradients, 1):
        rule.step(w, {"kernel": g}, state, PARAMETERS, 0.01)
        m, v = 0.9 * m + 0.1 * g, 0.99 * v + 0.01 * g**2
        mean, square = m / (1 - 0.9**t), v / (1 - 0.99**t)
        expected = expected - 0.01 * (mean / (np.sqrt(square) + 1e-8) + 0.1 * expected)
    np.testing.assert_allclose(w["kernel"], expected, rtol=1e-12)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_float32_stays_float32(name: str) -> None:
    w = {key: value.astype(np.float32) for key, value in weights().items()}
    rule = OPTIMISERS[name]()
    state = rule.state(w, PARAMETERS)
    rule.step(w, {key: np.ones(2, np.float32) for key in w}, state, PARAMETERS, 0.1)
    assert {value.dtype for value in w.values()} == {np.dtype(np.float32)}
    assert {value.dtype for key, value in state.items() if key != "steps"} == {np.dtype(np.float32)}


class TestMuon:
    """Matrices are made orthogonal; the rest is AdamW's."""

    @pytest.mark.parametrize("shape", [(30, 8), (8, 30), (8, 8), (3, 3, 2, 7), (5, 5, 1, 40)], ids=str)
    def test_every_direction_moves_alike(self, shape: tuple[int, ...]) -> None:
        gradient = np.random.default_rng(0).normal(size=shape)
        w, rule, parameters = {"k": np.zeros(shape)}, Muon(decay=0), {"k": Parameter(shape, decayed=True)}
        rule.step(w, {"k": gradient}, rule.state(w, parameters), parameters, 1.0)
        rows, columns = int(np.prod(shape[:-1])), shape[-1]
        move = -w["k"].reshape(rows, columns) / max(1, columns / rows) ** 0.5
        values = np.linalg.svd(move, compute_uv=False)
        assert values.min() > 0.68
        assert values.max() < 1.2
        u, _, vt = np.linalg.svd(gradient.reshape(rows, columns), full_matrices=False)
        straight = u.T @ move @ vt.T  # in the gradient's own directions: nothing but those values
        np.testing.assert_allclose(straight, np.diag(np.diag(straight)), atol=1e-10)

    def test_a_matrix_of_one_number_moves_alike_whatever_its_gradient(self) -> None:
        parameters, s = {"k": Parameter((1, 1), decayed=True)}, 1.0
        for _ in range(5):  # 1, 0.701, 1.11..., ...
            s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
        for gradient in (1e-3, -50.0):
            w, rule = {"k": np.array([[10.0]])}, Muon(decay=0.5)
            rule.step(w, {"k": np.array([[gradient]])}, rule.state(w, parameters), parameters, 0.5)
            assert w["k"].item() == pytest.approx(10 - 0.5 * (np.sign(gradient) * s + 0.5 * 10), rel=1e-4)

    @pytest.mark.parametrize("nesterov", [True, False])
    @pytest.mark.parametrize("shape", [(3, 3, 2, 4), (2, 6)], ids=str)
    def test_it_is_the_published_rule(self, shape: tuple[int, ...], nesterov: bool) -> None:
        """Written out as published: matrices [outputs, inputs], a velocity that is a mean."""
        random, parameters = np.random.default_rng(0), {"k": Parameter(shape, decayed=True)}
        w, rule = {"k": random.normal(size=shape)}, Muon(momentum=0.9, nesterov=nesterov, decay=0.1)
        state = rule.state(w, parameters)
        expected, mean = w["k"].reshape(-1, shape[-1]).T.copy(), 0.0
        for g in random.normal(size=(20, *shape)):
            rule.step(w, {"k": g}, state, parameters, 0.02)
            turned = g.reshape(-1, shape[-1]).T
            mean = 0.9 * mean + 0.1 * turned
            x = 0.1 * turned + 0.9 * mean if nesterov else mean
            x = x / np.linalg.norm(x)
            for _ in range(5):
                x = 3.4445 * x - 4.7750 * (x @ x.T) @ x + 2.0315 * (x @ x.T) @ (x @ x.T) @ x
            rows, columns = x.shape
            expected = expected * (1 - 0.02 * 0.1) - 0.02 * max(1, rows / columns) ** 0.5 * x
        np.testing.assert_allclose(w["k"].reshape(-1, shape[-1]).T, expected, rtol=1e-5, atol=1e-6)

    def test_biases_move_by_adams_rule_at_a_rate_of_their_own(self) -> None:
        first, second, adam, muon = weights(), weights(), AdamW(), Muon(others=0.25)
        states = adam.state(first, PARAMETERS), muon.state(second, PARAMETERS)
        for g in np.random.default_rng(0).normal(size=(5, 2)):
            adam.step(first, {"bias": g}, states[0], PARAMETERS, 0.1)
            muon.step(second, {"bias": g}, states[1], PARAMETERS, 0.4)
        assert first["bias"].tolist() == second["bias"].tolist()

    def test_what_it_remembers(self) -> None:
        state = Muon().state(weights(), PARAMETERS)
        assert set(state) == {"velocity.kernel", "mean.bias", "square.bias", "steps"}

    def test_no_gradient_no_direction(self) -> None:
        assert not orthogonal(np.zeros((3, 2), np.float32)).any()


PLAIN: dict[str, Any] = {"momentum": 0.0, "nesterov": False, "decay": 0.0}


def step(rule: Optimiser, rate: float = 1.0, **gradients: list[float]) -> dict[str, np.ndarray]:
    """The weights after one step from `weights`."""
    w = weights()
    g = {name: np.array(value) for name, value in gradients.items()}
    rule.step(w, g, rule.state(w, PARAMETERS), PARAMETERS, rate)
    return w


class TestClip:
    """Gradients that are too long together."""

    def test_all_are_scaled_alike(self) -> None:
        w = step(Sgd(**PLAIN, clip=2.5), kernel=[3.0, 0.0], bias=[0.0, 4.0])  # together 5 long: halved
        assert w["kernel"].tolist() == [-0.5, -2]
        assert w["bias"].tolist() == [4, 6]

    def test_short_ones_stay_as_they_are(self) -> None:
        for clip in (5.0, None):
            w = step(Sgd(**PLAIN, clip=clip), kernel=[3.0, 0.0], bias=[0.0, 4.0])
            assert w["kernel"].tolist() == [-2, -2]
            assert w["bias"].tolist() == [4, 4]

    def test_squares_that_float32_cannot_hold(self) -> None:
        w = {"kernel": np.zeros(2, np.float32)}
        rule = Sgd(**PLAIN, clip=1.0)
        gradient = np.array([3e30, -4e30], np.float32)
        rule.step(w, {"kernel": gradient}, rule.state(w, PARAMETERS), PARAMETERS, 1.0)
        np.testing.assert_allclose(w["kernel"], [-0.6, 0.8], rtol=1e-6)

    def test_the_decay_is_not_clipped(self) -> None:
        w = step(Sgd(momentum=0, nesterov=False, decay=1.0, clip=2.0), rate=0.5, kernel=[4.0, 0.0])
        assert w["kernel"].tolist() == [1 - 0.5 * (2 + 1), -2 - 0.5 * -2]


class TestAverage:
    """Weights averaged on their way."""

    def test_it_follows_fast_at_first_and_slower_from_there(self) -> None:
        w, rule = {"bias": np.array([11.0])}, Sgd(**PLAIN, average=0.25)
        state = rule.state(w, PARAMETERS)
        seen = []
        for gradient in (11.0, -10.0, 0.0):  # the weight: 0, 10, 10; the decay: 2/11, 3/12, 1/4 (for 4/13 is more)
            rule.step(w, {"bias": np.array([gradient])}, state, PARAMETERS, 1.0)
            seen.append(rule.averaged(w, state)["bias"].item())
        np.testing.assert_allclose(seen, [2, 2 + 0.75 * 8, 8 + 0.75 * 2], rtol=1e-15)
        assert w["bias"].item() == 10

    def test_it_starts_at_the_starting_weights(self) -> None:
        w, rule = weights(), AdamW(average=0.9)
        averaged = rule.averaged(w, rule.state(w, PARAMETERS))
        assert {name: value.tolist() for name, value in averaged.items()} == {"kernel": [1, -2], "bias": [4, 8]}

    def test_what_has_none_stays_as_it_is(self) -> None:
        """A measured weight, and all weights where the rule keeps no averages; what comes back is a copy."""
        w, rule = weights(), Sgd(**PLAIN, average=0.5)
        state = rule.state(w, PARAMETERS)
        assert rule.averaged(w | {"mean": np.array([7.0])}, state)["mean"].tolist() == [7]
        off = Sgd(**PLAIN)
        assert set(off.state(w, PARAMETERS)) == {"velocity.kernel", "velocity.bias"}
        same = off.averaged(w, off.state(w, PARAMETERS))
        same["bias"][:] = 0
        assert w["bias"].tolist() == [4, 8]


class TestGroups:
    """Weights that move in their own way."""

    def test_rates(self) -> None:
        rule = Sgd(**PLAIN, groups=(Group("ker*", rate=0.5), Group("bias", rate=0)))
        w = step(rule, kernel=[2.0, 4.0], bias=[2.0, 4.0])
        assert w["kernel"].tolist() == [0, -4]
        assert w["bias"].tolist() == [4, 8]

    @pytest.mark.parametrize("kind", OPTIMISERS.values())
    def test_frozen(self, kind: type[Optimiser]) -> None:
        w = step(kind(groups=(Group("*", rate=0),)), kernel=[2.0, 4.0], bias=[2.0, 4.0])
        assert w["kernel"].tolist() == [1, -2]
        assert w["bias"].tolist() == [4, 8]

    def test_the_first_that_fits_counts(self) -> None:
        groups = (Group("conv1.*", decay=0), Group("*.kernel", rate=0.5, decay=0.25))
        kernel, bias = PARAMETERS["kernel"], PARAMETERS["bias"]
        rule = Muon(decay=0.125, others=0.5, groups=groups)
        assert rule.settings("conv1.kernel", kernel) == (1, 0)
        assert rule.settings("conv2.kernel", kernel) == (0.5, 0.25)
        assert rule.settings("dense1.weight", kernel) == (1, 0.125)
        assert rule.settings("conv2.bias", bias) == (0.5, 0)

    def test_decay_is_for_kernels_all_the_same(self) -> None:
        w = step(Sgd(**PLAIN, groups=(Group("*", decay=0.5),)), kernel=[0.0, 0.0], bias=[0.0, 0.0])
        assert w["kernel"].tolist() == [0.5, -1]
        assert w["bias"].tolist() == [4, 8]

    def test_a_pattern_that_fits_nothing(self) -> None:
        parameters = {"conv1.kernel": PARAMETERS["kernel"], "norm1.mean": Parameter((2,), trained=False)}
        Sgd(groups=(Group("conv?.*"),)).check(parameters)
        for pattern in ("conv2.*", "Conv1.*", "norm1.mean"):
            with pytest.raises(InputError, match=r"the pattern '.*' fits no weight.*; there are conv1.kernel$"):
                Sgd(groups=(Group("conv1.*"), Group(pattern))).check(parameters)
        with pytest.raises(InputError, match=r"'conv1.kernal' fits no weight; did you mean 'conv1.kernel'\?"):
            Sgd(groups=(Group("conv1.kernal"),)).check(parameters)


class TestSettings:
    """As data."""

    @pytest.mark.parametrize("kind", OPTIMISERS.values())
    def test_they_are_hashable_and_become_json(self, kind: type[Optimiser]) -> None:
        rule = kind(clip=1.0, average=0.5, groups=(Group("*", rate=0.5),))
        assert len({rule, kind(clip=1.0, average=0.5, groups=(Group("*", rate=0.5),)), kind()}) == 2
        assert json.loads(json.dumps(asdict(rule)))["groups"] == [{"pattern": "*", "rate": 0.5, "decay": None}]

    def test_a_rules_own_come_first(self) -> None:
        assert Sgd(0.5, False, 0.25) == Sgd(momentum=0.5, nesterov=False, decay=0.25)

    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            (lambda: Sgd(clip=0), "clip is 0; it can be a number above 0, or None"),
            (lambda: Sgd(clip=float("nan")), "clip is nan"),
            (lambda: AdamW(average=1.0), "average is 1.0; it can be a number from 0 to below 1"),
            (lambda: Group("*", rate=-1), r"the rate of the group '\*' is -1; it can be a number from 0"),
            (lambda: Group("*", decay=float("inf")), r"the decay of the group '\*' is inf"),
        ],
    )
    def test_what_cannot_be_is_refused(self, wrong, message: str) -> None:
        with pytest.raises(InputError, match=message):
            wrong()
