"""The pictures that several models can be judged by alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from cutaway.model.model import Model
from cutaway.model.origin import ALL, changed
from cutaway.pictures import Pictures
from cutaway.pictures.pictures import TEST, TRAIN, VALIDATION


@dataclass(frozen=True, eq=False)
class Common:
    """`common_to([a, b], ["runs/a", "runs/b"], cutaway.read("pets/", training=False))`"""

    pictures: Pictures
    part: str
    """`test`, `validation` or `all`."""
    why: str
    """Which pictures these are, in words."""
    remarks: tuple[str, ...] = ()
    """Which models have seen some of them, or may have."""


def common_to(models: Sequence[Model], names: Sequence[str], pictures: Pictures) -> Common:
    """The test pictures if there are any; otherwise those that no model was trained on; otherwise all.

    Models that were trained on these pictures may have set others apart to choose by. Then it is those that each of
    them set apart; where there are none, those that the first did, and what the others have seen of them is said.
    """
    own = {name: model for name, model in zip(names, models, strict=True) if not changed(model, pictures)}
    others = {name: model for name, model in zip(names, models, strict=True) if name not in own}
    remarks = tuple(_remark(name, model, pictures) for name, model in others.items())
    if len(pictures.test):
        return Common(
            pictures.test, TEST, "the test pictures" + ("" if others else ", which training never saw"), remarks
        )
    if own:
        return _held_out(own, len(models), pictures, remarks)
    before = tuple(_remark(name, model, pictures) for name, model in others.items() if _is_of(model, pictures))
    return Common(pictures, ALL, "all pictures", before)


def _held_out(own: dict[str, Model], count: int, pictures: Pictures, remarks: tuple[str, ...]) -> Common:
    """What the models that were trained on these pictures were not trained on."""
    splits = {name: replace(pictures, seed=_seed(model)).splits for name, model in own.items()}
    first, *more = splits.values()
    if all((split == first).all() for split in more):
        whose = "" if len(own) == count else f" of {' and '.join(own)}"
        who = "it was" if len(own) == 1 else "both were" if len(own) == 2 else "all were"
        why = f"the validation pictures{whose}; {who} trained on the others"
        return Common(pictures.chosen(first == VALIDATION), VALIDATION, why, remarks)
    held = np.logical_and.reduce([split == VALIDATION for split in splits.values()])
    if held.any():
        why = f"those that none of {', '.join(own)} was trained on; their validation pictures differ"
        return Common(pictures.chosen(held), VALIDATION, why, remarks)
    held = first == VALIDATION
    seen = {name: int((held & (split == TRAIN)).sum()) for name, split in splits.items()}
    told = [
        f"{name} was trained on {count:,} of these pictures, which flatters it" for name, count in seen.items() if count
    ]
    why = f"the validation pictures of {next(iter(own))}; none are new to all models"
    return Common(pictures.chosen(held), VALIDATION, why, (*told, *remarks))


def _seed(model: Model) -> int:
    """By which it chose its validation pictures."""
    return int(model.facts.get("data", {}).get("seed", 0))


def _source(model: Model) -> str:
    return str(model.facts.get("data", {}).get("source", ""))


def _is_of(model: Model, pictures: Pictures) -> bool:
    """Whether a model was trained on what was at the same place."""
    return bool(_source(model)) and Path(_source(model)).resolve() == Path(pictures.title).resolve()


def _remark(name: str, model: Model, pictures: Pictures) -> str:
    """What a model, which was not trained on just these pictures, may have seen of them."""
    if _is_of(model, pictures):
        return f"{name} was trained on these pictures as they were before, so that some of them flatter it"
    known = f"other pictures ({_source(model)})" if _source(model) else "pictures that it does not tell of"
    return f"{name} was trained on {known}; if some of these were among them, they flatter it"
