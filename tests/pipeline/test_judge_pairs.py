"""Pairs of raw questions, in any layout that ingest reads, are judged in their order."""

import pytest

from pipeline.deduplicate.question import ComparableQuestion
from pipeline.judge_pairs import judge_pairs, read_sides

BLOCK = "#Q What colour is snow in winter?\nA white\nB green"
SNOW = {"question": "What colour is snow in winter?", "options": ["green", "white"], "answer": "white"}
ESSAY = {"question": "Why is snow white?", "answer": "It scatters light."}


def judged(*pairs):
    return [(row["relation"], row["similarity"], row["why"].partition(":")[0]) for row in judge_pairs([{"a": a, "b": b} for a, b in pairs])]


def test_a_block_with_its_key_a_text_with_options_and_a_row_are_one_question():
    text = {"text": "What colour is snow in winter?\nA. white\nB. green", "key": "A"}
    block = {"text": BLOCK.replace("\nA", "\n^ white\nA", 1)}
    pairs = [({"text": BLOCK, "key": "white"}, SNOW), (text, SNOW), (block, SNOW)]
    assert judged(*pairs) == [("exact", 1.0, "same_content")] * 3


def test_rows_come_in_the_order_of_the_pairs():
    assert [row[0] for row in judged((SNOW, {**SNOW, "answer": "green"}), (SNOW, SNOW))] == ["conflict", "exact"]
    assert judge_pairs([]) == []


def test_a_side_that_is_no_question_equals_its_copy_alone_whatever_it_is_called():
    assert judged((ESSAY, {**ESSAY, "id": 7, "source": "x"}), (ESSAY, SNOW)) == [
        ("exact", 1.0, "no_usable_question"),
        ("different", 0.0, "no_usable_question"),
    ]


@pytest.mark.parametrize("side", [{}, {"text": ""}, {"text": BLOCK, "key": None}, ESSAY])
def test_a_side_that_cannot_be_read_says_why(side):
    good, bad = read_sides([SNOW, side])
    assert isinstance(good, ComparableQuestion)
    assert isinstance(bad, str)
    assert bad
