"""Nets out of PyTorch, Keras and scikit-learn, by their own exporters: imported, and held against what they say.

pip install torch onnxscript keras skl2onnx
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cutaway
from cutaway.layers.layer import Array
from cutaway.net.onnx.reading import Imported, imported
from cutaway.net.run import converted, forward

BOUND = 1e-5
pytestmark = pytest.mark.filterwarnings("ignore")  # those of the exporters


def said(found: Imported, x: Array) -> Array:
    """What the imported net makes of a batch, in float64, as the file would say it."""
    stages = forward(found.net, converted(found.weights, np.float64), found.fed(x.astype(np.float64)))
    return found.said(stages[found.net.output.name])


def words(found: Imported) -> str:
    """The net's text on one line."""
    return " ".join(str(found.net).split())


# ---- PyTorch


def small(torch: Any) -> Any:
    """A bit of everything: norm, pooling, residual, squeeze and excitation, concat, depthwise, every activation."""
    nn, F = torch.nn, torch.nn.functional

    class Small(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.first, self.norm = nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8)
            self.second, self.third = nn.Conv2d(8, 8, 3, padding=1), nn.Conv2d(8, 16, 3, stride=2, padding=1)
            self.shortcut = nn.Conv2d(8, 16, 1, stride=2)
            self.down, self.up = nn.Conv2d(16, 4, 1), nn.Conv2d(4, 16, 1)
            self.left, self.right = nn.Conv2d(16, 6, 1), nn.Conv2d(16, 6, 3, padding=2, dilation=2)
            self.depthwise, self.prelu = nn.Conv2d(12, 12, 3, padding=1, groups=12), nn.PReLU(12)
            self.listed, self.dropout = nn.BatchNorm1d(192), nn.Dropout(0.3)
            self.wide, self.last = nn.Linear(192, 20), nn.Linear(20, 5)

        def forward(self, x: Any) -> Any:
            x = F.max_pool2d(F.relu(self.norm(self.first(x))), 3, stride=2, ceil_mode=True)
            x = F.silu(self.second(x)) + x
            x = F.gelu(self.third(x)) + self.shortcut(x)
            x = x * torch.sigmoid(self.up(F.relu(self.down(F.adaptive_avg_pool2d(x, 1)))))
            x = torch.cat([F.hardswish(self.left(x)), F.relu6(self.right(x))], 1)
            x = F.avg_pool2d(self.prelu(self.depthwise(x)), 3, stride=1, padding=1)
            x = torch.flatten(F.adaptive_avg_pool2d(x, 4), 1)
            x = self.dropout(F.relu(self.listed(x)))
            return self.last(F.leaky_relu(self.wide(x), 0.2))

    return seeded(torch, Small)


def seeded(torch: Any, kind: Any) -> Any:
    """A net with drawn weights, its running means and variances too."""
    torch.manual_seed(0)
    net = kind().eval()
    for name, value in net.state_dict().items():
        if name.endswith("running_var"):
            value.uniform_(0.5, 2)
        elif name.endswith("running_mean"):
            value.normal_()
    return net


@pytest.fixture(scope="module")
def torch() -> Iterator[Any]:
    """PyTorch, with what its newer exporter needs."""
    pytest.importorskip("onnxscript")
    yield pytest.importorskip("torch")


def exported(torch: Any, net: Any, x: Any, path: Path, *, newer: bool) -> Path:
    """The net as a file, for any number of pictures."""
    if newer:
        shapes = ({0: torch.export.Dim("n")},)
        torch.onnx.export(net, (x,), path, dynamo=True, dynamic_shapes=shapes, verbose=False)
    else:
        names = {"input_names": ["picture"], "dynamic_axes": {"picture": {0: "n"}}}
        torch.onnx.export(net, (x,), path, dynamo=False, **names)
    return path


