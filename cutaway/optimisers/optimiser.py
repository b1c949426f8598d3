"""What all optimisers share: groups of weights, clipped gradients, averages. A rule says how one weight moves."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from fnmatch import fnmatchcase
from typing import ClassVar, NamedTuple

import numpy as np

from cutaway.errors import InputError
from cutaway.layers.layer import Array, Parameter, Weights
from cutaway.wording import first, nearest

NAMED = 6
"""So many weights are named where a pattern fits none."""


@dataclass(frozen=True)
class Group:
    """Weights that move in their own way: `Group("conv1.*", rate=0.1)`, `Group("*.kernel", decay=0)`."""

    pattern: str
    """Of the weight's full name: `*` is any letters, `?` any letter, `[12]` one of them; capitals count."""
    rate: float = 1.0
    """Times the learning rate; 0 freezes."""
    decay: float | None = None
    """Instead of the rule's; for kernels and dense weights, as that is."""

    def __post_init__(self) -> None:
        for what, value in (("rate", self.rate), ("decay", self.decay)):
            if value is not None and not 0 <= value < float("inf"):
                raise InputError(f"the {what} of the group {self.pattern!r} is {value!r}; it can be a number from 0")


class Settings(NamedTuple):
    """What an optimiser makes of one weight."""

    rate: float
    """Times the learning rate of the step."""
    decay: float
    """Its weight decay; 0 where there is none."""


class Moment(NamedTuple):
    """What a rule is told of one step of one weight."""

    rate: float
    """The learning rate, times the weight's own factor."""
    decay: float
    step: int
    """From 1; of rules that count their steps."""


