"""`cutaway check` on 10,000 photos of 500x375, in a first run and in one where nothing has changed; and how often near
duplicates are found, and different photos are taken for them.

The photos are made here: parts of real ones where `../shared/data` has them, otherwise noise, smooth at the scale of 8
pixels, all with grain of their own. 100 of them are stored twice, the second time at quality 50.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from benchmarks.measure import once_with_memory
from cutaway.pictures.audit.audit import audit
from cutaway.pictures.reading import read

COUNT, WIDTH, HEIGHT = 10_000, 500, 375
COPIES = 100
TRIED = 300
"""Photos of which copies are made, to see how many are found."""
REAL = Path(__file__).resolve().parents[2] / "shared" / "data"
FOLDERS = (REAL / "imagenet-samples" / "images", REAL / "cats-dogs")


def main() -> dict[str, Any]:
    """Prints a table, and gives the figures."""
    with tempfile.TemporaryDirectory() as place:
        photos, checked = Path(place) / "photos", Path(place) / "checks"
        write_photos(photos)
        command = [sys.executable, "-m", "cutaway", "check", str(photos), "-o", str(checked)]
        taken = {}
        for name in ("first run", "second run"):
            seconds, memory = once_with_memory(command)
            taken[name] = {"seconds": seconds, "per_second": COUNT / seconds, "MB": memory}
            print(f"  {name}: {seconds:.1f} s, {COUNT / seconds:,.0f} pictures/s, {memory:,.0f} MB")
        done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True)
        found = copies_in(json.loads(done.stdout)["findings"])
        print(f"  {found} of {COPIES} copies found")
        rates = found_of_each(Path(place) / "variants")
    return {"runs": taken, "copies_found": found, "variants": rates}


def copies_in(findings: list[dict[str, Any]]) -> int:
    """How many of the photos that are stored twice are in a finding with their copies."""
    together = [{Path(name).stem for name in one["pictures"]} for one in findings if one["kind"] == "near-duplicate"]
    pairs = [{str(number), str(number + COUNT - COPIES)} for number in range(COPIES)]
    return sum(any(pair <= own for own in together) for pair in pairs)


def write_photos(folder: Path) -> None:
    """10,000 photos in two classes."""
    source = [Image.open(path).convert("RGB") for path in real()[:400]]
    for number in range(COUNT):
        path = folder / "ab"[number % 2] / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        original = number - COUNT + COPIES
        own = photo(original if original >= 0 else number, source)
        own.save(path, quality=50 if original >= 0 else 90)


def real() -> list[Path]:
    """Photos to make others of."""
    return sorted(path for folder in FOLDERS if folder.is_dir() for path in folder.rglob("*.jpg"))


def photo(number: int, source: list[Image.Image]) -> Image.Image:
    """One photo: a part of a real one, turned to another contrast, with grain."""
    random = np.random.default_rng(number)
    if not source:
        coarse = random.integers(0, 256, (HEIGHT // 8, WIDTH // 8, 3), np.uint8)
        return Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    one = source[number % len(source)]
    share = random.uniform(0.4, 0.8)
    x, y = (random.uniform(0, side * (1 - share)) for side in one.size)
    part = one.resize((WIDTH, HEIGHT), box=(x, y, x + share * one.width, y + share * one.height))
    grain = random.normal(0, 6, (HEIGHT, WIDTH, 1))
    return Image.fromarray((np.asarray(part) + grain).clip(0, 255).astype(np.uint8))


def found_of_each(folder: Path) -> dict[str, Any]:
    """Of real photos: how many copies of each kind are found, and how many different photos are taken for copies."""
    paths = real()[:TRIED]
    if not paths:
        return {}
    found = {"none": 0} | {name: 0 for name in variants(Image.new("RGB", (64, 64)))}
    for kind in found:
        place = folder / kind
        (place / "a").mkdir(parents=True)
        for number, path in enumerate(paths):
            (place / "a" / f"{number}.jpg").write_bytes(path.read_bytes())
            if kind != "none":
                with Image.open(path) as image:
                    (place / "a" / f"{number}-copy.jpg").write_bytes(variants(image.convert("RGB"))[kind])
        found[kind] = pairs_found(place, len(paths))
        print(f"  {kind:12} {found[kind]:4} of {len(paths) if kind != 'none' else 0}")
    return {"photos": len(paths), "found": found}


def pairs_found(folder: Path, count: int) -> int:
    """How many photos are in one group with their copies; without copies, how many are in one with any other."""
    looked = audit(read(folder, training=False))
    groups = dict(zip((Path(name).stem for name in looked.pictures.names), looked.groups.tolist(), strict=True))
    if len(groups) == count:
        return count - len(set(groups.values()))
    return sum(groups[f"{number}"] == groups[f"{number}-copy"] for number in range(count))


def variants(image: Image.Image) -> dict[str, bytes]:
    """The same photo otherwise stored."""
    w, h = image.size
    made = {
        "quality 50": image,
        "half size": image.resize((max(1, w // 2), max(1, h // 2))),
        "cropped": image.crop((w // 40, h // 40, w - w // 40, h - h // 40)),
        "cut left": image.crop((w // 20, h // 20, w, h)),
        "brighter": ImageEnhance.Brightness(image).enhance(1.25),
        "grey": image.convert("L"),
        "mirrored": ImageOps.mirror(image),
    }
    return {name: encoded(one, 50 if name == "quality 50" else 90) for name, one in made.items()}


def encoded(image: Image.Image, quality: int) -> bytes:
    """As JPEG."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()
