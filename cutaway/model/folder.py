"""The folder that a model is kept in: written so that a crash leaves the old model or the new one, read with suspicion.

    model.safetensors   the weights, and in its header the text of config.json: the whole model in one file
    config.json         format, notation, classes, facts (recipe, data, versions, accuracy), and two SHA-256
    metrics.csv         one row per epoch
    metrics.jsonl       the same, one object per line
    classes.txt         one class per line, in the order of the outputs; line breaks in a name are written as \\n
    README.md           the model card
    training.safetensors    training pictures as the net sees them, to compare new ones with (`cutaway.model.seen`)
    model.onnx          the same model for any ONNX runtime, and for `cutaway predict`
    SHA256SUMS          of all of these, for `sha256sum -c`; written last, when training is done

`load` reads the first two. Both carry the config, and it carries the SHA-256 of the weights and of itself, so no
damage goes unseen. model.safetensors counts, since one rename replaces all of it; config.json has to be of the same
model. So a folder that is copied while training writes to it can be loaded too. There is no pickle: nothing that is
read can run.

What SHA256SUMS says of model.onnx and training.safetensors counts as long as it knows the config.json that is there:
where a model was saved again since, those from before are not looked at.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, deserialize

from cutaway import __version__, files
from cutaway.errors import InputError, ModelError
from cutaway.model.model import Model
from cutaway.model.seen import unpacked
from cutaway.model.stored import Stored
from cutaway.net import parse
from cutaway.wording import nearest

FORMAT = 1
"""Of config.json; it goes up when an older cutaway could not read a folder rightly."""

WEIGHTS, CONFIG, ONNX, SUMS = "model.safetensors", "config.json", "model.onnx", "SHA256SUMS"
SEEN = "training.safetensors"
SUMMED = (WEIGHTS, CONFIG, ONNX, SEEN, "metrics.csv", "metrics.jsonl", "classes.txt", "README.md")
CHECKPOINT = "checkpoint"

KEYS: dict[str, type] = {
    "format": int,
    "cutaway": str,
    "net": str,
    "classes": list,
    "facts": dict,
    "weights_sha256": str,
    "config_sha256": str,
}
"""Everything that config.json says, and nothing else."""

Config = dict[str, Any]


def save(model: Model, folder: Path) -> None:
    """Writes a model into a folder, over the one that may be there. Raises JobError where it cannot be written.

    `finish` adds what is made once, when training is done.
    """
    from safetensors.numpy import save as packed

    from cutaway.model.card import card
    from cutaway.model.names import escaped
    from cutaway.model.versions import versions

    model = replace(model, facts={"versions": versions()} | dict(model.facts))
    weights = {name: np.ascontiguousarray(value) for name, value in model.weights.items()}
    text = config_text(model)
    files.write(folder / WEIGHTS, packed(weights, {"config": text}))
    files.write(folder / CONFIG, text)
    epochs = model.facts.get("epochs", [])
    files.write(folder / "metrics.csv", as_csv(epochs))
    files.write(folder / "metrics.jsonl", "".join(json.dumps(epoch) + "\n" for epoch in epochs))
    files.write(folder / "classes.txt", "".join(escaped(name) + "\n" for name in model.classes))
    files.write(folder / "README.md", card(model))


def finish(model: Model, folder: Path) -> None:
    """Adds what a model folder has once training is done: model.onnx, training pictures, the SHA-256 of every file."""
    for name, content in ((ONNX, model.onnx), (SEEN, model.seen and model.seen.packed())):
        if content:
            files.write(folder / name, content)
        else:
            (folder / name).unlink(missing_ok=True)
    there = [name for name in SUMMED if (folder / name).is_file()]
    files.write(folder / SUMS, "".join(f"{_sha256(_bytes(folder / name))}  {name}\n" for name in there))


def load(folder: str | Path) -> Model:
    """The model that `save` or training wrote: `cutaway.load("runs/pets-1")`.

    Raises ModelError, naming the file, for a folder that is not there, is not a model's, was written by a newer
    cutaway, or has a damaged file.
    """
    folder = Path(folder)
    check_folder(folder)
    text = _bytes(folder / CONFIG)
    beside = read_config(folder / CONFIG, text)
    onnx, seen = (checked(folder, name, _sha256(text)) for name in (ONNX, SEEN))
    known = None if seen is None else unpacked(folder / SEEN, seen)
    if onnx is not None and is_whole(folder / WEIGHTS):  # as it was saved, beside this config
        stored = Stored(lambda: read_weights(folder / WEIGHTS)[1])
        return Model(parse(beside["net"]), stored, tuple(beside["classes"]), beside["facts"], onnx, known)
    config, weights = read_weights(folder / WEIGHTS)
    for key in ("net", "classes"):
        if config[key] != beside[key]:
            raise ModelError(
                f"{folder}: {CONFIG} and {WEIGHTS} are of two models: their {key} differ; "
                f"copy both from the same folder"
            )
    try:
        net, classes = parse(config["net"]), tuple(config["classes"])
        return Model(net, weights, classes, config["facts"], onnx, known)
    except InputError as error:
        raise ModelError(f"{folder / WEIGHTS}: {error}") from None


# ---- config.json


def config_text(model: Model) -> str:
    """The text of config.json: plain ASCII, indented."""
    config: Config = {
        "format": FORMAT,
        "cutaway": __version__,
        "net": str(model.net),
        "classes": list(model.classes),
        "facts": dict(model.facts),
        "weights_sha256": digest(model.weights),
    }
    return json.dumps(config | {"config_sha256": self_digest(config)}, indent=1) + "\n"


def read_config(path: Path, data: bytes) -> Config:
    """What config.json says, checked. `path` is what errors name."""
    try:
        config = json.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} is damaged: it is not JSON ({error})") from None
    if not isinstance(config, dict) or not isinstance(config.get("format"), int):
        raise ModelError(f"{path} is not a model's: it does not say its format")
    if config["format"] > FORMAT:
        raise ModelError(
            f"{path} was written by a newer cutaway, {config.get('cutaway')} (format {config['format']}); "
            f"this is {__version__} (format {FORMAT}): install cutaway {config.get('cutaway')} or newer to use it"
        )
    for key in config:
        if key not in KEYS:
            raise ModelError(f"{path} has the unknown key {key!r}{nearest(key, list(KEYS))}")
    for key, of_type in KEYS.items():
        if not isinstance(config.get(key), of_type):
            raise ModelError(f"{path} is damaged: its {key} is {config.get(key, 'missing')!r}")
    if self_digest(config) != config["config_sha256"]:
        raise ModelError(f"{path} is damaged, or was changed after it was saved: its content does not have its SHA-256")
    return config


def self_digest(config: Config) -> str:
    """The SHA-256 of everything else that a config says, in one way of writing it."""
    rest = {key: value for key, value in config.items() if key != "config_sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


# ---- the weights


def read_weights(path: Path) -> tuple[Config, dict[str, NDArray[np.float32]]]:
    """The arrays, and the config in the header, both checked."""
    weights, header = read_arrays(path)
    if "config" not in header:
        raise ModelError(f"{path} was not written by cutaway: its header says nothing of a net")
    config = read_config(path, header["config"].encode())
    check_digest(path, weights, config["weights_sha256"])
    return config, weights


def read_arrays(path: Path) -> tuple[dict[str, NDArray[np.float32]], dict[str, str]]:
    """The arrays of a file of weights, and what its header says beside them."""
    data = _bytes(path)
    try:
        tensors = deserialize(data)  # type: ignore[no-untyped-call]
        weights = {name: _array(tensor) for name, tensor in tensors}
        length = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + length])["__metadata__"]
    except (SafetensorError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelError(f"{path} is damaged or cut short, or was not written by cutaway ({_line(error)})") from None
    return weights, header


def check_digest(path: Path, weights: Mapping[str, NDArray[np.float32]], wanted: str | None) -> None:
    """Raises ModelError where weights are not those that were saved."""
    if digest(weights) != wanted:
        raise ModelError(f"{path} is damaged: the weights do not have the SHA-256 that they were saved with")


def digest(weights: Mapping[str, NDArray[np.float32]]) -> str:
    """The SHA-256 of names, shapes and numbers, in the order of the names."""
    whole = hashlib.sha256()
    for name in sorted(weights):
        array = weights[name]
        whole.update(f"{name} {array.dtype} {list(array.shape)}\n".encode())
        whole.update(np.ascontiguousarray(array, "<f4").data)
    return whole.hexdigest()


def _array(tensor: Mapping[str, Any]) -> NDArray[np.float32]:
    if tensor["dtype"] != "F32":
        raise ValueError(f"weights of type {tensor['dtype']} where F32 was due")
    return np.frombuffer(tensor["data"], "<f4").astype(np.float32).reshape(tensor["shape"])


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


# ---- what is written once


def checked(folder: Path, name: str, config: str) -> bytes | None:
    """The content of a file that `finish` wrote; None where there is none of the config.json with this SHA-256."""
    sums = read_sums(folder / SUMS)
    if sums.get(CONFIG) != config or name not in sums or not (folder / name).is_file():
        return None
    content = _bytes(folder / name)
    if _sha256(content) != sums[name]:
        raise ModelError(
            f"{folder / name} is damaged, or was changed after it was saved: its content does not have its SHA-256; "
            "remove it, and the model is used without it"
        )
    return content


def is_whole(path: Path) -> bool:
    """Whether a file has its SHA-256."""
    return path.is_file() and read_sums(path.parent / SUMS).get(path.name) == _sha256(_bytes(path))


def read_sums(path: Path) -> dict[str, str]:
    """What SHA256SUMS says of each file; nothing where there is none."""
    try:
        lines = [line.split("  ", 1) for line in path.read_text().splitlines()]
    except (OSError, ValueError):
        return {}
    return {line[1]: line[0] for line in lines if len(line) == 2}


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


# ---- the folder


def check_folder(folder: Path) -> None:
    """Raises ModelError where this cannot be a model folder, with what would be."""
    if folder.is_file():
        raise ModelError(f"{folder} is a file; give the model folder that it is in, such as {folder.parent}")
    if not folder.is_dir():
        raise ModelError(f"{folder}: no such model folder{_similar(folder)}")
    for name in (CONFIG, WEIGHTS):
        if not (folder / name).is_file():
            left = (folder / CHECKPOINT).is_dir()
            hint = (
                "its training did not get to the end of an epoch; train again" if left else "`cutaway train` makes one"
            )
            raise ModelError(f"{folder} is not a model folder: there is no {name} in it; {hint}{_similar(folder)}")


def _similar(folder: Path) -> str:
    """`; did you mean 'runs/pets-1'?` for the model folder beside or in it whose name is most like it."""
    beside = [path for place in (folder.parent, folder) if place.is_dir() for path in _folders(place)]
    return nearest(str(folder), [str(path) for path in beside if path != folder])


def _folders(place: Path) -> list[Path]:
    try:
        return [path for path in place.iterdir() if (path / CONFIG).is_file()]
    except OSError:
        return []


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror or error}") from None


# ---- the history


def as_csv(epochs: list[dict[str, Any]]) -> str:
    """One row per epoch under a row of names."""
    table = io.StringIO()
    writer = csv.DictWriter(table, list(epochs[0]) if epochs else ["number"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(epochs)
    return table.getvalue()
