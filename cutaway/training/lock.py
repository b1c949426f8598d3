"""One run, one process: a folder that is being trained into is held."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from cutaway.errors import JobError


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Holds the folder while training into it. Raises JobError where another process does.

    The system lets go of the lock when the process ends, however it ends, so a crash leaves nothing to clean up.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".lock", timeout=0)
        lock.acquire()
    except Timeout:
        raise JobError(
            f"another process is training into {folder}; wait for it, or choose another folder with -o"
        ) from None
    except OSError as error:
        raise JobError(f"cannot write into {folder}: {error.strerror}; choose another folder with -o") from None
    try:
        yield
    finally:
        if os.name == "posix":  # before it is let go of, or a third process could make its own beside a second's
            (folder / ".lock").unlink(missing_ok=True)
        lock.release()
