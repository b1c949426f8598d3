"""How pictures were changed while the net learned, each way drawn on one of the user's own."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np

from cutaway.augmentation import Augmentation, apply
from cutaway.engines.engine import Pixels
from cutaway.errors import CutawayError
from cutaway.views.report.html import Markup, joined, section, tag
from cutaway.views.report.subject import Subject
from cutaway.views.report.thumbnails import data_uri

DRAWN = 4
"""Of each way."""
NAMES = {
    "flip": "mirrored, every second time",
    "shift": "moved by up to {} pixels",
    "rotate": "turned by up to {:g} degrees",
    "scale": "scaled by up to {:.0%}",
    "brightness": "brighter or darker by up to {:.0%}",
    "contrast": "contrast up or down by up to {:.0%}",
}


def learned(subject: Subject) -> Markup:
    """One row for each way, and one for all together; nothing where pictures were learned as they are."""
    recipe = subject.facts.get("recipe", {})
    asked = {name: recipe[name] for name in NAMES if recipe.get(name)}
    picture = _picture(subject) if asked else None
    if picture is None:
        return Markup()
    rows = [_row("as it is", [picture])]
    rows += [_row(NAMES[name].format(value), _drawn(picture, {name: value})) for name, value in asked.items()]
    if len(asked) > 1:
        rows.append(_row("all of these at once, as the net saw it in four epochs", _drawn(picture, asked)))
    note = "Each time a picture was seen, chance decided anew how it was changed. This is one that was kept back."
    return section("changes", "How pictures were changed", tag("p", note, class_="note"), joined(rows))


def _picture(subject: Subject) -> Pixels | None:
    """The first that can be read, as the net sees it."""
    for picture in range(min(5, len(subject.pictures or ()))):
        try:
            assert subject.pictures is not None
            return subject.model.net.preparation(subject.pictures[picture])
        except CutawayError:
            continue
    return None


def _drawn(picture: Pixels, asked: dict[str, object]) -> list[Pixels]:
    """The picture changed some times."""
    known = {field.name for field in fields(Augmentation)}
    changed = replace(Augmentation(), **{name: value for name, value in asked.items() if name in known})  # type: ignore[arg-type]
    batch = np.repeat(picture[None], DRAWN, axis=0)
    return list(apply(batch, changed.draw(seed=0, epoch=1, indices=np.arange(DRAWN))))


def _row(what: str, pictures: list[Pixels]) -> Markup:
    made = [data_uri(picture) for picture in pictures]
    images = [
        tag("img", src=uri, width=max(48, width), height=max(48, height), alt=what) for uri, width, height in made
    ]
    return tag("figure", joined(images), tag("figcaption", what), class_="changed")
