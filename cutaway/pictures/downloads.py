"""Well-known files that are fetched once, checked, and kept in the user's cache."""

import hashlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cutaway import files
from cutaway.errors import JobError

TIMEOUT = 30
"""Seconds without an answer before a download is given up."""


@dataclass(frozen=True)
class File:
    """One file of a set, with the only content that is accepted."""

    name: str
    size: int  # bytes
    sha256: str


@dataclass(frozen=True)
class Download:
    """A set: where its files are, and which."""

    url: str
    files: tuple[File, ...]


def _download_of(url: str, table: str) -> Download:
    """From a table of names, sizes in bytes and SHA-256."""
    lines = (line.split() for line in table.strip().splitlines())
    return Download(url, tuple(File(name, int(size), sha256) for name, size, sha256 in lines))


SETS = {
    "mnist": _download_of(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        """
        train-images-idx3-ubyte.gz  9912422 440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609
        train-labels-idx1-ubyte.gz    28881 3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c
        t10k-images-idx3-ubyte.gz  1648877 8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6
        t10k-labels-idx1-ubyte.gz     4542 f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6
        """,
    ),
    "fashion-mnist": _download_of(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        """
        train-images-idx3-ubyte.gz 26421880 3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84
        train-labels-idx1-ubyte.gz    29515 a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845
        t10k-images-idx3-ubyte.gz  4422102 346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073
        t10k-labels-idx1-ubyte.gz     5148 67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5
        """,
    ),
}
"""The sets that are fetched by name."""


def to_terminal(line: str) -> None:
    """Tell the person, beside what the program prints."""
    print(line, file=sys.stderr, flush=True)


def fetched(name: str, say: Callable[[str], None] = to_terminal) -> Path:
    """The folder with the files of a set, downloaded where they are not there yet.

    >>> fetched("mnist")                                            # doctest: +SKIP
    PosixPath('/home/ada/.cache/cutaway/mnist')

    The folder is in $CUTAWAY_CACHE if that is set, else in the user's cache. Every file is compared with its
    SHA-256 each time (0.05 s); one that differs is fetched again. Raises JobError where it cannot be fetched.
    """
    folder = files.cache() / name
    for file in SETS[name].files:
        if not is_there(folder / file.name, file):
            say(f"downloading {file.name} ({file.size / 1e6:.1f} MB) of {name} to {folder}")
            instead = f"with the files of {name} at hand, train and evaluate take --data FOLDER"
            download(SETS[name].url + file.name, folder / file.name, file, instead)
    return folder


def are_here(name: str) -> bool:
    """Whether the files of a set were downloaded before: nothing is."""
    return all(is_there(files.cache() / name / file.name, file) for file in SETS[name].files)


def is_there(path: Path, file: File) -> bool:
    """Whether a file has the content that is known."""
    try:
        return path.stat().st_size == file.size and hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256
    except OSError:
        return False


def download(url: str, path: Path, file: File, instead: str) -> None:
    """Writes what an address gives to a path. Raises JobError, with what would do `instead`, unless it is the known
    content.
    """
    from http.client import HTTPException  # these take 0.03 s to import
    from urllib.error import HTTPError
    from urllib.request import urlopen

    try:
        with urlopen(url, timeout=TIMEOUT) as answer:
            data = answer.read(file.size + 1)
        _require_known(data, file)
    except (OSError, HTTPException, ValueError) as error:
        if isinstance(error, HTTPError):
            error.close()  # it holds the connection
        reason = " ".join(str(error).split())
        raise JobError(f"cannot download {url} ({reason}); {instead}") from error
    files.write(path, data)


def _require_known(data: bytes, file: File) -> None:
    if len(data) != file.size:
        raise ValueError(f"{'more' if len(data) > file.size else len(data)} bytes came instead of {file.size}")
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise ValueError("its content is not the well-known one: the SHA-256 differs")
