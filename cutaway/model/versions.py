"""What a model was made with."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from cutaway import __version__

PARTS = ("numpy", "pillow", "safetensors")
"""The libraries whose version can change a number."""


def versions() -> dict[str, str]:
    """`{"cutaway": "0.1.0", "python": "3.11.9", "numpy": "2.4.6", ..., "system": "Linux x86_64"}`."""
    found = {"cutaway": __version__, "python": platform.python_version()}
    for part in PARTS:
        try:
            found[part] = version(part)
        except PackageNotFoundError:  # a package that was put there by hand
            found[part] = "unknown"
    return found | {"system": f"{platform.system()} {platform.machine()}"}
