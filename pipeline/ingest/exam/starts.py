"""Which lines start questions: of all ways to read a file's numbers, the one that leaves most questions complete. A numbered line may
start a question, or stand in a list (steps of a solution, statements of a stem); all lines are judged together, by a beam search."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from pipeline.ingest.exam.lines import ExamLine
from pipeline.ingest.exam.marks import LOWER, MAX_LINE_CHARS, NUMBER_STYLES, UPPER, anchors, marks_of, opening_mark

_LEVEL = r"(?:\s*+[(\[][^()\[\]\n]{1,30}[)\]]|\s++of\s++\d{1,4}\b|\s++topic\s++\d{1,3}\b)?"
_WORDED = re.compile(
    r"(?:[\s>#]|[*_]{2})*+(?P<before>\[[^\]\n]{1,12}\]\s*)?"
    r"(?:(?P<word>câu(?:\s+hỏi)?|question|bài(?:\s+tập)?|ques|problem|item|quiz)\s*+(?:số\s*+|no\.?\s*+"
    r"|#\s*+)?(?:\.\s*+)?(?P<number>\d{1,4})(?!\d)"
    rf"|(?P<q>q(?:\s?\.)?\s?|c(?=\d))(?P<short>\d{{1,4}})(?=\s*[.:)\]])(?![.,:]\d)|第\s?(?P<chinese>\d{{1,4}})\s?题){_LEVEL}"
    r"\s*+(?P<mark>[.:)\]/．：、–-]*)(?:[*_]{2})?\s*+",
    re.IGNORECASE,
)
_PLAIN = {
    "n.": re.compile(r"\A[\s>#]*+(?:[*_]{2})?(\d{1,4})\s?[.．、](?![\d])(?:[*_]{2})?\s*+"),
    "n)": re.compile(r"\A[\s>#]*+(?:[*_]{2})?(\d{1,4})\s?[)）](?:[*_]{2})?\s*+"),
    "n/": re.compile(r"\A[\s>#]*+(\d{1,4})\s?/(?!\d)\s*+"),
    "n:": re.compile(r"\A[\s>#]*+(\d{1,4})\s?[:：](?=\s)\s*+"),
    "n-": re.compile(r"\A[\s>#]*+(\d{1,4})\s?[-–]\s++(?=[^\W\d_])"),
    "(n)": re.compile(r"\A[\s>#]*+[(\[（](\d{1,4})[)\]）]\s*+"),
    "n": re.compile(r"\A\s*+(\d{1,3})\s*+\Z"),
}
# Question pools: an identifier that bears the key.
_POOL = re.compile(r"\s*+(?P<id>[A-Z]\d[A-Z]\d{2})\s*+\((?P<key>[A-D])\)(?:\s*+\[[^\]\n]{0,40}\])?\s*+")
SECTION = re.compile(
    r"(?:[\s#*_]|--)*+(?:phần|part|section|chương|chủ\s+đề|bài\s+đọc|đề(?=\s+(?:số|\d)))\s+(?:số\s+|thứ\s+)?(?P<name>[IVX]{1,4}"
    r"|\d{1,2}|[A-H]|nhất|hai|ba|bốn)(?![\w])\W*",
    re.IGNORECASE,
)
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8", "ix": "9", "x": "10"}
_ROMAN |= {"nhất": "1", "hai": "2", "ba": "3", "bốn": "4"}
BEAM, MAX_NUMBERED = 24, 6
# A range of questions, in the rubric of a passage.
_RANGE_BEHIND = re.compile(r"\s*(?:[-–]|to\b|đến\b|and\b|và\b|&)\s*(?:câu\s*)?\d", re.IGNORECASE)


class Start(NamedTuple):
    """A line that may start a question: its number, how that is written, where the text behind it begins, and a key that it bears."""

    line: int
    number: int
    style: str
    end: int
    key: str | None = None

    @property
    def worded(self) -> bool:
        """Whether a word says that a question starts."""
        return not self.style.startswith(("n", "(n"))


def start_of(text: str, place: int = 0) -> Start | None:
    """What a line may start, None for nothing."""
    if pool := _POOL.match(text):
        return Start(place, place + 1, "pool", pool.end(), pool["key"])
    if match := _WORDED.match(text):
        word = match["word"] or match["q"] or "第"
        behind = text[match.end() :]
        # "Câu 5 nói về ..." goes on, "Questions 5-8 ..." names several.
        goes_on = not match["mark"] and behind[:1].islower()
        several = _RANGE_BEHIND.match(text, match.end("number") if match["number"] else match.end()) and not match["mark"].startswith(
            (":", ".")
        )
        if not goes_on and not several:
            return Start(place, int(match["number"] or match["short"] or match["chinese"]), word.casefold().split()[0], match.end())
    for style, pattern in _PLAIN.items():
        if match := pattern.match(text):
            return Start(place, int(match[1]), style, match.end())
    return None


def section_of(text: str) -> str | None:
    """The name of the part that a heading opens ("PHẦN II ..." is "2"), None for other lines."""
    match = SECTION.match(text) if len(text) <= 300 else None
    if not match:
        return None
    name = match["name"].casefold()
    return _ROMAN.get(name, name)


class Segments(NamedTuple):
    """Where questions start, and the kinds of marks that their options bear, in the order in which they are looked for."""

    starts: list[Start]
    kinds: tuple[str, ...]
    anchors: list[int]

    @property
    def lists(self) -> int:
        """How many lists of options there are."""
        return len(self.anchors)


class _Chosen(NamedTuple):
    """The last question of a reading, and those before it."""

    start: Start
    before: "_Chosen | None"


class _State(NamedTuple):
    score: float
    number: int
    style: str
    lists: int
    listed: int
    fresh: bool
    chosen: "_Chosen | None"

    @property
    def key(self) -> tuple[int, str, int, int, bool]:
        """What of a state decides about what comes."""
        return self.number, self.style, min(self.lists, 2), self.listed, self.fresh


def find_starts(lines: Sequence[ExamLine]) -> Segments:
    """Reads the numbers with options in letters, and where that leaves most questions without options, with options in numbers."""
    upper, lower = anchors(lines, UPPER), anchors(lines, LOWER)
    lettered = upper if len(upper) >= len(lower) else sorted({*upper, *lower})
    kinds: tuple[str, ...] = (UPPER, LOWER)
    candidates = [
        start for place, line in enumerate(lines) if len(line.text) <= MAX_LINE_CHARS and (start := start_of(line.text, place)) is not None
    ]
    sections = {place for place, line in enumerate(lines) if section_of(line.text)}
    best = _search(lines, candidates, lettered, sections)
    found = Segments(best, kinds, lettered)
    complete = complete_questions(best, lettered)
    if complete * 2 > len(best) and complete > 0:
        return found
    for style in NUMBER_STYLES:
        numbered = anchors(lines, style)
        others = [start for start in candidates if start.style != style]
        if not numbered or not others:
            continue
        both = _search(lines, others, sorted({*lettered, *numbered}), sections)
        if (count := complete_questions(both, sorted({*lettered, *numbered}))) > complete:
            found, complete = Segments(both, (*kinds, style), sorted({*lettered, *numbered})), count
    return found if complete else _nested_numbers(lines, candidates) or found


def _nested_numbers(lines: Sequence[ExamLine], candidates: Sequence[Start]) -> Segments | None:
    """Questions whose options are numbered as they are themselves (1. ... 1. 2. 3. 4., 2. ... 1. 2. 3. 4.): told by numbers that begin
    again directly below a question. None unless two and more, and nothing numbered alike is left over."""
    for style in NUMBER_STYLES:
        own = [start for start in candidates if start.style == style]
        starts, at, lists = list[Start](), 0, list[int]()
        while at < len(own):
            run = _run_from_one(own, at + 1)
            if own[at].number != len(starts) + 1 or run == 1:
                break
            starts.append(own[at])
            if run:
                if not _follows(lines, own[at].line, own[at + 1].line):
                    break
                lists.append(own[at + 1].line)
            at += 1 + run
        if at == len(own) and len(lists) > 1:
            return Segments(starts, (style,), lists)
    return None


def _run_from_one(starts: Sequence[Start], at: int) -> int:
    """How many of these are numbered 1, 2, 3, ... from a place on."""
    count = 0
    while at + count < len(starts) and starts[at + count].number == count + 1 and count < MAX_NUMBERED:
        count += 1
    return count


def _follows(lines: Sequence[ExamLine], first: int, second: int) -> bool:
    """Whether a line stands behind another with no blank line between."""
    return all(line.text.strip() for line in lines[first:second])


def complete_questions(starts: Sequence[Start], lists: Sequence[int]) -> int:
    """How many questions there are with one list of options."""
    bounds = [start.line for start in starts] + [1 << 60]
    counts = [0] * len(starts)
    place = -1
    for anchor in lists:
        while place + 1 < len(starts) and bounds[place + 1] <= anchor:
            place += 1
        if place >= 0:
            counts[place] += 1
    return sum(count == 1 for count in counts)


def _search(lines: Sequence[ExamLine], candidates: list[Start], lists: list[int], sections: set[int]) -> list[Start]:
    """The questions' starts of the best reading. Events in the order of lines; at one line a start stands before a list."""
    events: list[tuple[int, int, Start | None]] = [(start.line, 1, start) for start in candidates]
    events += [(place, 0, None) for place in sections] + [(place, 2, None) for place in lists]
    states = [_State(0.0, 0, "", 0, 0, True, None)]
    for _, kind, start in sorted(events, key=lambda event: event[:2]):
        if kind == 0:
            states = [state._replace(fresh=True, listed=0) for state in states]
        elif kind == 2:
            states = [_with_list(state) for state in states]
        else:
            assert start is not None
            bonus = _appearance(lines, start)
            states = [new for state in states for new in (_as_question(state, start, bonus), _as_item(state, start))]
            states.sort(key=lambda state: -state.score)
            kept: dict[tuple[int, str, int, int, bool], _State] = {}
            for state in states:
                kept.setdefault(state.key, state)
                if len(kept) == BEAM:
                    break
            states = list(kept.values())
    best = max(states, key=lambda state: state.score + _closing(state))
    chosen, found = best.chosen, list[Start]()
    while chosen is not None:
        found.append(chosen.start)
        chosen = chosen.before
    return found[::-1]


