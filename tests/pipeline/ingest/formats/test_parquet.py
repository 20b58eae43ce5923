"""Parquet."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

Q = ("Where is it?", ["here", "there"], "there")
ROWS = {
    "nested": {"question": Q[0], "choices": {"text": ["here", "there"], "label": ["A", "B"]}, "answerKey": "B"},
    "struct": {"question": Q[0], "options": {"A": "here", "B": "there"}, "answer": "B"},
    "list_of_structs": {"question": Q[0], "choices": [{"label": "A", "text": "here"}, {"label": "B", "text": "there"}], "answer": "B"},
    "flat": {"question": Q[0], "A": "here", "B": "there", "answer": "B"},
}


def parquet(rows):
    data = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), data)
    return data.getvalue()


@pytest.mark.parametrize("name", ROWS)
def test_nested_and_flat_tables(parse, name):
    assert parse(parquet([ROWS[name]]), "test-00000-of-00001.parquet") == [Q]


def test_rows_are_counted_and_a_picture_is_one(read):
    rows = [ROWS["flat"] | {"image": None}, ROWS["flat"] | {"question": "What is this?", "image": {"bytes": b"x", "path": "a.png"}}]
    questions, rejected = read(parquet(rows), "a.parquet")
    assert [row["locator"] for row in questions] == ["a.parquet#row:1"]
    assert [row["reason_codes"] for row in rejected] == [["image_required"]]


def test_a_cut_file_is_one_rejected_record(reasons):
    assert reasons(parquet([ROWS["flat"]])[:-20], "a.parquet") == [["unreadable_file"]]
    assert reasons(b"PAR1", "a.bin") == [["unreadable_file"]]
