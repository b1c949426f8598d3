"""Photos of 12 megapixels to 224x224, decoded whole and scaled; a folder of them in the first run and in later ones;
and the memory that 100,000 pictures take.

All in turn, so that a machine whose speed drifts is fair to all. The photos are made here: tiles of real ones where
`../shared/data` has them, otherwise noise, smooth at the scale of 8 pixels.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import cutaway as cw
from cutaway.net.net import Preparation
from cutaway.pictures import cache, decode

WIDTH, HEIGHT = 4000, 3000
NET = "input any, colour, resize 224x224 crop"
ROUNDS = 15
PHOTOS = 40
"""In the folder that is read again and again."""
MANY = 100_000
"""Pictures of which the memory is looked at, 32x32, prepared to 64x64 in colour: 1.2 GB."""
REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "imagenet-samples" / "images"

PROGRAM = """
import json, sys
import cutaway as cw
def own():
    return next(int(line.split()[1]) / 1000 for line in open("/proc/self/status") if line.startswith("RssAnon"))
pictures, marks = cw.read(sys.argv[1]), []
start = own()
def progress(done, of):
    if done * 4 // of > len(marks):
        marks.append(own() - start)
ready = pictures.prepared(cw.parse("input any, colour, resize 64x64").preparation, progress)
for first in range(0, len(ready), 512):
    ready.take(range(first, min(first + 512, len(ready))))
marks.append(own() - start)
print(json.dumps({"cached": ready.cached, "count": len(ready), "MB": marks}))
"""


def main() -> dict[str, Any]:
    """Prints a table, and gives the figures."""
    with tempfile.TemporaryDirectory() as place:
        os.environ |= {"CUTAWAY_CACHE": f"{place}/cache", cache.LIMIT: "5GB"}
        files = [path for _, path in zip(range(PHOTOS), written(Path(place) / "photos"), strict=False)]
        print(
            f"  photos: {'tiles of real ones' if REAL.is_dir() else 'smooth noise'}, "
            f"{statistics.mean(path.stat().st_size for path in files) / 1e6:.1f} MB each"
        )
        one, runs = one_photo(files[0]), folder(files[0].parents[1])
        memory = many(Path(place) / "many")
    return {"one": one, "folder": runs, "memory": memory}


def one_photo(path: Path) -> dict[str, list[float]]:
    """Milliseconds to read one photo at the net's size: whole and scaled."""
    preparation = cw.parse(NET).preparation
    ways: dict[str, Callable[[], object]] = {
        "Pillow, whole, resized": lambda: by_pillow(path),
        "decoded whole": lambda: decode(path),
        "decoded whole, resized": lambda: preparation(decode(path)),
        "scaled": lambda: decode(path, preparation.least),
        "scaled, resized": lambda: preparation(decode(path, preparation.least)),
    }
    taken = in_turn(ways, ROUNDS, 1000)
    show(taken, "ms", "Pillow, whole, resized", "scaled, resized")
    whole, scaled = preparation(decode(path)).astype(float), preparation(decode(path, preparation.least))
    print(f"  root mean square of the difference: {np.sqrt(np.mean((whole - scaled) ** 2)):.2f} of 255")
    return taken


def by_pillow(path: Path) -> Image.Image:
    """The same picture as most programs make it: all pixels decoded, then resized and cut out in C."""
    with Image.open(path) as image:
        middle = (WIDTH - HEIGHT) // 2, 0, (WIDTH + HEIGHT) // 2, HEIGHT
        return image.convert("RGB").resize((224, 224), Image.Resampling.BILINEAR, middle)


def folder(path: Path) -> dict[str, list[float]]:
    """Seconds to prepare a folder of photos: without a cache, filling it, and from it."""
    preparation = cw.parse(NET).preparation

    def run(limit: str, clear: bool = False) -> None:
        os.environ[cache.LIMIT] = limit
        if clear:
            cache.clear()
        pictures = cw.read(path)
        assert pictures.fingerprint  # as training does: every file is read once for it
        pictures.prepared(preparation)

    ways = {
        "scaled, no cache": lambda: run("0"),
        "first run": lambda: run("5GB", clear=True),
        "later runs": lambda: run("5GB"),
    }
    taken = in_turn(ways, 5, 1) | {"whole, no cache": in_turn({"": lambda: whole(path, preparation)}, 1, 1)[""]}
    show(taken, f"s for {PHOTOS} photos", "first run", "later runs")
    return taken


def whole(path: Path, preparation: Preparation) -> None:
    """As before there was any scaling: by a function, of which no more is known than what it does."""
    pictures = cw.read(path)
    assert pictures.fingerprint
    pictures.prepared(lambda picture: preparation(picture))


def many(path: Path) -> dict[str, Any]:
    """The memory of a process's own, in MB above its start, at each quarter and after every picture was taken."""
    if not Path("/proc/self/status").exists():
        return {}
    random = np.random.default_rng(0)
    for number in range(MANY):
        file = path / "ab"[number % 2] / f"{number}.png"
        if number < 2:
            file.parent.mkdir(parents=True)
        flat = Image.new("RGB", (32, 32), tuple(random.integers(0, 256, 3)))
        flat.putpixel((0, 0), (number % 256, number // 256 % 256, number // 65536))
        flat.save(file, compress_level=1)
    found = {}
    for name in ("first run", "later run"):
        done = subprocess.run([sys.executable, "-c", PROGRAM, path], capture_output=True, text=True, check=True)
        found[name] = json.loads(done.stdout)
        print(
            f"  {name}: {found[name]['count']:,} pictures, "
            + ", ".join(f"{mb:.0f}" for mb in found[name]["MB"])
            + " MB"
        )
    return found


def written(path: Path) -> Iterator[Path]:
    """Photos of 12 megapixels, in two classes, each another."""
    for number in range(10**6):
        file = path / "ab"[number % 2] / f"{number}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        photo(number).save(file, quality=90)
        yield file


def photo(number: int) -> Image.Image:
    """One photo of 12 megapixels."""
    if not REAL.is_dir():
        coarse = np.random.default_rng(number).integers(0, 256, (HEIGHT // 8, WIDTH // 8, 3), np.uint8)
        return Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    real = sorted(REAL.iterdir())
    large = Image.new("RGB", (WIDTH, HEIGHT))
    for place in range(64):
        with Image.open(real[(number + place) % len(real)]) as tile:
            own = tile.convert("RGB").resize((WIDTH // 8, HEIGHT // 8))
        large.paste(own, (place % 8 * own.width, place // 8 * own.height))
    return large


def in_turn(ways: Mapping[str, Callable[[], object]], rounds: int, scale: float) -> dict[str, list[float]]:
    """Each way once unmeasured where there are several rounds, then all in turn."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + (rounds > 1)):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            if number or rounds == 1:
                taken[name].append(scale * (time.perf_counter() - began))
    return taken


def show(taken: Mapping[str, list[float]], unit: str, slow: str, fast: str) -> None:
    """A line for each way, and one for what it is about."""
    for name, values in taken.items():
        spread = f"({min(values):.3g} to {max(values):.3g}, n = {len(values)})"
        print(f"  {name:24} {statistics.median(values):8.3g} {unit}  {spread}")
    print(f"  {fast}: {statistics.median(taken[slow]) / statistics.median(taken[fast]):.1f} times as fast as {slow}")
