"""What a person calls a model, loaded: a folder that training wrote, a net with published weights, an ONNX file."""

from __future__ import annotations

from pathlib import Path

from cutaway.model.model import Model


def load(source: str | Path) -> Model:
    """The model that training wrote, or one made elsewhere.

        cutaway.load("runs/pets-1")             # a model folder
        cutaway.load("mobilenetv2")             # a net of the zoo with the weights that are published for it
        cutaway.load("weights.safetensors")     # such weights, from a file

    Raises ModelError, naming the file, for what is not there, is not a model, was written by a newer cutaway, or is
    damaged.
    """
    from cutaway.model import backbones, folder

    path = Path(source)
    if str(source) in backbones.BACKBONES and not path.exists():
        return backbones.model(str(source))
    if path.suffix.lower() in (".safetensors", *backbones.PICKLES) and not path.is_dir():
        return backbones.model(path)
    return folder.load(path)
