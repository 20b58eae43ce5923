"""text2qti."""

import pytest

from pipeline.ingest.formats import text2qti

QUIZ = """Quiz title: Sums
Quiz description: Some sums.
shuffle answers: true

Title: The first
Points: 2
1.  How much is 3+4?
... It is a sum.
+ Well done.
a)  6
... Too low.
*b) 7
    exactly
c)  8

% a remark
COMMENT
9. Not this one
END_COMMENT

2.  Which are even?
[ ] 1
[*] 2
[*] 4

3.  What is **printed**?

    ```
    if x:
        print(x)
    ```

*a) x
b)  y

4.  Write a line.
____

5.  Who?
*   Ada

6.  How many?
=   5 +- 1

7.  Send it.
^^^^

8.  No star
a) a
b) b

9.  A stray line
a) a
*b) b
stray
"""


def test_questions_and_what_is_none(read):
    questions, rejected = read(QUIZ, "quiz.txt")
    assert [(q["options"], q["answer_index"], q["explanation"]) for q in questions] == [
        (["6", "7\nexactly", "8"], 1, "It is a sum."),
        (["x", "y"], 0, None),
    ]
    assert questions[0]["stem"] == "How much is 3+4?"
    assert "What is printed?" in questions[1]["stem"]
    codes = ["multiple_answers", *["not_multiple_choice"] * 4, "missing_answer", "malformed_row"]
    assert [row["reason_codes"][0] for row in rejected] == codes


def test_code_keeps_its_indentation():
    assert [item.payload["question"] for item in text2qti.read(QUIZ)][
        2
    ] == "What is printed?\n\n    ```\n    if x:\n        print(x)\n    ```"


def test_a_passage_is_the_context_of_what_follows(read):
    text = "Quiz title: T\n\ntext: Read the following passage.\n  It is long.\n\n1. Who?\n*a) he\nb) she\n"
    assert read(text, "quiz.txt")[0][0]["context"] == "Read the following passage.\nIt is long."


def test_without_a_title_every_line_must_be_its_own(parse):
    assert parse("1. Which?\na) x\n*b) y\n\n2. Who?\n*a) he\nb) she\n", "quiz.txt") == [
        ("Which?", ["x", "y"], "y"),
        ("Who?", ["he", "she"], "he"),
    ]
    exam = "1. Số nào chẵn?\nA. 1\n*B. 2\n\n2. Số nào lẻ?\n*A. 1\nB. 2\n"
    assert parse(exam, "exam.txt") == [("Số nào chẵn?", ["1", "2"], "2"), ("Số nào lẻ?", ["1", "2"], "1")]


@pytest.mark.parametrize(
    "text", ["Quiz title: T\n\n1. a\nCOMMENT\n", "Quiz title: T\n1. a\n```\n", "Quiz title: T\n1. a\nCOMMENT\n*a) b\n"]
)
def test_what_is_never_closed(reasons, text):
    assert reasons(text, "quiz.txt")[0] in (["unreadable_file"], ["not_multiple_choice"])
