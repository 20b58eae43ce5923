"""Words without case and diacritics, and where they stand."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.audit.folding import MAX_MARKS, Mark, composed, fold, marks, snippet, unstroked, words

VIETNAMESE = st.text("aăâbcdđeêghiklmnoôơpqrstuưvxyàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệờởỡớợừửữứựỳỷỹýỵ ĐÐð", max_size=40)


@given(VIETNAMESE)
def test_both_forms_fold_to_the_same_ascii(text):
    folded = fold(text)
    assert folded.isascii()
    assert fold(unicodedata.normalize("NFD", text)) == fold(folded) == folded
    assert composed(unicodedata.normalize("NFD", text)) == composed(text)
    assert set(unstroked(text)).isdisjoint("đĐðÐ")


@given(VIETNAMESE)
def test_every_word_is_found_where_it_stands(text):
    for written in (text, unicodedata.normalize("NFD", text)):
        for word in words(written):
            assert fold(word) in {fold(written[mark.start : mark.end]) for mark in marks(written, {fold(word)})}
            assert marks(written, (), [fold(word)[:1]])


def test_marks_are_bounded_and_none_is_asked_for_nothing():
    assert len(marks("a " * 100_000, {"a"})) == MAX_MARKS
    assert marks("a b", ()) == []


@pytest.mark.parametrize(
    ("text", "found", "expected"),
    [
        ("short", [], ("short", [], False, False)),
        ("0123456789", [Mark(8, 9)], ("6789", [Mark(2, 3)], True, False)),
        ("0123456789", [Mark(0, 1), Mark(9, 10)], ("0123", [Mark(0, 1)], False, True)),
        ("0123456789", [], ("0123", [], False, True)),
    ],
)
def test_a_snippet_holds_the_first_mark(text, found, expected):
    assert snippet(text, found, 4 if len(text) == 10 else 5) == expected
