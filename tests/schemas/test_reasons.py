"""The vocabulary of verdicts is explained in words."""

from schemas.reasons import REASON_TEXT, Reason


def test_every_reason_is_explained_in_words():
    assert set(REASON_TEXT) == set(Reason)
