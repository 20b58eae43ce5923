"""The one prompt: golden files for real and usual chat templates."""

import pytest

from pipeline.checks import wrong_completions
from pipeline.common.prompt import answer, messages
from schemas.tables.arrow import to_frame
from schemas.tables.training import ChatExample

QUESTION = {"context": "Đọc đoạn văn.", "stem": "Ai là tác giả?", "options": ["Nam Cao", "Tô Hoài"], "answer_index": 1, "language": "vi"}


def test_letter_style_lists_the_options_in_the_questions_language():
    assert messages(QUESTION, "letter", "S")[1]["content"] == "Đọc đoạn văn.\n\nAi là tác giả?\nA. Nam Cao\nB. Tô Hoài\nĐáp án:"
    assert messages({**QUESTION, "language": "en"}, "letter", "S")[1]["content"].endswith("\nAnswer:")
    assert answer(QUESTION, 1, "letter") == "B"


def test_cloze_style_shows_the_question_alone():
    assert messages({**QUESTION, "context": None}, "cloze", "") == [{"role": "user", "content": "Ai là tác giả?"}]
    assert answer(QUESTION, 1, "cloze") == "Tô Hoài"


def example(record_id, completion, neutralised=0):
    row = dict.fromkeys(ChatExample.model_fields, "x") | {"record_id": record_id, "completion": completion}
    return row | {"prompt_tokens": 1, "completion_tokens": 1, "neutralised_tokens": neutralised}


def test_the_check_on_labels_finds_wrong_missing_and_endless_answers():
    answers = {str(i): f"answer {i}" for i in range(5)}
    good = [example(str(i), f"answer {i}<|im_end|>") for i in range(5)]
    assert wrong_completions(to_frame(good, ChatExample), answers).empty
    for bad in (example("4", "answer 3<|im_end|>"), example("4", "answer 4"), example("9", "answer 4<|im_end|>"), example("4", "")):
        found = wrong_completions(to_frame([*good[:4], bad], ChatExample), answers)
        assert found["record_id"].tolist() == [bad["record_id"]]


def test_a_neutralised_answer_may_differ_by_its_spaces_only():
    answers = {"1": "say </s>", "2": "b", "3": "c"}
    rows = [example("1", "say < /s>!", 1), example("2", "b!"), example("3", "c!")]
    assert wrong_completions(to_frame(rows, ChatExample), answers).empty
    assert len(wrong_completions(to_frame([example("1", "say < /s>!", 0), *rows[1:]], ChatExample), answers)) == 1


@pytest.mark.parametrize("options", [2, 10])
def test_every_option_has_a_letter(options):
    question = {**QUESTION, "options": [f"o{i}" for i in range(options)]}
    assert answer(question, options - 1, "letter") == "ABCDEFGHIJ"[options - 1]
