"""Rows that give their key twice."""

import pytest

from pipeline.common.grammar.columns import FieldMap
from pipeline.normalize.rival_keys import Rival, contradiction, places_of, rival_columns

OPTIONS, LABELS = ["cat", "dog", "cow"], ["A", "B", "C"]
ROW = {"question": "Which animal barks?", "options": OPTIONS}


@pytest.mark.parametrize(
    ("more", "agrees"),
    [
        ({"answer": "B", "correct_answer": "dog"}, True),
        ({"answer": "B", "correct_answer": "cat"}, False),
        ({"answer": "dog", "answer_index": 1}, True),
        ({"answer": "dog", "answer_index": 2}, True),  # Counted from 1.
        ({"answer": "cat", "answer_index": 2}, False),
        ({"answer": "B", "correct_option": "the dog, as it barks"}, False),
        ({"answer": "B", "correct": {"text": "dog", "index": 1}}, True),
        ({"answer": "B", "correctAnswers": ["dog", "cow"]}, False),
        ({"answer": "B", "correct_answer": ""}, True),
        ({"answer": "B", "label": "C", "output": "cat", "target": 0}, True),  # They may be about something else.
        ({"answer": "B", "user_answer": "cat"}, True),
    ],
)
def test_a_second_key_has_to_agree(read, more, agrees):
    questions, rejected = read([ROW | more])
    assert [row["answer_index"] for row in questions] == ([1] if agrees else [])
    assert agrees or rejected[0]["reason_codes"] == ["multiple_answers"]


def test_a_mark_in_the_options_and_a_key_beside_them(read):
    marked = [{"text": "cat", "isCorrect": False}, {"text": "dog", "isCorrect": True}]
    questions, rejected = read([{"question": f"{key}?", "answers": marked, "correctAns": key} for key in ("dog", "cat")])
    assert [(row["stem"], row["answer_index"]) for row in questions] == [("dog?", 1)]
    assert "correctAns" in rejected[0]["detail"]
    assert "correct one of them" in rejected[0]["detail"]


def test_a_second_key_stands_in_where_the_first_is_empty(read):
    rows = [ROW | {"answer": "B", "correct_answer": "dog"}, ROW | {"question": "Which one moos?", "answer": None, "correct_answer": "cow"}]
    assert [row["answer_index"] for row in read(rows)[0]] == [1, 2]


def test_the_config_names_the_key(read):
    row = ROW | {"answer": "B", "correct_answer": "cat"}
    assert read([row], fields={"stem": "question", "options": "options", "answer": "answer"})[0][0]["answer_index"] == 1


def test_an_opinion_on_the_key_is_no_key(read):
    assert read([ROW | {"answer": "B", "correct_answer": "cat", "error_type": "wrong_groundtruth"}])[0][0]["answer_index"] == 1


def test_rivals_one_by_one():
    fields = FieldMap({"stem": "q", "answer": "answer"}, [])
    assert rival_columns(fields, ["q", "answer", "correct", "note"], {"q", "answer", "correct", "note"}, {}) == ("correct",)
    assert rival_columns(FieldMap({"stem": "q"}, []), ["q", "correct"], {"q", "correct"}, {}) == ()
    assert places_of(Rival("correct", "2"), {"correct": "index1"}, LABELS, OPTIONS) == {1}
    assert places_of(Rival("correct", OPTIONS), {}, LABELS, OPTIONS) is None
    assert contradiction(1, [Rival("correct", "B")], {}, LABELS, OPTIONS) is None
    assert "cow" in (contradiction(1, [Rival("correct", "C")], {}, LABELS, OPTIONS) or "")
