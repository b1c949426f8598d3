"""The browser of the person at this computer."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cutaway.cli.stopping import Stopping

LOOK = 0.1
"""Seconds between two looks at whether it is time to stop."""


def show(link: str) -> None:
    """Opens a link, where there is a window to open it in; one that runs in this terminal is not wanted."""
    import webbrowser

    windows = sys.platform in ("win32", "darwin") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")))
    if windows:
        webbrowser.open(link)


def wait(stop: Stopping) -> None:
    """Until a signal comes."""
    while not stop:
        time.sleep(LOOK)
