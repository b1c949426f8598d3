"""How long a person waits before anything happens: import, help, one cold prediction.

Goals: `import cutaway` under 0.060 s and `cutaway --help` under 0.2 s beyond what Python itself takes to start;
a cold `cutaway predict` on a small model under 0.6 s, everything counted.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import interleaved

CUTAWAY = [sys.executable, "-m", "cutaway"]


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
            },
            folder=folder,
        )
    bare = times["python -c pass"].median
    for what, figure in times.items():
        print(f"{what:24} {figure}   {figure.median - bare:+.3f} s beyond Python's own start")
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
