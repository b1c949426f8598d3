"""The learning rate of each step."""

from __future__ import annotations

import math


def one_cycle(step: int, steps: int, peak: float, warmup: float) -> float:
    """Up to the peak in a straight line, then down along half a cosine (Smith 2017, Loshchilov and Hutter 2017).

    >>> [round(one_cycle(step, 10, 1.0, 0.2), 3) for step in range(10)]
    [0.333, 0.667, 1.0, 0.962, 0.854, 0.691, 0.5, 0.309, 0.146, 0.038]

    `step` counts from 0; no step has a rate of zero.
    """
    rising = round(steps * warmup)
    if step < rising:
        return peak * (step + 1) / (rising + 1)
    return peak * (1 + math.cos(math.pi * (step - rising) / max(1, steps - rising))) / 2
