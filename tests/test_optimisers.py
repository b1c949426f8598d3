"""Optimisers: steps that a person can check, and the published rules written out."""

import numpy as np
import pytest

from cutaway.layers.layer import Parameter
from cutaway.optimisers import OPTIMISERS, AdamW, Sgd

PARAMETERS = {"kernel": Parameter((2,), decayed=True), "bias": Parameter((2,))}


def weights() -> dict[str, np.ndarray]:
    return {"kernel": np.array([1.0, -2.0]), "bias": np.array([4.0, 8.0])}


def test_plain_gradient_descent() -> None:
    w, rule = weights(), Sgd(momentum=0, nesterov=False, decay=0)
    rule.step(w, {"kernel": np.array([2.0, 4.0]), "bias": np.array([1.0, 0.0])}, rule.state(w), PARAMETERS, 0.5)
    assert w["kernel"].tolist() == [0.0, -4.0]
    assert w["bias"].tolist() == [3.5, 8.0]


def test_momentum_remembers() -> None:
    w, rule = weights(), Sgd(momentum=0.5, nesterov=False, decay=0)
    state = rule.state(w)
    for _ in range(3):  # velocities 2, 3, 3.5
        rule.step(w, {"kernel": np.array([2.0, 0.0])}, state, PARAMETERS, 1.0)
    assert w["kernel"].tolist() == [1 - 2 - 3 - 3.5, -2]
    assert w["bias"].tolist() == [4, 8]


def test_nesterov_looks_ahead() -> None:
    w, rule = weights(), Sgd(momentum=0.5, nesterov=True, decay=0)
    state = rule.state(w)
    rule.step(w, {"kernel": np.array([2.0, 0.0])}, state, PARAMETERS, 1.0)  # 2 + 0.5 x 2
    assert w["kernel"].tolist() == [-2, -2]
    rule.step(w, {"kernel": np.array([2.0, 0.0])}, state, PARAMETERS, 1.0)  # 2 + 0.5 x 3
    assert w["kernel"].tolist() == [-5.5, -2]


def test_decay_pulls_kernels_and_leaves_biases() -> None:
    nothing = {"kernel": np.zeros(2), "bias": np.zeros(2)}
    for rule in (Sgd(momentum=0, nesterov=False, decay=0.5), AdamW(decay=0.5)):
        w = weights()
        rule.step(w, nothing, rule.state(w), PARAMETERS, 0.5)
        assert w["kernel"].tolist() == [0.75, -1.5]
        assert w["bias"].tolist() == [4, 8]


def test_adams_first_step_is_the_rate_whatever_the_gradient() -> None:
    w, rule = weights(), AdamW(decay=0)
    rule.step(w, {"kernel": np.array([1e-3, -50.0])}, rule.state(w), PARAMETERS, 0.25)
    np.testing.assert_allclose(w["kernel"], [0.75, -1.75], rtol=1e-5)


def test_adam_is_the_published_rule() -> None:
    random = np.random.default_rng(0)
    gradients = random.normal(size=(20, 2))
    w, rule = weights(), AdamW(momentum=0.9, spread=0.99, decay=0.1)
    state = rule.state(w)
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
    state = rule.state(w)
    rule.step(w, {key: np.ones(2, np.float32) for key in w}, state, PARAMETERS, 0.1)
    assert {value.dtype for value in w.values()} == {np.dtype(np.float32)}
    assert {value.dtype for key, value in state.items() if key != "steps"} == {np.dtype(np.float32)}
