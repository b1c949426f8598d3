"""Nets that were trained on ImageNet's 1,000 classes, to start from: their weights at hand, or fetched.

A backbone is a net of the zoo with published weights (`cutaway.net.published`). Its norms are folded into its
convolutions as it is read: what is explained, exported and trained further is convolutions with biases.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutaway import files
from cutaway.errors import JobError, ModelError
from cutaway.layers.dropout import Dropout
from cutaway.layers.layer import Array
from cutaway.layers.resize import Resize
from cutaway.model.model import Model
from cutaway.net import Net, parse, published, zoo
from cutaway.net.folding import folded
from cutaway.pictures.downloads import File, download, is_there, to_terminal

PLACE = "CUTAWAY_WEIGHTS_URL"
"""The environment variable that names the address at which the files of `BACKBONES` lie, such as a mirror's. Without it
nothing is downloaded."""
NORMALISE = "scale, normalise 0.485 0.456 0.406 / 0.229 0.224 0.225"
"""How ImageNet's pictures are prepared by everyone since Krizhevsky's heirs: mean and deviation of its colours."""
NAMES = File("imagenet_classes.json", 14_210, "86c1c5c9fea31cb901725b685faf404279c1020aa7dfebcb474bf57dbcc0c754")
"""The names of the 1,000 classes, in order: anishathalye/imagenet-simple-labels, public domain."""
PICKLES = (".pt", ".pth", ".bin", ".ckpt", ".pkl")
SYMMETRIC = {"mobilenetv2": ("stride 2 same", "stride 2 pad 1")}
"""Padding on both sides, as torchvision trains it; weights whose file says another `padding` have TensorFlow's."""


@dataclass(frozen=True)
class Backbone:
    """One row of the table: published weights that are known by their SHA-256."""

    file: File
    source: str
    """Where they come from, and under which licence."""


BACKBONES = {
    "mobilenetv2": Backbone(
        File(
            "mobilenet_v2_imagenet.safetensors",
            7_246_120,
            "3fcf4b1e1a65033e8715405df8ff0b36193cd497b367e5df16ceddcaa5260f39",
        ),
        "google-coral/test_data, tf2_mobilenet_v2_1.0_224 (Apache-2.0)",
    ),
    "squeezenet": Backbone(
        File(
            "squeezenet1_0_imagenet.safetensors",
            2_501_952,
            "4d67e5f21bd25af6f8b780d38c93eaef55c63f5aa6b632ad3e6de67767c10711",
        ),
        "songhan/SqueezeNet-Deep-Compression (BSD)",
    ),
}
"""Best first. What others publish for these nets, `resnet18` and `vgg11` is taken as `--weights FILE`."""


@dataclass(frozen=True, eq=False)
class Pretrained:
    """A backbone, ready to be used."""

    name: str
    net: Net
    """From pictures of any size to 1,000 probabilities, without norms."""
    weights: dict[str, NDArray[np.float32]] = field(repr=False)
    classes: tuple[str, ...] = field(repr=False)
    sha256: str
    """Of the file."""
    source: str


def at_hand(name: str) -> Path | None:
    """The file of a backbone in the user's cache; None where it is not there, or not as published."""
    path = folder() / BACKBONES[name].file.name
    return path if is_there(path, BACKBONES[name].file) else None


def folder() -> Path:
    """Where the user's weights are kept."""
    return files.cache() / "weights"


def found(name: str, say: Callable[[str], None] = to_terminal) -> Path | None:
    """The file of a backbone: at hand, or downloaded where `$CUTAWAY_WEIGHTS_URL` says from where; None otherwise.

    Raises JobError where a download fails.
    """
    if here := at_hand(name):
        return here
    place = os.environ.get(PLACE, "").rstrip("/")
    if not place:
        return None
    for file in (BACKBONES[name].file, NAMES):
        if not is_there(folder() / file.name, file):
            say(f"downloading {file.name} ({file.size / 1e6:.1f} MB) from {place} to {folder()}")
            download(
                f"{place}/{file.name}", folder() / file.name, file, f"or give the file of {name} as --weights FILE"
            )
    return at_hand(name)


