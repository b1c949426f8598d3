"""Machine code on disk, so that it is made once for each processor and version.

A file's name is a hash of all that its content depends on: another processor, another LLVM, another line in a kernel is
another file. Its first bytes are a hash of the rest: a file that is damaged is made anew.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from pathlib import Path

from cutaway import files
from cutaway.errors import JobError

KEPT = 32
"""So many files at most, the newest: eight for each processor and version, of 50 to 80 kB."""
DIGEST = 32
"""Bytes of a SHA-256."""


def folder() -> Path:
    """Where the files are."""
    return files.cache() / "native"


def held() -> list[int]:
    """The size of each file, in bytes."""
    with contextlib.suppress(OSError):
        return [path.stat().st_size for path in folder().glob("*.o")]
    return []


def path_of(key: str) -> Path:
    """The file of what depends on these things."""
    return folder() / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.o"


def stored(key: str, make: Callable[[], bytes]) -> bytes:
    """What was made before from the same key, or what is made now, and kept for the next time.

    Two processes may make the same file at once: each writes its own and renames it. Where nothing can be written, the
    code is made every time.
    """
    path = path_of(key)
    if (known := read(path)) is not None:
        return known
    data = make()
    with contextlib.suppress(JobError):
        files.write(path, hashlib.sha256(data).digest() + data)
        tidy(path)
    return data


def read(path: Path) -> bytes | None:
    """A file's content; None where there is none, or it is damaged."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, data = content[:DIGEST], content[DIGEST:]
    return data if hashlib.sha256(data).digest() == digest else None


def tidy(newest: Path) -> None:
    """Removes all but the newest files, and never the one just written."""
    with contextlib.suppress(OSError):
        others = [path for path in newest.parent.glob("*.o") if path != newest]
        others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
        for path in others[KEPT - 1 :]:
            path.unlink(missing_ok=True)
