"""cutaway: train convolutional networks on your own pictures and see every number inside.

    import cutaway as cw

    pictures = cw.read("pets/")
    model = cw.train(pictures, net="lenet5")
    model.predict("photo.jpg")

The public names are loaded on first use, so that `import cutaway` costs a few milliseconds.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cutaway.errors import (
        CutawayError,
        DataError,
        InputError,
        JobError,
        ModelError,
        NotationError,
        PictureError,
        ShapeError,
    )
    from cutaway.model import Evaluation, Guess, Guesses, Model, load
    from cutaway.net import Net, parse
    from cutaway.pictures import Pictures, read
    from cutaway.trace import Trace
    from cutaway.training import Epoch, Recipe, train, training

__version__ = "0.1.0"

__all__ = [
    "CutawayError",
    "DataError",
    "Epoch",
    "Evaluation",
    "Guess",
    "Guesses",
    "InputError",
    "JobError",
    "Model",
    "ModelError",
    "Net",
    "NotationError",
    "PictureError",
    "Pictures",
    "Recipe",
    "ShapeError",
    "Trace",
    "load",
    "parse",
    "read",
    "train",
    "training",
]

_HOMES = {
    "errors": [name for name in __all__ if name.endswith("Error")],
    "model": ["Evaluation", "Guess", "Guesses", "Model", "load"],
    "net": ["Net", "parse"],
    "pictures": ["Pictures", "read"],
    "trace": ["Trace"],
    "training": ["Epoch", "Recipe", "train", "training"],
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"cutaway has no {name!r}; its names are {', '.join(__all__)}")
    home = import_module(f"cutaway.{_HOME[name]}")
    if name == "training":
        return home  # the package itself, which can be called
    globals()[name] = value = getattr(home, name)
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
