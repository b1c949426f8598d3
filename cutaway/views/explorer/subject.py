"""What is looked at: a net with its weights, and what is known about it, whether it comes as a model or as a trace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cutaway.errors import InputError, ModelError
from cutaway.layers import ANY, Shape
from cutaway.layers.layer import describe
from cutaway.model import Model, outputs
from cutaway.model import epochs as kept
from cutaway.net import INPUT, Net

if TYPE_CHECKING:
    from cutaway.trace import Trace

Weights = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Subject:
    """`of_model(cutaway.load("runs/pets-1"), Path("runs/pets-1"))`."""

    net: Net
    weights: Weights
    classes: tuple[str, ...]
    kind: outputs.Kind
    title: str
    about: tuple[str, ...] = ()
    """Short facts, for people."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What the model itself says of how it was made."""
    folder: Path | None = None
    """The run's folder, where there is one: epochs that it kept can be shown, edited models are saved beside it."""

    @property
    def epoch(self) -> int | None:
        """Which epoch the weights are of, where that is known."""
        return self.facts.get("epoch") or None

    @property
    def epochs(self) -> list[dict[str, Any]]:
        """The figures of the epochs whose weights are kept, oldest first."""
        numbers = set(kept.numbers(self.folder)) if self.folder else set()
        return [epoch for epoch in self.facts.get("epochs", []) if epoch["number"] in numbers]

    @cached_property
    def cost(self) -> int:
        """Multiplications for one prepared picture."""
        return self.net.cost(self.net.preparation.shape).multiplications

    @cached_property
    def size(self) -> int:
        """Bytes of the weights."""
        return sum(value.nbytes for value in self.weights.values())

    def at(self, epoch: int | None) -> Weights:
        """The weights of an epoch; without a number, those that are shown first. Raises ModelError for one not kept."""
        if epoch is None or epoch == self.epoch:
            return self.weights
        return kept.load(self.folder, epoch, self.net) if self.folder else kept.refuse(epoch, [])


def of_model(model: Model, folder: Path | None = None, title: str = "") -> Subject:
    """A model, out of a run's folder or fresh from training. Without a title, the folder or the pictures give one."""
    source = Path(model.facts.get("data", {}).get("source", "")).name
    called = title or (folder.resolve().name if folder else source) or "model"
    about = (*judged(model), parameters(model.net))
    return Subject(model.net, model.weights, model.classes, model.kind, called, about, model.facts, folder)


def of_trace(trace: Trace) -> Subject:
    """The net of a trace, which knows no class names: its outputs are numbered."""
    classes, kind = numbered(trace.net)
    weights = {name: np.asarray(value, np.float32) for name, value in trace.weights.items()}
    return Subject(trace.net, weights, classes, kind, "trace", (parameters(trace.net),))


def numbered(net: Net) -> tuple[tuple[str, ...], outputs.Kind]:
    """Names for the outputs of a net of which only their number is known, and what they mean."""
    shape = net.shapes()[net.output.name]
    count = shape[0] if len(shape) == 1 else 0
    for names in (tuple(map(str, range(many))) for many in (2, count)):
        try:
            return names, outputs.kind(net, names)
        except ModelError:
            continue
    return tuple(map(str, range(count))), "each"


def judged(model: Model) -> list[str]:
    """How good it is, on the pictures that say it best."""
    parts = [part for part in ("test", "validation") if part in model.facts]
    told = [(model.facts[part]["accuracy"], model.facts[part]["count"], part) for part in parts[:1]]
    return [f"{accuracy:.1%} of {count:,} {part} pictures right" for accuracy, count, part in told]


def parameters(net: Net) -> str:
    """`61,706 parameters`."""
    return f"{net.cost().parameters:,} parameters"


def prepared_stage(net: Net) -> str:
    """The name of the stage that is the picture as the net gets it: after grey, colour, resize."""
    leading = net.nodes[: len(net.preparation.layers)]
    return leading[-1].name if leading else INPUT


def check_fit(net: Net, picture: Shape) -> None:
    """Raises InputError where a picture of this shape does not fit the net."""
    wanted, made = net.preparation.shape, net.shapes(picture)[prepared_stage(net)]
    if any(want not in (ANY, have) for want, have in zip(wanted, made, strict=True)):
        raise InputError(f"the picture is {describe(picture)}; this net takes {describe(net.input)}")
