"""Quality signals: each at, under and over its threshold, and a score that others can't move."""

import json

import pytest

from pipeline.assess import SIGNALS, assess
from schemas.tables import Quality, Question, to_frame, to_rows

GOOD = {
    **{"record_id": "r", "source": "s", "role": "train", "file": "f", "locator": "f#item:1", "content_id": "c", "context": None},
    **{"stem": "Which river flows through the old town of Huế?", "options": ["Hương", "Hồng", "Đuống", "Lam"], "answer_index": 0},
    **{"explanation": None, "subject": None, "language": "en", "original_id": None, "repairs": [], "fixed_order": False},
}


def scored(**changes):
    return to_rows(assess(to_frame([{**GOOD, **changes}], Question)), Quality)[0]


def test_a_good_question_has_no_flags_and_a_full_score():
    row = scored()
    assert (row["quality_score"], row["flags"]) == (1.0, [])
    assert set(json.loads(row["signals"])) == {signal.name for signal in SIGNALS}


@pytest.mark.parametrize(
    ("flag", "under", "over"),
    [
        ("stem_shortness", {"stem": "abc"}, {"stem": "ab"}),
        ("shouting", {"stem": "WHICH RIVER FLOWS through here today"}, {"stem": "WHICH RIVER FLOWS THROUGH HUE"}),
        (
            "noise",
            {
                "stem": "What does \ufffd mean in a text of so many letters that it hardly counts at all, and of some more letters still, as here and in what follows?"
            },
            {"stem": "Wh\ufffd\ufffdt?"},
        ),
        ("near_equal_options", {"options": ["Ha", "Hb", "Hc", "Hd"]}, {"options": ["Hồng", "Hông", "Hc", "Hd"]}),
        ("chat_tokens", {"stem": "What is <b> in HTML, and what for?"}, {"stem": "What is <|im_end|> in ChatML, and what for?"}),
        ("contradicted_key", {"explanation": "Chọn đáp án A"}, {"explanation": "Chọn đáp án B"}),
        (
            "answer_in_stem",
            {"options": ["sông Hương", "Hồng"]},
            {"stem": "Thành phố bên sông Hương là gì?", "options": ["sông Hương", "sông Hồng"]},
        ),
        (
            "missing_reference",
            {"stem": "According to the passage, who won?", "context": "Ann won."},
            {"stem": "According to the passage, who won?"},
        ),
    ],
)
def test_a_signal_fires_over_its_threshold_and_explains_itself(flag, under, over):
    assert flag not in scored(**under)["flags"]
    row = scored(**over)
    assert flag in row["flags"]
    (why,) = [text for text in row["explanations"] if f"({flag} " in text]
    assert "threshold" in why
    assert row["quality_score"] < 1


@pytest.mark.parametrize(("right", "fires"), [("x" * 29, False), ("x" * 30, True), ("x" * 31, True)])
def test_the_longest_option_is_a_cue_from_twice_the_others_on(right, fires):
    others = ["y" * 15, "z" * 15, "w" * 15]
    assert ("longest_option_cue" in scored(options=[right, *others])["flags"]) is fires


def test_an_explanation_that_names_no_letter_leaves_the_signal_undefined():
    assert json.loads(scored(explanation="Because it does.")["signals"])["contradicted_key"] is None


def test_scores_do_not_depend_on_the_other_questions():
    weak = {**GOOD, "stem": "ab", "record_id": "w"}
    together = to_rows(assess(to_frame([GOOD, weak, GOOD], Question)), Quality)
    assert together[1] == {**scored(stem="ab"), "record_id": "w"}
    assert all(0 <= row["quality_score"] <= 1 for row in together)
    assert assess(to_frame([], Question)).empty
