"""Which option a key means: a letter, a number, a text, or what a note says."""

import re
from typing import NamedTuple

from pipeline.common.letters import LOOKALIKE, MARK_LETTER
from pipeline.common.text import fold_option, one_line
from schemas.reasons import Reason

# The first letter comes first, so that most positions are passed over quickly.
NAMED_KEY = re.compile(
    r"[cđdak](?:(?<=c)h[oọ]n(?:\s+[đd][áa]p\s+[áa]n|\s+phương\s+án|\s+câu)?|(?<=[đd])[áa]p\s+[áa]n(?:\s+đúng)?(?:\s+là)?|(?<=a)nswer(?:\s+is)?|(?<=k)ey)\s*+(?:[:.]\s*+)?"
    r"[(\[]?([A-JАВСЕ])(?![\w'’])",
    re.IGNORECASE,
)
# "Answer: a plane" names no letter.
_ARTICLE = re.compile(
    r"[aA][ \t]++(?!(?:is|as|and|or|because|since|for|but|from|given|by|with|due|in|on|if|when|while|it|the|this|they|that|you|we|there|was|has|can)\b)[a-z]"
)

# What was looked for in vain, and the cure.
NO_KEY = "no key: the cell that should hold it is empty; write the letter, the number or the text of the right option there"
NO_KEY_IN_EXAM = (
    "no key: looked for a line 'Đáp án: B' or 'Answer: B' behind the options, a list of keys in the file (ĐÁP ÁN, ANSWER KEY), and one option set off"
    " by a star, a tick or a style; add one of them"
)


class Key(NamedTuple):
    """Position of the right option, or why there is none."""

    position: int | None
    reason: Reason | None
    repair: str | None
    detail: str | None


_LETTER_KEY = re.compile(
    rf"\W*+(?:(?:(?:chọn\s+)?(?:đáp\s+án|phương\s+án)(?:\s+đúng)?(?:\s+là)?|answer(?:\s+is)?|option|choice|key|ans|chọn)\W*+)?([{MARK_LETTER}a-j])\W*+",
    re.IGNORECASE,
)
_LETTER_AND_TEXT = re.compile(rf"\s*[(\[]?([{MARK_LETTER}a-j])[.):\]]\s*(\S.*)", re.DOTALL)
_LETTER_BEFORE_TEXT = re.compile(rf"\s*([{MARK_LETTER}a-j])\s?[-–—(]\s?(\S.*)", re.DOTALL)
_SENTENCE = re.compile(
    r"(?:(?:so|thus|hence|therefore|vậy)\W{1,3})?(?:(?:the|my)\s)?(?:(?:correct|right|best|final)\s)?(?:answer|option|choice|đáp\sán|phương\sán|câu\strả\slời)"
    r"(?:\s(?:đúng|chính\sxác))?(?:\s(?:is|would\sbe|là))?(?:\soption)?\s?:?\s?[(\[*]{0,3}(?P<letter>[A-J])(?![\w'’])(?P<mark>[)\].:,*]{0,4})\s*+(?P<rest>.*)",
    re.IGNORECASE,
)
# Of a folded text behind a letter: another ("or c)"), no article ("a triangle has").
_NEXT_LETTER = re.compile(r"(?:(?:and|or|và|hoặc|[,;/&])\s*+(?:also\s|cả\s)?)?[(\[]?([a-j])(?:[)\]]|[.,;]?\Z|[,;/]|\s(?:and|or|và|hoặc)\b)")
_SEVERAL_LETTERS = re.compile(r"\W*+(?:[A-J](?:\s*+(?:[,;/&+|]|\band\b|\bvà\b)\s*+|\s++))+[A-J]\W*+|[A-J]{2,4}")

# A second letter behind the one that a note names as right; not one that it speaks of as wrong.
_AND_LETTER = re.compile(
    r"[)\]]?\s*+(?:[,;/&+]|and\b|và\b)\s*+(?:cả\s)?[(\[]?([A-J])(?![\w'’])(?!\s(?:sai|không|chưa|is|was|are|has|wrong|incorrect|false)\b)"
)
_WHOLE_NUMBER = re.compile(r"\s*(\d{1,9})(?:\.0+)?\s*")
_WORD_NEXT = re.compile(r"\s\w")
_BETWEEN_KEYS = re.compile(r"[,;|\n]")


def letter_of(key: str) -> str | None:
    """The letter that a key is, however it is dressed: b, (C), "Đáp án: D"."""
    # Longer ones are texts.
    match = _LETTER_KEY.fullmatch(key) if len(key) <= 100 else None
    return match[1].translate(LOOKALIKE).upper() if match else None


