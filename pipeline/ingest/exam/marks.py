"""The list of options in a question: which marks of its lines are the options', and what is too unclear to tell."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pipeline.common.letters import LETTERS, LOOKALIKE, MARK_LETTER
from pipeline.ingest.exam.lines import ExamLine

UPPER, LOWER = "upper", "lower"
# The mark of an option where it opens a line, and within one; a list that is numbered instead, by its style.
_OPENING = {
    UPPER: re.compile(rf"\A[\s>]*+(?:[-+*•]\s++)?[(\[（【]?([{MARK_LETTER}])(?:[ ]?[.):\]/、．）：】]+|[ ][-–][ ])\s*+"),
    LOWER: re.compile(r"\A[\s>]*+(?:[-+*•]\s++)?[(\[（]?([a-jａ-ｊ])(?:[ ]?[.)\]/、．）]|:(?=[ ])|[ ][-–][ ])\s*+"),
}
_INSIDE = {
    UPPER: re.compile(rf"(?<!\S)[(\[（]?([{MARK_LETTER}])[ ]?[.):\]、．）：]\s*+(?=\S)"),
    LOWER: re.compile(r"(?<!\S)[(\[（]?([a-jａ-ｊ])[ ]?[.)]\s++(?=\S)"),
}
_NUMBERS = {
    "n)": re.compile(r"\A[\s>]*+(?:[-+*•]\s++)?(\d{1,2})[ ]?[)）]\s*+(?=\S)"),
    "n.": re.compile(r"\A[\s>]*+(?:[-+*•]\s++)?(\d{1,2})[ ]?[.．、](?!\d)\s*+(?=\S)"),
    "(n)": re.compile(r"\A[\s>]*+(?:[-+*•]\s++)?[(\[（](\d{1,2})[)\]）]\s*+(?=\S)"),
    "n-": re.compile(r"\A[\s>]*+(\d{1,2})[ ]?[-–][ ]++(?=\S)"),
}
_NUMBER_INSIDE = {
    "n)": re.compile(r"(?<!\S)(\d{1,2})[)）]\s++(?=\S)"),
    "(n)": re.compile(r"(?<!\S)[(（](\d{1,2})[)）]\s*+(?=\S)"),
}
NUMBER_STYLES = tuple(_NUMBERS)
# Longer lines hold no list of options that a person typed; a question has fewer marks.
MAX_LINE_CHARS, MAX_MARKS = 50_000, 300


class Mark(NamedTuple):
    """A mark in a line: from where to where, its letter, where that stands, and whether the mark opens the line."""

    line: int
    start: int
    end: int
    letter: str
    at: int
    opens: bool


class OptionList(NamedTuple):
    """The marks of a question's options in the file's order; `fault` says why they are too unclear to read."""

    marks: list[Mark]
    fault: str | None = None


def marks_of(line: ExamLine, place: int, kind: str) -> Iterator[Mark]:
    """All marks of one kind in a line."""
    if len(line.text) > MAX_LINE_CHARS:
        return
    opening = (_OPENING.get(kind) or _NUMBERS[kind]).match(line.text)
    inside = _INSIDE.get(kind) or _NUMBER_INSIDE.get(kind)
    if opening:
        yield Mark(place, opening.start(), opening.end(), _letter(opening[1]), opening.start(1), True)
    for match in inside.finditer(line.text, opening.end() if opening else 0) if inside else ():
        yield Mark(place, match.start(), match.end(), _letter(match[1]), match.start(1), False)


def _letter(text: str) -> str:
    return text if text.isdigit() else text.translate(LOOKALIKE).upper()


def opening_mark(text: str) -> str | None:
    """The letter of the option that a line opens with."""
    found = next((match for kind in (UPPER, LOWER) if (match := _OPENING[kind].match(text))), None)
    return _letter(found[1]) if found else None


def expected_letters(kind: str, count: int) -> list[str]:
    """The first marks of a list, in order."""
    return list(LETTERS[:count]) if kind in _OPENING else [str(i + 1) for i in range(count)]


def anchors(lines: Sequence[ExamLine], kind: str) -> list[int]:
    """The lines where a list begins: those of a first mark behind which the second stands before the first comes again."""
    first, second = expected_letters(kind, 2)
    found: list[int] = []
    waiting: Mark | None = None
    for place, line in enumerate(lines):
        if waiting is not None and place - waiting.line > 60:
            waiting = None
        for mark in marks_of(line, place, kind):
            if mark.letter == first and (waiting is None or mark.opens or not waiting.opens):
                waiting = mark
            elif (
                mark.letter == second
                and waiting is not None
                and (mark.opens or not waiting.opens or mark.line == waiting.line or _gap(line.text, mark))
            ):
                found.append(waiting.line)
                waiting = None
    return found


def _gap(text: str, mark: Mark) -> bool:
    """Whether wide white space, or the end of a sentence, stands before a mark within a line."""
    before = text[: mark.start]
    return mark.opens or before.endswith(("\t", "  ", "\u3000")) or before.rstrip()[-1:] in ".;?!。；"


def find_options(lines: Sequence[ExamLine], kinds: Sequence[str]) -> OptionList:
    """The list of options among a question's lines, of the first kind that has one; no marks where there is none."""
    faulty = OptionList([])
    for kind in kinds:
        marks = [mark for place, line in enumerate(lines) for mark in marks_of(line, place, kind)]
        if len(marks) > MAX_MARKS:
            return OptionList([], "more marks of options than any question has")
        found = _choose(lines, marks, kind)
        if found.marks and not found.fault:
            return found
        faulty = faulty if faulty.marks or not found.marks else found
    return faulty


