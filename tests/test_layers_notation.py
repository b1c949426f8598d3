"""Each layer as text, both ways, and errors that point at the word."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutaway.errors import NotationError
from cutaway.layers import KINDS, Layer
from cutaway.layers.conv import Conv
from cutaway.layers.dense import Dense
from cutaway.layers.dropout import Dropout
from cutaway.layers.leaky import Leaky
from cutaway.layers.lrn import Lrn
from cutaway.layers.maxpool import MaxPool
from cutaway.layers.meanpool import MeanPool
from cutaway.layers.norm import Norm
from cutaway.layers.normalise import Normalise
from cutaway.layers.resize import Resize
from cutaway.layers.scale import Scale
from cutaway.layers.sumpool import SumPool
from tests.layer_table import layer_of

count = st.integers(1, 500)
pair = st.tuples(count, count)
sides = st.tuples(*[st.integers(0, 30)] * 4)
padding = st.sampled_from(["valid", "same"]) | sides
number = st.floats(allow_nan=False, allow_infinity=False)
not_zero = number.filter(bool)
edge = st.sampled_from(["floor", "partial", "fit"])


def channels(n: int) -> st.SearchStrategy[Normalise]:
    return st.builds(Normalise, st.tuples(*[number] * n), st.tuples(*[not_zero] * n))


OPTIONS: dict[str, st.SearchStrategy[Layer]] = {
    "conv": st.builds(Conv, count, pair, pair, padding, pair, count, st.booleans(), st.booleans()),
    **{
        kind.word: st.builds(kind, pair, pair, padding, edge) | st.builds(kind, same := st.shared(pair), same)
        for kind in (MaxPool, MeanPool, SumPool)
    },
    "dense": st.builds(Dense, count, st.booleans()),
    "dropout": st.builds(Dropout, st.floats(0, 1, exclude_max=True)),
    "leaky": st.builds(Leaky, number),
    "lrn": st.builds(Lrn, count),
    "norm": st.builds(Norm, st.just(0) | count),
    "resize": st.builds(Resize, count, count, st.sampled_from(["crop", "squash", "fit"])),
    "scale": st.builds(Scale, not_zero),
    "normalise": st.integers(1, 4).flatmap(channels),
}
ANY_LAYER = st.one_of(*(OPTIONS.get(word, st.builds(kind)) for word, kind in KINDS.items()))


@given(ANY_LAYER)
@settings(max_examples=500, deadline=None)
def test_text_reads_back_as_the_same_layer(layer: Layer) -> None:
    assert layer_of(layer.text()) == layer, layer.text()
    assert layer.text().split()[0] == layer.word


def test_every_option_of_every_kind_is_drawn() -> None:
    assert {word for word, kind in KINDS.items() if fields(kind)} == set(OPTIONS)


@pytest.mark.parametrize(
    ("text", "layer"),
    [
        ("conv 6 5x5", Conv(6, (5, 5))),
        ("conv 6 5", Conv(6, (5, 5))),
        ("conv 6 3x5 stride 2 same", Conv(6, (3, 5), (2, 2), "same")),
        ("conv 6 3 pad 1", Conv(6, (3, 3), padding=(1, 1, 1, 1))),
        ("conv 6 3 pad 1 2 3 4 no bias", Conv(6, (3, 3), padding=(1, 2, 3, 4), biased=False)),
        ("conv 6 3 groups 2 dilation 2x3 fit", Conv(6, (3, 3), dilation=(2, 3), groups=2, fit=True)),
        ("maxpool 2", MaxPool((2, 2), (2, 2))),
        ("meanpool 3x2 stride 1 partial", MeanPool((3, 2), (1, 1), edge="partial")),
        ("sumpool 3 stride 2 pad 1 fit", SumPool((3, 3), (2, 2), (1, 1, 1, 1), "fit")),
        ("dense 120", Dense(120)),
        ("dense 120 no bias", Dense(120, biased=False)),
        ("resize 32x48", Resize(32, 48, "crop")),
        ("resize 32", Resize(32, 32, "crop")),
        ("normalise 0.5 0.25", Normalise((0.5,), (0.25,))),
        ("normalise 0.5 / 0.25", Normalise((0.5,), (0.25,))),
        ("normalise -1 2 / 3 4e-2", Normalise((-1.0, 2.0), (3.0, 0.04))),
        ("leaky", Leaky(0.01)),
        ("scale", Scale(255.0)),
        ("lrn", Lrn(5)),
    ],
)
def test_reading(text: str, layer: Layer) -> None:
    assert layer_of(text) == layer


def test_as_many_units_as_classes() -> None:
    assert layer_of("dense classes", classes=7) == Dense(7)
    assert layer_of("conv classes 1x1", classes=7) == Conv(7, (1, 1))
    with pytest.raises(NotationError, match=r"is not known here; give classes=10, or write 'conv 10 1x1'"):
        layer_of("conv classes 1x1")
    with pytest.raises(NotationError, match="a whole number from 1 up; got '0'"):
        layer_of("dense classes", classes=0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("conv", "expected the number of kernels at the end"),
        ("conv six 5x5", "expected the number of kernels, a whole number from 1 up; got 'six'"),
        ("conv 0 5x5", "a whole number from 1 up; got '0'"),
        ("conv 6", "expected a kernel size at the end"),
        ("conv 6 5x", "expected a kernel size like 3 or 3x5; got '5x'"),
        ("conv 6 0x5", "got '0x5'"),
        ("conv 6 5x5 strid 2", "did you mean 'stride'?"),
        ("conv 6 5x5 no", "expected bias at the end"),
        ("conv 6 5x5 pad", "expected a padding at the end"),
        ("conv 6 5x5 pad 1 2", "expected four paddings"),
        ("conv 6 3x3 stride 2 stride 3", "'stride' is given twice; leave one out"),
        ("conv 6 3x3 same pad 1 stride 2", "'pad' and 'same' exclude each other; leave one out"),
        ("conv 6 3x3 pad 1 valid", "'valid' and 'pad' exclude each other"),
        ("conv 6 3x3 no bias no bias", "'no' is given twice"),
        ("maxpool 2 same stride 1 same", "'same' is given twice"),
        ("maxpool 2 fit partial", "'partial' and 'fit' exclude each other"),
        ("maxpool 2 partail", "did you mean 'partial'?"),
        ("dense", "or 'classes'"),
        ("dense 10 no bias please", "expected nothing after 'dense 10 no bias'; got 'please'"),
        ("dropout 1", "from 0 up to, not including, 1; got 1"),
        ("dropout nan", "a number; got 'nan'"),
        ("leaky inf", "a number; got 'inf'"),
        ("leaky 0.1 0.2", "expected nothing after 'leaky 0.1'"),
        ("scale 0", "cannot divide by 0"),
        ("normalise 1 2 3", "expected '/'"),
        ("normalise 1 2 / 3", "expected a standard deviation at the end"),
        ("normalise 1 0", "cannot divide by a standard deviation of 0"),
        ("resize 4x4 stretch", "expected crop, squash, fit; got 'stretch'"),
        ("relu 6", "expected nothing after 'relu'; got '6'"),
    ],
)
def test_an_error_points_at_the_word(text: str, message: str) -> None:
    with pytest.raises(NotationError) as caught:
        layer_of(text)
    assert message in str(caught.value)
    assert f"in {text!r}: " in str(caught.value)
