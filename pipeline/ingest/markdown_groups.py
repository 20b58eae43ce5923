"""Lists of options among the lines of a question list in Markdown: tick boxes, letters, marks, or plain lists that a key follows."""

import re
from dataclasses import dataclass, field
from itertools import groupby

from pipeline.common.letters import LETTERS
from pipeline.ingest.exam import PLAIN, Marks
from pipeline.ingest.markdown_lines import Line
from pipeline.ingest.markdown_words import OptionMark, explanation_text, is_label, is_section, key_value, option_mark, question_start

# What follows a plain list so closely may be its key.
KEY_LINES = 8
MAX_PLAIN = 12
_ASKS = re.compile(r"(?:[?？:：]|__|\.{3}|…)\W{0,9}$")
_INLINE = re.compile(r"(?<=\s)\(?(?P<letter>[A-J])[.):]\s*(?=\S)")
_TO_DO = re.compile(
    r"\W*(?:to-?\s?do|roadmap|tasks?|checklist|progress|features?|types? of change|before (?:you )?submitting"
    r"|pull request|status)\b.{0,20}$",
    re.IGNORECASE,
)
# What asks in words: the first words of a question, and the ends of a sentence that an option goes on with.
_ASKING_WORDS = re.compile(
    r"\b(?:which|what|who|whose|whom|when|where|why|how|select|choose|pick|identify|name|complete|calculate|true or false"
    r"|nào|gì|ai|đâu|bao nhiêu|mấy|vì sao|tại sao|thế nào|chọn|đúng hay sai)\b"
    r"|\A\W*(?:is|are|was|were|do|does|did|can|could|should|will|would|has|have|find|mark|tick)\b"
    r"|\b(?:is|are|was|were|be|by|of|to|in|on|as|for|with|from|the|an?|that|called|means|là|bằng|của|ở|gồm|thuộc|có|được|bởi|do|cho)\W*\Z",
    re.IGNORECASE,
)
# From so many lists with one tick each on, nobody takes them for things to do.
MIN_SURE_LISTS = 3


@dataclass
class Option:
    """An option as found: how it is called, whether it is ticked (None: nothing says), its lines, and what sets its first line off."""

    letter: str
    ticked: bool | None
    texts: list[str]
    marks: list[Marks]
    whole: str = ""
    letter_marks: Marks = PLAIN
    outer: list[str] = field(default_factory=list)


@dataclass
class Group:
    """The options of a question, which stand from line `start` up to `end`."""

    kind: str
    options: list[Option]
    start: int
    end: int

    @property
    def is_bare(self) -> bool:
        """True for letters alone: they repeat what the options are called, to say which is right."""
        return all(option.letter and not "".join(option.texts).strip() for option in self.options)


def find_groups(lines: list[Line], taken: set[int]) -> list[Group]:
    """All lists of options in order; `taken` are lines that belong to lists of keys."""
    groups: list[Group] = []
    builder: _Builder | None = None
    # Where questions are headed or called by a word, a number in a list is a step.
    sure = [
        start
        for line in lines
        if line.kind != "rule" and (start := question_start(line)) is not None and start.style[0] in ("worded", "numbered")
    ]
    numbered = len(sure) > 1
    for place, line in enumerate(lines):
        mark = option_mark(line) if place not in taken else None
        if mark and mark.kind != "box" and key_value(line.text) is not None:
            mark = None
        if builder and mark and builder.takes(line, mark):
            builder.add(place, line, mark)
        elif mark and (mark.letter in ("", "A", "#1") or mark.kind == "box"):
            groups += builder.closed() if builder else []
            builder = _Builder(lines, place, line, mark, numbered)
        elif builder and not builder.holds(place, line):
            groups += builder.closed()
            builder = None
    groups += builder.closed() if builder else []
    return [group for group in groups if not _is_to_do(lines, group)]


def _is_to_do(lines: list[Line], group: Group) -> bool:
    above = next((lines[i] for i in range(group.start - 1, -1, -1) if lines[i].kind != "hidden"), None)
    return above is not None and above.kind == "heading" and bool(_TO_DO.match(above.text))


def ask_nothing(lines: list[Line], groups: list[Group]) -> bool:
    """True for lists of boxes below texts none of which asks ("Release 2.0"): they may say what is done, and what is to do."""
    if not groups or any(group.kind != "box" or any(option.letter for option in group.options) for group in groups):
        return False
    if len(groups) >= MIN_SURE_LISTS and all(sum(option.ticked is True for option in group.options) == 1 for group in groups):
        return False
    return not any(_asks(lines, group.start) for group in groups)


