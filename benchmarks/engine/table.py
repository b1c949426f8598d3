"""What came out, for people: one block for each net and batch while it runs, and all in one table at the end."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from benchmarks.engine.contenders import Contender


@dataclass(frozen=True)
class Result:
    """One net at one size of batch: a rate for each contender and round."""

    case: str
    batch: int
    flops: float
    """For one picture."""
    rates: dict[Contender, list[float]] = field(default_factory=dict)
    """Pictures per second. Contenders that failed are not in it."""
    peaks: dict[str, list[float]] = field(default_factory=dict)
    """Billions of operations per second, by precision, measured before each round."""
    failures: dict[str, str] = field(default_factory=dict)

    def best(self, *of: Callable[[Contender], bool]) -> tuple[Contender, float] | None:
        """The fastest of those for which all holds, by its median."""
        medians = {c: statistics.median(r) for c, r in self.rates.items() if all(holds(c) for holds in of)}
        return max(medians.items(), key=lambda item: item[1], default=None)

    def share(self, contender: Contender) -> float:
        """Of the peak of its precision."""
        rate, peak = statistics.median(self.rates[contender]), statistics.median(self.peaks[contender.precision])
        return rate * self.flops / 1e9 / peak


def ours(contender: Contender) -> bool:
    return contender.ours


def theirs(contender: Contender) -> bool:
    return not contender.ours


def exact(contender: Contender) -> bool:
    return contender.precision == "float32"


def coarse(contender: Contender) -> bool:
    return contender.precision == "bf16"


def torch(contender: Contender) -> bool:
    return contender.program == "torch"


def block(result: Result) -> str:
    """Every contender with its median, its spread, and its share of the peak."""
    peaks = ", ".join(f"{name} {statistics.median(values):,.0f} GF/s" for name, values in result.peaks.items())
    lines = [f"{result.case}, batch {result.batch}: {result.flops / 1e6:,.1f} MFLOP a picture; peak {peaks}"]
    for contender, rates in result.rates.items():
        spread = f"({min(rates):,.0f} to {max(rates):,.0f}, n = {len(rates)})"
        share = f"{result.share(contender):4.0%} of {contender.precision} peak"
        lines.append(f"  {contender.name:24} {statistics.median(rates):12,.0f} pictures/s  {share}  {spread}")
    lines += [f"  {name:24} {why}" for name, why in result.failures.items()]
    return "\n".join(lines)


HEADINGS = ("case", "batch", "ours float32", "peak", "ours bf16", "peak", "best float32 peer", "best peer")
RATIOS = ("best/best", "f32/f32", "best/torch bf16")


def summary(results: Iterable[Result]) -> str:
    """One line for each net and batch, and what its ratios mean."""
    rows = [(*HEADINGS, *RATIOS), *(row(result) for result in results)]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(r, widths, strict=True)))
        for r in rows
    ]
    return "\n".join(
        [
            *lines,
            "best/best: our better precision over the best peer of any; f32/f32: both in float32; best/torch bf16: our",
            "better precision over the best PyTorch in bfloat16. Medians over rounds.",
        ]
    )


def row(result: Result) -> tuple[str, ...]:
    """The cells of one line; `-` where there is nothing to say."""
    best, peer = result.best(ours), result.best(theirs)
    ours32, peer32 = result.best(ours, exact), result.best(theirs, exact)
    return (
        result.case,
        str(result.batch),
        *rate_and_share(result, ours32),
        *rate_and_share(result, result.best(ours, coarse)),
        named(peer32),
        named(peer),
        ratio(best, peer),
        ratio(ours32, peer32),
        ratio(best, result.best(torch, coarse)),
    )


def rate_and_share(result: Result, found: tuple[Contender, float] | None) -> tuple[str, str]:
    return (f"{found[1]:,.0f}", f"{result.share(found[0]):.0%}") if found else ("-", "-")


def named(found: tuple[Contender, float] | None) -> str:
    return f"{found[0].name} {found[1]:,.0f}" if found else "-"


def ratio(one: tuple[Contender, float] | None, other: tuple[Contender, float] | None) -> str:
    return f"{one[1] / other[1]:.2f}" if one and other else "-"
