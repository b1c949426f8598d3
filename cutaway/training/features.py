"""What a pretrained net makes of each picture, computed once: `~/.cache/cutaway/features/`.

One folder a net, named by what decides its features; in it, one file for each few hundred pictures, which a run writes
as soon as it has them. So a run that is killed loses little, two runs at once do not disturb each other, and a second
run with other settings reads in a moment what the first took seconds for. A picture is known by its pixels as the net
sees them.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cutaway import files
from cutaway.errors import CutawayError
from cutaway.model import Model
from cutaway.pictures import Prepared
from cutaway.pictures.threads import over_threads

BATCH = 32
SAVED = 512
"""Pictures after which what is there is written: 2.6 MB for 1,280 features."""
LIMIT = 2 * 2**30
"""Bytes that all files may take; the longest unused nets go first. 400,000 pictures of 1,280 features."""

Features = NDArray[np.float32]
Digest = bytes


def folder() -> Path:
    """Where features of all nets are kept."""
    return files.cache() / "features"


class Computer:
    """`for features, digests in Computer(model)(prepared): ...`: batch by batch, [n, F], from the cache where they are
    there, else from the model.
    """

    def __init__(self, model: Model) -> None:
        assert model.net.features is not None
        self.model = model
        trunk = model.net.until(model.net.features)
        (self.width,) = trunk.shapes()[model.net.features]
        own = hashlib.sha256(str(trunk).encode())
        for name in trunk.parameters():
            own.update(np.ascontiguousarray(model.weights[name]).data)
        self.folder = folder() / own.hexdigest()[:32]
        self.known = self._kept()

    def __call__(self, pictures: Prepared) -> Iterator[tuple[Features, list[Digest]]]:
        fresh: dict[Digest, Features] = {}
        for start in range(0, len(pictures), BATCH):
            batch = pictures.take(np.arange(start, min(start + BATCH, len(pictures))))
            digests = list(over_threads(digest, list(batch)))
            new = [place for place, one in enumerate(digests) if one not in self.known]
            if new:
                made = zip(new, self.model.features(batch[new]), strict=True)
                fresh |= {digests[place]: one for place, one in made}
                self.known |= fresh
            if len(fresh) >= SAVED:
                self._keep(fresh)
                fresh = {}
            yield np.stack([self.known[one] for one in digests]), digests
        if fresh:
            self._keep(fresh)

    def _kept(self) -> dict[Digest, Features]:
        """What earlier runs computed. A file that is damaged is as if it were not there."""
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        known: dict[Digest, Features] = {}
        for path in sorted(self.folder.glob("*.safetensors")) if self.folder.is_dir() else ():
            try:
                held = load_file(path)
                if checked(held["digests"], held["features"]) != held["sum"].tobytes():
                    raise ValueError("its content does not have its sum")
                known |= {one.tobytes(): row for one, row in zip(held["digests"], held["features"], strict=True)}
            except (OSError, SafetensorError, KeyError, ValueError) as error:
                logging.getLogger("cutaway").warning("%s is not used: %s", path, error)
        return known

    def _keep(self, fresh: dict[Digest, Features]) -> None:
        from safetensors.numpy import save

        digests = np.frombuffer(b"".join(fresh), np.uint8).reshape(len(fresh), -1)
        features = np.stack(list(fresh.values()))
        own = np.frombuffer(checked(digests, features), np.uint8)
        path = self.folder / f"{time.time_ns()}-{os.getpid()}.safetensors"
        try:
            make_room(LIMIT - features.nbytes, self.folder)
            files.write(path, save({"digests": digests, "features": features, "sum": own}))
        except (CutawayError, OSError) as error:  # it works without
            logging.getLogger("cutaway").warning("features are not kept: %s", error)


def digest(picture: NDArray[np.uint8]) -> Digest:
    """128 bits of a picture as the net sees it: 0.15 ms at 224x224."""
    return hashlib.blake2b(np.ascontiguousarray(picture).data, digest_size=16).digest()


def checked(digests: NDArray[np.uint8], features: Features) -> bytes:
    """128 bits of what a file holds."""
    whole = hashlib.blake2b(np.ascontiguousarray(digests).data, digest_size=16)
    whole.update(np.ascontiguousarray(features).data)
    return whole.digest()


def make_room(limit: int, used: Path) -> None:
    """Removes the features of the longest unused nets until all take no more than so many bytes."""
    used.mkdir(parents=True, exist_ok=True)
    os.utime(used)
    nets = sorted((path for path in folder().iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
    sizes = {path: sum(file.stat().st_size for file in path.iterdir()) for path in nets}
    for path in nets:
        if sum(sizes.values()) <= limit:
            return
        for file in path.iterdir():
            file.unlink(missing_ok=True)
        sizes[path] = 0
