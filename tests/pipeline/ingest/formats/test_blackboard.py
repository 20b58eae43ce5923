"""Blackboard's lines with tabs."""

import pytest

from pipeline.ingest.formats.blackboard import FORMAT
from pipeline.ingest.items import SniffedFile

LINES = [
    "MC\tWhich is a metal?\tsalt\tincorrect\tzinc\tcorrect\twater\tIncorrect\t",
    'MC\t"Who wrote ""Emma""?"\tAusten\tcorrect\tEliot\tincorrect',
    "TF\tZinc is a salt.\tfalse",
    "MA\tWhich are metals?\tzinc\tcorrect\tiron\tcorrect\tsalt\tincorrect",
    "ESS\tTell of zinc.\tAny answer",
    "MC\tWhich is left?\tzinc\tmaybe\tiron\tincorrect",
    "Zinc is used for roofs.",
]


def test_a_line_is_a_question_and_what_is_none_says_so(read):
    questions, rejected = read("\n".join(LINES * 1), "pool.txt", reader="blackboard")
    assert [(row["stem"], row["options"], row["answer_index"]) for row in questions] == [
        ("Which is a metal?", ["salt", "zinc", "water"], 1),
        ('Who wrote "Emma"?', ["Austen", "Eliot"], 0),
        ("Zinc is a salt.", ["True", "False"], 1),
    ]
    assert [row["reason_codes"][0] for row in rejected] == ["multiple_answers", "not_multiple_choice", "malformed_row", "malformed_row"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("\n".join(LINES[:4]), True),
        ("MC\tquestion\tanswer\nMC\tx\ty", False),
        ("question\tA\tB\tanswer\nMC\tx\tcorrect\tA", False),
    ],
)
def test_its_lines_are_told_from_other_tables(text, found):
    assert FORMAT.sniff(SniffedFile(b"", ".txt", text)) is found
