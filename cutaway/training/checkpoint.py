"""What is needed to go on with a run that was left: `checkpoint/` in its folder."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from cutaway import files
from cutaway.layers.layer import Array
from cutaway.training.setup import Setup

EVERY = 60.0
"""Seconds between checkpoints within an epoch: what a power cut can cost."""
LATEST = "latest.json"


@dataclass
class Checkpoint:
    """`folder/checkpoint/latest.json` names a file of arrays beside it and its SHA-256; it is written last.

    A crash at any moment leaves the one before or the new one.
    """

    folder: Path
    identity: dict[str, Any]
    """What must be the same for a run to be taken up: net, recipe, data, engine."""
    saved: float = field(default_factory=time.monotonic)

    @classmethod
    def of(cls, folder: Path, setup: Setup, engine: str) -> Checkpoint:
        """The checkpoint of a run into a folder."""
        return cls(folder / "checkpoint", setup.identity() | {"engine": engine})

    def due(self) -> bool:
        """Whether the last one is old enough."""
        return time.monotonic() - self.saved >= EVERY

    def save(self, tensors: dict[str, Array], progress: dict[str, Any]) -> None:
        """Writes the arrays, then what names them, then removes what was there before."""
        from safetensors.numpy import save

        data = save({name: np.ascontiguousarray(value) for name, value in tensors.items()})
        name = f"epoch-{progress['epoch']}-step-{progress['step']}.safetensors"
        files.write(self.folder / name, data)
        latest = {
            "file": name,
            "sha256": hashlib.sha256(data).hexdigest(),
            "identity": self.identity,
            "progress": progress,
        }
        files.write(self.folder / LATEST, json.dumps(latest, indent=1))
        for old in self.folder.glob("*.safetensors"):
            if old.name != name:
                old.unlink()
        self.saved = time.monotonic()

    def load(self) -> tuple[dict[str, Array], dict[str, Any]] | None:
        """The arrays and the progress of a run of the same setup; None where there is none, or it is damaged."""
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            latest = json.loads((self.folder / LATEST).read_text())
            data = (self.folder / latest["file"]).read_bytes()
            same = latest["identity"] == self.identity and latest["sha256"] == hashlib.sha256(data).hexdigest()
            return (load(data), latest["progress"]) if same else None
        except (OSError, ValueError, KeyError, TypeError, RecursionError, SafetensorError):
            return None

    def remove(self) -> None:
        """Takes the checkpoint away, once the run is finished."""
        if self.folder.is_dir():
            for path in self.folder.iterdir():
                path.unlink()
            self.folder.rmdir()
