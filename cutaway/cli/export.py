"""`cutaway export`: a model as one ONNX file, shown to say the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cutaway.cli.group import Command
from cutaway.errors import InputError

if TYPE_CHECKING:
    from cutaway.model import Model
    from cutaway.pictures import Pictures, Prepared

EXAMPLE = """cutaway export runs/pets-1 --onnx pets.onnx
cutaway export runs/pets-1 --onnx pets-int8.onnx --int8"""


@click.command(cls=Command, example=EXAMPLE)
@click.argument("run")
@click.option("--onnx", "output", metavar="FILE", required=True, help="Where the file goes.")
@click.option("--int8", is_flag=True, help="With products of 8 bits, where that is as good and faster here.")
@click.option("--pictures", "source", metavar="SOURCE", help="What to show it on. Without it: what it was trained on.")
@click.option("--data", metavar="FOLDER", help="Where the files of mnist or fashion-mnist are.")
def command(run: str, output: str, int8: bool, source: str | None, data: str | None) -> None:
    """Write a model as one ONNX file, for any program that runs such files.

    In: `pictures`, uint8 [N, height, width, channels] of any size. Out: `probabilities`, float32 [N, classes].
    Colour, size, scale, net and softmax are inside; the names of the classes are in its metadata (`cutaway.classes`).

    The file is run in ONNX Runtime on the model's own validation pictures and compared with the model; it is not
    written where one guess is another. With --int8, neither where accuracy falls by 0.3 points or more, or where it is
    not at least 1.2 times as fast.
    """
    from cutaway import files
    from cutaway.cli.open import check_free
    from cutaway.model import load
    from cutaway.model.proof import prove

    check_free(Path(output), [run], "--onnx")
    model = load(run)
    pictures = shown_on(model, source, data)
    prepared = read(pictures.validation if len(pictures.validation) else pictures, model)
    content = model.to_onnx()
    said = str(prove(model, content, prepared))
    if int8:
        content, said = smaller(model, content, prepared, pictures)
    files.write(Path(output), content)
    click.echo(f"{output}: {len(content) / 1e6:.1f} MB; {said}")


def shown_on(model: Model, source: str | None, data: str | None) -> Pictures:
    """The pictures to show it on. Raises InputError where there are none."""
    from cutaway import pictures
    from cutaway.errors import CutawayError
    from cutaway.model.origin import source_of

    if source is not None:
        return pictures.read(source, data=data, seed=model.facts.get("data", {}).get("seed", 0), training=False)
    try:
        return source_of(model, data)
    except CutawayError as error:
        raise InputError(f"no pictures to show the file on: {error} (--pictures SOURCE)") from None


def read(pictures: Pictures, model: Model) -> Prepared:
    """Pictures at the model's size."""
    from cutaway.cli.progress import Progress

    with Progress("reading pictures") as progress:
        return pictures.prepared(model.net.preparation, progress)


def smaller(model: Model, content: bytes, prepared: Prepared, pictures: Pictures) -> tuple[bytes, str]:
    """The same with 8 bits, and what that costs and gains. Raises JobError where it is not worth having."""
    from cutaway.model.quantising import CALIBRATED, compared, quantised
    from cutaway.pictures.choice import evenly

    training = pictures.train if len(pictures.train) else pictures
    calibration = read(training.chosen(evenly(len(training), CALIBRATED)), model)
    small = quantised(model, calibration)
    found = compared(model, content, small, prepared)
    found.require_better()
    return small, str(found)
