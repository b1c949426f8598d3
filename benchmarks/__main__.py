"""`python -m benchmarks [NAME]`: prints tables, and writes the figures as JSON beside this file."""

from __future__ import annotations

import importlib
import json
import sys
import time
from pathlib import Path

from benchmarks.measure import machine

NAMES = (
    "startup",
    "training",
    "epoch",
    "tiles",
    "learning",
    "workbook",
    "report",
    "comparison",
    "decoding",
    "photographs",
)


def main() -> None:
    """Runs the benchmarks that are named, or all."""
    chosen = sys.argv[1:] or NAMES
    if unknown := set(chosen) - set(NAMES):
        sys.exit(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(NAMES)}")
    print(machine())
    for name in chosen:
        print(f"\n{name}")
        figures = importlib.import_module(f"benchmarks.{name}").main()
        result = {"machine": machine(), "date": time.strftime("%Y-%m-%d"), "figures": figures}
        folder = Path(__file__).parent / "results"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