def _choose(lines: Sequence[ExamLine], marks: list[Mark], kind: str) -> OptionList:
    opening = [mark for mark in marks if mark.opens]
    letters = [mark.letter for mark in opening]
    in_order = len(opening) >= 2 and letters == expected_letters(kind, len(opening))
    chain = _run(lines, marks, kind)
    complete = len(chain) >= 2 and set(opening) <= set(chain)
    if in_order and complete and len(chain) > len(opening):
        added = [mark for mark in chain if not mark.opens]
        return OptionList(chain if all(_gap(lines[mark.line].text, mark) for mark in added) else opening)
    if in_order:
        return OptionList(opening)
    if complete:
        return OptionList(chain)
    if len(opening) < 2:
        # One line start among marks in a line: a list of one, unless the letter opens a sentence of the stem.
        if len(chain) >= 2:
            return OptionList(
                chain, "a mark at the beginning of a line isn't in the list" if opening and opening[0].start >= chain[0].start else None
            )
        return (
            OptionList(opening, "it has one option" if letters == expected_letters(kind, 1) else None) if kind == UPPER else OptionList([])
        )
    if kind not in (UPPER, LOWER):
        return OptionList([])
    if sorted(letters) == expected_letters(kind, len(letters)):
        return OptionList(opening)
    seen = ", ".join(letters[:12])
    if len(set(letters)) < len(letters):
        return OptionList(opening, f"the options are marked {seen}: a letter stands twice, so that a key could mean either")
    if "A" not in letters:
        return OptionList(opening, f"the options are marked {seen}: the list doesn't begin at A")
    return OptionList(opening, f"the options are marked {seen}: a letter is missing")


def _run(lines: Sequence[ExamLine], marks: list[Mark], kind: str) -> list[Mark]:
    """Marks in order from the first letter, each the next of the one before; of two that could be, the one behind a gap."""
    order = expected_letters(kind, 10)
    chain: list[Mark] = []
    for place, mark in enumerate(marks):
        wanted = order[len(chain)] if len(chain) < len(order) else None
        if mark.letter == order[0] and len(chain) == 1 and (mark.opens or not chain[0].opens):
            chain = [mark]
        elif mark.letter == wanted and (not chain or not _better(lines, marks, place)):
            chain.append(mark)
    return chain


def _better(lines: Sequence[ExamLine], marks: list[Mark], place: int) -> bool:
    """Whether a clearer mark of the same letter follows before another letter opens a line."""
    mark = marks[place]
    if _gap(lines[mark.line].text, mark):
        return False
    following = marks[place + 1 : place + 6]
    for other in following:
        if other.letter == mark.letter and _gap(lines[other.line].text, other):
            return True
        if other.opens or other.letter != mark.letter:
            return False
    return False
