"""TruthfulQA, multiple choice."""

ROW = {
    "question": "Where is it?",
    "mc1_targets": {"choices": ["here", "there", "up"], "labels": [0, 1, 0]},
    "mc2_targets": {"choices": ["here", "there", "up", "yonder"], "labels": [0, 1, 0, 1]},
}


def test_mc1_has_the_one_right_answer(parse):
    assert parse([ROW], "t.jsonl") == [("Where is it?", ["here", "there", "up"], "there")]


def test_mc2_alone_has_several_and_says_so(reasons):
    row = {key: value for key, value in ROW.items() if key != "mc1_targets"}
    assert reasons([row], "t.jsonl") == [["multiple_answers"]]


def test_a_row_whose_lists_differ_in_length_is_no_question(reasons):
    assert reasons([{"question": "Where?", "mc1_targets": {"choices": ["a1", "b1"], "labels": [1]}}])
