"""Cells that hold a structure: lists of options in every form that files use, and what only looks like one."""

import pytest

from pipeline.common.grammar.flags import is_true
from pipeline.normalize.nested_cells import flatten, list_in_text, structure_in_text


@pytest.mark.parametrize(
    "options",
    [
        {"A": "x", "B": "y"},
        {"B": "y", "A": "x"},
        {"A": "x", "B": "y", "C": None},
        [{"A": "x"}, {"B": "y"}],
        [["A", "x"], ["B", "y"]],
        [{"label": "A", "text": "x"}, {"label": "B", "text": "y"}],
    ],
)
def test_labelled_options_become_texts_and_labels(options):
    found = flatten({"o": options})
    assert (found["o"], found["o.label"]) == (["x", "y"], ["A", "B"])


def test_the_mark_of_the_right_option_becomes_the_key():
    found = flatten({"o": [{"text": "7", "correct": False}, {"text": "8", "correct": "Đúng"}]})
    assert found == {"o": ["7", "8"], "o.label": ["A", "B"], "o.right": ["B"]}


def test_what_is_no_list_of_options_stays_under_its_path():
    spans = [{"text": "x", "answer_start": 3}]
    assert flatten({"a": {"b": {"c": 1}}, "answers": spans, "o": {"one": "x", "two": "y"}}) == {
        "a.b.c": 1,
        "answers": spans,
        "o.one": "x",
        "o.two": "y",
    }


@pytest.mark.parametrize(
    "text",
    [
        "x|y",
        "x || y",
        "x; y",
        "x\ty",
        "x\ny",
        '["x", "y"]',
        "['x' 'y']",
        "('x', 'y')",
        "a) x b) y",
        "A. x B. y",
    ],
)
def test_a_list_in_a_text_is_found_however_it_is_written(text):
    assert list_in_text(text) == ["x", "y"]


@pytest.mark.parametrize("text", ["", "x", "b) x c) y", "['x', 'y'", "one thing, another"])
def test_a_text_that_is_no_list_gives_none(text):
    assert list_in_text(text) == []
    assert structure_in_text(text) is None


def test_numpy_writes_numbers_without_commas_and_pandas_writes_arrays():
    assert structure_in_text("array(['x', 'y'], dtype=object)") == ["x", "y"]
    assert list_in_text("[1 2.5 -3]") == ["1", "2.5", "-3"]


@pytest.mark.parametrize(
    ("value", "right"), [(True, True), (1, True), ("1.0", True), ("x", True), ("Đúng", True), (0, False), (None, False), ("no", False)]
)
def test_the_right_option_is_marked_in_many_ways(value, right):
    assert is_true(value) is right