@pytest.mark.parametrize("newer", [True, False], ids=["dynamo", "older"])
def test_pytorch_net_agrees(torch: Any, newer: bool, tmp_path: Path) -> None:
    net, x = small(torch), torch.randn(3, 3, 31, 31)
    found = imported(exported(torch, net, x[:2], tmp_path / "small.onnx", newer=newer))
    assert not found.undeclared
    assert words(found).startswith(
        "input 31x31x3, conv 8 3x3 pad 1, relu, maxpool 3 stride 2 partial, residual(conv 8 3x3 pad 1, silu), "
        "residual(conv 16 3x3 stride 2 pad 1, gelu | conv 16 1x1 stride 2), "
        "squeeze(globalmean, dense 4, relu, dense 16, sigmoid), "
        "concat(conv 6 1x1, hardswish | conv 6 3x3 pad 2 dilation 2, relu6), conv 12 3x3 pad 1 groups 12, prelu, "
    )
    with torch.no_grad():
        expected = net.double()(x.double()).numpy()
    np.testing.assert_allclose(said(found, x.numpy()), expected, rtol=BOUND, atol=BOUND)


@pytest.mark.parametrize("newer", [True, False], ids=["dynamo", "older"])
def test_pytorch_net_with_something_undeclared_agrees(torch: Any, newer: bool, tmp_path: Path) -> None:
    nn, F = torch.nn, torch.nn.functional

    class Odd(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.up, self.dense = nn.Conv2d(3, 6, 3), nn.ConvTranspose2d(6, 4, 2, stride=2), nn.Linear(4, 3)

        def forward(self, x: Any) -> Any:
            return F.log_softmax(self.dense(F.elu(self.up(F.relu(self.conv(x)))).mean([2, 3])), 1)

    net, x = seeded(torch, Odd), torch.randn(2, 3, 9, 8)
    found = imported(exported(torch, net, x, tmp_path / "odd.onnx", newer=newer))
    assert [node.layer.word for node in found.net] == "conv relu foreign foreign globalmean dense logsoftmax".split()
    assert ["(ConvTranspose)" in line or "(Elu)" in line for line in found.undeclared] == [True, True]
    with torch.no_grad():
        expected = net.double()(x.double()).numpy()
    np.testing.assert_allclose(said(found, x.numpy()), expected, rtol=BOUND, atol=BOUND)


def test_pytorch_net_predicts_and_is_traced(torch: Any, tmp_path: Path) -> None:
    net = small(torch)
    path = exported(torch, net, torch.randn(2, 3, 31, 31), tmp_path / "small.onnx", newer=True)
    (tmp_path / "preparation.txt").write_text("scale, normalise 0.485 0.456 0.406 / 0.229 0.224 0.225")
    (tmp_path / "classes.txt").write_text("ant\nbee\ncow\ndog\nemu\n")
    model = cutaway.load(path)
    picture = np.random.default_rng(0).integers(0, 256, (31, 31, 3), dtype=np.uint8)
    x = torch.tensor(picture / 255.0).permute(2, 0, 1)[None]
    mean, deviation = (torch.tensor(v).view(1, 3, 1, 1) for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
    with torch.no_grad():
        expected = net.double()((x - mean) / deviation).softmax(1)[0].numpy()
    assert {g.label: g.prob for g in model.predict(picture)} == pytest.approx(
        dict(zip(["ant", "bee", "cow", "dog", "emu"], expected.tolist(), strict=True)), abs=1e-5
    )
    assert all(check.ok for check in model.trace(picture).check())


# ---- Keras


def test_keras_net_agrees(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    os.environ.setdefault("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras")
    L = keras.layers
    keras.utils.set_random_seed(0)
    picture = L.Input((24, 22, 3))
    x = L.Rescaling(1 / 127.5, offset=-1)(picture)
    x = L.ReLU(6.0)(L.BatchNormalization()(L.Conv2D(8, 3, padding="same", strides=2, use_bias=False)(x)))
    x = L.Activation("silu")(L.DepthwiseConv2D(3, strides=2)(L.ZeroPadding2D(1)(x)))
    x = L.Add()([x, L.Conv2D(8, 1, activation="gelu")(x)])
    x = L.SeparableConv2D(12, 3, padding="same", activation="relu")(x)
    x = L.Concatenate()([L.Conv2D(4, 1, activation="hard_silu")(x), L.MaxPooling2D(3, 1, padding="same")(x)])
    gate = L.Dense(4, activation="relu")(L.GlobalAveragePooling2D(keepdims=True)(x))
    x = L.Multiply()([x, L.Dense(16, activation="sigmoid")(gate)])
    x = L.AveragePooling2D(2)(L.Conv2D(6, 3, activation="leaky_relu")(x))
    x = L.Dense(10, activation="tanh")(L.Dropout(0.4)(L.Flatten()(x)))
    net = keras.Model(picture, L.Dense(4, activation="softmax")(x))
    draw = np.random.default_rng(0)
    for layer in net.layers:
        layer.set_weights([draw.uniform(0.5, 1.5, w.shape) * (w if w.ndim > 1 else 1) for w in layer.get_weights()])
    x = draw.uniform(0, 255, (3, 24, 22, 3)).astype(np.float32)
    expected = np.asarray(net.predict(x, verbose=0))
    net(x)
    net.export(str(tmp_path / "keras.onnx"), format="onnx", verbose=False)
    found = imported(tmp_path / "keras.onnx")
    assert not found.undeclared
    assert words(found).startswith("input 24x22x3, normalise 127.5 127.5, conv 8 3x3 stride 2 ")
    np.testing.assert_allclose(said(found, x), expected, rtol=BOUND, atol=BOUND)
    assert words_of_model(tmp_path / "keras.onnx").startswith(
        "input any, colour, resize 24x22 crop, normalise 127.5 127.5, conv"
    )


def words_of_model(path: Path) -> str:
    """The net of the classifier on one line."""
    return " ".join(str(cutaway.load(path).net).split())


# ---- scikit-learn


@pytest.fixture(scope="module")
def digits() -> tuple[Array, Array]:
    x, y = importlib.import_module("sklearn.datasets").load_digits(return_X_y=True)
    return x.astype(np.float32), y


def learners() -> dict[str, Any]:
    """What is trained, on digits from 0 to 9 or on whether they are large."""
    parts = ("linear_model", "neural_network", "pipeline", "preprocessing")
    linear, neural, pipeline, before = (importlib.import_module(f"sklearn.{part}") for part in parts)
    tanh = neural.MLPClassifier((20,), activation="tanh", max_iter=5, random_state=0)
    return {
        "mlp": neural.MLPClassifier((20, 10), max_iter=5, random_state=0),
        "tanh": pipeline.make_pipeline(before.StandardScaler(), tanh),
        "linear": linear.LogisticRegression(max_iter=20),
    }


@pytest.mark.parametrize("zipmap", [True, False], ids=["maps", "array"])
@pytest.mark.parametrize("two", [False, True], ids=["ten", "two"])
@pytest.mark.parametrize("name", ["mlp", "tanh", "linear"])
def test_scikit_learn_classifier_agrees(
    name: str, two: bool, zipmap: bool, digits: tuple[Array, Array], tmp_path: Path
) -> None:
    skl2onnx = pytest.importorskip("skl2onnx")
    x, y = digits
    learner = learners()[name].fit(x, np.where(y > 4, "large", "small") if two else y)
    content = skl2onnx.to_onnx(learner, x[:1], options={"zipmap": zipmap}).SerializeToString()
    found = imported(content)
    assert not found.undeclared
    assert found.classes == tuple(map(str, learner.classes_))
    np.testing.assert_allclose(said(found, x[:40]), learner.predict_proba(x[:40]), rtol=1e-4, atol=BOUND)
    (tmp_path / "learner.onnx").write_bytes(content)
    (tmp_path / "preparation.txt").write_text("scale 15.9375")  # these digits have values from 0 to 16
    model = cutaway.load(tmp_path / "learner.onnx")
    assert model.kind == ("two" if two and name != "linear" else "one")
    pictures = [(row.reshape(8, 8) * 15.9375).round().astype(np.uint8) for row in x[:40]]
    assert [guesses.label for guesses in model.predict(pictures)] == list(map(str, learner.predict(x[:40])))
