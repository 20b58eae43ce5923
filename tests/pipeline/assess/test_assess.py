"""Stage 4: every signal at, under and over its threshold; what is undefined stays so; scores that other rows can't move."""

import json
import math

import pytest

from pipeline import assess as stage
from pipeline.assess import assess, measure
from pipeline.assess.signals import SIGNALS
from pipeline.assess.signals.model import MODEL_SIGNALS
from schemas.config.base import PROJECT_ROOT
from schemas.tables.arrow import to_frame, to_rows
from schemas.tables.curation import ModelSignal, Quality, Question

GOOD = {
    **{"record_id": "r", "source": "s", "role": "train", "file": "f", "locator": "f#item:1", "content_id": "c", "context": None},
    **{"stem": "Which river flows through the old town of Huế?", "options": ["Hương", "Hồng", "Đuống", "Lam"], "answer_index": 0},
    **{"explanation": None, "subject": None, "language": "en", "original_id": None, "repairs": [], "fixed_order": False},
}
VI = {"language": "vi", "stem": "Con sông nào chảy qua cố đô Huế?"}
BY_NAME = {signal.name: signal for signal in SIGNALS}
WORDS = "Which of these rivers flows through the old town of that city, and "


def question(**changes):
    return {**GOOD, **changes}


def scored(**changes):
    return to_rows(assess(to_frame([question(**changes)], Question)), Quality)[0]


def fires(name, **changes):
    value = measure(question(**changes))[name]
    return value is not None and value >= BY_NAME[name].threshold


