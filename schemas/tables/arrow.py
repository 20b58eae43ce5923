"""Rows to Arrow and back, with the explicit types of a table's model."""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from functools import cache
from itertools import islice
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

import pyarrow as pa
from pydantic import BaseModel

if TYPE_CHECKING:
    import pandas as pd

_ARROW: dict[Any, pa.DataType] = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}


def arrow_type(annotation: Any) -> tuple[pa.DataType, bool]:
    """Arrow type of a field annotation, and whether it may be null. Words of a vocabulary are strings, bounds change no type."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return arrow_type(arguments[0])
    if origin is Literal or (isinstance(annotation, type) and issubclass(annotation, StrEnum)):
        return pa.string(), False
    if origin in (Union, UnionType):
        inner = next(a for a in arguments if a is not type(None))
        return arrow_type(inner)[0], True
    if origin is list:
        return pa.list_(arrow_type(arguments[0])[0]), False
    return _ARROW[annotation], False


@cache
def arrow_schema(model: type[BaseModel]) -> pa.Schema:
    """The explicit Arrow schema of a table."""
    fields = []
    for name, info in model.model_fields.items():
        kind, nullable = arrow_type(info.annotation)
        fields.append(pa.field(name, kind, nullable=nullable))
    return pa.schema(fields)


# Rows that are dictionaries at one time; the rest of a large table is Arrow already, or not read yet.
CHUNK_ROWS = 50_000


def to_frame(rows: Iterable[dict[str, Any]] | pa.Table, model: type[BaseModel]) -> "pd.DataFrame":
    """Arrow-backed frame with exactly the model's columns; no rows give an empty frame with all of them.

    A table that an older program wrote lacks columns that came later: they are null in it, where they may be.
    """
    import pandas as pd  # here, since half a second is much for a command that needs no frame

    if isinstance(rows, pa.Table):
        for field in arrow_schema(model):
            if field.nullable and field.name not in rows.column_names:
                rows = rows.append_column(field, pa.nulls(rows.num_rows, field.type))
    else:
        schema = arrow_schema(model)
        parts = [pa.Table.from_pylist(part, schema=schema) for part in _chunks(rows)]
        rows = pa.concat_tables(parts).combine_chunks() if parts else schema.empty_table()
    frame: pd.DataFrame = rows.to_pandas(types_mapper=pd.ArrowDtype)
    return frame


def _chunks(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    left = iter(rows)
    while part := list(islice(left, CHUNK_ROWS)):
        yield part


def to_table(frame: "pd.DataFrame", model: type[BaseModel]) -> pa.Table:
    """Arrow table of a frame. Raises ValueError, KeyError or ArrowException for a column that is missing, of another type, or null
    where it may not be."""
    return pa.Table.from_pandas(frame, schema=arrow_schema(model), preserve_index=False)


def to_rows(frame: "pd.DataFrame", model: type[BaseModel], columns: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """Plain dictionaries (lists as lists, missing as None), in the frame's order; of these columns alone where they are named."""
    table = to_table(frame, model)
    rows: list[dict[str, Any]] = (table if columns is None else table.select(list(columns))).to_pylist()
    return rows
