"""Timing whole commands, in turn, so that a machine whose speed drifts is fair to all of them."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Times:
    """Wall-clock seconds of one command over several runs."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The figure to quote."""
        return statistics.median(self.seconds)

    def __str__(self) -> str:
        return f"{self.median:8.3f} s  ({min(self.seconds):.3f} to {max(self.seconds):.3f}, n = {len(self.seconds)})"


def interleaved(commands: Mapping[str, Sequence[str]], runs: int = 10, folder: Path | None = None) -> dict[str, Times]:
    """Each command once unmeasured, then all in turn, `runs` times. Raises where one fails."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(runs + 1):
        for name, command in commands.items():
            taken = once(command, folder)
            if number:
                seconds[name].append(taken)
    return {name: Times(tuple(values)) for name, values in seconds.items()}


def once(command: Sequence[str], folder: Path | None = None) -> float:
    """Seconds from start to end of one command. Raises where it fails."""
    return once_with_memory(command, folder)[0]


def once_with_memory(command: Sequence[str], folder: Path | None = None) -> tuple[float, float]:
    """Seconds from start to end of one command, and the most memory that it held, in MB (Linux)."""
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise subprocess.CalledProcessError(os.waitstatus_to_exitcode(status), command)
    return time.perf_counter() - began, usage.ru_maxrss / 1000


def machine() -> str:
    """What was measured on, in one line."""
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"
