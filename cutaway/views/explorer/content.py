"""What a page is given: the net, its weights, some pictures, and what is known about them, as JSON can say it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from cutaway import engines
from cutaway.engines.engine import Predictor
from cutaway.errors import InputError
from cutaway.layers import Layer
from cutaway.layers.layer import Array
from cutaway.layers.logsoftmax import LogSoftmax
from cutaway.losses import loss_for
from cutaway.model.names import escaped
from cutaway.net import Net
from cutaway.pictures.decoding import Pixels
from cutaway.views.explorer import packing
from cutaway.views.explorer.at_hand import Shown, is_ink
from cutaway.views.explorer.subject import Subject, Weights
from cutaway.wording import memory

Content = dict[str, Any]

FORMAT = 1

QUICK = 60_000_000
"""Multiplications for one picture that a page does in about a tenth of a second. Where there are more, and something
answers for it, that computes."""
LIGHT = 8_000_000
"""Bytes of weights that a page is given at once, where something answers for it."""
HEAVIEST = 20_000_000
"""Bytes of weights that go into a single file."""
KEPT = 4_000_000
"""Bytes of weights of all epochs that were kept, up to which a single file carries them."""

IN_A_FILE = 400_000
"""Signs that the pictures of a file or a notebook may take, as they were; else they are given as the net sees them."""
SERVED = 32_000_000
"""The same where a server gives them."""
LARGEST = 64_000_000
"""Bytes of pixels beyond which nobody tries how few signs they would take."""

LOOKED_THROUGH = 1_000_000_000
"""Multiplications that the ranges of the colours may cost: about half a second."""
AT_ONCE = 2**28
"""Bytes that the stages of pictures may take that are computed together."""
NEARLY_ALL = 0.998
"""Of the numbers of a stage, the share that its colours span: one outlier would make all others pale."""


def content(
    subject: Subject, pictures: Sequence[Shown], *, served: bool = False, live: bool = False, room: int = IN_A_FILE
) -> Content:
    """Everything that a page needs to show a net with some pictures.

    `served` says that something answers its messages, so that a net that is too large to be computed in the page can be
    shown; `live` that the net is being trained; `room` how many signs the pictures may take.
    Raises InputError where a net is too large for a page by itself, or a picture does not fit.
    """
    net = subject.net
    prepared = [fitting(net, one) for one in pictures]
    large = subject.cost > QUICK or subject.size > LIGHT
    if not served and subject.size > HEAVIEST:
        raise InputError(
            f"{subject.title} has {memory(subject.size)} of weights, and a file of its own holds up to "
            f"{memory(HEAVIEST)}; cutaway open, without -o, shows it"
        )
    remote = served and large
    epochs = subject.epochs if served or subject.size * len(subject.epochs) <= KEPT else []
    return {
        "format": FORMAT,
        "title": escaped(subject.title),
        "about": list(subject.about),
        "kind": subject.kind,
        "classes": [escaped(name) for name in subject.classes],
        "input": list(net.input),
        "layers": layers(net),
        "loss": loss(net),
        "weights": weights(net, subject.weights, carried=not remote),
        "pictures": packed(pictures, prepared, room),
        "ink": is_ink(pictures),
        "ranges": ranges(subject, prepared),
        "epochs": [figures(epoch) for epoch in epochs],
        "kept": {} if served else {epoch["number"]: numbers(subject.at(epoch["number"])) for epoch in epochs},
        "epoch": subject.epoch,
        "remote": remote,
        "served": served,
        "live": live,
    }


# ---- the net


def layers(net: Net) -> list[dict[str, Any]]:
    """Each layer: what it is, what feeds it, what it costs for one prepared picture."""
    return [
        {
            "name": node.name,
            "kind": node.layer.word,
            "text": node.layer.text(),
            "settings": settings(node.layer),
            "inputs": list(node.inputs),
            "shape": list(row.shape),
            "multiplications": row.cost.multiplications,
            "parameters": row.cost.parameters,
            "keeps_pixels": node.layer.keeps_pixels,
        }
        for node, row in zip(net, net.rows(), strict=True)
    ]


def settings(layer: Layer) -> dict[str, Any]:
    """The fields of a declaration; tuples become lists."""
    own = {field.name: getattr(layer, field.name) for field in dataclasses.fields(layer)}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in own.items()}


def loss(net: Net) -> str | None:
    """The loss of the net's output; none where that is maps, or logarithms."""
    if len(net.shapes()[net.output.name]) != 1 or isinstance(net.output.layer, LogSoftmax):
        return None
    return loss_for(net.output.layer).name


