"""How long a person waits before anything happens: import, help, one cold prediction, the first step of a training.

Goals: `import cutaway` under 0.060 s and `cutaway --help` under 0.2 s beyond what Python itself takes to start;
a cold `cutaway predict` on a small model under 0.6 s, everything counted; the first step of a training under 0.6 s, and
on a computer that has not compiled the native engine yet, under 6 s.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import interleaved

CUTAWAY = [sys.executable, "-m", "cutaway"]

FIRST_STEP = """
from cutaway.pictures import read
from cutaway.training import recipe_for, run, set_up

pictures = read("digits")
next(run(set_up(pictures, "small", recipe_for(len(pictures.train)))))
"""
"""A training up to the end of its first step."""
COLD = """
import os, tempfile
folder = tempfile.TemporaryDirectory()
os.environ["CUTAWAY_CACHE"] = folder.name
"""
"""A cache with nothing in it."""


def main() -> dict[str, object]:
    """Prints and returns the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small_model(folder)
        times = interleaved(
            {
                "python -c pass": [sys.executable, "-c", "pass"],
                "import cutaway": [sys.executable, "-c", "import cutaway"],
                "import numpy": [sys.executable, "-c", "import numpy"],
                "cutaway --help": [*CUTAWAY, "--help"],
                "cutaway predict, cold": [*CUTAWAY, "predict", "digits", "seven.png"],
                "first step of a training": [sys.executable, "-c", FIRST_STEP],
                "the same, nothing compiled": [sys.executable, "-c", COLD + FIRST_STEP],
            },
            folder=folder,
        )
    bare = times["python -c pass"].median
    for what, figure in times.items():
        print(f"{what:28} {figure}   {figure.median - bare:+.3f} s beyond Python's own start")
    return {what: figure.seconds for what, figure in times.items()}


def small_model(folder: Path) -> None:
    """A trained model and a picture to ask it about."""
    command = [*CUTAWAY, "train", "digits", "--net", "digits", "--epochs", "1", "-o", "digits"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    picture = (
        "from PIL import Image; from cutaway.pictures import read; "
        "Image.fromarray(read('digits')[7][..., 0]).save('seven.png')"
    )
    subprocess.run([sys.executable, "-c", picture], cwd=folder, check=True)


if __name__ == "__main__":
    main()
