"""Mappings from options, or their names, to truth values, and what only looks like one."""

import pytest

from pipeline.common.grammar.flags import is_lettered, is_running, read_flags, truths, with_order


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        ("correct_answers", {"answer_a_correct": "true", "answer_b_correct": "false", "answer_c_correct": None}, ["answer_a"]),
        ("correct", {"A": False, "B": True}, ["b"]),
        ("answers", {"a": True, "b": True}, ["a", "b"]),
        ("target_scores", {"A": 0, "B": 1}, ["b"]),
    ],
)
def test_flags_by_name_become_the_names_that_are_right(key, value, found):
    assert read_flags(key, value) == {key: found}


@pytest.mark.parametrize("key", ["mc1_targets", "target_scores", "options"])
def test_flags_by_text_become_options_and_their_marks(key):
    assert read_flags(key, {"yes, it is": 0, "no": 1}) == {f"{key}.choices": ["yes, it is", "no"], f"{key}.labels": [0, 1]}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("answers", {"answer_a": "1", "answer_b": "0"}),
        ("options", {"A": "true", "B": "false"}),
        ("settings", {"shuffle": True, "timer": False}),
        ("correct", {"A": True}),
        ("options", {"a": "x", "b": "y"}),
    ],
)
def test_texts_and_settings_are_no_flags(key, value):
    assert read_flags(key, value) is None


def test_the_order_of_options_outlives_sorted_keys():
    row = {"input": "?", "target_scores": {"z": 1, "a": 0}, "more": {"mc1_targets": {"y": 0, "b": 1}}}
    kept = with_order(row)
    assert kept["target_scores"] == {"choices": ["z", "a"], "labels": [1, 0]}
    assert kept["more"]["mc1_targets"]["choices"] == ["y", "b"]
    assert with_order({"answers": {"b": "x", "a": "y"}}) == {"answers": {"b": "x", "a": "y"}}


def test_truth_values_and_running_names():
    assert truths(["x", "", None]) == [True, False, False]
    assert truths(["true", "maybe"]) is None
    assert truths([None, ""]) is None
    assert is_running(["Option 2", "Option 1"])
    assert is_running(["b", "a"])
    assert not is_running(["a", "c"])
    assert is_lettered(["B", "A"])
    assert not is_lettered(["1", "2"])
