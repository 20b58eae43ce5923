"""A passage is what different questions of one file open with."""

import pytest

from pipeline.common.grammar.passages import PASSAGE_WORDS, passage_ends


def words(count):
    return " ".join(f"w{i}" for i in range(count))


@pytest.mark.parametrize(("count", "cut"), [(PASSAGE_WORDS - 1, False), (PASSAGE_WORDS, True), (PASSAGE_WORDS + 1, True)])
def test_only_a_long_opening_is_a_passage(count, cut):
    text = words(count)
    assert passage_ends([f"{text}\nWho won?", f"{text}\nWho lost?"]) == ([len(text)] * 2 if cut else [0, 0])


def test_the_longest_shared_run_of_lines_is_the_passage():
    first, second = words(70), words(30)
    stems = [f"{first}\n{second}\nWho won?", f"{first}\n{second}\nWho lost?", f"{first}\nWhere was it?"]
    assert passage_ends(stems) == [len(first) + 1 + len(second)] * 2 + [len(first)]


def test_one_question_standing_twice_shows_no_passage():
    assert passage_ends([f"{words(70)}\nWho won?"] * 2) == [0, 0]


def test_nothing_is_cut_where_nothing_would_be_left():
    text = words(70)
    assert passage_ends([text, f"{text}\nWho won?", f"{text}\nWho lost?"]) == [0, len(text), len(text)]
    assert passage_ends([]) == []
