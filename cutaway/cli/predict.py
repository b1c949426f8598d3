"""`cutaway predict`: what is in pictures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from cutaway.cli.group import Command
from cutaway.cli.words import Share
from cutaway.errors import InputError

if TYPE_CHECKING:
    from cutaway.errors import PictureError
    from cutaway.model import Guesses, Model
    from cutaway.model.model import Picture

EXAMPLE = """cutaway predict runs/pets-1 photo.jpg
cutaway predict mobilenetv2 photo.jpg --top 4
cutaway predict runs/pets-1 holiday/ '*.png' --csv -o guesses.csv
cutaway predict runs/pets-1 - --json --abstain 1% < paths.txt"""

FORMATS = ("csv", "json", "parquet")


@click.command(cls=Command, example=EXAMPLE)
@click.argument("run")
@click.argument("inputs", nargs=-1, required=True, metavar="PICTURE...")
@click.option("--top", type=click.IntRange(1), default=5, show_default=True, help="Name so many classes, best first.")
@click.option("--csv", "form", flag_value="csv", help="A row for each picture: path, status, label, prob, label_2, ...")
@click.option("--json", "form", flag_value="json", help="One object a line: path, status, guesses or reason.")
@click.option("--parquet", "form", flag_value="parquet", help="The rows of --csv as Parquet; goes with -o.")
@click.option("-o", "--output", metavar="FILE", help="Where the rows go. Without it: they are printed.")
@click.option(
    "--abstain",
    type=Share(),
    metavar="ERROR",
    help="Answer only where at most this share of the answers would be wrong, by the validation pictures: 1%.",
)
@click.option("--why", is_flag=True, help="Name the training pictures that are most like each.")
def command(
    run: str,
    inputs: tuple[str, ...],
    top: int,
    form: str | None,
    output: str | None,
    abstain: float | None,
    why: bool,
) -> int:
    """Say what is in pictures: files, folders, patterns such as '*.jpg', or one of a set, as 'digits[17]'; `-` reads
    paths from standard input, one a line.

    RUN is a model folder, the name of a net with published weights, or a file of such weights. There is one line for
    each picture, in the order given; one that cannot be read has a line that says why. The exit code is 0, unless none
    could be read: then it is 1.
    """
    from cutaway.cli.inputs import streamed
    from cutaway.cli.rows import Answer, writer
    from cutaway.errors import PictureError
    from cutaway.model import abstaining, load

    if "" in inputs:  # of a shell's variable that is not set; as a path it would be the current folder
        raise InputError("an empty name was given where a picture should be; give a file, a folder or a pattern")
    if output and not form:
        form = next((known for known in FORMATS if output.lower().endswith(f".{known}")), None)
        if form is None:
            raise InputError(f"{output}: say what is written, with --csv, --json or --parquet, or by the file's ending")
    model, named = load(run), streamed(inputs)
    threshold = None if abstain is None else abstaining.threshold(model.facts.get(abstaining.FACT, []), abstain)
    if why and model.seen is None:
        raise InputError(f"{run} keeps no training pictures to compare with; train it again, or ask explain --why")
    if threshold:
        click.echo(str(threshold), err=True)
    read = 0
    with writer(form, output, inputs, min(top, len(model.classes)), why=why) as write:
        for name, said in said_of(model, named, top):
            read += not isinstance(said, PictureError)
            write(Answer.of(name, said, threshold))
    return 0 if read else 1


def said_of(
    model: Model, named: Iterator[tuple[str, Picture]], top: int
) -> Iterator[tuple[str, Guesses | PictureError]]:
    """Each picture's name, with what is said of it."""
    from collections import deque

    names: deque[str] = deque()

    def pictures() -> Iterator[Picture]:
        for name, picture in named:
            names.append(name)
            yield picture

    for said in model.guesses(pictures(), top):
        yield names.popleft(), said
