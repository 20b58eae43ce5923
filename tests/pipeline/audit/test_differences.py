"""Two texts side by side: what differs is marked, and nothing of either is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.audit.differences import MOST_WORDS, compared, compared_options

texts = st.text(alphabet="ab \n\tđ", max_size=60)


def said(pieces):
    return "".join(piece.text for piece in pieces)


@given(texts, texts)
def test_the_pieces_joined_are_the_texts(left, right):
    ours, others = compared(left, right)
    assert (said(ours), said(others)) == (left, right)


@given(texts)
def test_a_text_differs_from_itself_in_nothing(text):
    assert not any(piece.differs for side in compared(text, text) for piece in side)


@given(texts, texts)
def test_texts_of_the_same_words_differ_in_nothing_and_others_in_something(left, right):
    differs = any(piece.differs for side in compared(left, right) for piece in side if piece.text.strip())
    assert differs == (left.split() != right.split())


def test_texts_too_long_to_compare_are_marked_whole():
    left = "word " * (MOST_WORDS + 1)
    assert [piece.differs for piece in compared(left, left + "more")[0]] == [True]
    assert [piece.differs for piece in compared(left, left)[0]] == [False]


def test_options_are_compared_with_their_likest_wherever_it_stands():
    ours, others = compared_options(["Hà Nội", "the red annex", "Huế"], ["Huế.", "Hà Nội", "the blue annex", "Vinh"])
    assert [[piece.differs for piece in option] for option in ours] == [[False], [False, True, False], [False]]
    assert [[piece.differs for piece in option] for option in others] == [[False], [False], [False, True, False], [True]]
    assert said(ours[1]) == "the red annex"


@pytest.mark.parametrize(("left", "right"), [([], []), (["a"], []), ([], ["a"])])
def test_no_options_are_no_error(left, right):
    ours, others = compared_options(left, right)
    assert (len(ours), len(others)) == (len(left), len(right))
