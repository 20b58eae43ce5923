"""Aiken, Moodle's simplest text format (docs.moodle.org, "Aiken format"): question lines, `A. option` lines, `ANSWER: B`."""

import re
from collections.abc import Iterator

from pipeline.ingest.exam import Block, block_items
from pipeline.ingest.items import Format, Item, SniffedFile

# One letter, none, or several: a question with two right options is no part of the next one.
KEY = re.compile(
    r"(?mi)^[ \t]*+ANSWERS?[ \t]*+:[ \t]*+(?:\n[ \t]*+(?=\(?[A-Z]\)?[ \t.]*+$))?"
    r"([A-J]{2,5}(?!\w)|\(?[A-Z]\)?(?:[ \t]*+(?:[,;/&+]|and\b|và\b)?[ \t]*+\(?[A-Z]\)?(?!\w))*+)?[ \t.]*+$"
)

# A paragraph with a list of options, and one that begins with it.
_OPTIONS = re.compile(r"(?m)^[ \t]*A[.)][ \t][^\n]*\n[ \t]*B[.)][ \t]")
_FIRST = re.compile(r"\s*A[.)]\s")

_NUMBERED = re.compile(r"(?mi)^[^\w\n]*+(?:(?:câu|question|bài|q)\s?\d|\d{1,3}\s?[.):/]|II\s?[.)]\s)")


def sniff(file: SniffedFile) -> bool:
    """A line holds a key and nothing else, and none numbers its questions ("Câu 1."): those are exams."""
    return any(key[1] for key in KEY.finditer(file.text)) and _NUMBERED.search(file.text) is None


def read(text: str) -> Iterator[Item]:
    """One item a key; a question behind the last key has none.

    >>> next(read("What is 1 + 1?\\nA. 1\\nB. 2\\nANSWER: B\\n")).payload["options"]
    [{'label': 'A', 'text': '1'}, {'label': 'B', 'text': '2'}]
    """
    start, blocks = 0, list[Block]()
    for key in KEY.finditer(text):
        *unkeyed, last = _questions(text[start : key.start()])
        blocks += [*(Block(question, None) for question in unkeyed), Block(last, _letters(key[1]))]
        start = key.end()
    if text[start:].strip():
        blocks += [Block(question, None) for question in _questions(text[start:])]
    yield from block_items(blocks)


def _letters(key: str | None) -> str | list[str] | None:
    """The letter of a key, the letters of several, None for an empty one.

    >>> _letters("(b)"), _letters("A, C"), _letters(None)
    ('B', ['A', 'C'], None)
    """
    joined = key is not None and len(key) > 1 and key.isalpha() and key.isupper()
    letters = list(key or "") if joined else re.findall(r"(?i)(?<![^\W_])[A-Z](?![^\W_])", key or "")
    return [letter.upper() for letter in letters] if len(letters) > 1 else letters[0].upper() if letters else None


def _questions(text: str) -> list[str]:
    """The questions between two keys: one, unless a key is missing and a blank line parts a list of options from the next question."""
    found = [""]
    whole = False
    for paragraph in re.split(r"(?<=\n)(?=[ \t]*\n)", text):
        if whole and _OPTIONS.search(paragraph) and not _FIRST.match(paragraph):
            found.append("")
            whole = False
        found[-1] += paragraph
        whole = whole or _OPTIONS.search(paragraph) is not None
    return found


FORMAT = Format("aiken", sniff, read_text=read)
