"""What a run needs before its first step: pictures at the net's size, and the net that fits them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutaway.errors import DataError, InputError
from cutaway.layers import Shape
from cutaway.layers.logsoftmax import LogSoftmax
from cutaway.layers.normalise import Normalise
from cutaway.layers.scale import Scale
from cutaway.layers.softmax import Softmax
from cutaway.model import backbones, outputs
from cutaway.model.backbones import Pretrained, with_classes
from cutaway.net import Net, parse, zoo
from cutaway.net.notation import states_input
from cutaway.pictures import Pictures, Prepared, companions
from cutaway.pictures.checks import require_trainable
from cutaway.pictures.downloads import to_terminal
from cutaway.pictures.split import SHARE
from cutaway.training.recipe import PHOTOGRAPHS, Recipe, finetuning, recipe_for, usual_rate
from cutaway.training.suiting import suited

MEASURED = 10_000
"""Pictures from which mean and deviation are measured, where there are more."""


SMALL = 64
"""Pictures of up to this many pixels a side are taken as they are; larger ones at the net's usual size."""


@dataclass(frozen=True)
class Setup:
    """Everything that decides a run."""

    net: Net
    classes: tuple[str, ...]
    train: Prepared
    validation: Prepared
    recipe: Recipe
    pretrained: Pretrained | None = None
    """The net whose weights it starts with, where it does not start from nothing."""
    finetune: bool = False
    """Whether the pretrained weights are trained further, once the last layer is there."""
    groups: NDArray[Any] | None = None
    """[training pictures]: the name of what each belongs to, "" where it belongs to nothing; None where none does."""
    said: tuple[str, ...] = ()
    """What the pictures decided of the recipe, or speak against in it; a line each."""
    data: dict[str, Any] = field(default_factory=dict)
    """Facts about the pictures, saved with the model: source, fingerprint, counts, what was skipped."""

    @property
    def rate(self) -> float:
        """The peak learning rate: the recipe's, or what is usual for a net of this size."""
        given = self.recipe.rate
        return usual_rate(self.recipe.optimiser, self.net.cost().parameters) if given is None else given

    @property
    def several(self) -> bool:
        """Whether a picture may be of several classes, or of none."""
        return self.train.truths is not None

    def identity(self) -> dict[str, Any]:
        """What makes two setups the same run."""
        return {
            "net": str(self.net),
            "classes": list(self.classes),
            "recipe": asdict(self.recipe),
            "data": [self.data["fingerprint"], self.data["seed"]],
        } | ({"pretrained": [self.pretrained.sha256, self.finetune]} if self.pretrained else {})


