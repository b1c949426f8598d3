"""What to do with a net and pictures: everything that decides a training run, as data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any

from cutaway.augmentation import Augmentation
from cutaway.errors import InputError
from cutaway.layers.words import nearest
from cutaway.optimisers import OPTIMISERS, Optimiser

RATES = {"sgd": 0.05, "adamw": 0.003, "muon": 0.02}
"""The usual peak learning rate of each optimiser."""
RATES_OF_FEW = {"sgd": 0.2, "adamw": 0.05, "muon": 0.05}
"""The same for nets of fewer than `FEW` weights, each of which has to move far."""
FEW = 1000


@dataclass(frozen=True)
class Recipe:
    """`Recipe(epochs=5, optimiser="sgd", rate=0.1)`: frozen, and saved with the model."""

    epochs: int = 10
    """How often every training picture is seen."""
    batch: int = 64
    """Pictures per step."""
    optimiser: str = "adamw"
    """`adamw`, `sgd` (with Nesterov momentum) or `muon`."""
    rate: float | None = None
    """The peak learning rate; None is the optimiser's usual one for the net (`usual_rate`)."""
    momentum: float = 0.9
    """Of SGD's and Muon's velocity, or of AdamW's mean gradient."""
    decay: float | None = None
    """Weight decay of kernels and dense weights; None is the optimiser's usual one."""
    warmup: float = 0.2
    """The share of all steps in which the rate rises to its peak; then it falls to zero (one cycle)."""
    smoothing: float = 0.0
    """Label smoothing: this share of each target is spread evenly over all classes (Szegedy et al. 2016)."""
    flip: bool | None = False
    """Mirror half of the pictures, left to right; None: where that does not change what they show (`suiting`)."""
    shift: int = 0
    """Move each picture by up to this many pixels, up, down, left and right."""
    rotate: float = 0.0
    """Turn each by up to so many degrees, clockwise and back."""
    scale: float = 0.0
    """Enlarge each by up to this share, or shrink it by as much."""
    brightness: float = 0.0
    """Brighten or darken each by up to this share of white."""
    contrast: float = 0.0
    """Move values away from the middle grey or towards it, by up to this share."""
    balance: bool | None = None
    """See all classes equally often; None: where one has more than twice the pictures of another."""
    until: float | None = None
    """Stop at the end of the first epoch whose validation accuracy is at least this, 0 to 1."""
    seed: int = 0
    """Decides starting weights, order, augmentation and dropout."""

    def __post_init__(self) -> None:
        if self.optimiser not in OPTIMISERS:
            raise InputError(
                f"there is no optimiser {self.optimiser!r}{nearest(self.optimiser, list(OPTIMISERS))}; "
                f"known: {', '.join(OPTIMISERS)}"
            )
        for name, (least, most) in LIMITS.items():
            value: Any = getattr(self, name)
            if value is None and name in OPEN:
                continue
            kind, plain = (Integral, int) if name in WHOLE else (Real, float)
            if not isinstance(value, kind) or not least <= plain(getattr(self, name)) <= most:
                what = "a whole number" if kind is Integral else "a number"
                raise InputError(f"{name} is {value!r}; it can be {what} from {least:g} to {most:g}")
            object.__setattr__(self, name, plain(getattr(self, name)))  # NumPy's numbers cannot become JSON
        for name in ("flip", "balance"):
            if not isinstance(getattr(self, name), bool | None):
                raise InputError(f"{name} is {getattr(self, name)!r}; it can be True, False or None")

    def augmentation(self) -> Augmentation:
        """What is done to the pictures, drawn anew for each and in each epoch."""
        return Augmentation(bool(self.flip), self.shift, self.rotate, self.scale, self.brightness, self.contrast)

    def rule(self) -> Optimiser:
        """The optimiser with its settings."""
        settings: dict[str, Any] = {"momentum": self.momentum}
        if self.decay is not None:
            settings["decay"] = self.decay
        return OPTIMISERS[self.optimiser](**settings)


LIMITS: dict[str, tuple[float, float]] = {
    "epochs": (1, 1e6),
    "batch": (1, 1e6),
    "rate": (0, 1e3),
    "momentum": (0, 0.9999),
    "decay": (0, 1e3),
    "warmup": (0, 1),
    "smoothing": (0, 0.9),
    "shift": (0, 1e4),
    "rotate": (0, 180),
    "scale": (0, 1),
    "brightness": (0, 1),
    "contrast": (0, 1),
    "until": (0, 1),
    "seed": (0, 2**63 - 1),
}
"""From which number to which each setting can be."""
WHOLE = {"epochs", "batch", "shift", "seed"}
OPEN = {"rate", "decay", "until"}
"""These may be None."""


def usual_rate(optimiser: str, parameters: int) -> float:
    """The peak learning rate that suits most nets with so many weights.

    >>> usual_rate("adamw", 29), usual_rate("adamw", 61_706)
    (0.05, 0.003)
    """
    return (RATES_OF_FEW if parameters < FEW else RATES)[optimiser]


def finetuning(count: int, **settings: Any) -> Recipe:
    """A recipe for weights that are good already: a few epochs at a rate that moves them little."""
    gentle = Recipe(epochs=5, batch=16, optimiser="adamw", rate=1e-4, flip=None, shift=8)
    return replace(gentle, **settings)


PHOTOGRAPHS = 48
"""Pixels a side of the net's input from which pictures are taken for photographs."""
STEPS = 1000
"""Steps that a run should take in all, where that is 5 to 40 epochs: enough for a small net, minutes on any engine."""


def recipe_for(count: int, side: int = 0, **settings: Any) -> Recipe:
    """A recipe for a number of training pictures: few pictures are seen more often, in smaller batches.

    >>> recipe_for(350).epochs, recipe_for(1437).epochs, recipe_for(48_000).epochs
    (40, 22, 5)

    Pictures of at least `PHOTOGRAPHS` pixels a side are changed a little each time, and seen twice as often: they are
    taken for photographs, which small digits are not.

    >>> recipe_for(350, side=64).shift, recipe_for(350, side=64).epochs
    (4, 60)
    """
    batch = 32 if count < 10_000 else 64
    if side < PHOTOGRAPHS:
        epochs = min(40, max(5, round(STEPS * batch / max(1, count))))
        return replace(Recipe(epochs=epochs, batch=batch), **settings)
    epochs = min(60, max(8, round(2 * STEPS * batch / max(1, count))))
    changed = Recipe(epochs=epochs, batch=batch, flip=None, shift=side // 16, rotate=10, scale=0.15, brightness=0.1)
    return replace(changed, **settings)
