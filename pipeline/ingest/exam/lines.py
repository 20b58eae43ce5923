"""Lines of an exam: their text, what sets each character off, and the boxes and signs that tick options."""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from pipeline.common.letters import LETTERS
from pipeline.common.text import normal_form

Marks = frozenset[str]
PLAIN: Marks = frozenset()
# Styles of a mark: a star or tick, a crossed box, a sign of wrong, an empty box.
STAR, CROSS, WRONG, EMPTY = "star", "cross", "wrong", "empty"


class ExamLine(NamedTuple):
    """A line's text, and for each character what sets it off (underline, bold, a colour, a star)."""

    text: str
    marks: list[Marks]


def plain_line(text: str) -> ExamLine:
    """A line that nothing sets off."""
    return ExamLine(text, [PLAIN] * len(text))


_KINDS = {"☑✅✔✓🗹◉⦿🔘●": STAR, "☒✗✘☓": CROSS, "❌✖❎": WRONG, "☐□◻⬜◯◇○": EMPTY}
_KIND = {char: kind for chars, kind in _KINDS.items() for char in chars}
_GLYPHS = "".join(_KIND)
_SIGN = rf"(?:[{_GLYPHS}]\ufe0f?|\[[ xX✓✔*]?\]|\((?:[ ]{{1,3}}|[xX✓✔*])\))"
_MARK = r"[(\[（【]?[A-Ja-jＡ-Ｊ]\s?[.):\]/、．）：](?=\s|[^\W\d_]|\S)"
_BEFORE = re.compile(rf"(?<!\S)({_SIGN}|\*(?=[(\[]?[A-J])|#(?=[(\[]?[A-J]\s?[.):]))[^\S\n]*+(?={_MARK})")
_BEHIND_MARK = re.compile(rf"(?<!\S)({_MARK})[^\S\n]*+({_SIGN})[^\S\n]++(?=\S)")
_ARROW = re.compile(r"[\s-]*+(?:\*|→|=>|->|➔|►)\s*(?=\(?[A-Ja-j]\s?[.)])")
_BULLET = re.compile(r"\s*+(?:>\s*+)?[-+•●▪·–]\s++(?=\(?[A-Ja-j]\s?[.)]\s)")
_INLINE = re.compile(rf"(?<!\S){_MARK}")
_OPENS = re.compile(rf"\s*+(?:[-+*•]\s++)?(?:{_MARK})")
_AT_END = re.compile(
    rf"(?<=\S)\s*(\(\*\)|\*|[{_GLYPHS}]\ufe0f?|\((?:đúng|correct|right|x|✓|✔)\)|\[(?:đúng|correct|right|x|✓|✔)\]|(?:←"
    rf"|<--?)(?:\s(?:đúng|correct))?)\s*\Z",
    re.IGNORECASE,
)
_BOXED = re.compile(rf"\s*+(?:[-+*•]\s++)?({_SIGN})\s*+(?!{_MARK})(?=\S)")
MAX_SIGNED_CHARS = 20_000


def tidied(lines: Iterable[ExamLine]) -> list[ExamLine]:
    """The lines composed (NFC), their boxes and signs turned into styles of the options' letters; lines of boxes without letters
    get letters from A."""
    return list(_lettered([_signed(_composed(line)) for line in lines]))


def _composed(line: ExamLine) -> ExamLine:
    if line.text.isascii() or unicodedata.is_normalized("NFC", line.text):
        return line
    pieces, marks, start = list[str](), list[Marks](), 0
    for place in range(1, len(line.text) + 1):
        if place == len(line.text) or not unicodedata.combining(line.text[place]):
            piece = normal_form("NFC", line.text[start:place])
            pieces.append(piece)
            marks += [line.marks[start]] * len(piece)
            start = place
    return ExamLine("".join(pieces), marks)


def without(line: ExamLine, spans: list[tuple[int, int]]) -> ExamLine:
    """The line without these spans of it, which stand in order."""
    if not spans:
        return line
    pieces, marks, start = list[str](), list[Marks](), 0
    for begin, end in [*spans, (len(line.text), len(line.text))]:
        pieces.append(line.text[start:begin])
        marks += line.marks[start:begin]
        start = end
    return ExamLine("".join(pieces), marks)


def part(line: ExamLine, start: int, end: int | None = None) -> ExamLine:
    """The line from one place to another, without the white space around it."""
    piece = line.text[start:end]
    begin = start + len(piece) - len(piece.lstrip())
    stripped = piece.strip()
    return ExamLine(stripped, line.marks[begin : begin + len(stripped)])


