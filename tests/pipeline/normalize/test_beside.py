"""Columns beside the question, its options and its key."""

import pytest


def text(*rows):
    return "\n".join(",".join(f'"{cell}"' for cell in row) for row in rows)


HEADER = ["Question", "Option 1", "Option 2 (Optional)", "Option 3 (Optional)", "Answer"]


def test_columns_with_a_remark_belong_to_those_without(parse):
    assert parse(text(HEADER, ["Which?", "u", "v", "w", "3"], ["Who?", "x", "y", "", "1"]), "a.csv") == [
        ("Which?", ["u", "v", "w"], "w"),
        ("Who?", ["x", "y"], "x"),
    ]


def test_an_option_that_the_given_fields_leave_out_rejects_the_rows_that_fill_it(read):
    rows = text(["Q", "A", "B", "C", "Key"], ["Which?", "u", "v", "w", "A"], ["Who?", "x", "y", "", "A"])
    questions, (row,) = read(rows, "a.csv", fields={"stem": "Q", "option_a": "A", "option_b": "B", "answer": "Key"})
    assert [question["stem"] for question in questions] == ["Who?"]
    assert row["reason_codes"] == ["unknown_layout"]
    assert "option_a: A, option_b: B, option_c: C" in row["detail"]


def test_a_gap_between_the_columns_of_options_is_no_reason_to_read_without_them(reasons, read):
    rows = text(["Question", "Option 1", "Option 2", "Option 4", "Answer"], ["Which?", "u", "v", "w", "1"])
    assert reasons(rows, "a.csv") == [["unknown_layout"]]
    assert "option_c: Option 4" in read(rows, "a.csv")[1][0]["detail"]


@pytest.mark.parametrize("fields", [{}, {"stem": "Q", "option_a": "A", "option_b": "B", "option_c": "C", "answer": "Answer 1"}])
def test_numbered_columns_of_keys_are_several_answers_where_both_are_filled(read, fields):
    rows = text(["Q", "A", "B", "C", "Answer 1", "Answer 2"], ["One?", "u", "v", "w", "B", ""], ["Two?", "x", "y", "z", "A", "C"])
    questions, rejected = read(rows, "a.csv", fields=fields)
    assert [row["answer_index"] for row in questions] == [1]
    assert [row["reason_codes"] for row in rejected] == [["multiple_answers"]]


def test_two_columns_with_the_same_key_are_one_answer(parse):
    rows = text(["Q", "A", "B", "Correct 1", "Correct 2"], ["One?", "u", "v", "B", "b"])
    assert parse(rows, "a.csv") == [("One?", ["u", "v"], "v")]


def test_code_is_context_beside_a_passage_and_a_code_of_questions_is_none(read):
    rows = [["Passage", "Code", "Question", "A", "B", "Answer"], ["Read it.", "print(7)", "What is printed?", "7", "8", "A"]]
    assert read(text(*rows), "a.csv")[0][0]["context"] == "Read it.\n\nprint(7)"
    rows = [["Code", "Question", "A", "B", "Answer"], ["GEO-12", "Which?", "u", "v", "A"]]
    assert read(text(*rows), "b.csv")[0][0]["context"] is None


def test_a_hint_is_no_context_but_in_scienceqa(read):
    rows = [
        {"question": "Which?", "choices": ["u", "v"], "answer": 0, "hint": "think of u"},
        {"question": "Who?", "choices": ["x", "y"], "answer": 1},
    ]
    assert [row["context"] for row in read(rows)[0]] == [None, None]
    assert read([{**row, "lecture": ""} for row in rows])[0][0]["context"] == "think of u"


def test_questions_that_only_an_unread_column_tells_apart_are_rejected(read):
    rows = [
        ["Question", "More", "A", "B", "Answer"],
        ["What does this code print?", "print(1 + 1)", "2", "11", "A"],
        ["What does this code print?", "print('1' + '1')", "2", "11", "B"],
        ["Which is red?", "", "rose", "sky", "A"],
    ]
    questions, rejected = read(text(*rows), "a.csv")
    assert [row["stem"] for row in questions] == ["Which is red?"]
    assert all("context: More" in row["detail"] for row in rejected)
    assert (
        len(
            read(
                text(*rows), "a.csv", fields={"stem": "Question", "option_a": "A", "option_b": "B", "answer": "Answer", "context": "More"}
            )[0]
        )
        == 3
    )


def test_remarks_beside_repeated_questions_reject_none(read):
    rows = [["Question", "A", "B", "Answer", "Comments"], ["Pick the odd one", "u", "v", "A", "an old one of last year"]]
    rows += [["Pick the odd one", "x", "y", "B", "to be checked once more"]]
    assert len(read(text(*rows), "a.csv")[0]) == 2


def test_a_picture_of_an_option_rejects_its_row(read):
    rows = [["Question", "option1_text", "option1_image", "option2_text", "option2_image", "Answer"]]
    rows += [["Which?", "u", "", "v", "v.png", "1"], ["Who?", "x", "", "y", "", "2"]]
    questions, rejected = read(text(*rows), "a.csv")
    assert [row["stem"] for row in questions] == ["Who?"]
    assert rejected[0]["reason_codes"] == ["image_required"]


STATEMENTS = [
    ["Type", "Question", "A", "B", "Answer"],
    ["MCQ", "Which?", "u", "v", "B"],
    ["TRUE_FALSE", "Ice is cold.", "", "", "T"],
    ["Đúng/Sai", "Băng thì nóng.", "", "", "Sai"],
    ["ONE_WORD", "Is it true?", "", "", "true"],
    ["TF", "Numbers could be places.", "", "", "1"],
]


