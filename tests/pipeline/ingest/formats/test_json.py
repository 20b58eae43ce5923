"""JSON documents, whatever wraps the questions."""

import json

import pytest

from pipeline.ingest.formats import json as json_reader

ROWS = [
    {"question": "Where is it?", "options": ["here", "there"], "answer": "B"},
    {"question": "Who is it?", "options": ["Ann", "Bob"], "answer": "A"},
]
EXPECTED = [("Where is it?", ["here", "there"], "there"), ("Who is it?", ["Ann", "Bob"], "Ann")]
COLUMNS = {key: [row[key] for row in ROWS] for key in ROWS[0]}
WRAPPED = {
    "array": ROWS,
    "data": {"data": ROWS},
    "questions": {"title": "Quiz 1", "questions": ROWS},
    "quiz": {"quiz": {"title": "Quiz 1", "questions": ROWS}},
    "splits": {"train": ROWS[:1], "test": ROWS[1:]},
    "by_id": {"q1": ROWS[0], "q2": ROWS[1]},
    "columns": COLUMNS,
    "pandas_columns": {key: {str(n): value for n, value in enumerate(values)} for key, values in COLUMNS.items()},
    "pandas_split": {"columns": list(ROWS[0]), "index": [0, 1], "data": [list(row.values()) for row in ROWS]},
    "pandas_table": {"schema": {"fields": [{"name": "index", "type": "integer"}]}, "data": ROWS},
    "rows_with_header": [list(ROWS[0]), *[list(row.values()) for row in ROWS]],
    "rows_without_header": [["Where is it?", "here", "there", "B"], ["Who is it?", "Ann", "Bob", "A"]],
    "hub_rows": {
        "features": [{"name": "question"}],
        "rows": [{"row_idx": n, "row": row, "truncated_cells": []} for n, row in enumerate(ROWS)],
        "num_rows_total": 2,
    },
    "split_columns": {
        "train": {key: values[:1] for key, values in COLUMNS.items()},
        "test": {key: values[1:] for key, values in COLUMNS.items()},
    },
    "meta": {"version": "1.0", "questions": ROWS, "authors": ["An", "Bình"]},
}


@pytest.mark.parametrize("name", WRAPPED)
def test_wrapped_questions_are_found(parse, name):
    assert parse(WRAPPED[name], f"{name}.json") == EXPECTED


def test_one_question_alone_is_a_file_too(parse):
    row = {"question": "Where is it?", "choices": [{"text": "here", "label": "A"}, {"text": "there", "label": "B"}], "answerKey": "B"}
    assert parse(row) == EXPECTED[:1]
    assert parse({"q1": ROWS[0]}) == EXPECTED[:1]


def test_locators_say_where(read):
    questions, _ = read(WRAPPED["splits"], "s.json")
    assert [row["locator"] for row in questions] == ["s.json#train/item:1", "s.json#test/item:1"]
    assert [row["locator"] for row in read(ROWS, "a.json")[0]] == ["a.json#item:1", "a.json#item:2"]


def test_names_that_say_less_or_otherwise(parse):
    assert parse(json.dumps(ROWS), "questions") == EXPECTED
    assert parse(json.dumps(ROWS), "questions.txt") == EXPECTED
    lines = "\n".join(map(json.dumps, ROWS))
    assert parse(lines, "lines.json") == EXPECTED
    assert parse(lines, "lines.txt") == EXPECTED
    assert parse(json.dumps(ROWS, indent=1), "array.jsonl") == EXPECTED
    assert parse("\n".join(json.dumps(row, indent=2) for row in ROWS), "pretty.jsonl.json") == EXPECTED


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_other_encodings(parse, encoding):
    assert parse(json.dumps(ROWS, ensure_ascii=False).encode(encoding)) == EXPECTED


def test_a_trailing_comma_and_a_cut_file_cost_what_is_broken(read):
    assert len(read(json.dumps(ROWS)[:-1] + ",]")[0]) == 2
    questions, rejected = read(json.dumps(ROWS)[:-10])
    assert (len(questions), [row["reason_codes"] for row in rejected]) == (1, [["malformed_row"]])


@pytest.mark.parametrize(
    "content", ["no json", "[" * 100_000, "{", '{"a": ' * 2000 + "1" + "}" * 2000, '{"a": ' + "9" * 5000 + "}", "nul\x00l"]
)
def test_what_is_no_json_is_one_rejected_record(reasons, content):
    assert reasons(content, "a.json") in ([["unreadable_file"]], [["unknown_layout"]])


@pytest.mark.parametrize("content", ["", "[]", "{}", "null", '"text"', "[1, 2]", "[[]]", "[null]"])
def test_documents_without_questions(read, content):
    questions, rejected = read(content)
    assert questions == []
    assert all(row["reason_codes"] for row in rejected)


def test_an_error_says_its_line_and_column_however_far_behind_it_stands(read, monkeypatch):
    text = '[{"question": "x"},\n\n{a},{b},\n  {"question": "y"}, {c},{"question":\n d},' + "{e}," * 20
    places = [row["detail"] for row in read(text)[1] if "line" in (row["detail"] or "")]
    assert [place.partition(" at ")[2].partition(";")[0] for place in places[:5]] == [
        f"line {place}" for place in ("3, column 2", "3, column 6", "4, column 23", "5, column 2", "5, column 6")
    ]
    monkeypatch.setattr(json_reader, "MAX_CHARS_BEHIND", 3)
    assert [row["detail"] for row in read(text)[1] if "line" in (row["detail"] or "")] == places


def test_lists_that_are_no_table_are_broken_rows(reasons):
    assert reasons([["Where?", ["here", "there"], 1], ["Who?", ["Ann", "Bob"], 0]]) == [["malformed_row"]] * 2
