"""Rows of cells: the header is found, and a table without one is told from a table with an odd one."""

import pytest

from pipeline.ingest.items import MAX_COLUMNS
from pipeline.ingest.tables import Broken, is_question_table, is_table, table_items
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


def test_a_repeated_header_and_rows_that_hold_only_numbers_are_no_records():
    header = ["STT", "Câu hỏi", "A", "B", "Đáp án", "Giây"]
    rows = [
        header,
        [1, "q?", "x", "y", "A", 20],
        header,
        [2, None, None, None, None, 20],
        ["Câu 3", "", "", "", "", ""],
        [4, "", "", "", "", "khó"],
    ]
    assert [row[1]["STT"] for row in read(rows)] == [1, 4]


def test_a_question_that_holds_a_word_of_the_header_is_no_header():
    rows = [HEADER, ["Which word is short?", "Question", "A", "B"], ["q?", "Question", "Answer", "A"]]
    assert len(read(rows)) == 2


def test_another_header_further_down_opens_a_table_of_its_own():
    rows = [HEADER, ["q?", "x", "y", "A"], ["Question", "Option 1", "Option 2", "Correct"], ["r?", "u", "v", 2]]
    items = list(table_items(rows))
    assert [(item.locator, item.part) for item in items] == [("row:1", ""), ("row:3", "table 2")]
    assert items[1].payload == {"Question": "r?", "Option 1": "u", "Option 2": "v", "Correct": 2}


def test_columns_below_one_title_for_options_are_numbered():
    assert read([["Question", "Options", "", "", "Answer"], ["q?", "x", "y", "z", "A"]])[0][1] == {
        "Question": "q?",
        "Options 1": "x",
        "Options 2": "y",
        "Options 3": "z",
        "Answer": "A",
    }
    assert list(read([["Question", "Answer", "Answer", "Answer", "Correct"], ["q?", "x", "y", "z", 1]])[0][1])[1:4] == [
        "Answer 1",
        "Answer 2",
        "Answer 3",
    ]


def test_a_question_merged_over_rows_is_one_record_or_none():
    rows = [HEADER, ["q?", "x", "y", "A"], ["q?", "u", "v", "A"], ["r?", "x", "y", "B"], ["r?", "x", "y", "B"]]
    found = list(table_items(rows, merged={2: {0, 3}, 4: {0, 1, 2, 3}}))
    assert [(item.locator, item.reason) for item in found] == [("row:1", Reason.MALFORMED_ROW), ("row:3", None)]


def test_a_first_row_that_is_a_question_is_no_header():
    rows = [["Where is it?", "here", "there", "here"], ["When is it?", "now", "then", "then"]]
    assert [row[1]["column_1"] for row in read(rows)] == ["Where is it?", "When is it?"]
    forms = [["Timestamp", "1. Where is it?", "Name"], ["2024", "here", "An"], ["2024", "there", "Bo"]]
    assert len(read(forms)) == 2


def test_a_cell_that_lost_its_text_breaks_its_row_only_where_it_matters():
    rows = [[*HEADER, "Sum"], ["q?", Broken("#NAME?"), "y", "A", 1], ["r?", "x", "y", "A", Broken("#REF!")]]
    assert [row[2] for row in read(rows)] == [Reason.MALFORMED_ROW, None]