def _kind(sign: str) -> str:
    inner = sign if sign == "*" else sign.strip("[]()\ufe0f ")
    return EMPTY if not inner else STAR if inner in "xX*" else _KIND.get(inner[0], STAR)


def _signed(line: ExamLine) -> ExamLine:
    """A line whose signs before, behind or at the end of its options became styles of their letters."""
    if len(line.text) > MAX_SIGNED_CHARS:
        return line
    if arrow := _ARROW.match(line.text):
        return without(_styled(line, [(arrow.end(), STAR)]), [(0, arrow.end())])
    if bullet := _BULLET.match(line.text):
        line = without(line, [(0, bullet.end())])
    before = list(_BEFORE.finditer(line.text))
    opened = _OPENS.match(line.text) is not None
    if before and not opened:
        # ☐ A. x ☑ B. y
        lead = 0 if not line.text[: before[0].start()].strip(" \t>-+*•") else before[0].start()
        spans = [(lead, before[0].end()), *(match.span() for match in before[1:])]
        return without(_styled(line, [(match.end(), _kind(match[1])) for match in before]), spans)
    if not opened:
        return line
    if behind := list(_BEHIND_MARK.finditer(line.text)):
        # A. ☑ x
        styled = _styled(line, [(match.start(1), _kind(match[2])) for match in behind])
        return without(styled, [(match.start(2), match.end()) for match in behind])
    return _signed_at_end(line, before)


def _signed_at_end(line: ExamLine, between: list[re.Match[str]]) -> ExamLine:
    """`A. x ✓ B. y`: a sign behind an option's text; a star alone only at the end of the line."""
    marks = [match.start() for match in _INLINE.finditer(line.text)]
    places, spans = list[tuple[int, str]](), list[tuple[int, int]]()
    for match in between:
        owner = _owner(line.text, match, marks)
        places += [(owner, _kind(match[1]))] if owner is not None else []
        spans.append(match.span())
    end = _AT_END.search(line.text, max(0, len(line.text) - 40))
    if end and not line.text[: end.start()].endswith("*") and (not spans or end.start() >= spans[-1][1]):
        last = marks[bisect_left(marks, end.start()) - 1]
        opened = _INLINE.match(line.text, last)
        if opened and end.start() > opened.end():
            places.append((last, _KIND.get(end[1][0], STAR)))
            spans.append((end.start(), len(line.text)))
    return without(_styled(line, places), spans)


def _owner(text: str, sign: re.Match[str], marks: list[int]) -> int | None:
    """The mark that a sign between two options belongs to: that which it stands closer to, None where it is as far from both."""
    before = len(text[: sign.start()]) - len(text[: sign.start()].rstrip()) + text[: sign.start()].endswith("\t")
    behind = sign.end() - sign.end(1) + ("\t" in sign[0])
    if before == behind:
        return None
    return sign.end() if behind < before else marks[bisect_left(marks, sign.start()) - 1]


def _styled(line: ExamLine, places: list[tuple[int, str]]) -> ExamLine:
    """The line with a style on the first letter from each of these places on."""
    marks = list(line.marks)
    for place, style in places:
        while place < len(line.text) and not line.text[place].isalpha():
            place += 1
        if place < len(marks):
            marks[place] |= {style}
    return ExamLine(line.text, marks)


def _lettered(lines: list[ExamLine]) -> Iterator[ExamLine]:
    """Lines of boxes alone, at least two in a row, with letters in their places."""
    found = [_BOXED.match(line.text) if len(line.text) <= MAX_SIGNED_CHARS else None for line in lines]
    blank = [not line.text.strip() for line in lines]
    # A blank line ends no list of boxes, two lists are parted by a line of text.
    for boxed, group in groupby(range(len(lines)), key=lambda i: found[i] is not None or (blank[i] and _within(found, blank, i))):
        places = list(group)
        boxes = [i for i in places if found[i]]
        if not boxed or not 2 <= len(boxes) <= len(LETTERS):
            yield from (lines[i] for i in places)
            continue
        letters = iter(LETTERS)
        for i in places:
            match = found[i]
            if match is None:
                yield lines[i]
                continue
            rest = part(lines[i], match.end())
            yield ExamLine(f"{next(letters)}. {rest.text}", [PLAIN | {_kind(match[1])}, PLAIN, PLAIN, *rest.marks])


def _within(found: list[re.Match[str] | None], blank: list[bool], place: int) -> bool:
    """Whether a blank line stands directly behind a box and before another."""
    return 0 < place < len(found) - 1 and found[place - 1] is not None and found[place + 1] is not None
