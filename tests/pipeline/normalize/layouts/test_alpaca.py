"""Instructions with and without input."""

ROWS = [
    {"instruction": "Choose the right option.", "input": "Which bird dives?\nA. hen\nB. duck", "output": "B"},
    {"instruction": "Which bird sings?\nA. lark\nB. duck", "input": "", "output": "A. lark"},
]


def test_an_instruction_without_input_is_the_question(parse):
    assert parse(ROWS) == [("Which bird dives?", ["hen", "duck"], "duck"), ("Which bird sings?", ["lark", "duck"], "lark")]


def test_a_question_as_instruction_keeps_the_text_it_is_about(read):
    (question,), _ = read([{"instruction": "Which bird sings?\nA. lark\nB. duck", "input": "", "output": "A"}])
    assert (question["stem"], question["options"]) == ("Which bird sings?", ["lark", "duck"])
