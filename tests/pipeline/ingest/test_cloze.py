"""Moodle's embedded answers."""

import pytest

from pipeline.ingest.cloze import read_cloze


@pytest.mark.parametrize(
    ("text", "options", "answer"),
    [
        ("It {1:MULTICHOICE:ran~=flew#yes~swam#no}.", ["ran", "flew", "swam"], ["flew"]),
        ("It {:MCV:%100%ran~%50%flew}.", ["ran", "flew"], ["ran"]),
        ("It {2:MULTICHOICE_H:=\\}~\\#1~a\\~b}.", ["}", "#1", "a~b"], ["}"]),
        ("It {1:MC:=$\\frac{1\\}{2\\}$~2}.", ["$\\frac{1}{2}$", "2"], ["$\\frac{1}{2}$"]),
        ("It {1:MULTIRESPONSE:=ran~=flew~swam}.", ["ran", "flew", "swam"], ["ran", "flew"]),
        ("It {1:SHORTANSWER:=ran~flew}.", [], None),
        ("It {1:NUMERICAL:=5:0.1}.", [], None),
    ],
)
def test_one_gap(text, options, answer):
    cells = read_cloze(text, str)
    assert (cells["question"], cells["options"], cells["answer"], cells["gaps"]) == ("It _____.", options, answer, 1)


def test_two_gaps_are_counted_and_not_read():
    cells = read_cloze("A {1:MC:=cat~dog} on a {1:MC:=mat~bed}", str)
    assert (cells["question"], cells["options"], cells["gaps"]) == ("A _____ on a _____", [], 2)


def test_a_gap_that_never_ends_is_text():
    assert read_cloze("A {1:MC:=cat~dog", str)["gaps"] == 0
