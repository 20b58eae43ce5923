"""Stage 4, assess: named signals of a weak question, and one score. Wrong questions were rejected before; these are the
doubtful ones. Score = 1 minus the penalties of the signals that fire, never under 0; every flag explains itself."""

import re
from collections.abc import Callable, Mapping
from statistics import mean
from typing import Any, NamedTuple

import pandas as pd

from pipeline.parse import key_in_note
from pipeline.text import canonical_json, fold, is_vietnamese, strip_marks
from schemas.tables import Quality, Question, to_frame, to_rows

Row = Mapping[str, Any]
CHAT_TOKEN = re.compile(r"<\|[a-z_0-9]{2,40}\|>|</?s>|\[/?INST\]|<(?:start|end)_of_turn>", re.IGNORECASE)
ABSOLUTE = re.compile(
    r"\b(?:always|never|only ever|all of them|none at all|luôn luôn|không bao giờ|tuyệt đối|hoàn toàn không)\b", re.IGNORECASE
)
NEGATIVE = re.compile(r"\b(?:NOT|EXCEPT|not|except|least|không|ngoại trừ|chưa)\b")
LEANS = re.compile(
    r"\b(?:(?:the|this|following) (?:passage|text|extract|excerpt|table|paragraph)(?: above| below)?|(?:passage|text|table|data) (?:above|below)"
    r"|(?:đoạn (?:văn|trích|thơ)|bảng số liệu|văn bản) (?:trên|sau|dưới đây)|theo (?:đoạn trích|bảng số liệu|bài đọc))\b",
    re.IGNORECASE,
)


_ODD = re.compile(r"""[^\w\s.,;:?!'"()\[\]{}\-–—/%°+=<>*^$\\&“”‘’…|#@×÷√≤≥→~]""")


class Signal(NamedTuple):
    """`measure` gives a number or None (undefined); it fires at `threshold` and above and then costs `penalty`."""

    name: str
    measure: Callable[[Row], float | None]
    threshold: float
    penalty: float
    says: str


def _word_count(text: str) -> int:
    return len(text.split())


def stem_shortness(row: Row) -> float:
    """1 divided by the stem's length in letters and digits: 0.2 is five of them."""
    return 1 / max(sum(map(str.isalnum, row["stem"])), 1)


def noise(row: Row) -> float:
    """Share of stem characters that are neither letters, digits, spaces nor usual punctuation; damaged characters count ten times."""
    text = row["stem"]
    odd = len(_ODD.findall(text)) + 9 * text.count("\ufffd")
    return float(odd) / max(len(text), 1)


def shouting(row: Row) -> float:
    """Share of capitals among the letters of a stem of at least four words."""
    letters = [c for c in row["stem"] if c.isalpha()]
    return sum(map(str.isupper, letters)) / len(letters) if letters and _word_count(row["stem"]) >= 4 else 0.0


def longest_option_cue(row: Row) -> float:
    """Length of the right option against the mean of the wrong ones, characters."""
    lengths = [len(option) for option in row["options"]]
    right = lengths.pop(row["answer_index"])
    return right / max(mean(lengths), 1) if right >= 25 else 0.0


def near_equal_options(row: Row) -> float:
    """1 where two options of four letters and more differ in case or accents alone."""
    plain = [
        strip_marks(option) for option in row["options"] if sum(map(str.isalpha, option)) >= 4 and not re.search(r"[\\^_$=<>+]", option)
    ]
    return float(len(set(plain)) < len(plain))


def single_letter_options(row: Row) -> float:
    """Share of options that say no more than a mark would ("a", "B.")."""
    return sum(re.fullmatch(r"\W*[a-zA-Z]?\W*", option) is not None for option in row["options"]) / len(row["options"])


def all_or_none(row: Row) -> float:
    """1 where an option refers to the others."""
    return float(row["fixed_order"])


def negative_stem(row: Row) -> float:
    """1 where the stem asks for what is not so."""
    return float(NEGATIVE.search(row["stem"]) is not None)


def absolute_terms(row: Row) -> float:
    """Number of options with a word such as always or never."""
    return float(sum(ABSOLUTE.search(option) is not None for option in row["options"]))


