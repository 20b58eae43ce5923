"""YAML."""

import pytest

QUIZ = """title: Tools
questions:
  - question: Which cuts?
    options: [saw, mug]
    answer: saw
  - question: Which holds?
    options:
      - saw
      - mug
    answer: mug
"""


def test_a_list_of_questions(parse):
    assert parse(QUIZ, "quiz.yaml") == [("Which cuts?", ["saw", "mug"], "saw"), ("Which holds?", ["saw", "mug"], "mug")]


def test_scalars_stay_as_they_are_written(parse):
    text = "- {question: 'Is it?', options: [yes, no, 010], answer: no}\n- {question: 'When?', options: [1:30, 2020-01-01], answer: 2020-01-01}\n"
    assert parse(text, "quiz.yml") == [("Is it?", ["yes", "no", "010"], "no"), ("When?", ["1:30", "2020-01-01"], "2020-01-01")]


def test_documents_aliases_and_flags(parse):
    text = "---\nq: A?\nchoices: &c {a: x1, b: y1}\nanswer: b\n---\nq: B?\nchoices: {a: x2, b: y2}\nanswer: a\n"
    assert parse(text, "quiz.yaml") == [("A?", ["x1", "y1"], "y1"), ("B?", ["x2", "y2"], "x2")]
    flags = "quiz:\n  questions:\n  - text: Which one?\n    answers: [{text: a cow, correct: false}, {text: an ox, correct: true}]\n"
    assert parse(flags, "quiz.yaml") == [("Which one?", ["a cow", "an ox"], "an ox")]
    assert parse("- &a {question: 'Q?', options: [x, y], answer: x}\n- <<: *a\n  question: R?\n", "quiz.yaml")[1][0] == "R?"


RELATE = """groups:
- id: g
  pages:
  - type: ChoiceQuestion
    id: p1
    prompt: |
        # Trees
        Which is a *tree*?
    choices:
    - ~CORRECT~ oak
    - "rose"
  - {type: MultipleChoiceQuestion, id: p2, prompt: "Two?", choices: [~CORRECT~ a, ~CORRECT~ b, c]}
  - {type: TextQuestion, id: p3, prompt: "Name?", answers: [x]}
  - {type: SurveyChoiceQuestion, id: p4, prompt: "How?", choices: [good, bad]}
"""


def test_the_pages_of_relate(read):
    questions, rejected = read(RELATE, "flow.yml")
    assert [(q["stem"], q["options"], q["answer_index"]) for q in questions] == [("Trees\nWhich is a tree?", ["oak", "rose"], 0)]
    assert [row["reason_codes"] for row in rejected] == [["multiple_answers"], ["not_multiple_choice"], ["missing_answer"]]


BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)) + "question: *a8\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("name: CI\non: [push]\njobs: {build: {steps: [{uses: a, with: {text: b}}]}}\n", "without questions"),
        ("question: one\nquestion: two\n", "stands twice"),
        ("a: [", "not a readable YAML"),
        ("[" * 5000, "deep"),
        (BOMB, "more than 1,000,000 values"),
        ("? [a, b]\n: c\n", "a key that is a list"),
        ("just words\n", "without questions"),
    ],
)
def test_what_is_refused_says_why(read, text, why):
    questions, rejected = read(text, "x.yaml")
    assert (questions, [row["reason_codes"] for row in rejected]) == ([], [["unreadable_file"]])
    assert why in rejected[0]["detail"]


def test_an_empty_file_has_no_records(read):
    assert read("# nothing\n", "x.yaml") == ([], [])