def _with_list(state: _State) -> _State:
    gain = (4.0 if state.lists == 0 else -8.0) if state.chosen else -6.0
    return state._replace(score=state.score + gain, lists=state.lists + 1, listed=0)


def _closing(state: _State) -> float:
    """What a question without options costs once it ends; a word before its number says that it is one all the same."""
    if state.chosen is None or state.lists:
        return 0.0
    return -0.5 if state.chosen.start.worded else -3.0


def _as_question(state: _State, start: Start, bonus: float) -> _State:
    step = start.number - state.number
    if start.style == "pool" or step == 1 or (state.fresh and start.number == 1):
        gain = 3.0
    elif state.chosen is None:
        gain = 1.0
    elif step in (2, 3) or state.fresh:
        gain = 0.0
    elif step > 3 or start.number == 1:
        gain = -3.0
    else:
        gain = -5.0
    if not start.worded and state.lists == 0 and start.number == state.listed + 1 > 1:
        gain -= 2.0  # It goes on with a list in the stem.
    gain += bonus + (2.0 if start.worded else 0.0) + (0.0 if not state.style else 1.0 if start.style == state.style else -1.0)
    return _State(state.score + _closing(state) + gain, start.number, start.style, 0, 0, False, _Chosen(start, state.chosen))


def _as_item(state: _State, start: Start) -> _State:
    if start.worded:
        return state._replace(score=state.score - 5.0)
    if start.number == state.listed + 1:
        return state._replace(score=state.score + (1.5 if state.listed else -0.7), listed=start.number)
    return state._replace(score=state.score - (0.7 if start.number == 1 else 3.5), listed=1 if start.number == 1 else 0)


def _appearance(lines: Sequence[ExamLine], start: Start) -> float:
    """How much a line looks like the beginning of a question: below a blank line, a key or an option; it asks, or leaves a gap."""
    before = lines[start.line - 1].text if start.line else ""
    text = lines[start.line].text
    apart = not before.strip() or opening_mark(before) is not None or next(marks_of(lines[start.line - 1], 0, UPPER), None) is not None
    return 0.5 * apart + 0.5 * (text.rstrip().endswith(("?", "？", ":")) or "__" in text or "..." in text)
