"""Respondus' text format."""

import pytest

from pipeline.ingest.formats.respondus import FORMAT
from pipeline.ingest.items import SniffedFile

QUIZ = """Type: MC
Title: Fish
Points: 1
1) Which of these breathes through gills?
@ Think of water.
a. the whale
@ It is a mammal.
*b. the carp
~ Yes, with four pairs
of them.
c. the seal

Type: E
2. Describe a lake.

3. A pond is a lake.
A) True
*B) False
"""


def test_feedback_and_settings_are_no_part_of_stem_and_options(read):
    questions, rejected = read(QUIZ, "a.txt")
    assert [(row["stem"], row["options"], row["answer_index"]) for row in questions] == [
        ("Which of these breathes through gills?", ["the whale", "the carp", "the seal"], 1),
        ("A pond is a lake.", ["True", "False"], 1),
    ]
    assert questions[0]["explanation"] == "Think of water.\nYes, with four pairs\nof them."
    assert [row["reason_codes"] for row in rejected] == [["not_multiple_choice"]]


def test_keys_below_answers_count_as_stars_do(parse):
    text = "Type: MC\n1. Which is wet?\na. sand\nb. rain\n\nType: MC\n2. Which is dry?\na. sand\nb. rain\n\nAnswers:\n1. b\n2. A\n"
    assert parse(text, "a.txt") == [("Which is wet?", ["sand", "rain"], "rain"), ("Which is dry?", ["sand", "rain"], "sand")]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("*b. the carp", "b. the carp"), "missing_answer"),
        (("c. the seal", "*c. the seal"), "multiple_answers"),
        (("Points: 1", "Image: fish.png"), "image_required"),
        (("c. the seal\n", "c. the seal\n\nSeals have lungs.\n"), "malformed_row"),
    ],
)
def test_what_cannot_be_told_is_refused(read, change, reason):
    _, rejected = read(QUIZ.replace(*change), "a.txt")
    assert rejected[0]["reason_codes"] == [reason]


def test_an_exam_whose_text_holds_an_at_sign_is_none_of_respondus():
    for text in (
        "1. Who?\na. me @ home\n*b. you\n",
        "Type: essay on fish\n1. Who?\na. I\nb. you\nAnswer: A\n",
        "@ home\nA. x\nB. y\nANSWER: A\n",
    ):
        assert not FORMAT.sniff(SniffedFile(b"", ".txt", text))
