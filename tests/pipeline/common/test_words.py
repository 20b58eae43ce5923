"""Words as they are compared: what readers take for one word is one, what changes the question stays apart."""

import pytest

from pipeline.common.words import normal_word, word_set, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Lý", "lí"),
        ("hoá", "hóa"),
        ("Third", "3"),
        ("IV", "4"),
        ("ba", "3"),
        ("1,5", "1.5"),
        ("don’t", "dont"),
        ("π", "\\pi"),
    ],
)
def test_spellings_of_one_word_are_equal(one, other):
    assert normal_word(one) == normal_word(other)


@pytest.mark.parametrize(("one", "other"), [("Aa", "AA"), ("AaBb", "aabb"), ("ma", "má"), ("năm", "5"), ("Mix", "1009"), ("x²", "x")])
def test_what_changes_the_question_stays_apart(one, other):
    assert normal_word(one) != normal_word(other)


def test_a_text_is_its_words_numbers_and_operators_in_order():
    assert words("Tính: 2,5 x 3 =") == ["tinh\u0301", "2.5", "×", "3"], "tone mark last, no operator without what follows"
    assert words("\\frac{1}{2} \\le 3/4") == ["1", "2", "≤", "3", "4"]
    assert words("2024-05-01") == ["2024", "05", "01"], "a dash parts dates"
    assert words("x = -3")[-2:] == ["-", "3"], "and is a sign before a number"


@pytest.mark.parametrize("text", ["", " ", "...", "\\frac{}"])
def test_a_text_without_words_has_none(text):
    assert words(text) == []


def test_a_list_of_words_holds_each_normal_form_once():
    assert word_set("hai Two 2 ba") == {"2", "3"}