def _asks(lines: list[Line], place: int) -> bool:
    """Whether the text above a list asks: by a sign, a word, or what numbers and labels questions."""
    for line in reversed(lines[max(0, place - 8) : place]):
        if line.kind in ("rule", "table", "summary") or option_mark(line) is not None:
            return False
        start = question_start(line)
        if (start is not None and start.style[0] in ("worded", "numbered", "quiz", "edx", "label", "item", "line")) or line.kind == "open":
            return True
        if line.kind in ("text", "heading") and (_ASKS.search(line.text) or _ASKING_WORDS.search(line.text[:2_000])):
            return True
        if line.kind == "heading":
            return False
    return False


class _Builder:
    """A list of options while its lines are read; lines behind an option wait until the next option or the list's end shows whose
    they are."""

    def __init__(self, lines: list[Line], place: int, line: Line, mark: OptionMark, steps: bool) -> None:
        self.lines = lines
        self.steps = steps
        self.group = Group(mark.kind, [], place, place + 1)
        self.waiting: list[int] = []
        self.last = line
        self.add(place, line, mark)

    def takes(self, line: Line, mark: OptionMark) -> bool:
        options = self.group.options
        letters = [option.letter for option in options]
        if mark.letter and letters[-1] and not mark.kind == self.group.kind == "box":
            if mark.letter in letters:
                return False
            return ord(mark.letter[-1]) == ord(letters[-1][-1]) + 1 or line.lists == self.last.lists
        if mark.kind != self.group.kind or (bool(mark.letter) != bool(letters[-1]) and mark.kind != "box"):
            return False
        if line.lists == self.last.lists:
            return not line.lists or bool(line.marker) or line.block == self.last.block
        texts = [self.lines[i] for i in self.waiting if self.lines[i].kind == "text" and self.lines[i].text.strip() != "[image]"]
        # A paragraph between two lists is the next question, but for what an option says beside its first line.
        return not texts or len(options) == 1 or (not any(option.ticked for option in options) and not _ASKS.search(texts[-1].text))

    def add(self, place: int, line: Line, mark: OptionMark) -> None:
        if self.waiting:
            self._give(self.group.options[-1], self.waiting)
            self.waiting = []
        text = line.text[mark.start : mark.end]
        whole = line.text[mark.box : mark.end].strip()
        self.group.options.append(Option(mark.letter, mark.ticked, [text.strip()], line.marks[mark.start : mark.end], whole))
        if mark.letter_at is not None:
            self.group.options[-1].letter_marks = line.marks[mark.letter_at]
        self._inline(place, line, mark)
        self.group.end = place + 1
        self.last = line

    def _inline(self, place: int, line: Line, mark: OptionMark) -> None:
        """Further options on the line ("A. x   B. y") become options of their own, unless the next lines have these letters."""
        if not mark.letter.isalpha() or mark.kind == "box":
            return
        following = self._letters_below(place)
        text, wanted, cuts = line.text[: mark.end], chr(ord(mark.letter) + 1), list[tuple[str, int, int]]()
        for inner in _INLINE.finditer(text, mark.start):
            if inner["letter"] == wanted and wanted not in following:
                cuts.append((wanted, inner.start(), inner.end()))
                wanted = chr(ord(wanted) + 1)
        if cuts:
            option, ends = self.group.options[-1], [*(begin for _, begin, _ in cuts), len(text)]
            option.texts, option.marks = [text[mark.start : ends[0]].strip()], line.marks[mark.start : ends[0]]
            for (letter, _, begin), end in zip(cuts, ends[1:], strict=True):
                self.group.options.append(Option(letter, None, [text[begin:end].strip()], line.marks[begin:end], "", line.marks[begin]))

    def _letters_below(self, place: int) -> set[str]:
        """The letters that begin the next lines of the list."""
        letters: set[str] = set()
        for line in self.lines[place + 1 : place + 8]:
            mark = option_mark(line)
            if mark is None or mark.letter in ("", "A"):
                break
            letters.add(mark.letter)
        return letters

    def holds(self, place: int, line: Line) -> bool:
        """Whether a line may still belong to the last option, or stand between two; False where it ends the list."""
        if line.kind == "hidden" and key_value(line.text) is None:
            return True
        if self._ends(line):
            return False
        in_block = line.block == self.last.block or line.block == self.lines[self.group.end - 1].block
        in_item = bool(self.last.marker) and line.lists[: len(self.last.lists)] == self.last.lists
        if (in_block or in_item) and not line.link and not self.waiting:
            self.group.options[-1].texts.append(line.text if line.kind == "code" else line.text.strip())
            self.group.end = place + 1
        else:
            self.waiting.append(place)
        return True

    def _ends(self, line: Line) -> bool:
        if line.kind in ("rule", "heading", "summary", "open", "close", "table") or line.folds != self.last.folds:
            return True
        if line.kind == "code":
            return False
        if key_value(line.text) is not None or explanation_text(line.text) is not None or is_label(line.text) or is_section(line.text):
            return True
        start = question_start(line)
        if start is None:
            return False
        if start.style[0] in ("item", "line") and self.steps:
            return False
        return start.style[0] != "item" or not self.last.lists or len(line.lists) <= len(self.last.lists)

    def _give(self, option: Option, places: list[int]) -> None:
        kinds: dict[int, str] = {}
        for place in places:
            line = self.lines[place]
            if line.kind != "hidden":
                number = f"{line.marker} " if line.marker[:-1].isdigit() else ""
                option.texts.append(line.text if line.kind == "code" else number + line.text.strip())
                kinds[line.block] = _kind(line)
        option.outer = [kind for kind, _ in groupby(kinds.values())]

    def closed(self) -> list[Group]:
        """The finished list, where it has two options (or boxes). The last option takes what is of the kind that each of the others
        has behind it."""
        *others, last = self.group.options
        if others and self.waiting and others[0].outer and all(option.outer == others[0].outer for option in others):
            self._fill(last, list(others[0].outer))
        letters = [option.letter for option in self.group.options]
        if self.group.kind == "box" and letters != [*LETTERS[: len(letters)]]:
            # "A.NET application" is no option A.
            for option in self.group.options:
                option.letter, option.texts[0] = "", option.whole
        return [self.group] if others or self.group.kind == "box" else []

    def _fill(self, last: Option, wanted: list[str]) -> None:
        taken: list[int] = []
        for kind, places in groupby(self.waiting, key=lambda place: _kind(self.lines[place])):
            block = [*places]
            if not wanted or kind != wanted[0] or any(self.lines[place].link for place in block):
                break
            first = self.lines[block[0]].block
            taken += [place for place in block if kind != "text" or self.lines[place].block == first]
            wanted.pop(0)
        if taken and not wanted:
            self._give(last, taken)
            self.group.end = taken[-1] + 1


