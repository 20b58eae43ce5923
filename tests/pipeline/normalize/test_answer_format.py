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
    found = find_answer_format([("A", O), ("A", O), ("B", O), (0, O), (1, O)])
    assert (found.name, found.numbers, found.others) == ("letter", "index0", "letter")
    assert found.detail == "3 of 5 keys are letters; 1 keys are 0"


def test_nothing_but_zeros_among_letters_counts_no_options():
    assert find_answer_format([("A", O), ("C", O), (0, O)]).numbers == "ambiguous"
    assert find_answer_format([("A", O), ("C", O), (0, O), (2, O)]).numbers == "index0"
    assert find_answer_format([("A", O), ("C", O), (len(O), O)]).numbers == "index1"


def test_numbers_under_a_header_that_says_so_are_places_though_they_are_texts_too():
    rows = [("4", ["1", "2", "3", "4"]), ("2", ["2", "3", "4", "1"])]
    assert find_answer_format(rows).numbers == "ambiguous"
    assert find_answer_format(rows, are_places=True).numbers == "index1"
    # What lies outside the list is no place in it.
    assert find_answer_format([("12", ["10", "12"]), ("7", ["7", "8"])], are_places=True).numbers == "text"


def test_a_row_without_options_decides_nothing():
    assert find_answer_format([(0, ["x"]), (3, O)]).name == "index1"


def test_a_header_that_speaks_of_the_number_makes_the_key_a_place(parse, reasons):
    text = "Question,Answer 1,Answer 2,Answer 3,Correct Answer(s) (Only include Answer #)\n1 + 1?,3,1,2,3\n2 - 1?,1,2,3,1\n"
    assert [key for _, _, key in parse(text, "a.csv")] == ["2", "1"]
    # Without it nobody can say which is meant.
    assert reasons(text.replace(" (Only include Answer #)", ""), "a.csv") == [["ambiguous_answer_base"]] * 2
