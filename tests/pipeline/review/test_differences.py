import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.review.differences import differences


@given(left=st.text(max_size=60), right=st.text(max_size=60))
def test_pieces_are_the_texts(left, right):
    pieces = differences(left, right)
    assert ["".join(piece.text for piece in side) for side in pieces] == [left, right]


def test_equal_texts_have_no_differences():
    assert not any(piece.differs for side in differences("Vua  nào — “A”?", 'vua nào - "a"?') for piece in side)


@pytest.mark.parametrize(
    ("left", "right"), [("a b " * 120, "b c " * 120), ("a b " * 25_000, "b c " * 25_000), ("a" * 100_000, "a" * 99_999)]
)
def test_texts_of_any_length_are_compared_in_a_moment(left, right):
    started = time.monotonic()
    assert any(piece.differs for side in differences(left, right) for piece in side)
    assert time.monotonic() - started < 20


def test_one_word_of_a_long_text_is_found():
    long = "x y " * 10_000
    left, right = differences(f"{long}Hàm Nghi {long}", f"{long}Duy Tân {long}")
    assert [piece.text for piece in (*left, *right) if piece.differs] == ["Hàm Nghi ", "Duy Tân "]
