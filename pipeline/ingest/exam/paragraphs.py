"""Questions without numbers: each list of options belongs to the text above it."""

import re
from collections.abc import Sequence

from pipeline.ingest.exam.keys import own_key
from pipeline.ingest.exam.lines import ExamLine
from pipeline.ingest.exam.marks import LOWER, UPPER, anchors, marks_of
from pipeline.ingest.exam.starts import Start, section_of

_LETTER = re.compile(r"\s*([A-Ja-j])\s*\Z")
_RULE = re.compile(r"[-=_*~\s]{3,}\Z|#+\s")
UNNUMBERED = "unnumbered"
_NUMERALS = "I II III IV V VI VII VIII IX X XI XII XIII XIV XV XVI XVII XVIII XIX XX".split()
_NUMERAL = re.compile(r"\s*+([IVX]{1,5}+)\s?[.):]\s++")


def unnumbered_starts(lines: Sequence[ExamLine]) -> list[Start]:
    """Where each question begins: below the key, the rule or the blank line that ends the question before.

    LogiQA's text puts the key first, a letter alone on its line.
    """
    kind = max((UPPER, LOWER), key=lambda kind: len(anchors(lines, kind)))
    starts: list[Start] = []
    free = 0
    # A line may hold many lists, which all end where its first does.
    ends: dict[int, int] = {}
    for number, anchor in enumerate(anchors(lines, kind), start=1):
        if anchor not in ends:
            ends[anchor] = _list_end(lines, anchor, kind)
        if starts and not any(line.text.strip() for line in lines[free:anchor]):
            free = ends[anchor]
            continue  # Marks that begin again with nothing between: one question's, whose marks repeat.
        place = _first_line(lines, free, anchor, bool(starts))
        letter = _LETTER.match(lines[place].text)
        if letter and place < anchor:
            starts.append(Start(place, number, UNNUMBERED, len(lines[place].text), letter[1].upper()))
        else:
            starts.append(Start(place, number, UNNUMBERED, 0))
        free = ends[anchor]
    numerals = [_NUMERAL.match(lines[start.line].text) for start in starts]
    if len(starts) > 1 and [numeral and numeral[1] for numeral in numerals] == _NUMERALS[: len(starts)]:
        return [start._replace(end=numeral.end()) for start, numeral in zip(starts, numerals, strict=True) if numeral]
    return starts


def _list_end(lines: Sequence[ExamLine], anchor: int, kind: str) -> int:
    """The line behind the last option of the list that begins at a line."""
    last, wanted = anchor, None
    for place in range(anchor, min(anchor + 100, len(lines))):
        for mark in marks_of(lines[place], place, kind):
            if wanted is None or mark.letter == wanted:
                last, wanted = place, chr(ord(mark.letter) + 1)
            elif mark.letter == "A" and mark.opens and place > anchor:
                return last + 1
    return last + 1


def _first_line(lines: Sequence[ExamLine], free: int, anchor: int, behind_one: bool) -> int:
    """The first line of the text above a list, among those that no list took."""
    above = range(free, anchor + 1)
    filled = [i for i in above if lines[i].text.strip()]
    keys = [i for i in filled[:-1] if own_key(lines[i].text) is not None]
    bounds = [i + 1 for i in filled[:-2] if (_RULE.match(lines[i].text) or section_of(lines[i].text) is not None)]
    begin = max([*bounds, free])
    if behind_one and keys and keys[-1] >= begin:
        begin = keys[-1] + 1
        apart = next((i for i in range(begin, anchor) if not lines[i].text.strip()), None)
        # What stands directly below the key explains it, where a blank line follows.
        begin = apart if apart is not None else begin
    elif behind_one:
        apart = next((i for i in range(begin, anchor) if not lines[i].text.strip()), None)
        begin = apart if apart is not None else begin
    return next((i for i in range(begin, anchor + 1) if lines[i].text.strip()), anchor)
