"""Rows compared whole with those of last time, and put in order."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipeline.common.known_rows import in_order, places_of, rows_equal

ROW = st.tuples(
    st.one_of(st.none(), st.integers(0, 2)),
    st.one_of(st.none(), st.sampled_from(["", "a", "b"])),
    st.one_of(st.none(), st.lists(st.sampled_from(["", "a", "b"]), max_size=3)),
    st.one_of(st.none(), st.booleans()),
    st.one_of(st.none(), st.sampled_from([0.0, 0.5])),
)
SCHEMA = pa.schema([("n", pa.int64()), ("t", pa.string()), ("l", pa.list_(pa.string())), ("b", pa.bool_()), ("f", pa.float64())])


def table(rows):
    return pa.Table.from_pylist([dict(zip(SCHEMA.names, row, strict=True)) for row in rows], SCHEMA)


@given(st.lists(st.tuples(ROW, ROW), max_size=12), st.integers(0, 3))
def test_rows_are_equal_where_all_of_their_values_are(pairs, start):
    left, right = (table([pair[side] for pair in pairs]) for side in (0, 1))
    expected = [a == b for a, b in pairs]
    assert rows_equal(left, right, SCHEMA.names).tolist() == expected
    # Slices and chunks hold the same rows.
    assert rows_equal(left.slice(start), right.slice(start), SCHEMA.names).tolist() == expected[start:]
    chunked = pa.concat_tables([left.slice(0, start), left.slice(start)])
    assert rows_equal(chunked, right, SCHEMA.names).tolist() == expected


def test_places_and_order_go_by_id():
    known = pa.table({"record_id": ["a", "b", "c"], "n": [1, 2, 3]})
    ids = pa.chunked_array([["c", "x"], ["a"]])
    assert places_of(ids, known["record_id"]).tolist() == [2, -1, 0]
    assert in_order(known, ids)["n"].to_pylist() == [3, 1]
    assert in_order(known.slice(0, 0), ids).num_rows == 0
    assert np.array_equal(places_of(pa.chunked_array([], pa.string()), known["record_id"]), [])
