"""Rows of Arrow tables and Parquet files as what SQLite stores, a batch at a time: memory stays bounded whatever the table's size."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from schemas.errors import DataError

Rows: TypeAlias = pa.Table | Path
"""A table in memory, or the Parquet file that holds it."""

BATCH_ROWS = 10_000
NULL = float("nan")
"""What SQLite stores as null. For None, sqlite3 looks in vain for an adapter, each time: that took a third of an insertion."""


def batches(rows: Rows, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    """The rows in order, of these columns alone where they are named. Raises DataError when the file is gone or damaged."""
    if isinstance(rows, pa.Table):
        yield from (rows if columns is None else rows.select(list(columns))).to_batches(max_chunksize=BATCH_ROWS)
        return
    if not rows.is_file():
        raise DataError(f"{rows} is damaged (a folder stands in its place)" if rows.exists() else f"{rows} is gone")
    try:
        with pq.ParquetFile(rows, page_checksum_verification=True) as file:
            yield from file.iter_batches(batch_size=BATCH_ROWS, columns=columns, use_threads=False)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{rows} is damaged ({str(error)[:200]})") from error


def count_rows(rows: Rows) -> int:
    """How many rows there are. Raises DataError when the file is gone or damaged."""
    return int(rows.num_rows if isinstance(rows, pa.Table) else _footer(rows).num_rows)


def column_names(rows: Rows) -> list[str]:
    """The names of the columns. Raises DataError when the file is gone or damaged."""
    return list((rows.schema if isinstance(rows, pa.Table) else _footer(rows).schema.to_arrow_schema()).names)


def _footer(path: Path) -> pq.FileMetaData:
    try:
        return pq.read_metadata(path)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path} is damaged ({str(error)[:200]})") from error


def cells(batch: pa.RecordBatch, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """A tuple a row, of these columns; lists are JSON text, truth is 0 or 1, and null or a column that isn't there is NULL."""
    names = set(batch.schema.names)
    nothing = [NULL] * batch.num_rows
    return zip(*(_values(batch[name]) if name in names else nothing for name in columns), strict=True)


def bound(column: pa.Array) -> list[Any]:
    """The values of a column, with NULL for null."""
    if column.null_count == len(column):
        return [NULL] * len(column)
    values: list[Any] = column.to_pylist()
    return [NULL if value is None else value for value in values] if column.null_count else values


def _values(column: pa.Array) -> list[Any]:
    if pa.types.is_boolean(column.type):
        return bound(column.cast(pa.int8()))
    if not pa.types.is_list(column.type):
        return bound(column)
    if pa.types.is_string(column.type.value_type) and (texts := _json_texts(column)) is not None:
        return bound(texts)
    return [NULL if value is None else json.dumps(value, ensure_ascii=False) for value in column.to_pylist()]


def _json_texts(lists: pa.ListArray) -> pa.Array | None:
    """Lists of strings as JSON texts, without a Python object a string; None where a rare control character or a null needs escaping."""
    items = lists.flatten()
    if items.null_count or pc.any(pc.match_substring_regex(items, r"[\x00-\x08\x0b\x0c\x0e-\x1f]")).as_py():
        return None
    for mark, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t"), ("\r", "\\r")):
        items = pc.replace_substring(items, mark, escaped)
    lengths = pc.list_value_length(lists)
    ends = pc.cumulative_sum(pc.fill_null(lengths, 0))
    whole = pa.ListArray.from_arrays(pa.concat_arrays([pa.array([0], ends.type), ends]), items)
    joined = pc.binary_join_element_wise('["', pc.binary_join(whole, '", "'), '"]', "")
    return pc.if_else(pc.equal(lengths, 0), "[]", pc.if_else(lists.is_valid(), joined, None))