# signal -> (what just doesn't fire, what just fires[, what fires clearly])
CASES = {
    "stem_shortness": ({"stem": "a+b?c"}, {"stem": "a+b?"}, {"stem": "x?"}),
    "stem_length": ({"stem": "word " * 299}, {"stem": "word " * 300}, {"stem": "word " * 301}),
    "unfocused_stem": ({"stem": "Which of the following rivers is true?"}, {"stem": "Which of the following is true?"}),
    "no_question": ({"stem": "This river is like a watch."}, {"stem": "The universe, like a watch, must have a maker."}),
    "unfinished_stem": ({"stem": "Which river (of Huế) flows?"}, {"stem": "Which river (of Huế flows?"}, {"stem": "Which river is the"}),
    "loose_end": ({"stem": "Which river flows through Huế?"}, {"stem": "Which river flows through"}),
    "cut_word": (
        {"stem": "The river that flows by"},
        {"stem": "The river that flows thr"},
        {**VI, "stem": "Con sông nào chảy qua thành phố cổ kínhđ"},
    ),
    "answer_type": (
        {"stem": "How many rivers flow there?", "options": ["Two", "Few"]},
        {"stem": "How many rivers flow there?", "options": ["Rome", "Huế"]},
    ),
    "negative_stem": (
        {"stem": "Which river is nothing?"},
        {"stem": "Which river is not there?"},
        {**VI, "stem": "Sông nào không chảy qua Huế?"},
    ),
    "missing_reference": (
        {"stem": "According to the passage, who won?", "context": "Ann won."},
        {"stem": "According to the passage, who won?"},
        {**VI, "stem": "Theo đoạn trích, ai thắng?"},
    ),
    "missing_picture": (
        {"stem": "What is a diagram?"},
        {"stem": "What does the diagram above show?"},
        {**VI, "stem": "Cho đồ thị như hình bên. Tìm x."},
    ),
    "time_dependent": (
        {"stem": "Who was king in 1990?"},
        {"stem": "Who is currently king?"},
        {**VI, "stem": "Tính đến năm 2016, ai là vua?"},
    ),
    "judgement": ({"stem": "Which river is good?"}, {"stem": "Which river is best?"}),
    "several_questions": ({"stem": "Who? Where?"}, {"stem": "Who? Where? When?"}, {"stem": "Who? Where? When? Why?"}),
    "shouting": (
        {"stem": "AB CD EF Gh ij kl"},
        {"stem": "ABCD EF GH ij"},
        {"stem": "WHICH RIVER FLOWS THERE"},
    ),
    "inner_gap": ({"stem": "The river of Huế is ____."}, {"stem": "The river ____ flows through Huế."}),
    "near_equal_options": (
        {"options": ["Hồng Hà", "Hương", "Lam"]},
        {"options": ["Hồng Hà", "hong ha", "Lam"]},
        {"options": ["50 %", "0.5", "3"]},
    ),
    "twin_formulas": ({"options": ["F • L", "F ∨ L", "L"]}, {"options": ["(F • L) • C", "F • L • C", "L"]}),
    "overlapping_options": ({"options": ["pure oxygen", "pure hydrogen"]}, {"options": ["pure oxygen", "pure oxygen and light"]}),
    "single_letter_options": (
        {"options": ["a", "b", "Lam", "Hồng"]},
        {"options": ["a", "b", "c", "Hồng"]},
        {"options": ["A", "B", "C", "D"]},
    ),
    "option_length": ({"options": ["x" * 449, "y"]}, {"options": ["x" * 450, "y"]}, {"options": ["x" * 451, "y"]}),
    "length_spread": ({"options": ["x" * 35, "yyy"]}, {"options": ["x" * 36, "yyy"]}, {"options": ["x" * 37, "yyy"]}),
    "odd_one_out": ({"options": ["1", "2", "3"]}, {"options": ["1", "2", "three"]}),
    "mixed_units": ({"options": ["40%", "10%", "4%"]}, {"options": ["40%", "10%", "0.025"]}),
    "unordered_numbers": ({"options": ["1", "2", "3"]}, {"options": ["1", "3", "2"]}, {"options": ["9", "3", "7"]}),
    "rounding_apart": (
        {"options": ["1.000,5", "98.9", "100.1"]},
        {"options": ["99.1", "100.1", "3"]},
        {"options": ["100.0", "100.1", "3"]},
    ),
    "all_of_the_above": ({"options": ["All of Me", "Hồng"]}, {"options": ["Lam", "All of the above"], "fixed_order": True}),
    "none_of_the_above": (
        {"options": ["All of the above", "Lam"], "fixed_order": True},
        {"options": ["Lam", "None of the above"], "fixed_order": True},
    ),
    "k_type": (
        {"options": ["I only", "Hương", "Hồng", "Lam"]},
        {"options": ["I only", "I and II", "Hồng", "Lam"]},
        {"options": ["True, True", "True, False", "False, True"]},
    ),
    "true_false": ({"options": ["True", "Maybe"]}, {"options": ["True", "False"]}, {"options": ["Đúng", "Sai"]}),
    "absolute_terms": (
        {"options": ["It is often so", "no"]},
        {"options": ["It is always so", "no"]},
        {**VI, "options": ["Nó luôn luôn chảy", "Lam"]},
    ),
    "vague_terms": ({"options": ["It is so", "no"]}, {"options": ["It is often so", "no"]}),
    "unfinished_option": ({"options": ["a river of", "a lake of"]}, {"options": ["a river and the", "a lake"]}),
    "missing_option": (
        {"stem": "Which of the following two statements holds?", "options": ["x1", "x2"]},
        {"stem": "Exactly one of the five conditions holds. Which?"},
        {"options": ["Hồng", "Lam", "Both A and E"]},
    ),
    "spreadsheet_date": ({"options": ["5-14", "15-49"]}, {"options": ["14-May", "15-49"]}),
    "split_option": (
        {"options": ["Higher than all of them", "Lower", "Equal"]},
        {"options": ["Higher than all of them and", "native people", "Equal"]},
    ),
    "glued_options": (
        {"options": ["John Lee", "Ann Hill", "Franklin D. Roosevelt", "Lam"]},
        {"options": ["Hương", "Hồng C. Đuống", "Lam"]},
    ),
    "longest_option_cue": (
        {"options": ["x" * 32, *["y" * 15] * 3]},
        {"options": ["x" * 33, *["y" * 15] * 3]},
        {"options": ["x" * 34, *["y" * 15] * 3]},
    ),
    "grammatical_cue": (
        {"stem": "It is an", "options": ["apple", "egg", "pear"]},
        {"stem": "It is an", "options": ["apple", "plum", "pear"]},
    ),
    "format_cue": (
        {"options": ["It flows through here.", "It runs.", "It is."]},
        {"options": ["It flows through here.", "It runs", "It is"]},
    ),
    "repeated_key_words": (
        {"stem": "What is a lake?", "options": ["still water", "moving water"]},
        {"stem": "What is still water called?", "options": ["a still", "a run"]},
        {**VI, "stem": "Cố đô Huế ở đâu?", "options": ["Tại cố đô Huế", "Tại Vinh"]},
    ),
    "convergence": (
        {"options": ["red lake", "green hill", "blue road"]},
        {"options": ["red lake", "red hill", "blue lake"]},
    ),
    "answer_in_stem": (
        {"stem": "Which river is the river Hương?", "options": ["lake Hương", "Hồng"]},
        {"stem": "Which river is the river Hương?", "options": ["river Hương", "Hồng"]},
    ),
    "leaked_key": ({"options": ["Hương (tributary)", "Hồng"]}, {"options": ["Hương (correct)", "Hồng"]}, {"options": ["Hương ✓", "Hồng"]}),
    "leaked_letter": ({"stem": "Mark the answer A, B or C."}, {"stem": "Which river? Answer: B"}, {**VI, "stem": "Sông nào? Đáp án: B"}),
    "noise": ({"stem": "¤¤¤" + "y" * 8}, {"stem": "¤¤¤" + "y" * 7}, {"stem": "Wh\ufffd\ufffdt?"}),
    "mojibake": ({"stem": "ÂN HẬN là gì?"}, {"stem": "Huáº¿ lÃ\xa0 gÃ¬?"}, {"stem": "the river\u2019s don?t"}),
    "lost_character": ({"options": ["who? me", "you"]}, {"options": ["glucose ? 140 mg", "you"]}),
    "lost_exponent": (
        {"options": ["10 meters", "1 m"]},
        {"options": ["1.5 x 1017 meters", "1 m"]},
        {"stem": "An acceleration of 4 m/s2 is what?"},
    ),
    "lost_formula": (
        {"stem": "The value of x is what?"},
        {"stem": "The value of is what?"},
        {**VI, "stem": "Biết tích phân bằng . Tính a?"},
    ),
    "unbalanced_latex": (
        {"stem": r"What is $\frac{1}{2}$?"},
        {"stem": r"What is $\frac{1}{2$?"},
        {"stem": r"What is $\left(\frac{1}{2\right)?"},
    ),
    "chat_tokens": ({"stem": "What is <b> in HTML?"}, {"stem": "What is <|im_end|> in ChatML?"}, {"stem": "<s>[INST] who? </s>"}),
    "personal_data": (
        {"stem": "Is 12345 prime, or 0.123456789?"},
        {"stem": "Who is lan@school.edu.vn?"},
        {**VI, "stem": "Số của cô Lan là 0912345678 phải không?"},
    ),
    "glued_stem": (
        {"stem": "Who moved to L.A.?"},
        {"stem": "Which river? A. Hương"},
        {"stem": "Which river? Hương", "options": ["Hương", "Lam"]},
    ),
    "stem_in_option": ({"options": ["Which river flows", "Lam"]}, {"options": [GOOD["stem"] + " Hương", "Lam"]}),
    "damaged_words": (
        {"stem": "Where is the.river of the old kings Huế"},
        {"stem": "Where is the.river of the old kings"},
        {"stem": "Wh3re is the.river n0w?"},
    ),
    "third_language": (
        {"stem": "Which of the rivers flows through the old town?"},
        {"stem": "Welche der folgenden Aussagen über die Entwicklung der Städte ist richtig?"},
        {"stem": "Какая из перечисленных рек впадает в Чёрное море?"},
    ),
    "mixed_language": (
        {**VI, "options": ["Sông Hương chảy qua đó", "Sông Hồng chảy qua đó"]},
        {**VI, "options": ["The river of the kings", "The lake that is there"]},
        {"options": ["Sông Hương chảy qua đó", "Sông Hồng chảy qua đó"]},
    ),
    "language_switch": (
        {**VI, "stem": "Con sông nào chảy qua cố đô Huế của nước ta? Chọn phương án đúng trong các phương án sau."},
        {**VI, "stem": "Con sông nào chảy qua cố đô Huế của nước ta? Choose the river that flows there."},
    ),
    "contradicted_key": ({"explanation": "Chọn đáp án A"}, {"explanation": "Chọn đáp án B"}, {"explanation": "The answer is D."}),
}


