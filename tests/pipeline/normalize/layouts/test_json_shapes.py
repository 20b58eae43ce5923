"""Shapes of JSON that quiz programs, course systems and data sets write: read right, or refused with the reason."""

import pytest

Q = ("Which animal barks?", ["cat", "dog"], "dog")
STEM = {"question": Q[0]}


def answered(**more):
    return STEM | {"options": ["cat", "dog"]} | more


SHAPES = {
    "flags_beside": STEM | {"answers": {"answer_a": "cat", "answer_b": "dog", "answer_c": None}, "correct_answers": {"answer_a_correct": "false", "answer_b_correct": "true", "answer_c_correct": "false"}},
    "column_named": STEM | {"answers": {"answer_a": "cat", "answer_b": "dog"}, "correct_answer": "answer_b"},
    "flags_by_letter": STEM | {"options": {"A": "cat", "B": "dog"}, "correct": {"A": False, "B": True}},
    "flags_by_text": STEM | {"options": {"cat": False, "dog": True}},
    "objects_by_letter": STEM | {"options": {"a": {"text": "cat", "correct": False}, "b": {"text": "dog", "correct": True}}},
    "bigbench": {"input": Q[0], "target_scores": {"cat": 0, "dog": 1}},
    "truthfulqa": STEM | {"mc1_targets": {"cat": 0, "dog": 1}, "mc2_targets": {"cat": 1, "dog": 1}},
    "option_ids": {"id": "q", "text": Q[0], "options": [{"id": "q-a", "text": "cat"}, {"id": "q-b", "text": "dog"}], "correctOptionId": "q-b"},
    "listed_ids": STEM | {"options": [{"_id": "64a", "optionText": "cat"}, {"_id": "64b", "optionText": "dog"}], "correctOptionIds": ["64b"]},
    "global_ids": STEM | {"options": [{"id": 101, "text": "cat"}, {"id": 102, "text": "dog"}], "correct_option_id": 102},
    "swapped_names": STEM | {"options": [{"key": "cat", "value": "A"}, {"key": "dog", "value": "B"}], "answer": "B"},
    "learndash": {
        "_title": "No 1",
        "_question": Q[0],
        "_answerType": "single",
        "_answerData": [{"_answer": "cat", "_html": False, "_points": 0, "_correct": False}, {"_answer": "dog", "_points": 1, "_correct": True}],
    },
    "short_lists": {"q": Q[0], "a": ["cat", "dog"], "correct": "dog"},
    "short_answer": {"q": Q[0], "opts": ["cat", "dog"], "a": "B"},
    "headqa": {"qid": "3", "qtext": Q[0], "ra": "2", "answers": [{"aid": 1, "atext": "cat"}, {"aid": 2, "atext": "dog"}], "image": ""},
    "belebele": STEM | {"flores_passage": "Dogs bark.", "mc_answer1": "cat", "mc_answer2": "dog", "correct_answer_num": "2", "ds": "d"},
    "openbookqa_bug": {"question_stem": Q[0], "choices": {"text": ["cat", "dog"], "label": ["cat", "dog"]}, "answerKey": "B"},
    "kq": {"ten": "<b>Question 1:</b> Which animal barks?", "kq": "b", "Answers": [{"value": "a", "Text": "cat"}, {"value": "b", "Text": "dog"}], "nd": "Bark: sủa."},
    "title": {"title": Q[0], "options": [{"key": "A", "value": "cat"}, {"key": "B", "value": "dog"}], "answer": "B"},
    "mongo": {"_id": {"$oid": "5f"}, **answered(answer={"$numberInt": "1"}, base={"$numberLong": "0"})},
    "shuffled": STEM | {"options": ["B. cat", "A. dog"], "answer": "A"},
    "shuffled_numbers": STEM | {"options": ["2) cat", "1) dog"], "answer": "1"},
    "full_width": {"question": "Which animal barks?\nA．cat\nB．dog", "answer": ["B"]},
    "numbered_with_points": {"question": "2．（6分）Which animal barks?\nA．cat B．dog", "answer": ["B"]},
    "blank_places": STEM | {"options": ["cat", "dog", "", None], "answer": "B"},
    "blank_objects": STEM | {"options": [{"id": 1, "text": "cat"}, {"id": 2, "text": "dog"}, {"id": 3, "text": None}], "answer": 2},
    "key_object": answered(correct={"index": 1, "text": "dog"}),
    "quizizz": {"structure": {"query": {"text": "<p>Which animal barks?</p>", "media": []}, "options": [{"text": "cat"}, {"text": "dog"}], "answer": [1], "kind": "MCQ"}, "answer_text": "dog"},
    "learnosity": {"stimulus": Q[0], "options": [{"value": "u-1", "label": "cat"}, {"value": "u-2", "label": "dog"}], "validation": {"valid_response": {"score": 1, "value": ["u-2"]}}},
    "google_forms": {"title": Q[0], "questionItem": {"question": {"questionId": "a", "grading": {"correctAnswers": {"answers": [{"value": "dog"}]}}, "choiceQuestion": {"type": "RADIO", "options": [{"value": "cat"}, {"value": "dog"}]}}}},
    "kahoot": {"type": "quiz", **STEM, "choices": [{"answer": "cat", "correct": False}, {"answer": "dog", "correct": True}], "time": 20000},
    "moodle_like": {"questiontext": Q[0], "answers": [{"text": "cat", "fraction": "-33.3"}, {"text": "dog", "fraction": "100"}]},
    "h5p_like": {"params": {"question": Q[0], "answers": [{"text": "<div>cat</div>", "correct": False}, {"text": "<div>dog</div>", "correct": True}]}, "library": "H5P.MultiChoice 1.16"},
    "completion": {"prompt": "Which animal barks?\nA. cat\nB. dog\nAnswer:", "completion": " B"},
    "bbh": {"input": "Which animal barks?\nOptions:\n(A) cat\n(B) dog", "target": "(B)"},
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(SHAPES.keys() - {"quizizz", "mongo"}))
def test_one_row_of_each_shape(parse, name):
    assert parse([SHAPES[name]]) == [Q]


