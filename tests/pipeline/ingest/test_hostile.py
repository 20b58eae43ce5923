"""Files that are broken, huge or hostile: a verdict, no crash, and work that grows with the size of the file, not with its square.

No clock is read: what grew with the square of these sizes would take hours.
"""

import gzip
import json

import pytest

from tests.pipeline.ingest.zipped import zipped

Q = {"question": "Which?", "options": ["a1", "b1"], "answer": "A"}
TOO_LONG = "A. x B. y " * 1_000_000

ROWS = {
    "one_option_repeated": (Q | {"options": ["same"] * 10_000}, "too_many_options"),
    "many_options": (Q | {"options": [f"o{i}" for i in range(100_000)]}, "too_many_options"),
    "many_options_in_a_mapping": (Q | {"options": {f"k{i}": i for i in range(100_000)}}, "too_many_options"),
    "many_options_as_objects": (Q | {"options": [{"text": f"o{i}", "label": str(i)} for i in range(100_000)]}, "too_many_options"),
    "many_options_in_a_text": (Q | {"options": "x|" * 90_000}, "too_many_options"),
    "long_stem": (Q | {"question": "x " * 5_000_000}, "too_large"),
    "long_option": (Q | {"options": ["x" * 10_000_000, "y"]}, "too_large"),
    "marks_without_end": ({"question": "A. " * 60_000, "answer": "A"}, "multiple_questions"),
    "lists_without_end": ({"question": "A. x\nB. y\n" * 19_000, "answer": "A"}, "multiple_questions"),
    "small_marks_without_end": ({"question": "a) x\n" * 39_000, "answer": "A"}, "multiple_questions"),
    "too_long_to_parse": ({"question": TOO_LONG, "answer": "A"}, "too_large"),
    "key_of_punctuation": (Q | {"answer": "!" * 3_000_000}, "answer_not_in_options"),
    "key_of_brackets": (Q | {"answer": "[" * 1_000_000}, "answer_not_in_options"),
    "arrays_in_a_cell": (Q | {"options": "[array([" * 20_000}, "not_multiple_choice"),
    "brackets_in_a_cell": (Q | {"options": "[" * 150_000}, "not_multiple_choice"),
    "wide": ({f"k{i}": i for i in range(100_000)}, "too_large"),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_hostile_row_is_one_verdict(reasons, name):
    row, reason = ROWS[name]
    assert reasons(json.dumps([row]), "a.json") == [[reason]]


HEADER = "question,A,B,answer\n"
TEXTS = {
    "columns.csv": (",".join(f"option_{i}" for i in range(100_000)) + "\n" + ",".join(["x"] * 100_000) + "\n", "too_large"),
    "commas.csv": ("," * 1_000_000, "too_large"),
    "one_line.txt": ("Câu 1. " + TOO_LONG, "unreadable_file"),
    "answers.txt": ("Câu 1. x\nA. y\nB. z\n" + "Đáp án\n" * 50_000, "too_large"),
    "marks.gift": ("x {" + "~a " * 500_000 + "=b}", "too_large"),
    "blocks.txt": ("#Q x\n^ a\n" + "A a\n" * 500_000, "too_large"),
    "nul.bin": (b"\x00" * 100_000, "unreadable_file"),
    "picture.png": (b"\x89PNG\r\n\x1a\n" + b"\x00" * 1000, "unreadable_file"),
    "cut.json.gz": (gzip.compress(b"[]" * 1000)[:20], "unreadable_file"),
    "whole.csv.gz": (gzip.compress(HEADER.encode()), "unreadable_file"),
    "exam.pdf": (b"%PDF-1.7 \x00\x01\x02\xff\xfe\x80", "unreadable_file"),
    "old.doc": (b"\xd0\xcf\x11\xe0" + b"\x00" * 1000, "unreadable_file"),
    "old.xls": (b"\xd0\xcf\x11\xe0" + b"\x00" * 1000, "unreadable_file"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_hostile_file_is_one_verdict(read, name):
    content, reason = TEXTS[name]
    questions, (row,) = read(content, name)
    assert (questions, row["reason_codes"]) == ([], [reason])
    assert row["detail"]


def test_numbered_lines_without_options_end_soon(read):
    for text in ("1. x\n" * 30_000 + "A. y\nB. z\n", "Câu 1. x\nA. y\nB. z\n" * 5_000):
        questions, rejected = read(text, "a.txt")
        assert len(questions) + len(rejected) >= 1


DEEP = (
    '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
    + "<w:sdt>" * 5000
    + "</w:sdt>" * 5000
    + "</w:body></w:document>"
)
ARCHIVES = {
    "plain.xlsx": zipped(("a.txt", "x")),
    "plain.docx": zipped(("a.txt", "x")),
    "plain.zip": zipped(("a.txt", "x")),
    "empty.zip": zipped(),
    "bomb.docx": zipped(("word/document.xml", b" " * 210_000_000)),
    "deep.docx": zipped(("word/document.xml", DEEP)),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_that_claims_to_be_a_document_is_one_verdict(reasons, name):
    assert reasons(ARCHIVES[name], name) == [["unreadable_file"]]


def test_a_workbook_that_unpacks_to_too_much_is_refused(read):
    parts = [(f"xl/media/{number}.png", b" " * 2**20) for number in range(513)]
    _, (row,) = read(zipped(*parts), "a.xlsx")
    assert "unpacks to 537,919,488 bytes" in row["detail"]


def test_entities_that_grow_without_end_are_refused(reasons):
    entities = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10 if i else "ha"}">' for i in range(10))
    assert reasons(f'<?xml version="1.0"?><!DOCTYPE q [{entities}]><quiz>&e9;</quiz>', "a.xml") == [["unreadable_file"]]