def _kind(line: Line) -> str:
    """What stands behind an option: code, a picture, the steps of a list, or text."""
    return "image" if line.text.strip() == "[image]" else "item" if line.lists and line.kind == "text" else line.kind


def plain_groups(lines: list[Line], groups: list[Group], taken: set[int]) -> list[Group]:
    """Plain lists that are options by what stands around them: a question before, and a key behind or one item that stands out."""
    covered = taken | {place for group in groups for place in range(group.start, group.end)}
    items: dict[int, list[int]] = {}
    for place, line in enumerate(lines):
        if line.marker and line.kind == "text" and place not in covered:
            items.setdefault(line.lists[-1], []).append(place)
    found = []
    for places in items.values():
        if not 2 <= len(places) <= MAX_PLAIN or not _asks_before(lines, places[0]):
            continue
        end = next((i for i in range(places[-1] + 1, len(lines)) if lines[i].block != lines[places[-1]].block), len(lines))
        inside = set(range(places[0], end))
        if inside & covered or any(
            lines[i].kind not in ("text", "code") or len(lines[i].lists) != len(lines[places[0]].lists) for i in inside
        ):
            continue
        group = Group("plain", [], places[0], end)
        for number, (place, following) in enumerate(zip(places, [*places[1:], end], strict=True), start=1):
            line = lines[place]
            ticked = option_mark(line._replace(text=f"A. {line.text}", marks=[frozenset(), frozenset(), frozenset(), *line.marks]))
            assert ticked is not None
            text = line.text[: ticked.end - 3]
            texts = [text.strip(), *(lines[i].text for i in range(place + 1, following))]
            group.options.append(Option(f"#{number}", ticked.ticked, texts, line.marks[: len(text)]))
        if _has_key(lines, group) and not _are_statements(lines, group, groups):
            found.append(group)
    return found


def _are_statements(lines: list[Line], group: Group, others: list[Group]) -> bool:
    """True for a list that the options behind it speak of: no key and no other question stands between them."""
    following = next((other for other in others if other.start >= group.end), None)
    if following is None:
        return False
    for line in lines[group.end : following.start]:
        start = question_start(line)
        if (
            key_value(line.text) is not None
            or line.kind in ("rule", "summary", "open", "close", "heading")
            or (start and start.style[0] != "line")
        ):
            return False
    return True


def _asks_before(lines: list[Line], place: int) -> bool:
    before = [line for line in lines[max(0, place - 6) : place] if line.kind not in ("hidden", "code")]
    if not before or key_value(before[-1].text) is not None or explanation_text(before[-1].text) is not None or before[-1].folds:
        return False
    start = question_start(before[-1])
    return bool(_ASKS.search(before[-1].text)) or (start is not None and start.number is not None) or is_label(before[-1].text)


def _has_key(lines: list[Line], group: Group) -> bool:
    if sum(option.ticked is True for option in group.options) == 1:
        return True
    bold = [bool(option.marks) and all("bold" in mark for mark in option.marks) for option in group.options]
    if sum(bold) == 1:
        return True
    for line in lines[group.end : group.end + KEY_LINES]:
        start = question_start(line)
        if line.kind == "rule" or (start is not None and start.style[0] != "plain"):
            break
        if key_value(line.text) is not None or line.kind == "summary":
            return True
    return False
