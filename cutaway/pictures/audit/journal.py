"""What is known of each file, kept between runs: a second run looks only at what changed, a killed one is taken up.

One line of JSON a picture, added as soon as it is known. A line is found by what says that a file may have changed (its
path, size and time), and one that is torn or damaged is dropped. A file that could not be read is looked at again.
"""

import base64
import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from PIL import __version__ as pillow

from cutaway import files
from cutaway.errors import JobError
from cutaway.pictures.audit.inspection import Inspection

HEAD = {"cutaway inspections": 1, "pillow": pillow}
"""The first line. With another, nothing of the file counts: other versions may see a file otherwise."""

Entry = tuple[str, Inspection]
"""The identity of a file (`Encoded.identity`), and what is known of it."""


class Journal:
    """`Journal(Path("checks/pets/inspected.jsonl"))`: reads what is there; `add` writes behind it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known: dict[str, Inspection] = {}
        """By the hash of an identity."""
        self.lines = 0
        """How many there are on disk, with those that are out of date."""
        self.whole = 0
        """Bytes up to the end of the last whole line; what is behind it was torn."""
        self._read()

    def __getitem__(self, identity: str) -> Inspection | None:
        return self.known.get(_key(identity))

    def add(self, entries: Iterable[Entry]) -> None:
        """Keeps what is known of some files. Raises JobError where it cannot be written."""
        own = {_key(identity): one for identity, one in entries if one.is_readable}
        self._append(b"".join(_line(key, one) for key, one in own.items()))
        self.known |= own
        self.lines += len(own)

    def _append(self, data: bytes) -> None:
        if not data:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("r+b" if self.path.exists() else "xb") as file:
                file.truncate(self.whole)
                file.seek(self.whole)
                file.write(data if self.whole else _json(HEAD) + data)
                file.flush()
                self.whole = file.tell()
        except OSError as error:
            reason = error.strerror or error
            raise JobError(f"cannot write {self.path}: {reason}; make room, or choose another folder") from None

    def _read(self) -> None:
        try:
            with self.path.open("rb") as file:
                self._take(file)
        except FileNotFoundError:
            return
        except OSError as error:
            raise JobError(f"cannot read {self.path}: {error.strerror or error}; choose another folder") from None

    def _take(self, file: Iterable[bytes]) -> None:
        """Takes the lines of the file, one at a time: of 100,000 pictures they are 170 MB."""
        for line in file:
            is_head = self.whole == 0
            if not line.endswith(b"\n") or (is_head and line != _json(HEAD)):
                return
            self.whole += len(line)
            self.lines += not is_head
            if not is_head and (found := _parsed(line)):
                self.known[found[0]] = found[1]

    def forget(self, identities: Iterable[str]) -> None:
        """Writes the file anew with these alone, where more than half of its lines are out of date."""
        keys = {_key(identity) for identity in identities} & self.known.keys()
        if self.lines <= 2 * len(keys):
            return
        data = _json(HEAD) + b"".join(_line(key, self.known[key]) for key in sorted(keys))
        files.write(self.path, data)
        self.known = {key: self.known[key] for key in keys}
        self.lines, self.whole = len(keys), len(data)


def _key(identity: str) -> str:
    return hashlib.blake2b(identity.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


def _json(value: Any) -> bytes:
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def _line(key: str, one: Inspection) -> bytes:
    fields = asdict(one)
    small = {name: base64.b64encode(fields[name]).decode() for name in ("luma", "colour")}
    return _json({"key": key} | fields | small)


def _parsed(line: bytes) -> tuple[str, Inspection] | None:
    try:
        fields = json.loads(line)
        small = {name: base64.b64decode(fields[name], validate=True) for name in ("luma", "colour")}
        if len(small["luma"]) != 1024 or len(small["colour"]) != 128:
            return None
        return fields.pop("key"), Inspection(**fields | small)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
