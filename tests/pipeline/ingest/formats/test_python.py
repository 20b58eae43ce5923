"""Python."""

import pytest


def test_literals_are_read(parse):
    code = (
        '"""Quiz"""\nimport random\nqs = [{"question": "Which is a "\n "snake?", "options": ("python", "ox"), "answer": "python"},\n'
        " {'question': 'Sum' + '?', 'options': ['-1', 'b'], 'answer': -1}]\nrandom.shuffle(qs)\n"
    )
    assert parse(code, "quiz.py") == [("Which is a snake?", ["python", "ox"], "python"), ("Sum?", ["-1", "b"], "-1")]


def test_lists_in_classes_and_calls(parse):
    code = "class Q:\n    data = [{'question': 'A?', 'options': ['p', 'q'], 'answer': 'q'}]\nload([{'question': 'B?', 'options': ['p', 'q'], 'answer': 'p'}])\n"
    assert [stem for stem, _, _ in parse(code, "quiz.py")] == ["A?", "B?"]


def test_a_computed_value_rejects_its_question_alone(read):
    code = "q = [{'question': f'{x}?', 'options': ['p', 'q'], 'answer': 'p'}, {'question': 'B?', 'options': ['p', 'q'], 'answer': 'p'}]\n"
    questions, rejected = read(code, "quiz.py")
    assert ([q["stem"] for q in questions], [row["reason_codes"] for row in rejected]) == (["B?"], [["malformed_row"]])


@pytest.mark.parametrize("code", ["def broken(:\n", "qs = [Question('Which?', 'a')]\n", "x = [1, 2]\n", "(" * 5000, "-" * 100_000 + "1"])
def test_code_without_written_questions_is_refused(reasons, code):
    assert reasons(code, "app.py") == [["unreadable_file"]]