@pytest.mark.parametrize("name", [signal.name for signal in SIGNALS if signal.penalty])
def test_a_signal_fires_at_its_threshold_and_not_under_it(name):
    under, at, *over = CASES[name]
    if name == "third_language":
        pytest.importorskip("lingua")
    assert not fires(name, **under), measure(question(**under))[name]
    for changes in (at, *over):
        assert fires(name, **changes), measure(question(**changes))[name]
        row = scored(**changes)
        assert name in row["flags"]
        assert row["quality_score"] < 1
        (why,) = [text for text in row["explanations"] if f"({name} " in text]
        assert why.startswith(BY_NAME[name].says_vi if changes.get("language") == "vi" else BY_NAME[name].says)


def test_a_good_question_has_no_flags_and_loses_only_for_its_length():
    row = scored()
    assert row["flags"] == []
    assert 0.99 < row["quality_score"] < 1
    assert row["quality_score"] > scored(stem=GOOD["stem"] + " " + GOOD["stem"])["quality_score"]


def test_what_is_not_in_the_json_is_zero_and_null_is_undefined():
    found = measure(question())
    written = json.loads(scored()["signals"])
    assert {name: written.get(name, 0) for name in found} == pytest.approx({k: v if v is None else round(v, 4) for k, v in found.items()})


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("stem_shortness", {"stem": "27", "context": "A passage with a gap (27)."}),
        ("no_question", {"stem": "It flows there.", "context": "Read the sentence."}),
        ("contradicted_key", {"explanation": "Because it does."}),
        ("contradicted_key", {"explanation": "Chọn đáp án B", "repairs": ["options_out_of_order"]}),
        ("contradicted_key", {}),
        ("convergence", {"options": ["red", "green", "blue"]}),
        ("length_spread", {}),
        ("longest_option_cue", {}),
        ("odd_one_out", {"options": ["1", "two"]}),
        ("mixed_units", {}),
        ("unordered_numbers", {"options": ["2", "1"]}),
        ("rounding_apart", {}),
        ("third_language", {"stem": "Paris?"}),
        ("mixed_language", {}),
        ("loose_end", VI),
        ("shouting", {"stem": "WHO IS"}),
        ("damaged_words", {"stem": "wh3n.now"}),
        ("unbalanced_latex", {}),
        ("answer_in_stem", {}),
        ("answer_type", {}),
        ("grammatical_cue", {}),
        ("format_cue", {}),
    ],
)
def test_what_cannot_be_told_is_undefined_and_neither_zero_nor_a_flag(name, changes):
    assert measure(question(**changes))[name] is None
    assert name not in scored(**changes)["flags"]


