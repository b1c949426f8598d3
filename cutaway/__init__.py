"""cutaway: train convolutional networks on your own pictures and see every number inside.

    import cutaway as cw

    pictures = cw.read("pets/")
    model = cw.train(pictures, net="lenet5")
    model.predict("photo.jpg")

The public names are loaded on first use, so that `import cutaway` costs a few milliseconds.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
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
    if name == _HOME[name]:
        return home
    globals()[name] = value = getattr(home, name)
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


class _Both(ModuleType):
    """A package that can be called as the function of its own name: `cutaway.training(...)`."""

    def __call__(self, *args: Any, **settings: Any) -> Any:
        return getattr(self, self.__name__.rpartition(".")[2])(*args, **settings)


class _Package(ModuleType):
    """This package. Import puts each part here once it is loaded; `training` is also the name of a function."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _HOME and isinstance(value, ModuleType):
            value.__class__ = _Both
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
