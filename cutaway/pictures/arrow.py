"""Pictures in columns of Arrow, as Parquet files and the data sets of Hugging Face hold them: `{bytes, path}`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutaway.errors import PictureError
from cutaway.pictures.decoding import BYTE_LIMIT, content
from cutaway.pictures.pictures import TRAIN
from cutaway.pictures.source import Encoded


@dataclass(frozen=True, eq=False)
class Column:
    """The pictures of one part of a set."""

    part: str
    """train, validation or test; "" for one that is called otherwise."""
    cells: Any = field(repr=False)
    """A `pyarrow.ChunkedArray` of structs, each with the bytes of a file, or with its path."""
    fingerprint: str
    """What changes when the pictures do."""

    def __len__(self) -> int:
        return len(self.cells)


class Columns(Encoded):
    """The pictures of some columns, one after another. A column of a file that is mapped costs no memory."""

    def __init__(self, columns: Sequence[Column], title: str, rows: NDArray[np.int64] | None = None) -> None:
        self.columns, self.title = tuple(columns), title
        self.starts = np.cumsum([0] + [len(column) for column in columns])
        self.rows = np.arange(self.starts[-1]) if rows is None else rows

    def __len__(self) -> int:
        return len(self.rows)

    def name(self, row: int) -> str:
        column, place = self._place(row)
        return f"{self.title}{f' {column.part}' if column.part not in ('', TRAIN) else ''}[{place}]"

    def content(self, row: int) -> bytes:
        column, place = self._place(row)
        cell = column.cells[place].as_py() or {}
        data = cell.get("bytes")
        if data is None:
            return self._of_file(row, cell.get("path"))
        if len(data) > BYTE_LIMIT:
            size = f"{len(data) / 1e6:,.0f} MB"
            raise PictureError(self.name(row), f"a file of {size}; the limit is {BYTE_LIMIT / 1e6:,.0f} MB")
        return bytes(data)

    def _of_file(self, row: int, path: str | None) -> bytes:
        if not path:
            raise PictureError(self.name(row), "the row has no picture")
        try:
            return content(path)
        except PictureError as error:
            raise PictureError(self.name(row), f"{path}: {error.reason}") from error

    def identity(self, row: int) -> str:
        column, place = self._place(row)
        return f"{self.title}\0{column.part}\0{column.fingerprint}\0{place}"

    def part(self, rows: NDArray[np.int64]) -> "Columns":
        return Columns(self.columns, self.title, self.rows[rows])

    def _place(self, row: int) -> tuple[Column, int]:
        number = int(self.rows[row])
        column = int(np.searchsorted(self.starts, number, side="right")) - 1
        return self.columns[column], number - int(self.starts[column])
