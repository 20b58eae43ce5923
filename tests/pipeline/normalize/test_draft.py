"""A record's parts told apart, where a key or an option could be read in two ways."""

import pytest


def row(options, answer, **more):
    return {"question": "Which one?", "options": options, "answer": answer, **more}


@pytest.mark.parametrize("options", [["1: 2", "2: 3", "3: 5"], ["A - B", "B - C", "C - D"], ["A – B", "B – C"]])
def test_ratios_and_pairs_bear_no_marks(read, options):
    assert [question["options"] for question in read([row(options, "A"), row(options, "B", id=2)])[0]] == [options, options]


def test_marks_of_other_signs_are_still_taken_off(parse):
    assert parse([row(["1: cat", "2: dog"], "2")]) == [("Which one?", ["cat", "dog"], "dog")]
    assert parse([row(["A - a cat", "B - a dog"], "B")]) == [("Which one?", ["a cat", "a dog"], "a dog")]


def test_two_options_with_one_label_reject_the_row(read):
    (rejected,) = read([row({"text": ["a cat", "a dog", "a cow"], "label": ["A", "B", "A"]}, "A")])[1]
    assert (rejected["reason_codes"], rejected["detail"]) == (["malformed_row"], "two options are labelled A")


def test_a_cell_of_options_that_nothing_reads_makes_no_statement(read):
    questions, rejected = read('question,options,answer\nIs it?,a|b|c,a\nDid he go?,"True, False, Not given",True\n', "a.csv")
    assert [question["options"] for question in questions] == [["a", "b", "c"]]
    assert [item["reason_codes"] for item in rejected] == [["not_multiple_choice"]]


def test_a_key_that_is_the_name_of_an_option_is_no_number(parse):
    assert parse([row([{"id": "opt_7", "text": "cat"}, {"id": "opt_9", "text": "dog"}], "opt_9")])[0][2] == "dog"


def test_one_wrong_key_takes_no_labels_away(read):
    shuffled = [{"id": 3, "text": "x"}, {"id": 1, "text": "y"}, {"id": 2, "text": "z"}]
    questions, rejected = read([row(shuffled, 3), row(shuffled[1:], 3, question="Who?")])
    assert [question["answer_index"] for question in questions] == [0]
    assert [item["stem"] for item in rejected] == ["Who?"]


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("The answer is B, C.", None),
        ("The correct answer is B) or C).", None),
        ("The correct answer is B and also C", None),
        ("The answer is B, not C.", 1),
        ("The answer is B. A triangle has three sides.", 1),
        ("The correct answer is B) y", 1),
    ],
)
def test_a_sentence_that_names_two_letters_states_no_key(read, said, place):
    asked = {"role": "user", "content": "Which?\nA. x\nB. y\nC. z"}
    questions, rejected = read([{"messages": [asked, {"role": "assistant", "content": said}]}])
    assert [question["answer_index"] for question in questions] == ([] if place is None else [place])
    assert len(questions) + len(rejected) == 1


def test_a_heading_over_the_options_alone_is_no_question(reasons):
    assert reasons([{"question": "Options:\nA. cat\nB. dog", "answer": "B"}]) == [["empty_stem"]]


@pytest.mark.parametrize("more", ["", "\nC. ox"])
def test_examples_with_their_keys_before_a_question_are_several_questions(reasons, more):
    text = f"Q: What flew?\nA. bird\nB. cow{more}\nAnswer: A\n\nQ: What ran?\nA. rock\nB. fox{more}\nAnswer:"
    assert reasons([{"prompt": text, "completion": " B"}]) == [["multiple_questions"]]


def test_the_column_called_the_answers_holds_the_options_beside_a_key(parse, reasons):
    assert parse('Câu hỏi,Đáp án,Đáp án đúng\nCon nào sủa?,"A. mèo\nB. chó",B\n', "a.csv") == [("Con nào sủa?", ["mèo", "chó"], "chó")]
    assert reasons("question,answers,correct\nWhich?,A;C,A\n", "a.csv") == [["not_multiple_choice"]]


def test_the_semicolon_of_an_empty_loop_stays(parse):
    loops = ["for (i = 0; i < n; i++);", "while (x);", "if (x) y"]
    assert parse([row(loops, "A")])[0][1] == loops
