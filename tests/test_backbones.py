"""Published weights: read, recognised, refused, downloaded, and as good as they are known to be."""

import csv
import functools
import http.server
import shutil
import threading

import numpy as np
import pytest
from safetensors.numpy import save_file

import cutaway as cw
from cutaway.errors import JobError, ModelError
from cutaway.model import backbones
from cutaway.net import parse, published, zoo
from cutaway.net.run import converted, forward
from cutaway.training.setup import pretrained_for


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CUTAWAY_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv(backbones.PLACE, raising=False)
    return tmp_path / "cache"


@pytest.fixture
def weights(cache, shared_data):
    """The cache with both files of weights and the names of the classes."""
    folder = cache / "weights"
    folder.mkdir(parents=True)
    for path in (
        *(shared_data / "weights").glob("*.safetensors"),
        shared_data / "imagenet-samples" / "imagenet_classes.json",
    ):
        shutil.copy(path, folder)
    return folder


def tensors_of(name, seed=0):
    """Random tensors with torchvision's names and shapes, made from the other side: what `weights_of` has to undo."""
    net = zoo.net(name)
    draw, found = np.random.default_rng(seed), {}
    layers = [node for node in net if any(key.rpartition(".")[0] == node.name for key in net.parameters())]
    for module, node in zip(published.MODULES[name], layers, strict=True):
        for key, parameter in net.parameters().items():
            layer, _, part = key.rpartition(".")
            if layer != node.name:
                continue
            value = draw.normal(size=parameter.shape).astype(np.float32)
            their = {"kernel": "weight", "gain": "weight", "mean": "running_mean", "variance": "running_var"}.get(
                part, part
            )
            value = value.transpose(3, 2, 0, 1) if part == "kernel" else value.T if part == "weight" else abs(value)
            found[f"{module}.{their}"] = np.ascontiguousarray(value)
    return found


def test_each_table_of_names_fits_its_net():
    for name, modules in published.MODULES.items():
        net = zoo.net(name)
        weighted = {key.rpartition(".")[0] for key in net.parameters()}
        assert len(modules) == len(set(modules)) == len(weighted), name


def test_tensors_come_to_their_places():
    tensors = tensors_of("resnet18")
    assert published.recognised(tensors) == "resnet18"
    net = zoo.net("resnet18")
    found = published.weights_of("resnet18", net, tensors)
    assert found["conv1.kernel"][1, 2, 0, 5] == tensors["conv1.weight"][5, 0, 1, 2]
    assert found["dense1.weight"][7, 3] == tensors["fc.weight"][3, 7]
    assert found["norm1.variance"][4] == tensors["bn1.running_var"][4]
    # of a block that halves the maps, the body comes before the shortcut
    assert (found["conv8.kernel"].shape, net["conv8"].layer.text()) == (
        (1, 1, 64, 128),
        "conv 128 1x1 stride 2 no bias",
    )
    assert found["conv8.kernel"][0, 0, 2, 9] == tensors["layer2.0.downsample.0.weight"][9, 2, 0, 0]


def test_what_torch_flattens_channel_by_channel_is_put_row_by_row():
    net = parse("input 4x6x3, conv 2 1x1, relu, flatten, dropout 0.5, dense 5, softmax")
    theirs = np.random.default_rng(0).normal(size=(5, 2, 4, 6)).astype(np.float32)
    own = published._rows_by_place(net, net["dense1"], theirs.reshape(5, -1)).T
    x = np.random.default_rng(1).normal(size=(1, 4, 6, 2))
    expected = np.einsum("ochw,nhwc->no", theirs.astype(float), x)
    assert np.allclose(x.reshape(1, -1) @ own.astype(float), expected)


def test_what_does_not_fit_is_named():
    tensors = tensors_of("resnet18")
    tensors["layer3.1.conv2.weight"] = tensors["layer3.1.conv2.weight"][:-1]
    with pytest.raises(
        ModelError, match=r"these are not the weights of resnet18: for conv\d+.kernel, 3x3x256x256, there"
    ):
        published.weights_of("resnet18", zoo.net("resnet18"), tensors)


