"""`cutaway predict`: what is in pictures."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from cutaway.cli.group import Command

if TYPE_CHECKING:
    from cutaway.errors import PictureError
    from cutaway.model import Guesses

EXAMPLE = """cutaway predict runs/pets-1 photo.jpg
cutaway predict runs/pets-1 holiday/ '*.png' --top 3 --json > guesses.jsonl"""

WIDEST = 50
"""Characters up to which the guesses stand below each other."""


@click.command(cls=Command, example=EXAMPLE)
@click.argument("run")
@click.argument("inputs", nargs=-1, required=True, metavar="PICTURE...")
@click.option("--top", type=click.IntRange(1), default=5, show_default=True, help="Name so many classes, best first.")
@click.option("--json", "as_json", is_flag=True, help="One object a line: path, status, guesses or reason.")
def command(run: str, inputs: tuple[str, ...], top: int, as_json: bool) -> int:
    """Say what is in pictures: files, folders, patterns such as '*.jpg', or one of a set, as 'digits[17]'.

    RUN is a model folder. There is one line for each picture, in the order given; one that cannot be read has a line
    that says why. The exit code is 0, unless none could be read: then it is 1.
    """
    from cutaway.cli.inputs import named
    from cutaway.errors import PictureError
    from cutaway.model import load

    model = load(run)
    pictures = named(inputs)
    width = min(WIDEST, max(len(name) for name, _ in pictures))
    read = 0
    for (name, _), said in zip(pictures, model.guesses((picture for _, picture in pictures), top), strict=True):
        read += not isinstance(said, PictureError)
        click.echo(json.dumps(record(name, said)) if as_json else row(name, said, width))
    return 0 if read else 1


def record(name: str, said: Guesses | PictureError) -> dict[str, Any]:
    """What `--json` says of one picture."""
    if isinstance(said, Exception):
        return {"path": name, "status": "unreadable", "reason": said.reason}
    guesses = [{"label": guess.label, "prob": guess.prob} for guess in said]
    return {"path": name, "status": "ok", "guesses": guesses}


def row(name: str, said: Guesses | PictureError, width: int) -> str:
    """The same as a line for people."""
    from cutaway.model.names import escaped
    from cutaway.wording import one_line

    what = f"unreadable: {one_line(said.reason)}" if isinstance(said, Exception) else "  ".join(map(str, said))
    return f"{escaped(name):<{width}}  {what}"
