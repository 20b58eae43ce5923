"""From questions to records: which key counts, and what can't be read for sure is rejected with what to do about it."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from pipeline.common.grammar.option_lists import split_options
from pipeline.ingest.exam.keys import Keys
from pipeline.ingest.exam.marks import LOWER, UPPER
from pipeline.ingest.exam.questions import Question
from pipeline.ingest.items import Item
from schemas.reasons import Reason
from schemas.tables.row import MAX_TEXT_CHARS

_TRUE_FALSE = ("đúng sai", "đúng/sai", "đúng hay sai", "đúng - sai", "đúng hoặc sai", "true or false", "true/false", "true - false")
_UNDERLINED = ("underlined", "gạch chân", "gạch dưới")
_VIETNAMESE = ("câu", "bài")


def listed_keys(questions: Sequence[Question], keys: Keys) -> list[str | None]:
    """Each question's key in the file's list: that of its part, else of its number where only one question with options bears it."""
    numbers = Counter(question.start.number for question in questions if question.start and question.options)
    parts = Counter(number for _, number in keys)
    found: list[str | None] = []
    for question in questions:
        number = question.start.number if question.start else 0
        key = keys.get((question.section, number)) if question.section else None
        if key is None and numbers[number] <= 1:
            key = keys.get((None, number))
        if key is None and numbers[number] <= 1 and parts[number] == 1 and question.section is None:
            key = next(letter for (_, own), letter in keys.items() if own == number)
        found.append(key)
    return found


def styled_keys(questions: Sequence[Question]) -> list[str | None]:
    """The letter of each question's one option that stands out, by the style that does so in most of the file's questions: where all
    letters are bold and one option is underlined, the underline counts. A style seen in few questions is no key."""
    votes = Counter(style for question in questions for style, letters in question.styles.items() if len(letters) == 1)
    usable = [style for style, count in votes.most_common() if count * 3 >= len(questions) and style.partition(":")[2] not in _SIGNS]
    return [
        next((min(question.styles[style]) for style in usable if len(question.styles.get(style, ())) == 1), None) for question in questions
    ]


def style_shows_keys(questions: Sequence[Question], listed: Sequence[str | None], styled: Sequence[str | None]) -> bool:
    """Whether the option that stands out is the key where both are given, at least as often as not; where they differ, one is wrong."""
    both = [
        (own, style)
        for question, key, style in zip(questions, listed, styled, strict=True)
        if (own := _own_letter(question) or key) and style
    ]
    return sum(own == style for own, style in both) * 2 >= len(both) > 0


def _own_letter(question: Question) -> str | None:
    return question.key.partition(".")[0] if isinstance(question.key, str) and _is_letter(question.key) else None


_SIGNS = ("star", "cross", "wrong", "empty")


def record(question: Question, listed: str | None, styled: str | None, lettered: bool, place: int, styles_count: bool = False) -> Item:
    """A question's record. `lettered`: the file has lists with capital letters, so that small ones mark statements; `styles_count`: the
    option that stands out may contradict the key."""
    locator = f"item:{place}"
    whole = {"question": _labelled(question, question.text)}
    if len(question.text) > MAX_TEXT_CHARS:
        return Item(locator, question.text, Reason.TOO_LARGE, f"more than {MAX_TEXT_CHARS:,} characters")
    key, clash = _key(question, listed, styled, styles_count)
    if question.kind == LOWER and (
        (len(question.options) > 2 and any(words in question.heading.casefold() for words in _TRUE_FALSE))
        or (lettered and not _is_letter(key))
    ):
        detail = "statements to be judged true or false one by one; make a question of each, with the lead as its context"
        return Item(locator, whole, Reason.NOT_MULTIPLE_CHOICE, detail)
    if not question.options:
        return _without_options(question, key, locator)
    if question.fault:
        if "is missing" in question.fault and (repaired := _repaired(question, key)) is not None:
            return Item(locator, repaired)
        return Item(locator, whole, _reason(question.fault), f"{question.fault}; mark the options A, B, C, ... once each")
    if clash:
        return Item(locator, whole, Reason.MULTIPLE_ANSWERS, clash)
    if _asks_about_underlines(question) and not any("_" in option for option in question.options):
        detail = "it asks about underlined letters, which its text doesn't show; write them as _a_"
        return Item(locator, whole, Reason.MALFORMED_ROW, detail)
    cells: dict[str, Any] = {
        "question": _labelled(question, question.stem),
        "options": [{"label": label, "text": text} for label, text in zip(question.labels, question.options, strict=True)],
        "answer": key,
    }
    more = {"context": question.context, "explanation": question.explanation}
    if not question.stem and question.context:
        # A blank of a cloze passage: the passage is the question, which its number tells from the others.
        cells["question"], more["context"] = f"{question.context}\n{_label(question)}", None
    return Item(locator, cells | {name: text for name, text in more.items() if text})


def _asks_about_underlines(question: Question) -> bool:
    asked = question.stem if question.stem else question.context or ""
    return any(word in asked.casefold() for word in _UNDERLINED)


def _is_letter(key: object) -> bool:
    return isinstance(key, str) and len(key.partition(".")[0].strip()) == 1


def _key(question: Question, listed: str | None, styled: str | None, styles_count: bool) -> tuple[str | list[str] | None, str | None]:
    """The key, or why those that stand in several places can't all be right."""
    if len(question.ticked) > 1:
        return question.ticked, None
    ticked = question.ticked[0] if question.ticked else None
    own = question.key
    letters = {
        "behind the options": _own_letter(question),
        "in the list of keys": listed,
        "ticked": ticked,
        "set off by its style": styled if styles_count else None,
    }
    if listed and len(listed) > 1:
        return None, f"the list of keys gives {' and '.join(listed)} for its number; keep the right one"
    given = {where: letter for where, letter in letters.items() if letter}
    if len(set(given.values())) > 1:
        told = ", ".join(f"{letter} {where}" for where, letter in given.items())
        return None, f"its keys differ: {told}; keep the right one"
    if own is not None:
        return own, None
    return listed or ticked or styled, None