def test_places_that_a_second_row_shows_to_count_from_zero(parse):
    assert parse([SHAPES["mongo"], SHAPES["mongo"] | {"question": "Which purrs?", "answer": {"$numberInt": "0"}}])[0] == Q
    other = {"structure": {"query": {"text": "Which purrs?"}, "options": [{"text": "cat"}, {"text": "dog"}], "answer": 0}}
    assert parse([{"structure": SHAPES["quizizz"]["structure"]}, other])[0] == Q


REFUSED = {
    "two_places_of_two": (answered(correctAnswers=[0, 1]), "multiple_answers"),
    "two_flags": (STEM | {"answers": {"answer_a": "cat", "answer_b": "dog"}, "correct_answers": {"answer_a_correct": "true", "answer_b_correct": "true"}}, "multiple_answers"),
    "flag_and_key": (STEM | {"answers": {"answer_a": "cat", "answer_b": "dog"}, "correct_answers": {"answer_a_correct": "true", "answer_b_correct": "false"}, "correct_answer": "answer_b"}, "multiple_answers"),
    "blank_between": (STEM | {"options": ["cat", "", "dog"], "answer": "dog"}, "empty_option"),
    "blank_is_right": (STEM | {"options": [{"text": "cat", "correct": False}, {"text": "dog", "correct": False}, {"text": "", "correct": True}]}, "answer_not_in_options"),
    "two_scores": ({"input": Q[0], "target_scores": {"cat": 1, "dog": 1, "cow": 0}}, "multiple_answers"),
    "two_ids": (STEM | {"options": [{"id": "x1", "text": "cat"}, {"id": "x2", "text": "dog"}], "correctOptionIds": ["x1", "x2"]}, "multiple_answers"),
    "partial": (STEM | {"answers": [{"text": "cat", "fraction": 50}, {"text": "dog", "fraction": 50}]}, "multiple_answers"),
    "survey": (STEM | {"options": [{"text": "cat", "score": 1}, {"text": "dog", "score": 2}]}, "multiple_answers"),
    "none_right": (STEM | {"options": [{"text": "cat", "correct": False}, {"text": "dog", "correct": False}]}, "missing_answer"),
    "selected": (STEM | {"options": [{"text": "cat", "selected": True}, {"text": "dog", "selected": False}]}, "missing_answer"),
    "no_key": (STEM | {"answers": ["dog", "cat"]}, "missing_answer"),
    "numeric": (STEM | {"type": "numeric", "answers": [{"type": "value", "value": 3, "correct": True}]}, "too_few_options"),
    "marks_without_a": (STEM | {"options": ["B. cat", "C. dog", "D. cow"], "answer": "C"}, "malformed_row"),
    "initials": (STEM | {"options": ["B. Franklin", "G. Washington"], "answer": "B"}, "malformed_row"),
    "marks_and_ids": (STEM | {"options": [{"id": "A", "text": "B. cat"}, {"id": "B", "text": "A. dog"}], "answer": "A"}, "malformed_row"),
    "letter_and_text": (answered(answer="A. dog"), "answer_not_in_options"),
    "number_and_text": (STEM | {"options": ["cat", "dog", "cow"], "answer": "3) cat"}, "answer_not_in_options"),
    "texts_in_languages": (STEM | {"options": [{"text": {"en": "cat", "vi": "mèo"}}, {"text": {"en": "dog", "vi": "chó"}}], "answer": "A"}, "not_multiple_choice"),
    "pictures": (STEM | {"options": [{"image": "a.png", "isCorrect": False}, {"image": "b.png", "isCorrect": True}]}, "not_multiple_choice"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_leaves_a_doubt_is_refused(reasons, name):
    row, reason = REFUSED[name]
    assert reasons([row]) == [[reason]]


def test_ids_that_only_look_like_the_key(read):
    options = [{"id": n, "text": text} for n, text in enumerate(("cat", "dog", "cow"), start=1)]
    rows = [STEM | {"options": options, "answer": 1}, STEM | {"question": "Which purrs?", "options": options, "answer": 0}]
    assert [row["options"][row["answer_index"]] for row in read(rows)[0]] == ["dog", "cat"]
    _, rejected = read([STEM | {"options": options, "correctIndex": 1}])
    assert rejected[0]["reason_codes"] == ["ambiguous_answer_base"]


def test_columns_of_single_letters_stay_columns(parse):
    row = {"question": "Solve.", "A": "(1; 2)", "B": "(2; 3)", "C": "(1; 3)", "answer": "C"}
    assert parse([row]) == [("Solve.", ["(1; 2)", "(2; 3)", "(1; 3)"], "(1; 3)")]


def test_a_title_beside_a_longer_text_is_not_the_question(read):
    row = {
        "title": "Animals and their voices",
        "html": "Which one of these animals barks at night?",
        "choices": ["cat", "dog"],
        "answer": "dog",
    }
    assert [row["reason_codes"] for row in read([row])[1]] == [["unknown_layout"]]


def test_a_key_object_whose_reason_is_empty_is_a_key(parse):
    rows = [answered(answer={"index": place, "explanation": None}) for place in (1, 0)]
    assert [question[2] for question in parse(rows)] == ["dog", "cat"]


def test_settings_written_into_options_are_none_and_flags_of_two_are_several_answers(parse, reasons):
    answers = [
        {"id": "7", "answer": "cat", "image": "", "correct": "0", "ordering": "1"},
        {"id": "8", "answer": "dog", "image": "", "correct": "1", "ordering": "2"},
    ]
    row = {"question": "Which animal barks?", "options": '{"bg_image":"","use_html":"off"}', "answers": answers}
    assert parse([row]) == [Q]
    flags = {"answer_a_correct": "true", "answer_b_correct": "true"}
    both = {"question": "Which bark?", "answers": {"answer_a": "fox", "answer_b": "dog"}, "correct_answers": flags, "correct_answer": None}
    one = {
        "question": "Which barks?",
        "answers": {"answer_a": "cat", "answer_b": "dog"},
        "correct_answers": flags | {"answer_a_correct": "false"},
    }
    assert reasons([both]) == [["multiple_answers"]]
    assert [key for *_, key in parse([one | {"correct_answer": "answer_b"}])] == ["dog"]


def test_options_that_only_lead_elsewhere_are_pictures(reasons, parse):
    links = [f"https://example.org/img?text={letter}" for letter in "AB"]
    row = {"question": "Which sign means stop?", "options": links, "answer": 1}
    assert reasons([row], answer_format="index0") == [["image_required"]]
    assert reasons([row | {"options": ["stop.png", "go.png"]}], answer_format="index0") == [["image_required"]]
    assert len(parse([row | {"question": "Which of these URLs is valid?"}], answer_format="index0")) == 1


def test_dashes_below_a_heading_are_options(parse, reasons):
    assert parse([{"input": "Did it rain?\nOptions:\n- Yes\n- No", "target": "No"}]) == [("Did it rain?", ["Yes", "No"], "No")]
    assert reasons([{"input": "Sort these:\n- oven\n- apple", "target": "apple"}]) == [["not_multiple_choice"]]
