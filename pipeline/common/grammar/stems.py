"""What opens a stem: its number, and the rubric or passage before that."""

import re
from typing import NamedTuple

from pipeline.common.text import one_line

NUMBERED = re.compile(
    r"(?:(?:câu(?:\s+hỏi)?|question|bài(?:\s+tập)?)\s*+(?:số\s*+)?(?:\.\s*+)?\d{1,4}\s*(?:\([^()\n]{0,40}\)\s*)?(?:[.:)\]\-–/]+|(?=\n|$|\s))"
    r"|q\s*+(?:\.\s*+)?\d{1,4}\s*+[.:)])\s*",
    re.IGNORECASE,
)
# "2．（6分）" is how Chinese exams write a number and its points.
PLAIN_NUMBER = re.compile(
    r"\d{1,3}\s?(?:[.):](?:\s++|(?=[\u4e00-\u9fff]))|[．、]\s*+)(?:[（(]\s?\d{1,2}\s?分\s?[）)]\s*+(?=\w)|(?=[^\W\d_]|-{2,3}\s))"
)
# A word that says that a question follows; a dialogue ("Q: ... A: ...") keeps its own.
_LABEL = re.compile(r"(?:question|câu hỏi|q)\s?:\s*+(?=\S)", re.IGNORECASE)
_REPLY = re.compile(r"(?m)^[ ]?(?:a|answer|trả lời)\s?:", re.IGNORECASE)
NUMBERED_LINE = re.compile(rf"(?m)^[^\S\n]*+{NUMBERED.pattern}", re.IGNORECASE)


class Stem(NamedTuple):
    context: str | None
    stem: str
    repairs: list[str]


def split_stem(text: str) -> Stem:
    """Takes the number off a stem; what stands before a number in the middle (a rubric, a passage) is its context.

    >>> split_stem("Câu 81: Thủ đô?")
    Stem(context=None, stem='Thủ đô?', repairs=['number_stripped'])
    """
    text = re.sub(r"^#Q\s*", "", text).strip()
    match = NUMBERED.match(text)
    if match and _is_label(match, text):
        return Stem(None, text[match.end() :].strip(), ["number_stripped"])
    if match := PLAIN_NUMBER.match(text):
        return Stem(None, text[match.end() :].strip(), ["number_stripped"])
    if (match := _LABEL.match(text)) and not _REPLY.search(text) and len(NUMBERED_LINE.findall(text)) == 0:
        return Stem(None, text[match.end() :].strip(), ["number_stripped"])
    numbers = [number for number in NUMBERED_LINE.finditer(text) if _is_label(number, text)]
    if not numbers:
        return Stem(None, text, [])
    last = numbers[-1]
    before, after = text[: last.start()].strip(), text[last.end() :].strip()
    if after:
        return Stem(before, after, ["number_stripped", "context_split"])
    number = re.search(r"\d+", last[0])
    if number and re.search(rf"\(\s*{number[0]}\s*\)", before):
        # A blank of a cloze passage: its number is the question.
        return Stem(before, one_line(last[0]).rstrip(":. "), ["context_split"])
    return Stem(None, before, ["number_stripped"])


def _is_label(number: re.Match[str], text: str) -> bool:
    """False where the sentence goes on behind the number ("Câu hỏi 5 nói về ...")."""
    return not (number[0].rstrip()[-1:].isalnum() and text[number.end() : number.end() + 1].islower())


# What opens a question and is shared by hundreds: the page is kept, it tells them apart.
RUBRIC = re.compile(
    r"^(?:(?:căn cứ|dựa)(?: vào)? (?:atlat|atlas|át ?lát|atlát) (?:địa )?(?:l[ií] |lý )?(?:việt nam)?,?(?: trang(?P<page>[^,:?]{1,30}?))?"
    r"(?:,? (?:h[ãa]y )?(?:cho biết )+|, )|theo qu[yi] định của pháp luật,? )",
    re.IGNORECASE,
)
