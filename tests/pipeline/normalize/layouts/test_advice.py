"""The block that a rejection prints is pasted as it is: it gives the right reading, or a rejection, never a wrong key."""

import re

import pytest
import yaml

from tests.pipeline.normalize.layouts.test_headers import FILES, ROWS

NAMES = ("frage", "wahl", "loesung", "dazu", "nummer", "stufe", "art", "quelle")


def advised(rejected):
    blocks = (re.search(r"write under the source: fields: (\{.*?\})(?:;|$)", row["detail"] or "") for row in rejected)
    return next((yaml.safe_load(block[1]) for block in blocks if block), None)


@pytest.mark.parametrize("name", [*ROWS, *FILES])
@pytest.mark.parametrize("kept", [(), ("question",), ("question", "options", "choices")])
def test_advice_when_pasted_gives_no_wrong_key(read, name, kept):
    rows = FILES.get(name) or [ROWS[name]]
    strange = {
        header: header if header in kept else new for header, new in zip(rows[0], (*NAMES, *map("x{}".format, range(20))), strict=False)
    }
    renamed = [{strange.get(header, header): value for header, value in row.items()} for row in rows]
    questions, rejected = read(renamed)
    fields = advised(rejected)
    if fields is not None:
        questions += read(renamed, fields=fields)[0]
    wrong = [row for row in questions if row["stem"].endswith("Where is it?") and row["options"][row["answer_index"]] != "there"]
    assert wrong == [], (fields, wrong)


@pytest.mark.parametrize(
    "columns",
    [
        {"user_choice": "x1"},
        {"level": 1},
        {"grade": "A"},
        {"k1": "A", "k2": "B"},
        {"first": "x1", "second": "y1"},
    ],
)
def test_what_could_be_something_else_is_not_suggested_as_the_key(read, columns):
    rows = [{"question": f"Which one is it, {n}?", "options": ["x1", "y1", "z1"], **columns} for n in range(3)]
    questions, rejected = read(rows)
    assert questions == []
    fields = advised(rejected)
    assert fields is None or read(rows, fields=fields)[0] == []