def numbers(own: Weights) -> dict[str, str]:
    """The numbers of each array of weights."""
    return {name: packing.floats(value) for name, value in own.items()}


def weights(net: Net, own: Weights, carried: bool) -> dict[str, Any]:
    """Each array of weights; its numbers only where they are carried."""
    return {
        name: {
            "shape": list(parameter.shape),
            "trained": parameter.trained,
            "data": packing.floats(own[name]) if carried else None,
        }
        for name, parameter in net.parameters().items()
    }


def figures(epoch: dict[str, Any]) -> dict[str, Any]:
    """What a page shows of an epoch."""
    return {name: epoch[name] for name in ("number", "loss", "accuracy", "validation_loss", "validation_accuracy")}


# ---- the pictures


def fitting(net: Net, one: Shown) -> Pixels:
    """A picture at the net's own size. Raises InputError, with its name, where it does not fit."""
    try:
        return net.preparation(one.pixels)
    except InputError as error:
        raise InputError(f"{one.name}: {error}") from None


def packed(pictures: Sequence[Shown], prepared: Sequence[Pixels], room: int) -> list[dict[str, Any]]:
    """The pictures as they are, if they take no more signs than there is room for; else all as the net sees them."""
    if as_they_are := packed_into([one.pixels for one in pictures], room):
        return [picture(one, one.pixels, text, False) for one, text in zip(pictures, as_they_are, strict=True)]
    return [picture(one, own, packing.pixels(own), True) for one, own in zip(pictures, prepared, strict=True)]


def packed_into(pictures: Sequence[Pixels], room: int) -> list[str]:
    """The pictures as text; none where that would be longer than there is room for."""
    if sum(one.size for one in pictures) > LARGEST:
        return []
    texts: list[str] = []
    for one in pictures:
        texts.append(packing.pixels(one))
        room -= len(texts[-1])
        if room < 0:
            return []
    return texts


def picture(one: Shown, pixels: Pixels, text: str, prepared: bool) -> dict[str, Any]:
    """One picture, packed."""
    return {
        "name": one.name,
        "label": one.label,
        "shape": list(pixels.shape),
        "pixels": text,
        "prepared": prepared,
        "part": one.part,
    }


# ---- the ranges


def ranges(subject: Subject, prepared: Sequence[Pixels]) -> dict[str, float]:
    """Where the colours of each stage end, over the pictures, or as many of them as can be run in a moment."""
    if not prepared:
        return {}
    pictures = np.stack(prepared[: max(1, LOOKED_THROUGH // max(1, subject.cost))])
    together = max(1, AT_ONCE // max(1, subject.net.cost(pictures.shape[1:]).memory))
    predictor = engines.predictor(subject.net, subject.weights)
    parts = [ends(predictor, pictures[start : start + together]) for start in range(0, len(pictures), together)]
    return {name: max(part[name] for part in parts) for name in parts[0]}


def ends(predictor: Predictor, pictures: Pixels) -> dict[str, float]:
    """Of each stage, the size that nearly all numbers stay within."""
    return {name: end(stage) for name, stage in predictor.stages(pictures).items()}


def end(stage: Array) -> float:
    """The size that nearly all numbers stay within, or, where nearly all are 0, the largest: it has to be some colour.

    What is not finite does not count.
    """
    sizes = np.abs(stage[np.isfinite(stage)])
    return float(np.quantile(sizes, NEARLY_ALL) or sizes.max()) if sizes.size else 0.0