def test_a_missing_explanation_informs_and_costs_nothing():
    assert measure(question())["missing_explanation"] == 1
    assert measure(question(explanation="Because."))["missing_explanation"] == 0
    assert "missing_explanation" not in scored()["flags"]


def test_scores_do_not_depend_on_the_other_questions():
    weak = question(stem="ab?", record_id="w")
    together = to_rows(assess(to_frame([GOOD, weak, GOOD], Question)), Quality)
    assert together[1] == {**scored(stem="ab?"), "record_id": "w"}
    assert together[0] == together[2]
    assert assess(to_frame([], Question)).empty


@pytest.mark.parametrize(
    "changes",
    [
        {"options": ["x " * 50_000, "y"], "stem": "z" * 100_000},
        {"options": ["$" * 100_000, "{" * 100_000]},
        {"options": ["?", "!"], "stem": "?"},
        {"options": ["", ""], "stem": ""},
        {"options": [" ", "\n"], "stem": " \n "},
        {"stem": "次のうち、日本で一番長い川はどれですか。正しいものを一つ選びなさい。"},
        {"stem": "\ud7ff\ufffd" * 500, "options": ["(" * 500, ")" * 500]},
        {"stem": "a. " * 30_000},
        {"stem": "1" * 5000, "options": ["9" * 5000, "1/0", "-"]},
    ],
)
def test_bad_input_is_scored_and_nothing_crashes(changes):
    row = scored(**changes)
    assert 0 <= row["quality_score"] <= 1
    assert all(value is None or math.isfinite(value) for value in json.loads(row["signals"]).values())


