"""Writing one working as a figure, for `cutaway explain`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cutaway.cli.open import check_free
from cutaway.errors import InputError

if TYPE_CHECKING:
    from cutaway.trace import CellWorking


def check(svg: str | None, html: str | None, picture: str) -> None:
    """Raises InputError where a figure should not be written to a file that is named."""
    for option, name, ends in (("--svg", svg, (".svg",)), ("--html", html, (".html", ".htm"))):
        if name is None:
            continue
        file = Path(name)
        if file.suffix.lower() not in ends:
            raise InputError(f"{file}: {option} writes what ends in {ends[0]}; write it to {file.name}{ends[0]}")
        check_free(file, [picture], option)


def write(cell: CellWorking, svg: str | None, html: str | None, *, everything: bool) -> None:
    """Writes the files that are named, and says so."""
    from cutaway import files
    from cutaway.views import figure
    from cutaway.wording import memory

    for name, made in ((svg, figure.svg), (html, figure.page)):
        if name is not None:
            text = made(cell, everything=everything)
            files.write(Path(name), text)
            click.echo(f"\n{name}: {memory(len(text.encode()))}, the figure of {cell.address}")
