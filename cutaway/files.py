"""Writing files so that a crash leaves the old one or the new one, never half of one."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from cutaway.errors import JobError


def write(path: Path, data: bytes | str) -> None:
    """Writes beside the final name, flushes to the disk, then renames.

    Folders on the way are made. Raises JobError, naming the file, where there is no room or no permission; then
    nothing is left behind.
    """
    content = data.encode() if isinstance(data, str) else data
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(beside).chmod(0o666 & ~_umask())
            Path(beside).replace(path)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise
        _flush_folder(path.parent)
    except OSError as error:
        reason = error.strerror or error
        raise JobError(f"cannot write {path}: {reason}; make room, or choose another folder") from None


def cache() -> Path:
    """The folder of what can be fetched or made again: $CUTAWAY_CACHE if that is set, else in the user's cache."""
    import platformdirs

    return Path(os.environ.get("CUTAWAY_CACHE") or platformdirs.user_cache_dir("cutaway"))


def _umask() -> int:
    """What new files are not allowed; it can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _flush_folder(folder: Path) -> None:
    """Makes the rename itself survive a power cut, where the system lets a folder be opened."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
