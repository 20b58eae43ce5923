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


def test_a_picture_of_the_answer_belongs_to_the_explanation(read):
    rows = [{"Image_Question": "", "Question": "Which one?", "A": "x", "B": "y", "Answer": "A", "Image_Answer": "a.png"}]
    questions, rejected = read(rows, "a.json")
    assert (len(questions), rejected) == (1, [])


REDUX = [
    ["question", "choices", "answer", "error_type", "correct_answer"],
    ["Which bay?", "['u', 'v', 'w']", "0", "ok", ""],
    ["Which cape?", "['u', 'v', 'w']", "2", "wrong_groundtruth", "1"],
    ["Which fjord?", "['x', 'y', 'z']", "1", "Multiple correct answers", ""],
    ["Which gulf?", "['x', 'y', 'z']", "1", "bad_question_clarity", ""],
]


def test_a_key_that_its_annotators_call_wrong_is_refused(read):
    questions, rejected = read(text(*REDUX), "a.csv")
    assert [question["stem"] for question in questions] == ["Which bay?", "Which gulf?"]
    assert [row["reason_codes"] for row in rejected] == [["multiple_answers"]] * 2
    assert "'wrong_groundtruth'" in rejected[0]["detail"]


def test_a_key_that_the_config_names_stays_whatever_its_annotators_say(read):
    questions, rejected = read(text(*REDUX), "a.csv", fields={"answer": "answer"})
    assert (len(questions), rejected) == (4, [])
