"""How a file writes its keys is decided over all of its rows, and left open where they don't show it."""

import pytest

from pipeline.normalize.answer_format import find_answer_format

O = ["x", "y", "z"]  # noqa: E741


@pytest.mark.parametrize(
    ("keys", "name"),
    [
        (["A", "b"], "letter"),
        ([["B"]], "letter"),
        (["x", " Y. "], "text"),
        ([0, 2], "index0"),
        ([3, 1], "index1"),
        (["0", "1"], "index0"),
        ([1, 2], "ambiguous"),
        ([0, 3], "ambiguous"),
        ([None, ""], "letter"),
        ([], "letter"),
    ],
)
def test_the_keys_of_a_file_show_how_they_are_written(keys, name):
    assert find_answer_format([(key, O) for key in keys]).name == name


@pytest.mark.parametrize(("base", "name"), [(0, "index0"), (1, "index1"), (None, "ambiguous")])
def test_numbered_columns_decide_where_the_keys_do_not(base, name):
    assert find_answer_format([(1, O), (2, O)], base).name == name


def test_a_number_that_is_the_text_of_an_option_is_no_place():
    numbers = ["4", "5", "6"]
    assert find_answer_format([("4", numbers), ("5", numbers)]).name == "text"


def test_a_file_may_mix_letters_and_numbers_and_each_is_read_by_its_own_rule():
    found = find_answer_format([("A", O), ("A", O), (0, O)])
    assert (found.name, found.numbers, found.others) == ("letter", "index0", "letter")
    assert found.detail == "2 of 3 keys are letters; 1 keys are 0"


def test_a_row_without_options_decides_nothing():
    assert find_answer_format([(0, ["x"]), (3, O)]).name == "index1"
