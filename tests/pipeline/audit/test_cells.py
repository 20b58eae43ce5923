"""Cells of SQLite equal what Python's json would write, whatever a text holds."""

import json
import sqlite3

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.audit.cells import batches, cells, count_rows
from schemas.errors import DataError

TEXTS = st.lists(st.one_of(st.none(), st.lists(st.text(st.characters(blacklist_categories=["Cs"]), max_size=6), max_size=4)), max_size=6)


def stored(batch, columns):
    """The rows as SQLite holds them."""
    connection = sqlite3.connect(":memory:")
    connection.execute(f"create table t ({', '.join(columns)})")
    connection.executemany(f"insert into t values ({', '.join('?' * len(columns))})", cells(batch, columns))
    return connection.execute("select * from t").fetchall()


@given(TEXTS)
def test_lists_are_json_texts(lists):
    batch = pa.record_batch({"a": pa.array(lists, pa.list_(pa.string()))})
    found = [cell for (cell,) in stored(batch, ["a"])]
    assert [None if cell is None else json.loads(cell) for cell in found] == lists


def test_a_slice_of_lists_numbers_and_a_column_that_is_not_there():
    batch = pa.record_batch({"a": pa.array([["x"], ["y", 'z"\\'], []]), "b": pa.array([[0.5], None, []], pa.list_(pa.float64()))})
    assert stored(batch.slice(1), ["a", "c", "b"]) == [('["y", "z\\"\\\\"]', None, None), ("[]", None, "[]")]


def test_nulls_are_null_whatever_the_column_holds():
    columns = {"text": ["", None], "number": [2**53 + 1, None], "share": [None, 0.5], "truth": [True, None], "absent": [None, None]}
    assert stored(pa.record_batch(columns), list(columns)) == [("", 2**53 + 1, None, 1, None), (None, None, 0.5, None, None)]


def test_a_file_is_read_in_batches_and_damage_is_told(tmp_path):
    table = pa.table({"a": list(range(25_000))})
    pq.write_table(table, tmp_path / "t.parquet", write_page_checksum=True)
    assert [batch.num_rows for batch in batches(tmp_path / "t.parquet")] == [10_000, 10_000, 5_000]
    assert count_rows(tmp_path / "t.parquet") == count_rows(table) == 25_000
    data = bytearray((tmp_path / "t.parquet").read_bytes())
    data[len(data) // 3] ^= 1
    (tmp_path / "t.parquet").write_bytes(data)
    with pytest.raises(DataError, match="damaged"):
        list(batches(tmp_path / "t.parquet"))
    for name in ("none.parquet", "."):
        with pytest.raises(DataError):
            list(batches(tmp_path / name))
        with pytest.raises(DataError):
            count_rows(tmp_path / name)