def set_up(
    pictures: Pictures,
    net: str | Net | Pretrained = "small",
    recipe: Recipe | None = None,
    *,
    size: tuple[int, int] | None = None,
    finetune: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Setup:
    """Reads the pictures at the net's size, measures them, and builds the whole net from picture to classes.

    `net` is a name of the zoo, a text, a Net, or a pretrained one (`pretrained_for`), which gets a last layer for these
    classes and is trained further where `finetune` says so. What it does not say of how pictures are prepared is put in
    front: `grey` or `colour` (what the pictures are), `resize` (to their own size up to 64 pixels, else to the net's
    usual one), and, unless it begins with one of them, `scale` and `normalise` (measured on the training pictures).
    `progress(done, of)` is told how far the reading is, first of the training pictures, then of the validation ones.
    """
    require_trainable(pictures)
    if isinstance(net, Pretrained):
        return _transfer(pictures, net, recipe, size, finetune, progress)
    net = str(net) if isinstance(net, Net) else net
    if not isinstance(net, str):
        raise InputError(f"the net is {net!r}; it can be a name (cutaway nets lists them), a text, or a Net")
    training, validation = pictures.train, pictures.validation
    body = zoo.net(net, input=input_shape(pictures, net, size), classes=len(pictures.classes))
    if pictures.truths is not None and net in zoo.ZOO:
        body = of_several(body)
    first = preparation(body)
    prepare = parse(first).preparation
    train = training.prepared(prepare, progress)
    held_out = validation.prepared(prepare, progress)
    whole = completed(first, body, train)
    check_outputs(whole, pictures.classes, pictures.truths is not None)
    check_left(train, pictures.classes)
    data = facts(pictures, train, held_out)
    recipe = recipe or recipe_for(len(train.labels), max(train.shape[:2]))
    recipe, train, said = suited(recipe, train, held_out, pictures.classes)
    groups = groups_of(pictures.train, train)
    return Setup(whole, pictures.classes, train, held_out, recipe, groups=groups, said=tuple(said), data=data)


def _transfer(
    pictures: Pictures,
    known: Pretrained,
    recipe: Recipe | None,
    size: tuple[int, int] | None,
    finetune: bool,
    progress: Callable[[int, int], None] | None,
) -> Setup:
    """The same for a pretrained net, which says itself how pictures are prepared."""
    net = with_classes(known, len(pictures.classes), size)
    if pictures.truths is not None:
        net = of_several(net)
    train = pictures.train.prepared(net.preparation, progress)
    held_out = pictures.validation.prepared(net.preparation, progress)
    check_left(train, pictures.classes)
    data, recipe = facts(pictures, train, held_out), recipe or finetuning(len(train.labels))
    said: list[str] = []
    if finetune:
        recipe, train, said = suited(recipe, train, held_out, pictures.classes)
    groups = groups_of(pictures.train, train)
    return Setup(net, pictures.classes, train, held_out, recipe, known, finetune, groups, tuple(said), data)


def groups_of(pictures: Pictures, prepared: Prepared) -> NDArray[Any] | None:
    """What each prepared picture belongs to."""
    return None if pictures.groups is None else pictures.groups[prepared.kept]


def grouped(pictures: Pictures) -> dict[str, Any]:
    """How many pictures belong together, and how many of those held out would have company in training, had each been
    drawn by itself; nothing where none do.

    Of g pictures that belong together, one that is held out has none of the others in training with a probability of
    0.2^(g-1), where a fifth is held out.
    """
    if pictures.groups is None:
        return {}
    named = pictures.groups[pictures.groups != ""]
    _, own, sizes = np.unique(named, return_inverse=True, return_counts=True)
    some = sizes[own][sizes[own] > 1]
    if not len(some):
        return {}
    company = float((1 - SHARE ** (some - 1.0)).sum()) / max(1, len(pictures))
    return {"groups": {"count": int((sizes > 1).sum()), "pictures": len(some), "company": company}}


def usual_recipe(
    pictures: Pictures, known: Pretrained | None, size: tuple[int, int] | None = None, **settings: Any
) -> Recipe:
    """The recipe that suits these pictures, or a pretrained net, where `settings` do not say otherwise."""
    count = len(pictures.train)
    return finetuning(count, **settings) if known else recipe_for(count, side_of(pictures, size), **settings)


def usual_net(pictures: Pictures, size: tuple[int, int] | None = None) -> str:
    """The name of the net that is trained from nothing where none is named."""
    return "medium" if side_of(pictures, size) >= PHOTOGRAPHS else "small"


def side_of(pictures: Pictures, size: tuple[int, int] | None = None) -> int:
    """The longer side, in pixels, at which a net that says nothing of it sees pictures."""
    return max(size or (min(side, SMALL) for side in pictures.size[:2]))


def pretrained_for(
    pictures: Pictures,
    net: str | None = None,
    weights: str | Path | None = None,
    say: Callable[[str], None] = to_terminal,
) -> Pretrained | None:
    """The net with published weights to start from; None where there is none, or none is needed.

    With `weights`, the one in that file. Otherwise `net`, or for photographs (more than 64 pixels a side) the best one,
    if its weights are in the user's cache or can be fetched.
    """
    if weights is not None:
        known = backbones.read(weights)
        if net not in (None, known.name):
            raise InputError(
                f"{weights} has the weights of {known.name}, not of {net}; give --net {known.name} or none"
            )
        return known
    if net is None and max(pictures.size[:2]) <= SMALL:
        return None
    for name in backbones.BACKBONES if net is None else [net]:
        if name in backbones.BACKBONES and (path := backbones.found(name, say)):
            return backbones.read(path)
    return None


def input_shape(pictures: Pictures, net: str, size: tuple[int, int] | None) -> Shape:
    """The shape at which pictures enter the net."""
    if size is not None and states_input(net):
        raise InputError("the net's text states its own input; leave it out there, or give no size")
    height, width, channels = pictures.size
    channels = 3 if channels == 3 else 1
    if size is not None:
        return *size, channels
    if max(height, width) <= SMALL:
        return height, width, channels
    usual = zoo.ZOO[net].input if net in zoo.ZOO else (SMALL, SMALL, channels)
    return usual[0], usual[1], channels


def preparation(body: Net) -> str:
    """The first layers of a net that takes any picture: the body's own, and in front of them what they leave open."""
    own = body.preparation.layers
    kinds = {layer.word for layer in own}
    height, width, channels = body.preparation.shape
    brightness = [] if kinds & {"grey", "colour"} else ["colour" if channels == 3 else "grey"]
    size = [] if "resize" in kinds else [f"resize {height}x{width} crop"]
    return ", ".join(["input any", *brightness, *size, *(layer.text() for layer in own)])


def completed(first: str, body: Net, train: Prepared) -> Net:
    """The net from picture to classes. Where its numbers are not scaled or normalised, both are put in between.

    Mean and deviation are measured on the training pictures.
    """
    layers = str(body).split(",", 1 + len(body.preparation.layers))[-1]
    after = body.nodes[len(body.preparation.layers)].layer
    if isinstance(after, Scale | Normalise):
        return parse(f"{first}, {layers}")
    mean, deviation = moments(train)
    means, deviations = (" ".join(f"{number:.4g}" for number in numbers) for numbers in (mean, deviation))
    return parse(f"{first}, scale, normalise {means} {'/ ' if len(mean) > 1 else ''}{deviations}, {layers}")


def moments(train: Prepared) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of each channel, on a scale from 0 to 1; a deviation of 0 is given as 1."""
    count = len(train.labels)
    chosen = np.arange(0, count, max(1, count // MEASURED))
    sums, squares, cells = np.zeros(train.shape[2]), np.zeros(train.shape[2]), 0
    for start in range(0, len(chosen), 500):
        x = train.take(chosen[start : start + 500]) / 255
        sums += x.sum(axis=(0, 1, 2))
        squares += (x * x).sum(axis=(0, 1, 2))
        cells += x[..., 0].size
    mean = sums / max(1, cells)
    deviation = np.sqrt(np.maximum(0, squares / max(1, cells) - mean**2))
    return mean, np.where(deviation > 1e-6, deviation, 1.0)


def of_several(net: Net) -> Net:
    """The net with a sigmoid in place of its softmax, so that each class is true or not by itself."""
    if not isinstance(net.output.layer, Softmax):
        return net
    return parse(f"{str(net).rpartition(',')[0]}, sigmoid")


def check_outputs(net: Net, classes: tuple[str, ...], several: bool = False) -> None:
    """Raises where the net's outputs cannot stand for the classes, or cannot be trained."""
    if isinstance(net.output.layer, LogSoftmax):
        raise InputError("a net that ends in 'logsoftmax' is not trained; end it with 'softmax', whose loss is as safe")
    if outputs.kind(net, classes) != "each" and several:
        raise InputError(
            f"the net ends in {net.output.layer.text()!r}, so that one class is true of a picture; "
            "where it may be several, end the net with 'dense classes, sigmoid'"
        )


def check_left(train: Prepared, classes: tuple[str, ...]) -> None:
    """Raises where a class has no picture left that can be read."""
    several, labels = train.truths, train.labels
    counts = np.bincount(labels, minlength=len(classes)) if several is None else several.sum(axis=0)
    gone = [name for name, count in zip(classes, counts, strict=True) if not count]
    if gone:
        raise DataError(
            f"no training picture of {', '.join(map(repr, gone))} can be read; {len(train.skipped)} were skipped"
        )


def facts(pictures: Pictures, train: Prepared, validation: Prepared) -> dict[str, Any]:
    """What is worth knowing later about the pictures of a run."""
    skipped = [*train.skipped, *validation.skipped]
    ignored = Counter(one.reason for one in pictures.ignored)
    return {
        "source": pictures.title,
        "seed": pictures.seed,
        "fingerprint": pictures.fingerprint,
        **({} if pictures.label_delim is None else {"label_delim": pictures.label_delim}),
        "counts": pictures.counts(),
        "training": len(train.labels),
        "validation": len(validation.labels),
        "test": len(pictures.test),
        "size": list(pictures.size),
        "ignored": dict(sorted(ignored.items())),
        "skipped": [{"path": s.path, "reason": s.reason} for s in skipped],
        **grouped(pictures),
        **({"companions": known} if (known := companions.kept(pictures)) else {}),
    }
