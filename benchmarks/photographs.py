"""A folder of photographs: trained from a pretrained net and from nothing, predicted cold, in bulk and in number.

Everything with real photographs and weights, from `../shared/data`; without it, it says so and does nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import cutaway as cw
from benchmarks.measure import Times, once
from cutaway.engines.onnx import Session
from cutaway.model import backbones
from cutaway.net.onnx.names import SCORES
from cutaway.pictures import decode

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SEEDS = 5
COLD = 15
ROUNDS = 5
PHOTOS, SIDE = 1000, 224
MANY = 100_000
MOST = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdin=sys.stdin, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000)
sys.exit(done.returncode)
"""
"""Runs a command and prints the most memory that it held, in MB."""
CUTAWAY = [sys.executable, "-m", "cutaway"]


def main() -> dict[str, Any]:
    """Prints the figures, and gives them."""
    if not DATA.is_dir():
        print(f"  nothing is measured without {DATA}")
        return {}
    with tempfile.TemporaryDirectory() as place:
        os.environ["CUTAWAY_CACHE"] = f"{place}/cache"
        work, kept = Path(place), backbones.folder()
        kept.mkdir(parents=True)
        for file in (*(DATA / "weights").glob("*.safetensors"), DATA / "imagenet-samples" / "imagenet_classes.json"):
            shutil.copy(file, kept)
        return {
            "transfer": transfer(work),
            "cold": cold(work),
            "bulk": bulk(work),
            "memory": memory(work),
            "scratch": scratch(work),
        }


def transfer(work: Path) -> dict[str, Any]:
    """Cats and dogs with MobileNetV2: the whole command with nothing cached, and again with other settings."""
    first, second, right = [], [], []
    for seed in range(SEEDS):
        shutil.rmtree(work / "cache" / "features", ignore_errors=True)
        shutil.rmtree(work / "cache" / "pictures", ignore_errors=True)
        command = [*CUTAWAY, "train", str(DATA / "cats-dogs"), "--seed", str(seed)]
        first.append(once([*command, "-o", str(work / f"first-{seed}")]))
        right.append(cw.load(work / f"first-{seed}").facts["test"]["accuracy"])
        second.append(
            once(
                [
                    *CUTAWAY,
                    "train",
                    str(DATA / "cats-dogs"),
                    "--seed",
                    str(100 + seed),
                    "-o",
                    str(work / f"again-{seed}"),
                ]
            )
        )
    print(f"  cats and dogs, MobileNetV2: {told(right)} of 160 test photographs right")
    print(f"    whole command          {Times(tuple(first))}\n    again, other settings  {Times(tuple(second))}")
    return {"right": right, "first": first, "second": second}


