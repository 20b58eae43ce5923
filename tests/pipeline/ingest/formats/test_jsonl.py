"""JSON Lines."""

import json

ROWS = [{"question": f"Number {n}?", "options": ["here", "there"], "answer": "B"} for n in range(3)]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)


def test_a_broken_line_costs_one_record(read):
    questions, (row,) = read(LINES + '{"question": "cut o\n' + LINES.replace("Number", "Other"), "a.jsonl")
    assert len(questions) == 6
    assert (row["reason_codes"], row["locator"]) == (["malformed_row"], "a.jsonl#line:4")


def test_lines_that_are_no_object_or_hostile_are_verdicts(read):
    deep = '{"question": ' + '{"a": ' * 500 + "1" + "}" * 500 + "}"
    lines = ["[1]", "3", '"x"', "null", deep, "[" * 50_000, '{"a": ' + "9" * 5000 + "}", "\x00\x00"]
    questions, rejected = read(LINES + "\n".join(lines), "a.jsonl")
    assert len(questions) == 3
    assert [row["reason_codes"] for row in rejected] == [["malformed_row"]] * len(lines)


def test_blank_lines_and_crlf(parse):
    assert len(parse("\n" + LINES.replace("\n", "\r\n\r\n"), "a.jsonl")) == 3
