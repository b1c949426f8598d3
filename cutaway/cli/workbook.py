"""`cutaway workbook`: every number of one picture, as a spreadsheet with live formulas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cutaway.cli.group import Command

EXAMPLE = """cutaway workbook runs/digits-1 seven.png seven.xlsx
cutaway workbook runs/digits-1 'digits[17]' seven.xlsx --backward
cutaway workbook runs/pets-1 photo.jpg cell.xlsx --crop 'maxpool2[3, 4, 1]'"""


@click.command(cls=Command, example=EXAMPLE)
@click.argument("run")
@click.argument("picture")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--label", metavar="CLASS", help="The true class, for the loss. Without it: what is known, or the guess.")
@click.option("--crop", metavar="CELL", help="Only what a cell depends on: 'pool2[row, column, channel]'.")
@click.option("--single-sheet", is_flag=True, help="All layers on one sheet, for small nets.")
@click.option("--backward", is_flag=True, help="The gradient of the loss for every weight, as formulas too.")
def command(
    run: str, picture: str, file: Path, label: str | None, crop: str | None, single_sheet: bool, backward: bool
) -> None:
    """Write every number that one picture causes as an Excel workbook.

    RUN is a model folder; PICTURE a file, or one of a set, as 'digits[17]'; FILE is written. In it, pixels, weights and
    biases are typed numbers, and all others are formulas over those they came from, down to the probabilities and the
    loss: change one, and the rest follows. Excel, LibreOffice and others open it.
    """
    from cutaway.cli.inputs import class_of, of_a_set
    from cutaway.cli.open import check_free
    from cutaway.model import load
    from cutaway.model.names import escaped
    from cutaway.views import workbook
    from cutaway.wording import memory

    workbook.check(file)
    check_free(file, [picture], "FILE")
    model = load(run)
    found = of_a_set(picture)
    trace = model.trace(picture if found is None else found)
    known = class_of(picture)
    label = label or (known if known in model.classes else None)
    size = workbook.measured(trace, crop=crop, backward=backward)
    click.echo(f"{size}; at most {workbook.CELLS:,} cells")
    what = f"all that {crop} depends on" if crop else "every number"
    title = f"{escaped(Path(run).name)} on {escaped(Path(picture).name)}: {what}, live"
    settings: dict[str, Any] = {"crop": crop, "single_sheet": single_sheet, "backward": backward}
    workbook.write(trace, file, classes=model.classes, label=label, title=title, **settings)
    click.echo(f"{file}: {memory(file.stat().st_size)}; start on its first sheet")
