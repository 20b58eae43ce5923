"""Tables: explicit types, no silent nulls, and rows that come back as they went in."""

import pyarrow as pa
import pytest

from schemas.tables.arrow import arrow_schema, to_frame, to_rows, to_table
from schemas.tables.curation import Pair, Question, Rejected, SplitRow

PAIR = {"left_id": "a", "right_id": "b", "relation": "same", "similarity": 0.5, "why": "because"}


def test_rows_come_back_as_they_went_in():
    assert to_rows(to_frame([PAIR], Pair), Pair) == [PAIR]


def test_an_empty_table_has_all_columns_and_types():
    frame = to_frame([], Question)
    assert list(frame.columns) == list(Question.model_fields)
    assert to_table(frame, Question).schema == arrow_schema(Question)


def test_a_null_where_none_may_be_is_refused():
    with pytest.raises(ValueError, match="why: string not null"):
        to_table(to_frame([{**PAIR, "why": None}], Pair), Pair)


def test_lists_and_nullable_columns_have_explicit_arrow_types():
    schema = arrow_schema(Question)
    assert schema.field("options").type == pa.list_(pa.string())
    assert schema.field("context").nullable
    assert not schema.field("stem").nullable
    assert arrow_schema(SplitRow).field("split").type == pa.string()


def test_a_table_of_an_older_program_lacks_what_may_be_null():
    rows = to_table(to_frame([], Rejected), Rejected).drop_columns(["answer_index", "explanation"])
    assert to_rows(to_frame(rows, Rejected), Rejected) == []
    assert list(to_frame(rows, Rejected)) == [*rows.column_names, "answer_index", "explanation"]
    with pytest.raises(KeyError, match="source"):
        to_table(to_frame(rows.drop_columns(["source"]), Rejected), Rejected)