@dataclass(frozen=True)
class Optimiser(ABC):
    """One rule: `Sgd(momentum=0.8, clip=1.0, average=0.999, groups=(Group("conv1.*", rate=0),))`.

    `state` holds what it remembers between steps, by name; all arrays are changed in place. A step at the rate r:

        g = min(1, clip / |g|) g                            |g|: of all gradients together
        w, memory = the rule(w, g, memory; r x settings.rate, settings.decay)
        a = a + (1 - d) (w - a),  d = min(average, (1 + t) / (10 + t))                  at step t = 1, 2, ...
    """

    name: ClassVar[str]
    counts: ClassVar[bool] = False
    """Whether the rule needs to know the number of the step."""

    _: KW_ONLY
    clip: float | None = None
    """The longest that all gradients together may be; longer ones are scaled down to it (Pascanu et al. 2013).

    The length is the root of the sum of all squares, added up in float64, over every weight that is trained; frozen
    ones count too.
    """
    average: float = 0.0
    """How slowly the average of each trained weight follows it, 0 to 1 (Polyak and Juditsky 1992); 0 keeps none.

    0.999 is as good as the mean of the last thousand steps. Averages start at the starting weights, and early ones
    follow faster, so that little is left of that start: the rule of TensorFlow's ExponentialMovingAverage, counting
    steps from 1. What a norm measures (its mean and variance) is not averaged again.
    """
    groups: tuple[Group, ...] = ()
    """Which weights have a rate or decay of their own; the first group that fits a weight counts."""

    def __post_init__(self) -> None:
        if self.clip is not None and not self.clip > 0:
            raise InputError(f"clip is {self.clip!r}; it can be a number above 0, or None")
        if not 0 <= self.average < 1:
            raise InputError(f"average is {self.average!r}; it can be a number from 0 to below 1")

    # --- the rule ---------------------------------------------------------------------------------

    @property
    @abstractmethod
    def decay(self) -> float:
        """Weight decay: of kernels and dense weights, where no group says otherwise."""

    @abstractmethod
    def memories(self, parameter: Parameter) -> tuple[str, ...]:
        """What it remembers of a weight: names of arrays of the weight's shape, zeros before the first step."""

    @abstractmethod
    def move(self, w: Array, g: Array, memory: Mapping[str, Array], parameter: Parameter, at: Moment) -> None:
        """Moves one weight against its gradient, and what is remembered of it, in place."""

    def factor(self, parameter: Parameter) -> float:
        """Times the learning rate: the rule's own way with a kind of weight, beside that of the groups."""
        return 1.0

    def whole(self, parameter: Parameter) -> bool:
        """Whether the gradient of one number of this array moves all of its numbers, not that one alone."""
        return False

    # --- what surrounds it ------------------------------------------------------------------------

    def settings(self, name: str, parameter: Parameter) -> Settings:
        """The rate factor and decay of one weight: what its group says, and the rule."""
        group = next((one for one in self.groups if fnmatchcase(name, one.pattern)), Group(name))
        decay = self.decay if group.decay is None else group.decay
        return Settings(self.factor(parameter) * group.rate, decay if parameter.decayed else 0.0)

    def check(self, parameters: Mapping[str, Parameter]) -> None:
        """Raises InputError where a group's pattern fits none of the trained weights. Every trainer asks, once."""
        names = [name for name, parameter in parameters.items() if parameter.trained]
        for group in self.groups:
            if not any(fnmatchcase(name, group.pattern) for name in names):
                raise InputError(
                    f"the pattern {group.pattern!r} fits no weight{nearest(group.pattern.replace('*', ''), names)}; "
                    f"there are {first(names, NAMED)}"
                )

    def state(self, weights: Weights, parameters: Mapping[str, Parameter]) -> dict[str, Array]:
        """What it remembers before the first step: `MEMORY.NAME` zeros, `average.NAME` the weights, `steps` 0."""
        state: dict[str, Array] = {
            f"{memory}.{name}": np.zeros_like(w)
            for name, w in weights.items()
            for memory in self.memories(parameters[name])
        }
        if self.average:
            state |= {f"average.{name}": w.copy() for name, w in weights.items()}
        return state | ({"steps": np.zeros(1, np.int64)} if self.average or self.counts else {})

    def step(
        self,
        weights: Mapping[str, Array],
        gradients: Weights,
        state: Mapping[str, Array],
        parameters: Mapping[str, Parameter],
        rate: float,
    ) -> None:
        """Moves every weight that has a gradient. `rate` is the learning rate of this step."""
        step = counted(state)
        for name, g in clipped(gradients, self.clip).items():
            parameter = parameters[name]
            factor, decay = self.settings(name, parameter)
            memory = {memory: state[f"{memory}.{name}"] for memory in self.memories(parameter)}
            self.move(weights[name], g, memory, parameter, Moment(rate * factor, decay, step))
            if self.average:
                follow(state[f"average.{name}"], weights[name], self.average, step)

    def averaged(self, weights: Weights, state: Mapping[str, Array]) -> dict[str, Array]:
        """The weights to judge and keep, copied: the averages; the weights as they are where there is none."""
        return {name: state.get(f"average.{name}", w).copy() for name, w in weights.items()}


def length(arrays: Iterable[Array]) -> float:
    """The root of the sum of all squares, in float64.

    >>> length([np.array([3.0], np.float32), np.array([[0.0, 4.0]], np.float32)])
    5.0
    """
    return float(np.sqrt(sum(float(np.square(array, dtype=np.float64).sum()) for array in arrays)))


def clipped(gradients: Weights, most: float | None) -> Weights:
    """The gradients, all scaled down alike where together they are longer than `most`.

    >>> clipped({"weight": np.array([3.0, 0.0]), "bias": np.array([4.0])}, 2.5)
    {'weight': array([1.5, 0. ]), 'bias': array([2.])}
    """
    if most is None or (size := length(gradients.values())) <= most:
        return gradients
    return {name: g * g.dtype.type(most / size) for name, g in gradients.items()}


def counted(state: Mapping[str, Array]) -> int:
    """The number of the step that begins, from 1; 0 where steps are not counted."""
    if "steps" not in state:
        return 0
    state["steps"][...] += 1
    return int(state["steps"][0])


def follow(average: Array, w: Array, slowness: float, step: int) -> None:
    """Moves an average towards its weight: by 9/11 of the way at the first step, less and less from there.

    >>> average = np.array([0.0])
    >>> follow(average, np.array([11.0]), 0.999, step=1)
    >>> average
    array([9.])
    """
    share = 1 - min(slowness, (1 + step) / (10 + step))
    average += average.dtype.type(share) * (w - average)
