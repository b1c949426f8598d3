"""What the first convolution looks for: its kernels, and the maps that they make of some pictures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cutaway.errors import CutawayError
from cutaway.layers.conv import Conv
from cutaway.layers.layer import Array
from cutaway.net import Net, Node
from cutaway.views.report.colours import drawing, scale
from cutaway.views.report.gallery import image
from cutaway.views.report.html import Markup, section, tag
from cutaway.views.report.subject import Subject
from cutaway.views.report.thumbnails import Thumbnails

KERNELS = 64
"""So many are drawn."""
CHANNELS = 3
"""So many channels of each."""
PICTURES = 3
MAPS = 6
"""The strongest maps of each picture."""
LARGEST = 64
"""Cells that a map is drawn with at most, in height and in width; of more, every second, third, ... one."""
COSTLY = 2_000_000_000
"""Multiplications of a whole net above which no maps are made: some seconds."""


def first(net: Net) -> Node | None:
    """The first convolution."""
    return next((node for node in net if isinstance(node.layer, Conv)), None)


def chosen(subject: Subject) -> list[int]:
    """Some pictures of different classes that it knows well: of each class the surest right guess."""
    said = subject.predictions
    if said is None:
        return []
    right = np.flatnonzero(said.read & said.right)
    surest = right[np.argsort(-said.sure[right], kind="stable")]
    _, firsts = np.unique(said.true[surest], return_index=True)
    return [int(surest[place]) for place in firsts[:PICTURES]]


def sections(subject: Subject, thumbs: Thumbnails) -> Markup:
    """Kernels, and the strongest maps."""
    node = first(subject.model.net)
    if node is None:
        return Markup()
    kernels = subject.model.weights[f"{node.name}.kernel"]
    text = (
        f"The first layer with weights of its own, {node.name} ({node.layer.text()}), slides {kernels.shape[3]} small "
        "patterns over the picture. Where the picture is like the pattern, the sum is large."
    )
    return section(
        "first-layer",
        "What it looks at first",
        tag("p", text, class_="note"),
        drawn(kernels),
        maps(subject, node, thumbs),
    )


def drawn(kernels: NDArray[np.float32]) -> Markup:
    """Each kernel, its channels side by side, all on one scale."""
    rows, columns, channels, count = kernels.shape
    shown, end = min(channels, CHANNELS), float(np.abs(kernels).max())
    gap = np.zeros((rows, 1), np.float32)
    made = []
    for k in range(min(count, KERNELS)):
        parts = [kernels[:, :, 0, k]]
        for channel in range(1, shown):
            parts += [gap, kernels[:, :, channel, k]]
        own = kernels[:, :, :, k]
        label = f"kernel {k}: from {own.min():.3g} to {own.max():.3g}"
        width = (34 if columns == 1 else 44) if shown == 1 else 84
        made.append(tag("li", drawing(np.concatenate(parts, axis=1), end, label, width), tag("span", str(k))))
    said = "red, green and blue" if channels == 3 else f"the first {shown} of {channels} channels"
    told = f"Kernels, {rows}x{columns}" + (f"; of each {said}, side by side" if channels > 1 else "")
    more = f"; the first {KERNELS} of {count}" if count > KERNELS else ""
    return tag("div", tag("h3", f"{told}{more}"), scale(end), tag("ul", *made, class_="kernels"))


def maps(subject: Subject, node: Node, thumbs: Thumbnails) -> Markup:
    """The strongest maps of some pictures, all on one scale."""
    if subject.pictures is None or subject.model.net.cost(subject.model.net.preparation.shape).multiplications > COSTLY:
        return Markup()
    stages: dict[int, Array] = {}
    for row in chosen(subject):
        try:
            stages[row] = subject.model.trace(subject.pictures[row])[node.name].output
        except CutawayError:
            continue  # the file is gone; the others are shown
    if not stages:
        return Markup()
    strongest = {
        row: np.argsort(-np.abs(stage).sum(axis=(0, 1)), kind="stable")[:MAPS] for row, stage in stages.items()
    }
    end = max(float(np.abs(stages[row][:, :, own]).max()) for row, own in strongest.items())
    rows = []
    for row, stage in stages.items():
        own = [tag("li", map_of(stage[:, :, k], end, int(k)), tag("span", f"map {k}")) for k in strongest[row]]
        label = (
            f"a picture of the class {subject.model.classes[subject.predictions.true[row]]}"
            if subject.predictions
            else ""
        )
        rows.append(
            tag(
                "li",
                tag("div", image(thumbs, row, label), tag("span", subject.name(row), class_="name")),
                tag("ul", *own),
            )
        )
    count = max(map(len, strongest.values()))
    return tag(
        "div",
        tag("h3", f"The {count} strongest maps of {len(rows)} pictures"),
        scale(end),
        tag("ul", *rows, class_="maps"),
    )


def map_of(values: Array, end: float, number: int) -> Markup:
    """One map, no larger than it is seen."""
    step = max(1, -(-max(values.shape) // LARGEST))
    label = f"map {number}: from {values.min():.3g} to {values.max():.3g}"
    return drawing(values[::step, ::step], end, label, 96)
