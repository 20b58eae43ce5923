"""What a stage gave last time for rows that it gets again: the stage compares them, whole, and works on the others alone."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


def rows_equal(left: pa.Table, right: pa.Table, columns: Sequence[str]) -> NDArray[np.bool_]:
    """Whether the rows of two tables of one length hold the same in these columns, place by place; null equals null.

    >>> a, b = pa.table({"n": [1, 2, None], "l": [["x"], ["x", "y"], []]}), pa.table({"n": [1, 3, None], "l": [["x"], ["x", "y"], []]})
    >>> rows_equal(a, b, ["n", "l"]).tolist()
    [True, False, True]
    """
    same = np.ones(left.num_rows, bool)
    for name in columns:
        same &= _equal(_whole(left[name]), _whole(right[name]))
    return same


def _whole(column: pa.ChunkedArray) -> pa.Array:
    # A slice of a list array would flatten to more than its own items.
    return column.chunk(0) if column.num_chunks == 1 and column.chunk(0).offset == 0 else pa.concat_arrays([*column.chunks, _none(column)])


def _none(column: pa.ChunkedArray) -> pa.Array:
    return pa.array([], column.type)


def _equal(left: pa.Array, right: pa.Array) -> NDArray[np.bool_]:
    valid = [array.is_valid().to_numpy(zero_copy_only=False) for array in (left, right)]
    same: NDArray[np.bool_] = valid[0] == valid[1]
    if not pa.types.is_list(left.type):
        same &= pc.fill_null(pc.equal(left, right), True).to_numpy(zero_copy_only=False)
        return same
    lengths = [pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False) for array in (left, right)]
    same &= lengths[0] == lengths[1]
    kept = np.flatnonzero(same)
    items = [array.take(pa.array(kept)).flatten() for array in (left, right)]
    wrong = np.repeat(kept, lengths[0][kept])[~_equal(*items)]
    same[wrong] = False
    return same


def places_of(ids: pa.ChunkedArray, known: pa.ChunkedArray) -> NDArray[np.int64]:
    """The place of each id among those known, -1 for none."""
    found: NDArray[np.int64] = pc.fill_null(pc.index_in(ids, pa.array(known.to_pylist(), known.type)), -1).to_numpy().astype(np.int64)
    return found


def in_order(table: pa.Table, ids: pa.ChunkedArray, column: str = "record_id") -> pa.Table:
    """The table's rows in the order of these ids; those that aren't among them are left out."""
    return table.combine_chunks().take(pc.drop_null(pc.index_in(ids, table[column].combine_chunks())))
