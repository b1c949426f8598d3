"""How much memory there is to use."""

import os
from pathlib import Path

MEMINFO = Path("/proc/meminfo")
CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")


def available() -> int:
    """Bytes that can be used without pushing others out.

    `MemAvailable` of /proc/meminfo where there is one (Linux), never more than the container's own limit;
    elsewhere half of the machine's memory; 2 GiB where the system does not tell.
    """
    for line in _text(MEMINFO).splitlines():
        if line.startswith("MemAvailable:"):
            free = 1024 * int(line.split()[1])  # the file counts in kB
            limit = _text(CONTAINER_LIMIT).strip()
            return min(free, int(limit)) if limit.isdigit() else free
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, OSError, ValueError):
        return 2 * 1024**3


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
