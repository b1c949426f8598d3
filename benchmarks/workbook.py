"""The workbook: how long it takes to write and to open, and how large it is.

`lenet5` on 28x28 pictures; whole commands from a cold process. LibreOffice opens the file, computes every formula anew
and writes it to another: what a person waits for, and more.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.measure import Times, once
from cutaway.model import Model
from cutaway.net import start, zoo
from tests.spreadsheet import emptied

RUNS = 5
PICTURE = "xs-28[0]"


def main() -> dict[str, Any]:
    """Seconds and bytes."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        net = zoo.net("lenet5")
        Model(net, start(net, 0), tuple("0123456789")).save(folder / "run")
        figures = {}
        for name, more in (("forward", []), ("with gradients", ["--backward"])):
            figures[name] = measured(folder, name, more)
        return figures


def measured(folder: Path, name: str, more: list[str]) -> dict[str, Any]:
    """One kind of workbook, written and opened several times."""
    file = folder / f"{name.partition(' ')[0]}.xlsx"
    command = ["cutaway", "workbook", str(folder / "run"), PICTURE, str(file), *more]
    written = Times(tuple(once(command) for _ in range(RUNS)))
    office = shutil.which("soffice")
    opened = None
    if office:
        options = [f"-env:UserInstallation={(folder / 'office').as_uri()}", "--headless", "--convert-to", "xlsx"]
        empty = emptied(file, file.with_name(f"{file.stem}-emptied.xlsx"), {})
        opening = [office, *options, "--outdir", str(folder / "opened"), str(empty)]
        once(opening)  # its first start makes a profile
        opened = Times(tuple(once(opening) for _ in range(RUNS)))
    size = file.stat().st_size / 1e6
    print(f"  {name:<15} written {written}\n{'':17} opened  {opened}\n{'':17} {size:.2f} MB")
    return {"written": written.median, "opened": opened and statistics.median(opened.seconds), "megabytes": size}
