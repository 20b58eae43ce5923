"""Copied results of Google Forms."""

import pytest

from pipeline.ingest.formats.google_forms import FORMAT
from pipeline.ingest.items import SniffedFile

PAGE = """Quiz about bees
Total points 1/3

Which bee lays eggs? *
0/1
the drone
the queen
the worker
Correct answer
the queen
Feedback
There is one a hive.

What do bees dance about? *
1/1
food
weather

Name a flower.
0/1
rose
Correct answers
lily
"""


def test_the_right_answer_that_the_page_writes_out_is_the_key(read):
    (question,), rejected = read(PAGE, "a.txt")
    assert (question["stem"], question["options"], question["answer_index"]) == (
        "Which bee lays eggs?",
        ["the drone", "the queen", "the worker"],
        1,
    )
    assert question["explanation"] == "There is one a hive."
    # What was answered rightly is shown by colour; what is typed in offers no options.
    assert [row["reason_codes"] for row in rejected] == [["missing_answer"], ["not_multiple_choice"]]


def test_several_right_ones_one_that_is_no_option_and_questions_without_a_gap_are_refused(reasons):
    several = PAGE.replace("Correct answer\nthe queen", "Correct answers\nthe queen\nthe worker")
    assert reasons(several, "a.txt")[0] == ["multiple_answers"]
    assert reasons(PAGE.replace("Correct answer\nthe queen", "Correct answer\nthe king"), "a.txt")[0] == ["answer_not_in_options"]
    assert reasons(PAGE.replace("There is one a hive.\n\n", ""), "a.txt")[0] == ["multiple_questions"]


@pytest.mark.parametrize("text", ["Halves\n1/2\nThirds\n1/3\n", "Match 1\n1/1\nA draw.\n\nCorrect answer\nB\n"])
def test_fractions_on_lines_of_their_own_are_no_points(text):
    assert not FORMAT.sniff(SniffedFile(b"", ".txt", text))