def _reason(fault: str) -> Reason:
    if "twice" in fault or "more marks" in fault:
        return Reason.MULTIPLE_QUESTIONS
    if "two keys" in fault:
        return Reason.MULTIPLE_ANSWERS
    return Reason.TOO_FEW_OPTIONS if "one option" in fault else Reason.MALFORMED_ROW


def _repaired(question: Question, key: object) -> dict[str, Any] | None:
    """The question as one text, where the marks that are missing can be found in it (a point is missing, two letters stand close)."""
    cut = split_options(question.text)
    if cut is None or cut.several or not set(question.labels) <= set(cut.labels) or cut.labels != sorted(set(cut.labels)):
        return None
    cells = {"question": _labelled(question, question.text), "answer": key, "context": question.context}
    return {name: value for name, value in cells.items() if value is not None or name == "answer"}


def _without_options(question: Question, key: object, locator: str) -> Item:
    if question.fault:
        return Item(locator, {"question": _labelled(question, question.text)}, _reason(question.fault), question.fault)
    cells = {"question": _labelled(question, question.stem), "answer": key}
    more = {"context": question.context, "explanation": question.explanation}
    return Item(locator, cells | {name: text for name, text in more.items() if text})


def _labelled(question: Question, text: str) -> str:
    """A text behind its number in one form, so that the number alone is taken off again."""
    return f"{_label(question)} {text}"


def _label(question: Question) -> str:
    start = question.start
    word = "Câu" if start and start.style in _VIETNAMESE else "Question"
    return f"{word} {start.number if start else 0}:"


def has_capital_lists(questions: Sequence[Question]) -> bool:
    """Whether options are marked with capitals anywhere in the file."""
    return any(question.kind == UPPER and len(question.options) > 1 for question in questions)
