"""The weights of single epochs, which training keeps where it is asked to: `epochs/0001.safetensors`, ... in a run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from cutaway import files
from cutaway.errors import ModelError
from cutaway.model.folder import check_digest, digest, read_arrays
from cutaway.model.model import check_weights
from cutaway.net import Net
from cutaway.wording import first

FOLDER = "epochs"
NAME = re.compile(r"(\d{4,})\.safetensors")


def numbers(folder: str | Path) -> list[int]:
    """Which epochs a run's folder holds, in order; none where there are none.

    >>> numbers("runs/pets-1")                                      # doctest: +SKIP
    [1, 2, 3]
    """
    place = Path(folder) / FOLDER
    found = [NAME.fullmatch(path.name) for path in place.iterdir()] if place.is_dir() else []
    return sorted(int(match[1]) for match in found if match)


def load(folder: str | Path, number: int, net: Net) -> dict[str, NDArray[np.float32]]:
    """The weights of an epoch. Raises ModelError where it was not kept, is damaged, or is another net's."""
    path = _path(Path(folder), number)
    if not path.is_file():
        refuse(number, numbers(folder))
    weights, header = read_arrays(path)
    check_digest(path, weights, header.get("weights_sha256"))
    try:
        check_weights(net, weights)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None
    return weights


def save(folder: Path, number: int, weights: Mapping[str, NDArray[np.float32]]) -> None:
    """Writes the weights of an epoch. Raises JobError where they cannot be written."""
    from safetensors.numpy import save as packed

    own = {name: np.ascontiguousarray(value) for name, value in weights.items()}
    files.write(_path(folder, number), packed(own, {"weights_sha256": digest(own)}))


def alone(path: Path) -> bool:
    """Whether this is a folder of epochs and nothing else."""
    return path.name == FOLDER and path.is_dir() and all(NAME.fullmatch(one.name) for one in path.iterdir())


def refuse(number: int, known: Sequence[int]) -> NoReturn:
    """Says which epochs there are."""
    there = f"there are {first(list(map(str, known)), 10)}" if known else "train with --keep-epochs to keep them"
    raise ModelError(f"the weights of epoch {number} were not kept; {there}")


def _path(folder: Path, number: int) -> Path:
    return folder / FOLDER / f"{number:04}.safetensors"
