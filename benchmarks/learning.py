"""How well whole commands learn, and how long they take: digits, X or not X, and MNIST where its files are given.

python -m benchmarks learning                              # digits and xs
python -m benchmarks learning --data folder/with/mnist     # MNIST too: 3 epochs of lenet5
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import once_with_memory

SEEDS = 5


def main() -> dict[str, object]:
    """Prints and returns the figures."""
    commands = {
        "digits": ["digits", "--net", "digits"],
        "xs (5x5, the textbook's net)": ["xs", "--net", "x5"],
    }
    seeds = SEEDS
    if "--data" in sys.argv:
        data = Path(sys.argv[sys.argv.index("--data") + 1]).resolve()
        commands = {"mnist, lenet5, 3 epochs": ["mnist", "--net", "lenet5", "--epochs", "3", "--data", str(data)]}
        seeds = 1
    results: dict[str, object] = {}
    for what, arguments in commands.items():
        runs = [trained(arguments, seed) for seed in range(seeds)]
        accuracies, seconds, memory = zip(*runs, strict=True)
        print(
            f"{what:32} held-out accuracy {statistics.median(accuracies):.4f} "
            f"({min(accuracies):.4f} to {max(accuracies):.4f}, n = {seeds} seeds)   "
            f"whole command {statistics.median(seconds):.1f} s ({min(seconds):.1f} to {max(seconds):.1f}), "
            f"{max(memory):.0f} MB"
        )
        results[what] = runs
    return results


def trained(arguments: list[str], seed: int) -> tuple[float, float, float]:
    """Accuracy on pictures that training did not learn from (the test part where there is one), seconds, MB."""
    cutaway = [sys.executable, "-m", "cutaway"]
    source = [arguments[0], *(arguments[arguments.index("--data") :][:2] if "--data" in arguments else [])]
    with tempfile.TemporaryDirectory() as folder:
        seconds, memory = once_with_memory(
            [*cutaway, "train", *arguments, "--seed", str(seed), "-o", "run"], Path(folder)
        )
        evaluate = [*cutaway, "evaluate", "run", *source, "--json"]
        out = subprocess.run(evaluate, cwd=folder, check=True, capture_output=True).stdout
    return float(json.loads(out)["accuracy"]), seconds, memory


if __name__ == "__main__":
    main()