def missing_reference(row: Row) -> float:
    """1 where the stem leans on a passage or table that isn't there."""
    if row["context"] or _word_count(row["stem"]) > 60 or "\n" in row["stem"]:
        return 0.0
    return float(LEANS.search(row["stem"]) is not None)


def unfinished_stem(row: Row) -> float:
    """1 where a bracket or a quotation opens and never closes."""
    text = row["stem"]
    return float(text.count("(") > text.count(")") + 1 or text.count("“") > text.count("”") + 1 or text.rstrip().endswith(("(", "“", "[")))


def contradicted_key(row: Row) -> float | None:
    """1 where the explanation names another letter than the key; undefined where it names none."""
    letter = key_in_note(row["explanation"])
    if letter is None or "options_out_of_order" in row["repairs"] or ord(letter) - 65 >= len(row["options"]):
        return None
    return float(ord(letter) - 65 != row["answer_index"])


def mixed_language(row: Row) -> float:
    """1 where a Vietnamese stem has English options of some length, or the other way round."""
    options = " ".join(row["options"])
    if len(options) < 60 or len(row["stem"]) < 30 or row["context"]:
        return 0.0
    return float(is_vietnamese(row["stem"]) != is_vietnamese(options))


def chat_tokens(row: Row) -> float:
    """Number of chat-template tokens in the raw text; rendering makes them harmless."""
    return float(len(CHAT_TOKEN.findall(" ".join([row["context"] or "", row["stem"], *row["options"]]))))


def answer_in_stem(row: Row) -> float:
    """1 where the right option of two words and more stands in the stem and no wrong one does."""
    stem = fold(row["stem"])
    inside = [len(option.split()) >= 2 and fold(option).rstrip(".") in stem for option in row["options"]]
    return float(inside[row["answer_index"]] and sum(inside) == 1)


SIGNALS = (
    Signal("stem_shortness", stem_shortness, 0.34, 0.45, "the stem has hardly any letters"),
    Signal("noise", noise, 0.08, 0.35, "the stem holds odd or damaged characters"),
    Signal("shouting", shouting, 0.8, 0.15, "the stem is written in capitals"),
    Signal("longest_option_cue", longest_option_cue, 2.0, 0.1, "the right option is far longer than the others"),
    Signal("near_equal_options", near_equal_options, 1, 0.3, "two options differ in case or accents alone"),
    Signal("single_letter_options", single_letter_options, 1, 0.25, "the options are bare letters"),
    Signal("all_or_none", all_or_none, 1, 0.05, "an option refers to the others"),
    Signal("negative_stem", negative_stem, 1, 0.02, "the stem asks for what is not so"),
    Signal("absolute_terms", absolute_terms, 1, 0.03, "an option says always or never"),
    Signal("missing_reference", missing_reference, 1, 0.3, "the stem leans on a passage or table that isn't there"),
    Signal("unfinished_stem", unfinished_stem, 1, 0.2, "the stem breaks off"),
    Signal("contradicted_key", contradicted_key, 1, 0.55, "the explanation names another option than the key"),
    Signal("mixed_language", mixed_language, 1, 0.1, "stem and options are in different languages"),
    Signal("chat_tokens", chat_tokens, 1, 0.1, "the text holds tokens of a chat template"),
    Signal("answer_in_stem", answer_in_stem, 1, 0.1, "the right option stands in the stem"),
)


def assess(questions: pd.DataFrame) -> pd.DataFrame:
    """One Quality row a question, in order. Each question is judged by itself: others never move its score."""
    return to_frame([_assess(row) for row in to_rows(questions, Question)], Quality)


def _assess(row: Row) -> dict[str, Any]:
    values = {signal.name: signal.measure(row) for signal in SIGNALS}
    fired = [signal for signal in SIGNALS if (value := values[signal.name]) is not None and value >= signal.threshold]
    return {
        "record_id": row["record_id"],
        "quality_score": round(max(0.0, 1 - sum(signal.penalty for signal in fired)), 4),
        "flags": [signal.name for signal in fired],
        "explanations": [f"{s.says} ({s.name} {values[s.name]:.3g}, threshold {s.threshold:g}, -{s.penalty:g})" for s in fired],
        "signals": canonical_json({name: value if value is None else round(value, 4) for name, value in values.items()}),
    }