def test_what_a_model_found_is_used_where_there_is_some():
    rows = [question(record_id=name) for name in ("bad", "good", "long", "unasked")]
    found = [
        {"record_id": "bad", "model": "m", "gold_nll": math.log(4) + 0.7, "question_gain": -0.3},
        {"record_id": "good", "model": "m", "gold_nll": math.log(4) + 0.69, "question_gain": -0.29},
        {"record_id": "long", "model": "m", "gold_nll": None, "question_gain": None},
    ]
    bad, good, long, unasked = to_rows(assess(to_frame(rows, Question), to_frame(found, ModelSignal)), Quality)
    assert bad["flags"] == [signal.name for signal in MODEL_SIGNALS]
    assert not good["flags"]
    assert bad["quality_score"] < good["quality_score"] == long["quality_score"] == unasked["quality_score"]
    assert json.loads(long["signals"])["gold_excess_nll"] is None
    assert "gold_excess_nll" not in json.loads(scored()["signals"])


def test_every_signal_is_documented_once():
    text = (PROJECT_ROOT / "docs" / "quality.md").read_text(encoding="utf-8")
    assert [name for name in [s.name for s in (*SIGNALS, *MODEL_SIGNALS)] if text.count(f"| `{name}` |") != 1] == []
    assert all(signal.measure.__doc__ and signal.says and signal.says_vi and signal.source for signal in SIGNALS)
    assert len({signal.name for signal in SIGNALS}) == len(SIGNALS)
    assert stage.assess is assess


@pytest.mark.parametrize(
    ("flag", "changes"),
    [
        ("lost_formula", {"stem": "Let be a continuous function. What is its derivative?"}),
        ("lost_formula", {"stem": "What is the limit of at zero?"}),
        ("missing_picture", {**VI, "stem": "Quan sát tranh và cho biết con vật nào đang ngủ?"}),
        ("missing_reference", {"stem": "Who wrote this reading?"}),
        ("negative_stem", {"stem": "Which river doesn\u2019t reach the sea?"}),
        ("leaked_letter", {"stem": "Which river? Ans: B"}),
    ],
)
def test_what_a_quick_look_once_kept_from_a_signal_is_found(flag, changes):
    assert flag in scored(**changes)["flags"]


def test_coal_is_no_lost_half_of_a_comparison():
    assert "lost_formula" not in scored(**{**VI, "stem": "Chất khí nào cần thiết cho sự cháy của than?"})["flags"]
    assert "lost_formula" in scored(stem="For which values is the sum greater than?")["flags"]