def test_statements_among_questions_are_told_by_their_kind(read):
    questions, rejected = read(text(*STATEMENTS), "a.csv")
    assert [(row["options"], row["answer_index"]) for row in questions] == [(["u", "v"], 1), (["True", "False"], 0), (["Đúng", "Sai"], 1)]
    assert [row["reason_codes"] for row in rejected] == [["not_multiple_choice"]] * 2


def test_keys_that_are_several_options_texts_say_so(reasons):
    assert reasons(text(["Question", "A", "B", "C", "Answer"], ["Which?", "red", "blue", "mud", "red, blue"]), "a.csv") == [
        ["multiple_answers"]
    ]


def test_a_question_about_the_passage_needs_its_cell_filled_where_others_fill_it(read):
    rows = [["Passage", "Question", "A", "B", "Answer"], ["The ferry leaves.", "What leaves?", "ferry", "bus", "A"]]
    rows += [["", "What is the passage about?", "ferry", "bus", "A"], ["", "Which is red?", "rose", "sky", "A"]]
    questions, (row,) = read(text(*rows), "a.csv")
    assert [question["stem"] for question in questions] == ["What leaves?", "Which is red?"]
    assert row["reason_codes"] == ["malformed_row"]


def test_a_share_of_right_answers_is_no_key(parse):
    rows = [["Question", "Option 1", "Option 2", "% correct", "Correct"], ["Which?", "u", "v", "85%", "2"]]
    assert parse(text(*rows), "a.csv") == [("Which?", ["u", "v"], "v")]


def test_numbers_of_rows_are_never_suggested_as_the_key(read):
    rows = [["Item no.", "Question", "A", "B", "C"], ["1", "Which?", "u", "v", "w"], ["2", "Who?", "x", "y", "z"]]
    assert all("answer: " not in (row["detail"] or "") for row in read(text(*rows), "a.csv")[1])


TWO = [("The river rose.", "What rose?"), ("Ann wrote to Bob.", "Who got a letter?")]


@pytest.mark.parametrize("names", [("content", "title"), ("stem", "question"), ("title", "description")])
def test_of_two_columns_called_like_the_question_the_one_that_asks_is_the_stem(read, names):
    rows = [{names[0]: about + " It is so.", names[1]: asks, "options": ["a river", "Bob"], "answer": "B"} for about, asks in TWO]
    questions, _ = read(rows)
    assert [(row["context"], row["stem"]) for row in questions] == [(about + " It is so.", asks) for about, asks in TWO]


def test_a_number_that_is_called_the_question_is_no_context(read):
    rows = [
        {"question": f"Question {number}", "prompt": asks, "options": ["x", "y"], "answer": "B"} for number, (_, asks) in enumerate(TWO)
    ]
    assert [(row["context"], row["stem"]) for row in read(rows)[0]] == [(None, asks) for _, asks in TWO]


def test_the_same_question_once_more_is_no_context(read):
    rows = [{"question": about, "prompt": f"{about} A. x B. y Which?", "options": ["x", "y"], "answer": "B"} for about, _ in TWO]
    assert [(row["context"], row["stem"]) for row in read(rows)[0]] == [(None, about) for about, _ in TWO]


def test_an_instruction_of_each_rows_own_belongs_to_its_input(read):
    rows = [{"instruction": f"Give a word like {word}.", "input": f"{word} A. x B. y", "output": "A"} for word in ("glad", "sad")]
    assert [row["context"] for row in read(rows)[0]] == ["Give a word like glad.", "Give a word like sad."]
    same = [{**row, "instruction": "Pick one."} for row in (*rows, {"input": "mad A. x B. y", "output": "A"})]
    assert [row["context"] for row in read(same)[0]] == [None, None, None]


@pytest.mark.parametrize(
    ("name", "kept"), [("Image_Answer", True), ("dap_an_hinh", True), ("image_answers", False), ("answer_image_b", False)]
)
def test_a_picture_of_the_solution_is_none_of_the_question(read, name, kept):
    questions, rejected = read([{"question": "Which?", "options": ["x", "y"], "answer": "A", name: "a.png"}])
    assert (len(questions), len(rejected)) == ((1, 0) if kept else (0, 1))


def test_two_runs_of_columns_that_could_be_the_options_reject_the_row(read, reasons):
    header = ["Q", "Option A", "Option B", "Answer A", "Answer B", "Key"]
    assert reasons(text(header, ["Which?", "rose", "sky", "is red", "is blue", "A"]), "a.csv") == [["unknown_layout"]]
    for own, other in ((["rose", "sky"], ["A", "B"]), (["rose", "sky"], ["rose", "sky"])):
        questions, _ = read(text(header, ["Which?", *other, *own, "A"]), "a.csv")
        assert [question["options"] for question in questions] == [own]


def test_a_column_that_its_question_names_is_read_or_asked_for(read, reasons):
    row = {"question": "What does the table show?", "options": ["x", "y"], "answer": "A"}
    assert [question["context"] for question in read([{**row, "table": "a is 1, b is 2"}])[0]] == ["a is 1, b is 2"]
    assert reasons([{**row, "question": "What does the letter show?", "letter": "Dear Ann, we are fine."}]) == [["unknown_layout"]]
    assert len(read([{**row, "question": "What does the letter show?", "letter": "B"}])[0]) == 1
