"""From files to uint8 arrays: decoding, class folders and archives, the split, and what training reads.

Shapes: a picture is uint8 [h, w, c] at its own size, [H, W, C] once prepared for a net; c = 1 (grey) or 3 (colour).
"""

from typing import TYPE_CHECKING, Any

from cutaway.pictures.decoding import decode
from cutaway.pictures.listing import files
from cutaway.pictures.pictures import Pictures
from cutaway.pictures.prepared import Prepared, Skipped

if TYPE_CHECKING:
    from cutaway.pictures.reading import read

__all__ = ["Pictures", "Prepared", "Skipped", "decode", "files", "read"]


def __getattr__(name: str) -> Any:
    if name != "read":
        raise AttributeError(f"cutaway.pictures has no {name!r}; its names are {', '.join(__all__)}")
    from cutaway.pictures.reading import read  # tables, archives, ...: 0.03 s, which `predict` does without

    globals()[name] = read
    return read
