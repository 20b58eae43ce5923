"""Text that is nearly JSON: what has one meaning is read, what has none is told."""

import json

import pytest

from pipeline.ingest.near_json import DUPLICATE, fenced, loads, loads_nearly, restored, said, to_json

ROW = {"question": 'Who isn\'t "here"?', "options": ["Ann // x", "Bob, ]"], "answer": None, "sure": True}
WRITTEN = {
    "python": str(ROW),
    "comments": json.dumps(ROW).replace('"options"', '/* two\n lines */ "options"') + " // the end",
    "hash": json.dumps(ROW, indent=1).replace("[", "[ # options", 1),
    "trailing": json.dumps(ROW).replace(']"]', ']", ]').replace("}", ",}"),
    "trailing_behind_comment": json.dumps(ROW).replace("}", ", // last\n}"),
    "bare_names": json.dumps(ROW).replace('"question"', "question").replace('"sure"', "sure"),
    "javascript": json.dumps(ROW).replace("null", "undefined"),
    "python_2": str(ROW).replace("'options'", "u'options'"),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_what_has_one_meaning_is_read(name):
    assert loads_nearly(WRITTEN[name]) == ROW


def test_the_types_of_a_mongo_shell_are_the_values_in_them():
    assert loads_nearly('{"_id": ObjectId("5f"), "n": NumberInt(2), "t": (1, 2)}') == {"_id": "5f", "n": 2, "t": [1, 2]}


@pytest.mark.parametrize("text", ["", "[1 2]", "{'a': 'it's'}", "[1,,2]", "print(x)", '{"a": f("x")}', "{a b: 1}"])
def test_what_has_none_is_refused(text):
    with pytest.raises(json.JSONDecodeError):
        loads_nearly(text)


def test_texts_are_never_touched():
    for text in ("None of 'these', // or # that ,]", 'True, \\ and "x"', "a\n'b'"):
        assert loads_nearly("[" + json.dumps(text) + ",]") == [text]


def test_lines_stay_lines():
    text = '[ /* a\nb */\n"x", // c\n]'
    assert to_json(text).count("\n") == text.count("\n")


def test_latex_survives_whether_json_knows_its_escapes_or_not():
    assert loads(r'["$\frac{1}{2}$", "a\tb", "$\times$"]') == [r"$\frac{1}{2}$", "a\tb", r"$\times$"]
    assert loads_nearly(r'["\(\beta\) and \sqrt{2} or \"x\""]') == [r'\(\beta\) and \sqrt{2} or "x"']
    assert restored({"a": ["one\ntwo\tthree", 1]}) == {"a": ["one\ntwo\tthree", 1]}


def test_a_name_that_stands_twice_is_noted_unless_both_say_the_same():
    assert loads('{"a": 1, "a": 2}')[DUPLICATE] == "a"
    assert loads('{"a": 1, "a": 1}') == {"a": 1}


def test_code_in_fences_is_told_from_the_text_around_it():
    assert [(code, piece.strip()) for code, piece in fenced("Hi\n```json\n[1]\n```\nand\n~~~\n[2]")] == [
        (False, "Hi"),
        (True, "[1]"),
        (False, "and"),
        (True, "[2]"),
    ]


@pytest.mark.parametrize(
    ("text", "word"), [('{"a": "x', "closed"), ('{"a": "b" "c"}', "comma"), ('{"a": "b\\q"}', "twice"), ("{a}", "names")]
)
def test_an_error_says_what_it_means_and_what_to_do(text, word):
    with pytest.raises(json.JSONDecodeError) as raised:
        json.loads(text)
    assert word in said(raised.value, "line 1, column 2")
