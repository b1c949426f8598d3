"""Keeps what Pillow and its libraries say about odd files off the terminal: a PictureError says it, once."""

import contextlib
import ctypes
import logging
import threading
import warnings

from PIL import _imaging

logging.getLogger("PIL").addHandler(logging.NullHandler())
with contextlib.suppress(OSError, AttributeError):
    # libtiff writes its complaints about damaged files straight to the terminal unless it is told not to
    ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler(None)


class _Quiet:
    """Keeps Pillow's warnings (odd tags, large sizes) off the terminal while at least one picture is being read.

    The list of warning filters belongs to the whole process and Python 3.11 does not guard it, so the first thread to
    come in changes it and the last to leave puts it back. Only warnings raised in Pillow are touched.
    """

    def __init__(self) -> None:
        self.lock, self.inside, self.saved = (threading.Lock(), 0, warnings.catch_warnings())

    def __enter__(self) -> None:
        with self.lock:
            if self.inside == 0:
                self.saved = warnings.catch_warnings()
                self.saved.__enter__()
                warnings.filterwarnings("ignore", module=r"PIL\.")
            self.inside += 1

    def __exit__(self, *_: object) -> None:
        with self.lock:
            self.inside -= 1
            if self.inside == 0:
                self.saved.__exit__(None, None, None)


quiet = _Quiet()
