"""How long the report takes: for the 10,000 test pictures of MNIST, and what it adds to a short training.

Goals: the report in under 10 s on two cores once the predictions are there; under 1.5 s at the end of
`cutaway train digits`, in a file of under 3 MB.

Needs ../shared/data/mnist.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benchmarks.measure import interleaved

CUTAWAY = [sys.executable, "-m", "cutaway"]
MNIST = Path(__file__).resolve().parents[2] / "shared" / "data" / "mnist"
RUNS = 5

WITHOUT = """
import sys
from cutaway.training import judge
judge.concluded = lambda model, *_: (model, [])
from cutaway.cli import main
sys.argv[1:] = {words!r}
main()
"""
"""`cutaway train` as it was without a report."""


def main() -> dict[str, object]:
    """Prints and returns the figures."""
    figures: dict[str, object] = {}

    def say(what: str, values: list[float], unit: str = "s") -> None:
        figures[what] = values
        low, high = min(values), max(values)
        print(f"{what:52} {statistics.median(values):8.3f} {unit}  ({low:.3f} to {high:.3f}, n = {len(values)})")

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for what, values in of_mnist(folder).items():
            say(f"10,000 pictures of MNIST: {what}", values)
        say("10,000 pictures of MNIST: the file", [(folder / "report.html").stat().st_size / 1e6], "MB")
        for what, values in short_trainings(folder).items():
            say(what, values)
    return figures


def of_mnist(folder: Path) -> dict[str, list[float]]:
    """Seconds of each part of a report, after LeNet-5 was trained for an epoch."""
    from cutaway.model import load, tables
    from cutaway.model.assessment import assess
    from cutaway.model.neighbours import nearest
    from cutaway.pictures import read
    from cutaway.views import report

    run = ["train", "mnist", "--data", str(MNIST), "--net", "lenet5", "--epochs", "1", "-o", "lenet5"]
    subprocess.run([*CUTAWAY, *run], cwd=folder, check=True, capture_output=True)
    model, pictures = load(folder / "lenet5"), read("mnist", data=MNIST)
    judged = pictures.test.prepared(model.net.preparation)
    train = pictures.train.prepared(model.net.preparation)
    said = model.predictions(pictures.test, None, judged)
    known = assess("test", said, model.kind)

    def page() -> None:
        subject = report.Subject(model, "lenet5", pictures.test, said, replace(known, nearest=near))
        report.write(subject, folder / "report.html")

    near = nearest(train, judged)
    parts: dict[str, Callable[[], object]] = {
        "figures and temperature": lambda: assess("test", said, model.kind),
        "nearest neighbours": lambda: nearest(train, judged),
        "predictions.csv": lambda: tables.write(said, folder / "predictions.csv"),
        "the page": page,
    }
    seconds: dict[str, list[float]] = {name: [] for name in (*parts, "all after the predictions")}
    for _ in range(RUNS):
        for name, work in parts.items():
            began = time.perf_counter()
            work()
            seconds[name].append(time.perf_counter() - began)
        seconds["all after the predictions"].append(sum(seconds[name][-1] for name in parts))
    return seconds


def short_trainings(folder: Path) -> dict[str, list[float]]:
    """Seconds of a whole command, with the report and without; each into folders of its own, numbered."""
    words = ["train", "digits", "--epochs", "5"]
    times = interleaved(
        {
            "cutaway train digits --epochs 5": [*CUTAWAY, *words],
            "the same without a report": [sys.executable, "-c", WITHOUT.format(words=words)],
        },
        runs=RUNS,
        folder=folder,
    )
    return {what: list(found.seconds) for what, found in times.items()}


if __name__ == "__main__":
    main()
