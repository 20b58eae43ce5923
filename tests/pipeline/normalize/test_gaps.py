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


def test_a_gap_in_a_text_that_holds_its_options_is_seen_among_pairs_of_blanks(read):
    rows = [
        {"question": "29. The gate        shut,  no matter  how hard he pushed.\nA. shouldn't    B. wouldn't  C. mightn't", "answer": "B"},
        {
            "question": "21. --- Is the soup  ready ? \n--- No, I        the onions  now . \nA. cut  B. am  cutting C. had cut",
            "answer": "B",
        },
        {"question": "3. The gate  is shut  and nobody  can open it. Who shut it?\nA. Ann  B. Bob  C. Cid", "answer": "A"},
    ]
    questions, rejected = read(rows)
    assert rejected == []
    assert [row["stem"] for row in questions] == [
        "The gate ____ shut, no matter how hard he pushed.",
        "--- Is the soup ready ?\n--- No, I ____ the onions now .",
        "The gate is shut and nobody can open it. Who shut it?",
    ]


def test_blanks_that_may_be_a_gap_and_cannot_be_told_refuse_the_question(read):
    rows = [
        {"question": "--- I'm sorry I  woke you!     ---       . Nobody  minds.\nA. No problem  B. So do  I  C. Not yet", "answer": "A"}
    ]
    questions, rejected = read(rows)
    assert (questions, rejected[0]["reason_codes"]) == ([], ["malformed_row"])
    assert "write it as ____" in rejected[0]["detail"]
