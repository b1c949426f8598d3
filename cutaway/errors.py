"""Every error that cutaway raises on purpose.

CutawayError            one line: repeats what was given, says what would work
├── InputError          what was given cannot be used            (exit code 2)
│   ├── NotationError   a word of a net's text
│   ├── ShapeError      a layer that does not fit what comes in
│   ├── DataError       a folder, table or archive of pictures
│   ├── PictureError    one picture that cannot be read
│   └── ModelError      a model folder
└── JobError            the request was fine, the work failed    (exit code 1)
"""

from cutaway.wording import one_line


class CutawayError(Exception):
    """The base of all of them: `except cutaway.CutawayError` catches every one."""

    exit_code = 1


class InputError(CutawayError, ValueError):
    """What was given cannot be used."""

    exit_code = 2


class NotationError(InputError):
    """A net's text has a word that is not understood there."""


class ShapeError(InputError):
    """A layer does not fit the shape that comes in."""


class DataError(InputError):
    """A folder, file or name that holds no usable set of pictures."""


class PictureError(InputError):
    """One picture that cannot be read; `path` names it, `reason` says why."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{one_line(path)}: {one_line(reason)}")
        self.path = path
        self.reason = reason


class ModelError(InputError):
    """A model folder that cannot be loaded."""


class JobError(CutawayError):
    """The work failed: no room on disk, a loss that is not finite, ..."""
