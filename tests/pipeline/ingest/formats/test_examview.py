"""ExamView's tests."""

import pytest

from pipeline.ingest.formats.examview import FORMAT
from pipeline.ingest.items import SniffedFile

TEST = """Chapter 2 - Rivers

____\t1.\tA river begins at its
a.\tmouth.\tc.\tbank.
b.\tsource.\td.\tbed.

____ 2. Which of these is a river?
a. the Alps
b. the Gobi
c. the Rhine

Chapter 2 - Rivers
Answer Section

MULTIPLE CHOICE

\t1.\tANS:\tC\tPTS:\t1\tDIF:\tEasy
OBJ:\t2.1\tTOP:\tRivers
 2. ANS: C PTS: 1
"""


def test_keys_bear_details_and_options_stand_in_two_columns(parse):
    assert parse(TEST, "a.txt") == [
        ("A river begins at its", ["mouth.", "source.", "bank.", "bed."], "bank."),
        ("Which of these is a river?", ["the Alps", "the Gobi", "the Rhine"], "the Rhine"),
    ]


def test_a_key_behind_each_question(parse):
    text = "1. Which is wet?\na. sand\nb. rain\n\nANS: B PTS: 1 DIF: L1 REF: p. 3\nTOP: Weather\n\n2. Which is dry?\na. sand\nb. rain\n\nANS: A PTS: 1\n"
    assert parse(text, "a.txt") == [("Which is wet?", ["sand", "rain"], "rain"), ("Which is dry?", ["sand", "rain"], "sand")]


def test_numbers_that_begin_anew_give_no_key(reasons):
    text = f"{TEST}\nPART 2\n\n1. ANS: A PTS: 1\n"
    assert reasons(text, "a.txt") == [["missing_answer"], ["missing_answer"]]


@pytest.mark.parametrize("text", ["1. Who?\nA. I\nB. you\nANS: B\n", "1. Who?\nA. I\nB. you\nAnswer: A\n", "ANS: the Rhine\n"])
def test_an_exam_with_plain_keys_is_left_to_its_reader(text):
    assert not FORMAT.sniff(SniffedFile(b"", ".txt", text))
