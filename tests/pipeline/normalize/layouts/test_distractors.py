"""Right and wrong answers in columns of their own."""

import pytest

ROWS = {
    "sciq": {
        "question": "Where is it?",
        "distractor3": "up",
        "distractor1": "here",
        "distractor2": "down",
        "correct_answer": "there",
        "support": "",
    },
    "opentdb": {"question": "Where is it?", "type": "multiple", "correct_answer": "there", "incorrect_answers": ["here", "up", "down"]},
    "gpqa": {
        "Pre-Revision Question": "old",
        "Question": "Where is it?",
        "Correct Answer": "there",
        "Incorrect Answer 1": "here",
        "Incorrect Answer 2": "up",
        "Incorrect Answer 3": "down",
    },
    "vietnamese": {"Câu hỏi": "Where is it?", "Đáp án đúng": "there", "Đáp án sai 1": "here", "Đáp án sai 2": "up", "Đáp án sai 3": "down"},
    "truthfulqa_csv": {
        "Question": "Where is it?",
        "Best Answer": "there",
        "Correct Answers": "there; over there",
        "Incorrect Answers": "here; up; down",
    },
    "numbers": {"question": "Where is it?", "correct_answer": 3, "distractor1": 1, "distractor2": 2, "distractor3": 4},
}


@pytest.mark.parametrize("name", ROWS)
def test_the_right_answer_stands_among_the_wrong_ones(parse, name):
    ((stem, options, answer),) = parse([ROWS[name]], f"{name}.jsonl")
    expected = (["1", "2", "3", "4"], "3") if name == "numbers" else (["down", "here", "there", "up"], "there")
    assert (stem, sorted(options), answer) == ("Where is it?", *expected)


def test_the_right_answer_is_not_always_in_one_place(parse):
    rows = [
        {"question": f"Word {n}?", "correct_answer": f"r{n}", "distractor1": "a", "distractor2": "b", "distractor3": "c"} for n in range(40)
    ]
    assert {options.index(answer) for _, options, answer in parse(rows)} == {0, 1, 2, 3}