def test_files_that_are_no_weights(tmp_path):
    save_file({"other.weight": np.zeros(3, np.float32)}, tmp_path / "other.safetensors")
    (tmp_path / "junk.safetensors").write_bytes(b"junk" * 10)
    (tmp_path / "net.pth").write_bytes(b"\x80\x04")
    for name, why in (
        ("other.safetensors", "its names are not those of a net that is known"),
        ("junk.safetensors", "is damaged or not a safetensors file"),
        ("net.pth", "is a pickle, which can run anything when it is opened; save it as .safetensors"),
        ("absent.safetensors", "No such file"),
    ):
        with pytest.raises(ModelError, match=why):
            cw.load(tmp_path / name)


def test_without_weights_there_is_nothing_to_start_from(cache, monkeypatch):
    monkeypatch.setattr("urllib.request.urlopen", None)  # whoever would ask the network fails
    assert backbones.found("mobilenetv2") is None
    with pytest.raises(ModelError, match=r"the weights of mobilenetv2 are not on this computer; give their file"):
        cw.load("mobilenetv2")


def served(folder, monkeypatch):
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    monkeypatch.setenv(backbones.PLACE, f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.setenv("no_proxy", "*")
    return server


def test_downloaded_once_checked_and_said(weights, cache, tmp_path, monkeypatch):
    place = weights.rename(tmp_path / "mirror")
    said: list[str] = []
    with served(place, monkeypatch) as server:
        path = backbones.found("squeezenet", said.append)
        assert path == cache / "weights" / "squeezenet1_0_imagenet.safetensors"
        assert [line.split(" from ")[0] for line in said] == [
            "downloading squeezenet1_0_imagenet.safetensors (2.5 MB)",
            "downloading imagenet_classes.json (0.0 MB)",
        ]
        said.clear()
        assert backbones.found("squeezenet", said.append) == path
        assert said == []
        damaged = place / "mobilenet_v2_imagenet.safetensors"
        damaged.chmod(0o644)
        damaged.write_bytes(damaged.read_bytes()[:-1] + b"\0")
        with pytest.raises(JobError, match="its content is not the well-known one"):
            backbones.found("mobilenetv2", said.append)
        assert not (cache / "weights" / damaged.name).exists()
        server.shutdown()


def test_photographs_get_the_best_that_is_at_hand(weights, shared_data):
    pets, digits = cw.read(shared_data / "cats-dogs"), cw.read("digits")
    known, other = pretrained_for(pets), pretrained_for(pets, "squeezenet")
    assert known is not None and other is not None
    assert (known.name, known.source) == ("mobilenetv2", backbones.BACKBONES["mobilenetv2"].source)
    assert pretrained_for(digits) is None
    assert other.name == "squeezenet"
    assert pretrained_for(pets, "lenet5") is None
    with pytest.raises(cw.InputError, match="has the weights of mobilenetv2, not of squeezenet"):
        pretrained_for(pets, "squeezenet", weights / "mobilenet_v2_imagenet.safetensors")


@pytest.mark.parametrize(("name", "least"), [("mobilenetv2", (47, 55)), ("squeezenet", (32, 47))])
def test_imagenet_samples(weights, shared_data, name, least):
    """As good as these weights are known to be, by ONNX Runtime; and by the declarations, for some, the same."""
    folder = shared_data / "imagenet-samples"
    rows = list(csv.DictReader((folder / "index.csv").read_text("utf-8").splitlines()))
    model = cw.load(name)
    files = [folder / "images" / row["file"].rpartition("/")[2] for row in rows]
    said = model.predict(files, top=5)
    names = [model.classes[int(row["class_index"])] for row in rows]
    assert len(rows) == 56
    right = [
        sum(name in [guess.label for guess in guesses[:top]] for name, guesses in zip(names, said, strict=True))
        for top in (1, 5)
    ]
    assert right[0] >= least[0] and right[1] >= least[1], right
    if name == "mobilenetv2":
        picture = model.net.preparation(cw.pictures.decode(files[0], model.net.preparation.least))
        own = forward(model.net, converted(model.weights, np.float64), picture[None].astype(float))[
            model.net.output.name
        ]
        assert abs(own[0] - model.probabilities(picture[None])[0]).max() < 1e-5
