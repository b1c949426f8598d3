"""Nets drawn by chance, with branches within branches: the native engine against the reference, forward and back."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cutaway.engines import choose, conformance
from cutaway.engines.engine import Batch
from cutaway.layers import Shape
from cutaway.losses import loss_for
from cutaway.net import Net, parse
from cutaway.optimisers import Sgd
from tests.nets import drawn

MOST = 12
"""Layers of a net, its last three included."""
ACTIVATIONS = "relu", "relu6", "leaky 0.2", "prelu", "tanh", "sigmoid", "silu", "gelu", "hardsigmoid", "hardswish"

norms = st.sampled_from(["norm, relu", "norm, relu6", "norm, tanh", "norm, silu"])
"""A norm takes no notice of how large what comes in is: of two without a curve between, the first one's gain has no
gradient but rounding, for which there is no bound."""
sizes = st.tuples(st.integers(3, 11), st.integers(3, 11), st.sampled_from([1, 3]))


def after(texts: list[str], shape: Shape) -> Shape:
    """What comes out of layers."""
    net = parse(", ".join(texts), input=shape)
    return net.shapes()[net.output.name]


@st.composite
def keeping(draw: st.DrawFn, channels: int) -> str:
    """One or two layers, or a block, that leave the shape of maps as it is."""
    divisors = [groups for groups in range(1, channels + 1) if channels % groups == 0]
    conv = f"conv {channels} {draw(st.integers(1, 3))}x3 same groups {draw(st.sampled_from(divisors))}"
    kinds = [
        f"{conv}, {draw(norms)}",
        f"{conv} dilation 2 no bias",
        f"{conv}, {draw(st.sampled_from(ACTIVATIONS))}",
        f"{draw(st.sampled_from(['max', 'mean', 'sum']))}pool 3 stride 1 same",
        f"lrn {draw(st.integers(2, 5))}",
        "dropout 0.3",
        f"squeeze(globalmean, dense {channels}, {draw(st.sampled_from(['sigmoid', 'hardsigmoid', 'tanh']))})",
    ]
    return draw(st.sampled_from(kinds))


@st.composite
def step(draw: st.DrawFn, shape: Shape) -> str:
    """What may come next after maps of a shape."""
    rows, columns, channels = shape
    count, own = draw(st.integers(1, 9)), keeping(channels)
    high, wide = draw(st.integers(1, min(3, rows))), draw(st.integers(1, min(3, columns)))
    kinds = [
        draw(own),
        f"residual({draw(own)}, {draw(own)})",
        f"residual({draw(own)} | {draw(own)} | )",
        f"residual(residual({draw(own)}), {draw(own)})",
        f"concat({draw(own)} | conv {count} 1x1 | )",
        f"concat(concat({draw(own)} | {draw(own)}), relu | conv {count} 1x1, {draw(norms)})",
        f"concat( | {draw(own)} | )",
        f"squeeze({draw(own)} | {draw(own)}, sigmoid)",
        f"conv {count} {high}x{wide} stride {draw(st.integers(1, 3))}, {draw(st.sampled_from(ACTIVATIONS))}",
        f"conv {count} {high}x{wide} stride {draw(st.integers(1, 2))} same",
        f"conv {count} 1x1, relu, maxpool {draw(st.integers(2, 3))} partial",
        f"meanpool {high}x{wide} partial",
    ]
    return draw(st.sampled_from(kinds))


@st.composite
def nets(draw: st.DrawFn) -> Net:
    shape = draw(sizes)
    texts = ["scale"]
    end = [draw(st.sampled_from(["flatten", "globalmean"])), "dense 3", draw(st.sampled_from(["softmax", "sigmoid"]))]
    while True:
        more = [*texts, draw(step(after(texts, shape)))]
        if len(parse(", ".join([*more, *end]), input=shape).nodes) > MOST:
            return parse(", ".join([*texts, *end]), input=shape)
        texts = more


@given(nets().map(str), st.sampled_from([2, 5, 17, 33]), st.integers(1, 3))
@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
def test_a_net_drawn_by_chance(text: str, count: int, threads: int) -> None:
    """The same nets each time: the bound on gradients, drawn by chance itself, is one that may be missed."""
    net = parse(text)
    engine = choose("native", net, threads, "float32")
    weights, pictures, targets = drawn(net, count)
    conformance.forward(engine, net, weights, pictures)
    conformance.gradients(engine, net, weights, Batch(pictures, targets), loss_for(net.output.layer), Sgd())
