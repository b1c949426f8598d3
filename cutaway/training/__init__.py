"""Training: what to do (recipe), and doing it (loop), from pictures to a model."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from types import ModuleType
from typing import Any

from cutaway.engines import check, choose
from cutaway.errors import InputError
from cutaway.layers.words import nearest
from cutaway.model import Model, load
from cutaway.net import Net
from cutaway.pictures import Pictures, companions, read
from cutaway.training.judge import concluded, tested
from cutaway.training.loop import Epoch, Step, run, trains
from cutaway.training.recipe import Recipe, recipe_for
from cutaway.training.runs import check_place
from cutaway.training.setup import Setup, pretrained_for, set_up, usual_net, usual_recipe
from cutaway.training.transfer import Looked

FIELDS = [field.name for field in fields(Recipe)]

__all__ = ["Epoch", "Looked", "Recipe", "Setup", "Step", "recipe_for", "run", "set_up", "train", "training"]


def training(
    pictures: Pictures | str | Path,
    net: str | Net | None = None,
    *,
    weights: str | Path | None = None,
    finetune: bool = False,
    folder: str | Path | None = None,
    engine: str = "auto",
    threads: int | None = None,
    precision: str = "auto",
    recipe: Recipe | None = None,
    keep_epochs: bool = False,
    **settings: Any,
) -> Iterator[Epoch]:
    """Trains a net on pictures; yields one `Epoch` after another.

        for epoch in cw.training("pets/", net="small", epochs=5):
            print(epoch.number, epoch.validation_accuracy)
            if epoch.validation_accuracy > 0.99:
                break
        epoch.model.predict("photo.jpg")

    `net` is a name (`cutaway nets` lists them) or a text; without it, it is small, or for photographs a net that was
    trained on ImageNet, if its `weights` are given or at hand: that gets a last layer for these classes, and with
    `finetune` all of it is trained further. `settings` are fields of `Recipe`, and what they leave open
    suits the number of pictures (`recipe_for`). With a folder, the best model is saved into it, and a run that was left
    there goes on; `keep_epochs` keeps the weights of every epoch there too. `engine`, `threads` (without it, all cores)
    and `precision` are those of `cutaway train`.
    """
    check(engine, threads, precision)
    setup = _set_up(_read(pictures, settings), net, weights, finetune, recipe, folder, settings)
    return _epochs(setup, folder, engine, threads, precision, keep_epochs)


def train(
    pictures: Pictures | str | Path,
    net: str | Net | None = None,
    *,
    weights: str | Path | None = None,
    finetune: bool = False,
    folder: str | Path | None = None,
    engine: str = "auto",
    threads: int | None = None,
    precision: str = "auto",
    recipe: Recipe | None = None,
    keep_epochs: bool = False,
    **settings: Any,
) -> Model:
    """Trains a net on pictures and returns the best model: `cw.train("pets/", net="lenet5", epochs=5)`.

    The same as `training`, to its end; then the test pictures, where there are any, have the last word (in
    `model.facts["test"]`). With a folder, the report and what the model says of each picture are written there too.
    Interrupted from the keyboard, it returns the best so far, if there is one.
    """
    check(engine, threads, precision)
    pictures = _read(pictures, settings)
    setup = _set_up(pictures, net, weights, finetune, recipe, folder, settings)
    best: Model | None = None
    try:
        for epoch in _epochs(setup, folder, engine, threads, precision, keep_epochs):
            if epoch.best:
                best = epoch.model
    except KeyboardInterrupt:
        if best is None:
            raise
    if folder is not None:
        # loaded, since a run that was taken up may have had its best epoch before
        model, troubles = concluded(load(folder), pictures, setup, Path(folder))
        for trouble in troubles:
            warnings.warn(trouble, stacklevel=2)
        return model
    assert best is not None, "the first epoch is always the best so far"
    return tested(best, pictures)


def _epochs(
    setup: Setup, folder: str | Path | None, engine: str, threads: int | None, precision: str, keep_epochs: bool
) -> Iterator[Epoch]:
    """The epochs of a run, one after another."""
    where = None if folder is None else Path(folder)
    chosen = choose(engine if trains(setup) else "reference", setup.net, threads, precision)
    return (event for event in run(setup, where, chosen, keep_epochs=keep_epochs) if isinstance(event, Epoch))


def _read(pictures: Pictures | str | Path, settings: dict[str, Any]) -> Pictures:
    """Pictures as they are, or read, with what belongs together; the seed that decides all else decides the split."""
    if isinstance(pictures, Pictures):
        return pictures
    return companions.found(read(pictures, seed=settings.get("seed", 0)))


def _set_up(
    pictures: Pictures,
    net: str | Net | None,
    weights: str | Path | None,
    finetune: bool,
    recipe: Recipe | None,
    folder: str | Path | None,
    settings: dict[str, Any],
) -> Setup:
    """The setup of a call, after what is given has been looked over."""
    for name in settings:
        if name not in FIELDS:
            raise InputError(f"a recipe has no {name!r}{nearest(name, FIELDS)}; it has {', '.join(FIELDS)}")
    if recipe is not None and settings:
        raise InputError(f"give a recipe or {', '.join(settings)}, not both")
    if folder is not None:
        check_place(Path(folder), pictures.title)
    named = net if isinstance(net, str) or net is None else None
    known = pretrained_for(pictures, named, weights) if named is not None or net is None else None
    if (weights or finetune) and known is None:
        raise InputError("weights and finetune go with a pretrained net's name, or with none; give its file as weights")
    recipe = recipe or usual_recipe(pictures, known, **settings)
    return set_up(pictures, known or net or usual_net(pictures), recipe, finetune=finetune)


class _Callable(ModuleType):
    """This package, which can be called as the function of its own name: `cw.training("pets/")`."""

    __call__ = staticmethod(training)
    __doc__ = training.__doc__


sys.modules[__name__].__class__ = _Callable
