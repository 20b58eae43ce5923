"""Statements with a truth value."""


def test_a_file_of_truth_values_has_two_options(parse):
    rows = [
        {"question": "is it green", "passage": "Grass.", "answer": True},
        {"question": "is it blue", "passage": "Grass.", "answer": False},
    ]
    assert parse(rows, "boolq.jsonl") == [("is it green", ["True", "False"], "True"), ("is it blue", ["True", "False"], "False")]


def test_truth_values_as_text_in_a_csv(parse):
    assert parse("statement,answer\nGrass is green.,TRUE\nGrass is blue.,FALSE\n", "t.csv")[1] == (
        "Grass is blue.",
        ["True", "False"],
        "False",
    )


def test_other_open_answers_stay_open(reasons):
    rows = [{"question": "is it green", "answer": True}, {"question": "what is it", "answer": "grass"}]
    assert reasons(rows) == [["not_multiple_choice"]] * 2


def test_options_inside_the_text_are_options(parse):
    assert parse([{"question": "Is it flat?\nA. True\nB. False", "answer": "False"}]) == [("Is it flat?", ["True", "False"], "False")]
