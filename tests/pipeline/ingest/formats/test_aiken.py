"""Aiken."""

import pytest

AIKEN = "What is 1 + 1?\nA. 1\nB. 2\nANSWER: B\n\nWhich city is\nthe capital of Peru?\nA) Lima\nB) Quito\nC) Cuzco\nANSWER: A\n"
EXPECTED = [("What is 1 + 1?", ["1", "2"], "2"), ("Which city is\nthe capital of Peru?", ["Lima", "Quito", "Cuzco"], "Lima")]


@pytest.mark.parametrize(
    "text",
    [
        AIKEN,
        AIKEN.replace("\n", "\r\n"),
        AIKEN.replace("ANSWER:", "ANSWER :  "),
        AIKEN.replace("ANSWER: B", "Answer: b "),
        AIKEN.replace("A.", "a.").replace("B.", "b.").replace("A)", "a)").replace("B)", "b)").replace("C)", "c)"),
        AIKEN.replace("\n\n", "\n"),
        "\ufeff" + AIKEN,
        AIKEN.replace("A. ", "A."),
    ],
)
def test_aiken_in_its_spellings(parse, text):
    assert parse(text, "quiz.txt") == EXPECTED


def test_a_question_without_its_key_is_a_missing_answer(read):
    questions, rejected = read(AIKEN + "\nAnd this?\nA. x\nB. y\n", "quiz.txt")
    assert [row["locator"] for row in questions] == ["quiz.txt#item:1", "quiz.txt#item:2"]
    assert [row["reason_codes"] for row in rejected] == [["missing_answer"]]


def test_blank_lines_may_part_the_options_from_the_key(parse):
    assert parse(AIKEN.replace("\nA", "\n\nA"), "quiz.txt") == EXPECTED


def test_one_option_and_a_line_that_could_belong_to_it_are_refused(reasons):
    assert reasons("Who?\nA. Ann\nANSWER: A\n\nWhere?\nA. here\nB. there\nIt is dark.\nANSWER: A\n", "quiz.txt") == [
        ["too_few_options"],
        ["malformed_row"],
    ]


def test_numbered_questions_with_aiken_keys_are_an_exam(parse):
    assert parse("1. 5 + 3 = ?\nA. 8\nB. 9\nANSWER: A\n\n2. 5 - 3 = ?\nA. 8\nB. 2\nANSWER: B\n", "quiz.txt") == [
        ("5 + 3 = ?", ["8", "9"], "8"),
        ("5 - 3 = ?", ["8", "2"], "2"),
    ]


def test_a_question_without_its_key_leaves_the_next_one_whole(read):
    questions, rejected = read(
        f"Which is wet?\nA. sand\nB. rain\n\nWhich is loud?\nListen.\nA. moss\nB. a bell\nANSWER: B\n\n{AIKEN}", "quiz.txt"
    )
    assert len(questions) == 3
    assert [(row["stem"], row["options"]) for row in rejected] == [("Which is wet?", ["sand", "rain"])]
    assert [row["reason_codes"] for row in rejected] == [["missing_answer"]]


@pytest.mark.parametrize("between", ["\n", "\n\n", "\nOne of these:\n"])
def test_a_blank_line_within_a_question_parts_nothing(parse, between):
    assert parse(f"Which is loud?\n{between}A. moss\nB. a bell\n\nC. snow\nANSWER: B\n\n{AIKEN}", "quiz.txt")[0][1] == [
        "moss",
        "a bell",
        "snow",
    ]


def test_roman_numbers_make_it_an_exam(parse):
    text = "I. Which is wet?\nA. sand\nB. rain\nANSWER: B\n\nII. Which is loud?\nA. moss\nB. a bell\nANSWER: B\n"
    assert parse(text, "quiz.txt") == [("Which is wet?", ["sand", "rain"], "rain"), ("Which is loud?", ["moss", "a bell"], "a bell")]


@pytest.mark.parametrize("key", ["A, B", "A and B", "AB", "A B"])
def test_several_letters_are_several_answers_and_no_part_of_the_next_question(read, key):
    text = AIKEN.replace("ANSWER: B", f"ANSWER: {key}")
    questions, rejected = read(text, "quiz.txt")
    assert [row["stem"] for row in questions] == ["Which city is\nthe capital of Peru?"]
    assert [row["reason_codes"] for row in rejected] == [["multiple_answers"]]


def test_an_empty_key_is_a_missing_answer(read):
    questions, rejected = read(AIKEN.replace("ANSWER: B", "ANSWER:"), "quiz.txt")
    assert (len(questions), [row["reason_codes"] for row in rejected]) == (1, [["missing_answer"]])