def resolve_key(key: object, answer_format: str, labels: list[str], options: list[str]) -> Key:
    """Finds the option that a key means.

    Args:
        key: the cell as found: text, a number, or a list with one of these.
        answer_format: letter, index0, index1 or text; the other readings are tried after it where they can't be confused.
        labels: the options' letters in file order.
        options: the options' texts in file order.
    """
    if isinstance(key, list | tuple):
        if len(key) > 1:
            return Key(None, Reason.MULTIPLE_ANSWERS, None, f"the key is a list of {len(key)}: {str(key)[:80]}")
        key = key[0] if key else None
    text = one_line(str(key)) if key is not None and not isinstance(key, bool) else "" if key is None else str(key)
    if not text:
        return Key(None, Reason.MISSING_ANSWER, None, NO_KEY)
    if text in labels and not text.isalpha():
        return Key(labels.index(text), None, None, None)
    if answer_format in ("index0", "index1"):
        return _by_number(text, int(answer_format[-1]), options)
    if answer_format == "letter" and text in labels:
        return Key(labels.index(text), None, None, None)
    # 2³ and 23 fold to the same.
    by_text = [i for i, option in enumerate(options) if option == text]
    if not by_text:
        wanted = fold_option(text)
        by_text = [i for i, option in enumerate(options) if fold_option(option) == wanted]
    if answer_format == "text" and by_text:
        return _by_text(by_text, text)
    letter = letter_of(text)
    if letter:
        if letter in labels:
            exact = text == letter or answer_format == "letter"
            return Key(labels.index(letter), None, None if exact and text == letter else "key_unwrapped", None)
        if not by_text:
            return Key(None, Reason.ANSWER_NOT_IN_OPTIONS, None, f"key {text!r}, options {', '.join(labels)}")
    if by_text:
        return _by_text(by_text, text) if answer_format == "text" else Key(*_by_text(by_text, text)[:2], "key_by_text", None)
    if match := _LETTER_AND_TEXT.fullmatch(text):
        letter = match[1].translate(LOOKALIKE).upper()
        same = [i for i, option in enumerate(options) if fold_option(option) == fold_option(match[2])]
        if letter in labels and (not same or labels.index(letter) in same):
            return Key(labels.index(letter), None, "key_unwrapped", None)
        if letter in labels:
            detail = f"key {text[:80]!r}: its letter means {options[labels.index(letter)][:40]!r}, its text another option"
            return Key(None, Reason.ANSWER_NOT_IN_OPTIONS, None, detail)
        if len(same) == 1:
            return Key(same[0], None, "key_by_text", None)
    if (match := _LETTER_BEFORE_TEXT.fullmatch(text)) and (letter := match[1].translate(LOOKALIKE).upper()) in labels:
        # A dash or a bracket stands in texts as well: the option itself must follow.
        named, behind = fold_option(options[labels.index(letter)]), match[2]
        if named in (fold_option(behind), fold_option(behind.removesuffix(")"))):
            return Key(labels.index(letter), None, "key_unwrapped", None)
    if (said := _sentence(text, labels, options)) is not None:
        return said
    if (_SEVERAL_LETTERS.fullmatch(text) and len(options) > 1) or _names_several(str(key), labels, options):
        return Key(None, Reason.MULTIPLE_ANSWERS, None, f"key {text!r}")
    return Key(None, Reason.ANSWER_NOT_IN_OPTIONS, None, f"key {text[:80]!r} is none of the {len(options)} options")


def _names_several(text: str, labels: list[str], options: list[str]) -> bool:
    """True where the parts of a key, at commas or semicolons, are each an option or its letter: "Rome; Bern", "a,b"."""
    parts = {fold_option(part) for part in _BETWEEN_KEYS.split(text[:2000]) if part.strip()}
    known = {*map(fold_option, options), *(label.casefold() for label in labels)}
    return len(parts) > 1 and parts <= known


def _sentence(text: str, labels: list[str], options: list[str]) -> Key | None:
    """The key that a sentence states: "The correct answer is B) banana."; None for another sentence.

    The text behind the letter has to be that option's, or a reason; a letter without a mark before it could be an article.
    """
    match = _SENTENCE.fullmatch(text) if len(text) <= 1000 else None
    if match is None or not match["letter"].isupper():
        return None
    letter, rest = match["letter"], fold_option(match["rest"])
    same = [
        place
        for place, option in enumerate(options)
        if rest and (rest == fold_option(option) or rest.startswith(f"{fold_option(option)}."))
    ]
    place = labels.index(letter) if letter in labels else None
    if not same and (other := _NEXT_LETTER.match(rest)) and other[1].upper() in set(labels) - {letter}:
        return Key(None, Reason.MULTIPLE_ANSWERS, None, f"key {text[:80]!r}")
    if (
        place is None
        or (same and place not in same)
        or (rest and not same and not match["mark"] and not rest.startswith(("because", "since", "vì")))
    ):
        return Key(None, Reason.ANSWER_NOT_IN_OPTIONS, None, f"key {text[:80]!r} names no option clearly")
    return Key(place, None, "key_unwrapped", None)


def _by_number(text: str, base: int, options: list[str]) -> Key:
    number = number_of(text)
    if number is None or not base <= number < base + len(options):
        allowed = f"{base}-{base + len(options) - 1}"
        return Key(None, Reason.ANSWER_NOT_IN_OPTIONS, None, f"key {text!r} is outside {allowed} (counted from {base})")
    return Key(number - base, None, None, None)


def _by_text(found: list[int], text: str) -> Key:
    if len(found) > 1:
        return Key(found[0], None, None, f"{len(found)} options read {text!r}")
    return Key(found[0], None, None, None)


def number_of(value: object) -> int | None:
    """A whole number, also as text or as a spreadsheet's 2.0."""
    if isinstance(value, bool):
        return None
    match = _WHOLE_NUMBER.fullmatch(str(value))
    return int(match[1]) if match else None


def key_in_note(note: str | None) -> str | None:
    """The one letter that an explanation names as right; None where it names none or several.

    >>> key_in_note("Chọn đáp án B"), key_in_note("The answer is a verb."), key_in_note("Answer: A verb.")
    ('B', None, None)
    """
    note = note or ""
    named = (
        match
        for match in NAMED_KEY.finditer(note)
        # A small letter before a word is an article; a capital A is, behind an English word.
        if (match[1].isupper() or not _WORD_NEXT.match(note, match.end()))
        and not (match[0][0] in "aAkK" and _ARTICLE.match(note, match.start(1)))
    )
    found: set[str] = set()
    for match in named:
        found.add(match[1].translate(LOOKALIKE).upper())
        if more := _AND_LETTER.match(note, match.end(1)):
            found.add(more[1])
    return found.pop() if len(found) == 1 else None
