"""What the columns of an unknown layout could hold: a guess from their cells, never beyond what they show."""

from pipeline.normalize.suggest_columns import guess_fields

LISTED = {"q": "Was ist das?", "w": ["x", "y"]}


def test_options_in_columns_are_found_by_the_keys_that_they_hold():
    rows = [{"f": "Was ist das?", "1": "x", "2": "y", "k": "x"}, {"f": "Wer ist das?", "1": "u", "2": "v", "k": "v."}]
    assert guess_fields(rows, {"answer": "k"}) == {"stem": "f", "option_a": "1", "option_b": "2", "answer": "k"}


def test_a_text_of_an_option_says_more_than_a_letter_and_numbers_say_nothing():
    rows = [LISTED | {"n": 1, "l": "B", "t": "y"}, LISTED | {"n": 2, "l": "A", "t": "x"}]
    assert guess_fields(rows, {})["answer"] == "t"
    assert guess_fields([{key: row[key] for key in ("q", "w", "n", "l")} for row in rows], {})["answer"] == "l"
    assert "answer" not in guess_fields([{key: row[key] for key in ("q", "w", "n")} for row in rows], {})


def test_what_could_be_a_key_by_chance_alone_is_not_suggested():
    same = [LISTED | {"grade": "B"}, LISTED | {"grade": "B"}]
    assert "answer" not in guess_fields(same, {})
    differing = [LISTED | {"first": "A", "second": "B"}, LISTED | {"first": "B", "second": "B"}]
    assert guess_fields(differing, {}).get("answer") == "first"  # "second" never changes.
    assert "answer" not in guess_fields([*differing, LISTED | {"first": "B", "second": "A"}], {})
    assert "answer" not in guess_fields([LISTED | {"user_choice": "x"}, LISTED | {"user_choice": "y"}], {})


def test_what_is_known_is_kept_and_its_column_not_given_twice():
    assert guess_fields([LISTED | {"long": "A much longer text than the question."}], {"stem": "q"}) == {"stem": "q", "options": "w"}


def test_without_anything_like_options_nothing_is_guessed():
    assert guess_fields([{"q": "Was?", "t": "x"}], {}) == guess_fields([], {}) == guess_fields([{}], {}) == {}
