"""Rows of cells: the header is found, and a table without one is told from a table with an odd one."""

import pytest

from pipeline.ingest.items import MAX_COLUMNS
from pipeline.ingest.tables import is_question_table, is_table, table_items
from schemas.reasons import Reason

HEADER = ["Question", "A", "B", "Answer"]


def read(rows, prefix=""):
    return [(item.locator, item.payload, item.reason) for item in table_items(rows, prefix)]


def test_rows_are_counted_below_the_header_and_empty_ones_are_no_records():
    rows = [["Exam of 2024"], HEADER, ["q?", "x", "y", "A"], ["", None, " "], ["r?", "x"]]
    assert read(rows, "Sheet/") == [
        ("Sheet/row:1", {"Question": "q?", "A": "x", "B": "y", "Answer": "A"}, None),
        ("Sheet/row:3", {"Question": "r?", "A": "x", "B": None, "Answer": None}, None),
    ]


def test_a_row_with_more_cells_than_the_header_is_broken_unless_they_are_empty():
    wide, padded = ["q?", "x", "y", "A", "z"], ["q?", "x", "y", "A", "", None]
    assert [row[2] for row in read([HEADER, wide, padded])] == [Reason.MALFORMED_ROW, None]


def test_questions_without_a_header_are_read_by_number():
    rows = [["What is it then?", "one thing", "another", "a third", "A"], ["Which one?", "x", "y", "z", "B"]]
    assert [row[1]["column_5"] for row in read(rows)] == ["A", "B"]


def test_columns_of_one_name_are_told_apart():
    assert read([["Question", "note", "note", "", "A", "B"], list("abcdef")])[0][1].keys() == {
        "Question",
        "note",
        "note_2",
        "column_4",
        "A",
        "B",
    }


def test_a_table_too_wide_for_any_question_is_refused_row_by_row():
    assert [row[2] for row in read([["x"] * (MAX_COLUMNS + 1), ["y"], ["z"]])] == [Reason.TOO_LARGE] * 2


def test_no_rows_are_no_records():
    assert read([]) == read([HEADER]) == []


@pytest.mark.parametrize(("rows", "table"), [([HEADER], True), ([["a", "b"]], False), ([], False), (["Question"], False)])
def test_lists_of_cells_are_a_table_where_the_first_names_parts_of_a_question(rows, table):
    assert is_table(rows) is table


def test_a_list_of_keys_in_a_document_is_no_table_of_questions():
    assert is_question_table([HEADER])
    assert not is_question_table([["Câu", "1", "2"]])
    assert not is_question_table([])
