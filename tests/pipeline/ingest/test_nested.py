"""A record that holds several questions becomes one a question, with what they share."""

import pytest

from pipeline.ingest.items import MAX_COLUMNS
from pipeline.ingest.nested import MAX_DEPTH, too_deep, unnest
from schemas.reasons import Reason


def test_questions_within_passages_keep_their_place_and_what_is_above_them():
    item = {"title": "T", "paragraphs": [{"context": "P", "qas": [{"q": 1}, {"q": 2}]}, {"q": 3}]}
    assert [(i.locator, i.payload) for i in unnest("item:2", item)] == [
        ("item:2.1.1", {"title": "T", "context": "P", "q": 1}),
        ("item:2.1.2", {"title": "T", "context": "P", "q": 2}),
        ("item:2.2", {"title": "T", "q": 3}),
    ]


def test_only_lists_as_long_as_the_questions_are_dealt_out():
    item = {"questions": ["a", "b"], "options": [["x", "y"], ["u", "v"]], "tags": ["one"]}
    assert [i.payload for i in unnest("item:1", item)] == [
        {"tags": ["one"], "options": ["x", "y"], "question": "a"},
        {"tags": ["one"], "options": ["u", "v"], "question": "b"},
    ]


@pytest.mark.parametrize("item", [{"question": "a"}, {"questions": []}, {"questions": "a"}, {}])
def test_a_record_without_a_list_of_questions_is_itself(item):
    assert [(i.locator, i.payload, i.reason) for i in unnest("item:1", item)] == [("item:1", item, None)]


@pytest.mark.parametrize(
    ("item", "reason"),
    [(["a"], Reason.MALFORMED_ROW), (None, Reason.MALFORMED_ROW), ({str(i): i for i in range(MAX_COLUMNS + 1)}, Reason.TOO_LARGE)],
)
def test_what_is_no_record_has_a_reason(item, reason):
    assert [(i.payload, i.reason) for i in unnest("item:1", item)] == [(item, reason)]


@pytest.mark.parametrize(("levels", "deep"), [(MAX_DEPTH, False), (MAX_DEPTH + 1, True), (50_000, True)])
def test_depth_is_measured_without_walking_down_the_stack(levels, deep):
    value = "x"  # a level of its own
    for level in range(levels - 2):
        value = [value] if level % 2 else {"k": value}
    assert too_deep([value]) is deep