def read(path: str | Path) -> Pretrained:
    """The backbone in a file of published weights: `read("mobilenet_v2_imagenet.safetensors")`.

    Which net it is follows from the names in the file. Raises ModelError for a file that is no such thing.
    """
    path = Path(path)
    data = _content(path)
    tensors, header = _tensors(path, data)
    tensors = {name: value for name, value in tensors.items() if not name.endswith(published.UNUSED)}
    name = published.recognised(tensors)
    if name is None:
        known = ", ".join(published.MODULES)
        raise ModelError(f"{path}: its names are not those of a net that is known ({known}, as torchvision calls them)")
    text = zoo.ZOO[name].text
    if name in SYMMETRIC and "padding" not in header:
        text = text.replace(*SYMMETRIC[name])
    height, width, _ = zoo.ZOO[name].input
    body = parse(f"input any, colour, resize {height}x{width} crop, {NORMALISE}, {text}", classes=1000)
    try:
        net, weights = folded(body, published.weights_of(name, body, tensors))
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None
    digest = hashlib.sha256(data).hexdigest()
    source = next((one.source for one in BACKBONES.values() if one.file.sha256 == digest), path.name)
    return Pretrained(name, net, weights, _names(path), digest, source)


def with_classes(known: Pretrained, count: int, size: tuple[int, int] | None = None) -> Net:
    """The backbone with a last layer for so many classes, on pictures of a size: `..., globalmean, dense 2, softmax`.

    What comes before its own last layer with weights stays. Raises InputError where it cannot take that size.
    """
    net = known.net
    weighted = {name.rpartition(".")[0] for name in known.weights}
    (cut,) = next(node for node in reversed(net.nodes) if node.name in weighted).inputs
    while isinstance(net[cut].layer, Dropout):
        (cut,) = net[cut].inputs
    nodes = tuple(
        replace(node, layer=replace(node.layer, height=size[0], width=size[1]))
        if size and isinstance(node.layer, Resize)
        else node
        for node in net.until(cut).nodes
    )
    trunk = Net(net.input, nodes)
    mean = "" if len(trunk.shapes()[cut]) == 1 else "globalmean, "
    return parse(f"{trunk}, {mean}dense {count}, softmax")


def model(name: str | Path) -> Model:
    """A backbone as a model of ImageNet's classes: `model("mobilenetv2").predict("photo.jpg")`.

    `name` is one of `BACKBONES` or a file. It is kept in the cache as a model folder, since the second time has to
    take no longer than any model's.
    """
    from cutaway.model.folder import finish, load, save

    path = Path(name) if Path(name).suffix else found(str(name))
    if path is None:
        raise ModelError(missing(str(name)))
    place = files.cache() / "backbones" / hashlib.sha256(_content(path)).hexdigest()[:16]
    try:
        return load(place)
    except ModelError:
        known = read(path)
    facts: Mapping[str, Any] = {"data": {"source": "ImageNet"}, "pretrained": facts_of(known)}
    made = Model(known.net, known.weights, known.classes, facts)
    try:
        save(made, place)
        finish(replace(made, onnx=made.to_onnx()), place)
    except JobError:  # no room, no permission: it works without
        return made
    return load(place)


def facts_of(known: Pretrained) -> dict[str, str]:
    """What is said of a backbone in a model's facts."""
    return {"net": known.name, "sha256": known.sha256, "source": known.source}


def missing(name: str) -> str:
    """What is said where a backbone's weights are not at hand."""
    return (
        f"the weights of {name} are not on this computer; give their file ({BACKBONES[name].file.name}), "
        f"put it into {folder()}, or name an address to download it from in ${PLACE}"
    )


def _names(path: Path) -> tuple[str, ...]:
    """The names of the classes, from beside the weights or from the cache; numbers where there are none."""
    for place in (path.parent, folder()):
        if is_there(place / NAMES.name, NAMES):
            return tuple(json.loads((place / NAMES.name).read_text("utf-8")))
    return tuple(f"class {number}" for number in range(1000))


def _content(path: Path) -> bytes:
    if path.suffix.lower() in PICKLES:
        raise ModelError(f"{path} is a pickle, which can run anything when it is opened; save it as .safetensors")
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror or error}") from None


def _tensors(path: Path, data: bytes) -> tuple[dict[str, Array], dict[str, str]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        tensors = load(data)
        length = int.from_bytes(data[:8], "little")
        return tensors, json.loads(data[8 : 8 + length]).get("__metadata__") or {}
    except (SafetensorError, ValueError, KeyError, RecursionError) as error:
        raise ModelError(f"{path} is damaged or not a safetensors file ({' '.join(str(error).split())})") from None
