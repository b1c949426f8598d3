"""`cutaway cache`: what is kept on this computer to save time, how much room it takes, and how to be rid of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import click

from cutaway.cli.group import Command

KINDS = {
    "pictures": "decoded pictures, at the sizes of nets",
    "code": "compiled code of the native engine",
    "sets": "downloaded sets of pictures",
    "features": "what pretrained nets made of pictures",
    "backbones": "pretrained nets, ready to predict",
    "inspected": "what photographs are, for the check and the split",
}
"""What is kept. Each is made or fetched again when it is next needed."""
FOLDERS = {
    "features": ("*/*.safetensors",),
    "backbones": (
        *("*/*.safetensors", "*/config.json", "*/metrics.*", "*/classes.txt", "*/README.md"),
        *("*/model.onnx", "*/SHA256SUMS"),
    ),
    "inspected": ("*.jsonl",),
}
"""Those with a folder of their own, and what is in it: nothing else is removed there."""


@click.command(cls=Command, example="cutaway cache\ncutaway cache --clear")
@click.option(
    "--clear",
    type=click.Choice([*KINDS, "all"]),
    is_flag=False,
    flag_value="pictures",
    help="Remove the decoded pictures; or another kind, or all. Weights that you put there stay.",
)
def command(clear: str | None) -> None:
    """Say what is kept on this computer to save time: decoded pictures, compiled code, downloaded sets."""
    from cutaway.errors import JobError

    if clear is None:
        click.echo(about())
        return
    try:
        freed = {kind: cleared(kind) for kind in (KINDS if clear == "all" else [clear])}
    except OSError as error:
        raise JobError(f"cannot clear {error.filename or 'the cache'}: {error.strerror or error}") from None
    click.echo(told(freed))


def about() -> str:
    """All there is, in a table."""
    from cutaway import files
    from cutaway.cli.table import columns
    from cutaway.pictures import cache
    from cutaway.wording import memory

    rows = [*pictures(), *others()]
    most = cache.limit()
    bound = f"decoded pictures take {memory(most)} at most" if most else "no decoded pictures are kept"
    table = columns(rows, right=[2]) if rows else "nothing is kept"
    return f"{files.cache()}\n{table}\n{bound} (set by {cache.LIMIT})"


def pictures() -> Iterator[tuple[str, str, str, str]]:
    """A row for each preparation, the last used first."""
    from cutaway.pictures import cache
    from cutaway.wording import memory

    for kept in cache.stored():
        size = "x".join(map(str, kept.shape))
        what = f"{kept.pictures:,} of {size}: {kept.preparation or 'as they are'}"
        yield "pictures", what, memory(kept.size), f"used {day(kept.used)}"


def others() -> Iterator[tuple[str, str, str, str]]:
    """A row for the compiled code, and one for each set."""
    from cutaway.wording import memory

    if code := compiled():
        files = f"{len(code)} file{'s' * (len(code) != 1)}"
        yield "code", files, memory(size(code)), f"made {day(max(path.stat().st_mtime for path in code))}"
    for name, own in downloaded().items():
        yield "sets", name, memory(size(own)), f"fetched {day(max(path.stat().st_mtime for path in own))}"
    for kind in FOLDERS:
        if own := inside(kind):
            files = f"{len(own)} file{'s' * (len(own) != 1)}"
            yield kind, files, memory(size(own)), f"made {day(max(path.stat().st_mtime for path in own))}"


def cleared(kind: str) -> int:
    """Removes all of a kind; how many bytes that were."""
    from cutaway.pictures import cache

    if kind == "pictures":
        return cache.clear()
    if kind in FOLDERS:
        paths = inside(kind)
    else:
        paths = compiled() if kind == "code" else [path for own in downloaded().values() for path in own]
    freed = size(paths)
    for path in paths:
        path.unlink(missing_ok=True)
    return freed


def inside(kind: str) -> list[Path]:
    """The files of a kind that has a folder of its own, by the endings that they have there."""
    from cutaway import files

    place = files.cache() / kind
    return sorted(path for pattern in FOLDERS[kind] for path in place.glob(pattern) if path.is_file())


def compiled() -> list[Path]:
    """The files of compiled code."""
    from cutaway.engines.native import cache

    return sorted(cache.folder().glob("*.o"))


def downloaded() -> dict[str, list[Path]]:
    """The files of each set that is there."""
    from cutaway import files
    from cutaway.pictures.downloads import SETS

    there = {name: [files.cache() / name / file.name for file in known.files] for name, known in SETS.items()}
    own = {name: [path for path in paths if path.exists()] for name, paths in there.items()}
    return {name: paths for name, paths in own.items() if paths}


def size(paths: list[Path]) -> int:
    """Bytes of files."""
    return sum(path.stat().st_size for path in paths)


def day(seconds: float) -> str:
    """A time as a day and a minute, where the computer is."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


def told(freed: dict[str, int]) -> str:
    """What was removed, a line for each kind."""
    from cutaway.wording import memory

    return "\n".join(
        f"removed {KINDS[kind]}: {memory(count)}" if count else f"nothing to remove: {KINDS[kind]}"
        for kind, count in freed.items()
    )
