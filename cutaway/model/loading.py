"""What a person calls a model, loaded: a folder that training wrote, a net with published weights, an ONNX file."""

from __future__ import annotations

from pathlib import Path

from cutaway.errors import InputError
from cutaway.model.model import Model


def load(source: str | Path, preparation: str | None = None) -> Model:
    """The model that training wrote, or one made elsewhere.

        cutaway.load("runs/pets-1")             # a model folder
        cutaway.load("mobilenetv2")             # a net of the zoo with the weights that are published for it
        cutaway.load("weights.safetensors")     # such weights, from a file
        cutaway.load("other.onnx", "scale, normalise 0.5 0.25")     # a convnet from PyTorch, Keras, scikit-learn, ...

    `preparation` says how the maker of an ONNX file prepares pictures, where the file does not. Raises ModelError,
    naming the file, for what is not there, is not a model, was written by a newer cutaway, or is damaged.
    """
    path = Path(source)
    if path.suffix.lower() == ".onnx" and not path.is_dir():
        from cutaway.model.imported import from_onnx

        return from_onnx(path, preparation)
    if preparation is not None:
        raise InputError(f"preparation goes with an ONNX file; {source} says itself how pictures are prepared")
    from cutaway.model import folder

    if path.is_dir():
        return folder.load(path)
    from cutaway.model import backbones

    if str(source) in backbones.BACKBONES and not path.exists():
        return backbones.model(str(source))
    if path.suffix.lower() in (".safetensors", *backbones.PICKLES):
        return backbones.model(path)
    return folder.load(path)
