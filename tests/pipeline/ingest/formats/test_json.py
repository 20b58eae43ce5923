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


NEARLY = {
    "python": str(ROWS),
    "python_lines": "\n".join(map(str, ROWS)),
    "mongo_shell": "\n".join(f'/* {n} */\n{{"_id": ObjectId("{n}"),\n{json.dumps(row)[1:]}' for n, row in enumerate(ROWS)),
    "json5": "// quiz\n" + json.dumps(ROWS).replace('"question"', "question").replace("}]", "},]"),
    "fence": f"```json\n{json.dumps(ROWS, indent=1)}\n```\n",
    "two_fences": "Here:\n" + "\nAnd:\n".join(f"```json\n{json.dumps(row)}\n```" for row in ROWS) + "\nBye",
    "prose": f"Here is the quiz:\n{json.dumps(ROWS)}\nLet me know!",
    "arrays_one_behind_the_other": "\n".join(json.dumps([row]) for row in ROWS),
    "wrappers_one_behind_the_other": "\n".join(json.dumps({"questions": [row]}, indent=1) for row in ROWS),
}


@pytest.mark.parametrize("name", NEARLY)
def test_what_is_nearly_json_is_read_as_what_it_means(parse, name):
    assert parse(NEARLY[name], f"{name}.json") == EXPECTED


def test_lines_that_are_nearly_json(parse):
    assert parse("\n".join(f"{row}," for row in ROWS), "a.jsonl") == EXPECTED
    assert parse("\n".join(json.dumps(row, indent=1) for row in ROWS), "pretty.jsonl") == EXPECTED


def test_a_row_that_is_broken_costs_itself_among_rows_that_are_nearly_json(read):
    text = (
        '[\n// one\n{"question": "Where is it?", "options": ["here", "there"], "answer": "B",},\n{"question": "a "quote" here"},\n'
        + str(ROWS[1])
        + "]"
    )
    questions, rejected = read(text)
    assert [row["stem"] for row in questions] == ["Where is it?", "Who is it?"]
    assert [row["reason_codes"] for row in rejected] == [["malformed_row"]]
    assert "quote inside a text ends it at line 4" in rejected[0]["detail"]


@pytest.mark.parametrize("suffix", ["md", "txt"])
def test_what_a_chat_model_wrote_in_a_fence_is_read_and_a_fence_in_an_exam_is_not(parse, suffix):
    assert parse(f"Sure!\n\n```json\n{json.dumps(ROWS, indent=1)}\n```\n\nBye!", f"a.{suffix}") == EXPECTED
    exam = "1. What does this print?\n```json\n[1]\n```\nA. here\nB. there\nAnswer: B\n\n2. Who is it?\nA. Ann\nB. Bob\nAnswer: A\n"
    assert [options for _, options, _ in parse(exam, f"b.{suffix}")] == [["here", "there"], ["Ann", "Bob"]]


def test_a_name_that_stands_twice_costs_its_row(reasons):
    assert reasons('[{"question": "Where?", "option": "here", "option": "there", "answer": "there"}]') == [["malformed_row"]]


DEEP = {
    "pages": {"title": "Quiz", "pages": [{"name": "1", "elements": ROWS[:1]}, {"name": "2", "elements": ROWS[1:]}]},
    "settings": {"settings": {"shuffle": True}, "title": "Quiz", "quiz": {"questions": ROWS}},
    "levels": {"quiz": {"sport": {"q1": ROWS[0]}, "maths": {"q1": ROWS[1]}}},
    "exams": {"version": 1, "exams": {"2013": {"year": "2013", "data": ROWS[:1]}, "2014": {"year": "2014", "data": ROWS[1:]}}},
    "keys_of_a_database": {"quizzes": {"-Na": {"title": "T", "questions": {"-N1": ROWS[0], "-N2": ROWS[1]}}}},
    "odd_name": [{"chapter": 1, "exercises": ROWS[:1]}, {"chapter": 2, "exercises": ROWS[1:]}],
}


@pytest.mark.parametrize("name", DEEP)
def test_questions_are_found_in_any_nesting(parse, name):
    assert parse(DEEP[name]) == EXPECTED


def test_dialogues_with_their_questions(read):
    rows = [[["M: Where is it?", "W: Over there."], [ROWS[0]], "4-199"], [["W: Who is it?"], [ROWS[1], ROWS[0]], "4-200"]]
    questions, rejected = read(rows)
    assert (len(questions), rejected) == (3, [])
    assert (questions[0]["context"], questions[0]["original_id"]) == ("M: Where is it?\nW: Over there.", "4-199")


def test_a_list_that_is_not_read_stays_in_the_text_of_the_file():
    text = json.dumps({"notes": [{"remark": "Second edition."}], "questions": ROWS})
    pieces = [piece.text for piece in json_reader.read(text) if hasattr(piece, "text")]
    assert any("Second edition." in piece for piece in pieces)


def test_a_row_that_the_viewer_cut_is_refused_alone(read):
    rows = [{"row_idx": n, "row": row, "truncated_cells": ["question"] * n} for n, row in enumerate(ROWS)]
    questions, (cut,) = read(json.dumps({"features": [], "rows": rows}), "a.json")
    assert [question["stem"] for question in questions] == ["Where is it?"]
    assert (cut["reason_codes"], "question" in cut["detail"]) == (["malformed_row"], True)


def test_entries_of_a_content_system_are_read_through_what_wraps_them(parse):
    def entry(number, **attributes):
        return {"id": number, "attributes": attributes}

    answers = {"data": [entry(7, text="here", isCorrect=False), entry(8, text="there", isCorrect=True)]}
    data = {
        "data": [entry(1, title="Where is it?", answers=answers), entry(2, title="Where was it?", answers=answers)],
        "meta": {"page": 1},
    }
    assert parse(json.dumps(data), "a.json") == [
        ("Where is it?", ["here", "there"], "there"),
        ("Where was it?", ["here", "there"], "there"),
    ]


def test_a_column_called_attributes_is_none(parse):
    rows = [{**row, "attributes": {"level": "easy"}} for row in ROWS]
    assert parse(json.dumps(rows), "a.json") == EXPECTED
