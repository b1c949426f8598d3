"""What people write on the command line: shares, sizes, shapes."""

from __future__ import annotations

import re
from typing import Any

import click


class Share(click.ParamType):  # type: ignore[type-arg]  # has an argument since click 8.4
    """`99%` or `0.99`."""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        match = re.fullmatch(r"(\d+\.?\d*|\.\d+)(%?)", value.strip())
        share = float(match[1]) / (100 if match[2] else 1) if match else -1
        if not 0 < share <= 1:
            self.fail(f"{value!r} is not a share; write 99% or 0.99", param, ctx)
        return share


class Sizes(click.ParamType):  # type: ignore[type-arg]  # has an argument since click 8.4
    """Whole numbers with an x between: `64x64` or `28x28x1`. One number alone stands for height and width."""

    def __init__(self, count: int, example: str) -> None:
        self.count, self.example = count, example
        self.name = example

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        numbers = tuple(map(int, value.split("x"))) if re.fullmatch(r"[1-9]\d{0,4}(x[1-9]\d{0,4})*", value) else ()
        if len(numbers) == 1 and self.count == 2:
            numbers *= 2
        if len(numbers) != self.count:
            self.fail(f"{value!r} is not a size; write it as {self.example}", param, ctx)
        return numbers