def cold(work: Path) -> dict[str, list[float]]:
    """From the start of the process to its end, one photograph; beside it, Python with only the libraries loaded."""
    photo = next((DATA / "cats-dogs" / "test" / "cats").iterdir())
    ways = {
        "predict": [*CUTAWAY, "predict", str(work / "first-0"), str(photo)],
        "libraries alone": [sys.executable, "-c", "import numpy, numpy.typing, PIL.Image, click, onnxruntime"],
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(COLD + 1):
        for name, command in ways.items():
            taken = once(command)
            seconds[name] += [taken] * bool(number)
    for name, each in seconds.items():
        print(f"  cold, one photograph, {name:16} {Times(tuple(each))}")
    return seconds


def bulk(work: Path) -> dict[str, Any]:
    """1,000 JPEG files of 224x224 through MobileNetV2: files to probabilities, images a second, in turn."""
    files = written(work / "photos")
    model = cw.load("mobilenetv2")
    assert model.onnx is not None
    arrays = np.stack([model.net.preparation(decode(file)) for file in files])
    session = Session(model.onnx)
    ways: dict[str, Callable[[], object]] = {
        "cutaway": lambda: list(model.guesses(files, 1)),
        "ONNX Runtime on decoded arrays": lambda: [
            session(arrays[at : at + 32], SCORES) for at in range(0, PHOTOS, 32)
        ],
    }
    ways |= torch_ways(files)
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(ROUNDS + 1):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            rates[name] += [PHOTOS / (time.perf_counter() - began)] * bool(number)
    own = statistics.median(rates["cutaway"])
    for name, each in rates.items():
        middle = statistics.median(each)
        spread = f"({min(each):.1f} to {max(each):.1f}, n = {len(each)})"
        print(f"  {name:32} {middle:7.1f} images/s  {spread}  {own / middle:.2f}x")
    return rates


def torch_ways(files: list[Path]) -> dict[str, Callable[[], object]]:
    """The usual loop: Pillow decodes and resizes, PyTorch computes in float32; one at a time, and 32 at a time."""
    try:
        import torch
    except ImportError:
        print("  PyTorch is not here: pip install torch")
        return {}
    from benchmarks.peers import torch_module
    from cutaway.net import parse, published, zoo

    text = f"input any, colour, resize {SIDE}x{SIDE} crop, {backbones.NORMALISE}, {zoo.ZOO['mobilenetv2'].text}"
    net = parse(text, classes=1000)
    tensors, _ = backbones._tensors(
        path := backbones.folder() / backbones.BACKBONES["mobilenetv2"].file.name, path.read_bytes()
    )
    module = torch_module(net, published.weights_of("mobilenetv2", net, tensors))

    def read(file: Path) -> np.ndarray[Any, Any]:
        with Image.open(file) as image:
            return np.asarray(image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR))

    def loop(size: int) -> None:
        with torch.inference_mode():
            for at in range(0, len(files), size):
                batch = np.stack([read(file) for file in files[at : at + size]])
                module(torch.from_numpy(batch)).argmax(-1).tolist()

    own, theirs = cw.load("mobilenetv2").probabilities(np.stack([read(files[0])])), None
    with torch.inference_mode():
        theirs = module(torch.from_numpy(np.stack([read(files[0])]))).numpy()
    assert abs(own - theirs).max() < 1e-4, "the peer is not the same net"
    return {"PyTorch, one at a time": lambda: loop(1), "PyTorch, 32 at a time": lambda: loop(32)}


def written(folder: Path) -> list[Path]:
    """1,000 JPEG files of 224x224, cut out of real photographs."""
    folder.mkdir()
    photos = sorted((DATA / "cats-dogs").rglob("*.jpg"))
    for number in range(PHOTOS):
        with Image.open(photos[number % len(photos)]) as image:
            small = image.convert("RGB").resize((SIDE + number // len(photos),) * 2).crop((0, 0, SIDE, SIDE))
            small.save(folder / f"{number:04}.jpg", quality=90)
    return sorted(folder.iterdir())


def memory(work: Path) -> dict[str, float]:
    """The most memory that predicting 1,000 and 100,000 pictures took, in MB: paths on standard input, rows as CSV."""
    found = {}
    files = sorted((work / "photos").iterdir())
    once([*CUTAWAY, "train", "digits", "--epochs", "1", "-o", str(work / "digits")])
    for count in (1000, MANY):
        lines = "".join(f"{files[number % len(files)]}\n" for number in range(count))
        command = [sys.executable, "-c", MOST, *CUTAWAY, "predict", str(work / "digits"), "-", "--csv"]
        found[f"{count:,}"] = float(
            subprocess.run(command, input=lines, capture_output=True, text=True, check=True).stdout
        )
    print("  most memory: " + ", ".join(f"{count} pictures {most:.0f} MB" for count, most in found.items()))
    return found


def scratch(work: Path) -> dict[str, list[float]]:
    """From nothing: the share of test pictures that are right, over seeds."""
    with zipfile.ZipFile(DATA / "faces" / "smiles-subset.zip") as archive:
        archive.extractall(work / "smiles")
    found: dict[str, list[float]] = {}
    for name, source in (("cats and dogs", DATA / "cats-dogs"), ("smiles", work / "smiles")):
        seconds = []
        for seed in range(SEEDS):
            out = work / f"{name}-{seed}"
            seconds.append(once([*CUTAWAY, "train", str(source), "--scratch", "--seed", str(seed), "-o", str(out)]))
            found.setdefault(name, []).append(cw.load(out).facts["test"]["accuracy"])
        print(f"  {name}, from nothing: {told(found[name])} right; whole command {Times(tuple(seconds))}")
    return found


def told(shares: list[float]) -> str:
    """The median and the spread."""
    return f"{statistics.median(shares):.1%} ({min(shares):.1%} to {max(shares):.1%}, n = {len(shares)})"


if __name__ == "__main__":
    print(json.dumps(main()))
