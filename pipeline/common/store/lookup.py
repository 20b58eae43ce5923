"""A few rows of a large table: one column is read to find them, and then only the pieces of the file that hold them.

Every page that is read is compared with its checksum; rows that aren't read aren't looked at.
"""

from array import array
from collections.abc import Callable, Collection, Sequence
from functools import cached_property, partial, reduce
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from schemas.errors import DataError


class Lookup:
    """The rows of a table in memory, or of a Parquet file. `cure` ends the sentence about a file that can't be read."""

    def __init__(self, rows: pa.Table | Path, cure: str = "") -> None:
        self._rows = rows
        self._cure = cure
        self._columns: dict[str, pa.ChunkedArray] = {}

    def equal(self, column: str | Sequence[str], values: Collection[str], columns: Sequence[str] | None = None) -> list[dict[str, Any]]:
        """Rows where `column`, or any of several, is one of these values, in the table's order: all cells, or those of `columns`.

        Raises DataError.
        """
        if not values:
            return []
        wanted = _strings(values)
        places = [pc.is_in(self._column(name), value_set=wanted) for name in ([column] if isinstance(column, str) else column)]
        return self._take(reduce(pc.or_, places), columns)

    def beginning(self, column: str, prefix: str) -> list[dict[str, Any]]:
        """Rows whose `column` begins so, in the table's order. Raises DataError."""
        return self._take(pc.starts_with(self._column(column), prefix), None)

    def _column(self, name: str) -> pa.ChunkedArray:
        if name not in self._columns:
            rows = self._rows
            self._columns[name] = rows[name] if isinstance(rows, pa.Table) else self._read(lambda: self._file.read([name])[name])
        return self._columns[name]

    def _take(self, wanted: pa.ChunkedArray, columns: Sequence[str] | None) -> list[dict[str, Any]]:
        if isinstance(self._rows, pa.Table):
            table = self._rows if columns is None else self._rows.select(list(columns))
            whole: list[dict[str, Any]] = table.filter(wanted).to_pylist()
            return whole
        rows: list[dict[str, Any]] = []
        start = 0
        for group in range(self._file.num_row_groups):
            here = wanted.slice(start, self._file.metadata.row_group(group).num_rows)
            start += len(here)
            if pc.any(here).as_py():
                rows += self._read(partial(self._file.read_row_group, group, columns=columns)).filter(here).to_pylist()
        return rows

    @cached_property
    def _file(self) -> pq.ParquetFile:
        return self._read(lambda: pq.ParquetFile(self._rows, page_checksum_verification=True))

    def _read(self, read: Callable[[], Any]) -> Any:
        try:
            return read()
        except FileNotFoundError as error:
            raise DataError(f"{self._rows} is gone{self._cure}") from error
        except (OSError, KeyError, pa.ArrowException) as error:
            raise DataError(f"{self._rows} is damaged ({str(error)[:200]}){self._cure}") from error


def _strings(values: Collection[str]) -> pa.Array:
    """The values as an array. Made by pa.array or pa.scalar it would import pandas, for half a second."""
    data = [value.encode("utf-8", "replace") for value in values]
    ends = array("i", accumulate(map(len, data), initial=0))
    return pa.Array.from_buffers(pa.string(), len(data), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(data))])
