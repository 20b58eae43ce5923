"""Parquet, as data hubs publish it: nested structs and lists become mappings and lists."""

import json
from collections.abc import Iterator
from typing import Any

from pipeline.ingest.items import MAX_CELLS, Format, Item, SniffedFile
from pipeline.ingest.nested import unnest
from schemas.errors import DataError


def sniff(file: SniffedFile) -> bool:
    """The suffix, or the mark that opens every Parquet file."""
    return file.suffix in (".parquet", ".pq") or file.data[:4] == b"PAR1"


def read(data: bytes) -> Iterator[Item]:
    """One item a row. Raises DataError for a file that is none."""
    # Imported here: most refreshes meet no such file.
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        if (cells := file.metadata.num_rows * file.metadata.num_columns) > MAX_CELLS:
            raise DataError(f"the table holds {cells:,} cells; at most {MAX_CELLS:,} are read: split the file")
        table = file.read(use_threads=False)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(f"not a readable Parquet file: {error}") from error
    columns = [_values(column) for column in table.columns]
    for number, cells_of_row in enumerate(zip(*columns, strict=True), start=1):
        row = dict(zip(table.column_names, cells_of_row, strict=True))
        yield from unnest(f"row:{number}", json.loads(json.dumps(row, default=str)))


def _values(column: Any) -> list[Any]:
    try:
        values: list[Any] = column.to_pylist()
        return values
    # A time or a day beyond the years 1 to 9999, text that is no UTF-8: such cells alone are lost, not their table.
    except (ValueError, OverflowError):
        return [_value(cell) for cell in column]


def _value(cell: Any) -> Any:
    try:
        return cell.as_py()
    except (ValueError, OverflowError) as error:
        return f"unreadable {cell.type}: {error}"


FORMAT = Format("parquet", sniff, read_bytes=read, prose=False)
