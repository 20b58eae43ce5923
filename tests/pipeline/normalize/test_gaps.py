"""Gaps written as blanks."""

import pytest

from pipeline.normalize.gaps import with_gaps

ONE, TWO = ["washed", "broke"], ["ran / to", "runs / at"]


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("The cooks       the plates after lunch.", ONE, "The cooks ____ the plates after lunch."),
        ("She      school      noon.", TWO, "She ____ school ____ noon."),
        ("After lunch the plates were      .", ONE, "After lunch the plates were ____."),
        ("他　　　的是水。", ["喝", "吃"], "他 ____ 的是水。"),
    ],
)
def test_blanks_are_gaps(text, options, expected):
    assert with_gaps(text, options) == expected


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("The cooks   the plates.", ONE),
        ("The  cooks    washed  the plates.", ONE),
        ("The cooks      _____ the plates.", ONE),
        ("She      school      noon.", ONE),
        ("Name      age", ONE),
        ("Thủ đô      của nước ta là", ["Huế", "Hà Nội"]),
        ("Which one is it?      Choose one.", ONE),
        ("The cooks      the plates.", ["They washed all of the plates at once, twice", "b"]),
        ("The cooks      the plates.", []),
        ("name      age\nTom      12", ONE),
    ],
)
def test_blanks_that_align_are_none(text, options):
    assert with_gaps(text, options) == text
