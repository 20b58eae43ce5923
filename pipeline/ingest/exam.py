"""Exams as people write them: numbered questions with lettered options, line by line; the key behind each question, in a list or table of
its own, or shown by the one option that stands out. Shared by Word documents and plain text."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import accumulate, pairwise
from typing import NamedTuple

from pipeline.ingest.items import Item
from schemas.reasons import Reason
from schemas.tables.row import MAX_TEXT_CHARS

Marks = frozenset[str]
PLAIN: Marks = frozenset()

_WORD_START = re.compile(
    r"\s*(?:\[[^\]\n]{1,12}\]\s*)?(?:(?:Câu|CÂU|câu|Question|QUESTION|Bài|BÀI)\s*(?:hỏi\s*)?(?:số\s*)?(\d{1,4})(?!\d)\s*[.:)/]?|Q\.?\s?(\d{1,4})\s*[.:)])\s*"
)
_NUMBER_START = re.compile(r"\s*(\d{1,3})\s*[.)/](?!\d)\s*")
_SLASH = re.compile(r"^(\d{1,3})\s*/\s*")
OPTION = re.compile(r"(?<![^\s])([A-J])\s?[.):]\s*(?=\S)|^\s*([a-j])\s?[.)/]\s*(?=\S)")
_KEY_HEADING = re.compile(
    r"\W*(?:BẢNG\s+|Bảng\s+)?(?:ĐÁP\s*ÁN|Đáp\s*án|ANSWERS?(?:\s+KEYS?)?|Answers?(?:\s+keys?)?|KEYS?|HƯỚNG\s+DẪN\s+GIẢI|LỜI\s+GIẢI)\b(?P<rest>[^?]*)$"
)
# An optional mark is written with the blanks before it, `(?:\s*:)?\s*`: blanks that two repeats may share are tried in every division.
_PAIR = re.compile(
    r"(?:(?:Câu|Question|Q)(?:\s*\.)?\s*)?(\d{1,3})(?:\s*[.:)\-–=])?\s*(?:(?:Chọn|chọn|Đáp án|đáp án)(?:\s*:)?\s*)?\(?([A-J])\b\)?"
)
_CHOSEN = re.compile(r"\s*(?:(?:Câu|Question)\s*)?\d{1,3}(?:\s*[.:)])?\s*(?:chọn|đáp án)\b", re.IGNORECASE)
_RANGE = re.compile(r"(\d{1,3})\s*[-–]\s*(\d{1,3})\s*[.:)]\s*([A-J](?:[ ,;]*[A-J])+)(?![\w])")
_LISTED = re.compile(rf"[\s|]*(?:{_RANGE.pattern}|{_PAIR.pattern})[\s,;|./]*").match
# Small letters are keys only where a line holds nothing else.
_SMALL_PAIR = re.compile(r"(\d{1,3})(?:\s*[.:)\-–=])?\s*\(?([A-Ja-j])\b\)?")
_SMALL_LISTED = re.compile(rf"\s*{_SMALL_PAIR.pattern}[\s,;|./]*").match
_GAPS = re.compile(r"\t|\s{2,}|\s?\|\s*")
# The key behind one question, on a line of its own or before its solution.
_OWN_KEY = re.compile(
    r"\W*(?:đáp\s*án(?:\s+đúng)?(?:\s+là)?|đ/?a|(?:the\s+)?(?:correct\s+)?answer(?:\s+is)?|ans|key|chọn(?:\s+đáp\s+án|\s+câu)?)(?:\s*[:.\-=])?\s*\(?([A-J])(?![\w'’])",
    re.IGNORECASE,
)
_SOLUTION = re.compile(
    r"\W*(?:lời\s+giải|hướng\s+dẫn|giải\s+thích|giải\s+chi\s+tiết|giải|explanation|solution|rationale|phương\s+pháp\s+giải)(?:\W|$)",
    re.IGNORECASE,
)
_END = re.compile(
    r"\W*(?:HẾT|Hết|THE END|END)\W*$|[-=_*~.\s]{3,}$|[IVX]{1,4}\s*[.)]\s+\S|#+\s|\(?(?:Thí sinh|Cán bộ coi thi)\b"
    r"|(?:PHẦN|Phần|PART|Part|SECTION|Section|CHƯƠNG|Chương|CHỦ ĐỀ|Chủ đề)\s+\w+"
)
_RUBRIC = re.compile(
    r"\W*(?:Read the|Mark the letter|Choose the (?:word|best|correct)|Use the following"
    r"|Đọc (?:đoạn|văn bản|bài|bảng|thông tin|các)|Dựa vào (?:đoạn|bảng|thông tin)"
    r"|Sử dụng (?:dữ kiện|thông tin|đoạn)|Cho (?:đoạn|bảng))\b"
)
_FROM_TO = re.compile(
    r"(?:from|questions?|câu(?:\s+hỏi)?|từ)\s*(?:câu\s*)?(\d{1,3})\s*(?:to|đến|[-–])\s*(?:câu\s*)?(\d{1,3})", re.IGNORECASE
)


# Longer lines are no list of keys, and a document has few headings of one.
MAX_KEY_CHARS, MAX_HEADINGS = 20_000, 10


class ExamLine(NamedTuple):
    """A line's text, and for each character what sets it off (underline, bold, a colour, a star)."""

    text: str
    marks: list[Marks]


class _Block(NamedTuple):
    number: int
    lines: list[ExamLine]
    context: str | None


def exam_items(lines: list[ExamLine], table_keys: dict[int, str]) -> Iterator[Item]:
    """One item a numbered question: its text with the options in it, its key, and the passage that it shares with others.

    Args:
        lines: those of the document, without blank ones.
        table_keys: letter by question number, from the tables of the document.
    """
    keys, lines = _take_keys(lines, table_keys)
    blocks = _blocks(lines)
    repeated = {number for number, count in Counter(block.number for block in blocks if has_options(block.lines)).items() if count > 1}
    marked = _marked(blocks)
    for place, block in enumerate(blocks, start=1):
        if sum(len(line.text) for line in block.lines) > MAX_TEXT_CHARS:
            yield Item(f"item:{place}", _joined(block.lines), Reason.TOO_LARGE, f"more than {MAX_TEXT_CHARS:,} characters")
            continue
        # A number that stands twice (sections that count anew) has no key of its own in a list.
        key = (None if block.number in repeated else keys.get(block.number)) or _own_key(block.lines) or marked[place - 1]
        solution = _solution_start(block.lines)
        question, context = _SLASH.sub(r"\1. ", _joined(block.lines[:solution]), count=1), block.context
        if context and re.search(rf"\(\s*{block.number}\s*\)", context) and not _stem(block):
            # A blank of a cloze passage: the passage is the question.
            question, context = f"{context}\n{question}", None
        cells = {"question": question, "answer": key}
        more = {"context": context, "explanation": _joined(block.lines[solution:])}
        yield Item(f"item:{place}", cells | {name: text for name, text in more.items() if text})


def _stem(block: _Block) -> str:
    """What stands between the number of a question and its options on its first line."""
    text = block.lines[0].text
    start = _WORD_START.match(text) or _NUMBER_START.match(text)
    rest = text[start.end() :] if start else text
    option = OPTION.search(rest)
    return rest[: option.start()].strip() if option else rest.strip()


def _joined(lines: list[ExamLine]) -> str:
    return "\n".join(line.text for line in lines).strip()


def _solution_start(lines: list[ExamLine]) -> int:
    """Where the key or solution behind the options begins; the number of lines where there is none."""
    opened = options_open(lines) + 1
    starts = (i for i, line in enumerate(lines[opened:], start=opened) if _OWN_KEY.match(line.text) or _SOLUTION.match(line.text))
    return next(starts, len(lines))


def starts_question(text: str) -> bool:
    """True for a line that begins "Câu 1", "Question 1"."""
    return _WORD_START.match(text) is not None


def has_options(lines: list[ExamLine]) -> bool:
    """True where an option A and an option B stand among the lines."""
    return options_open(lines) < len(lines)


def options_open(lines: list[ExamLine]) -> int:
    """The line that holds the second option; the number of lines where there are no options."""
    wanted = {"A", "B"}
    for place, line in enumerate(lines):
        wanted -= _opening_letters(line)
        if not wanted:
            return place
    return len(lines)


def _opening_letters(line: ExamLine) -> set[str]:
    """Which of A and B mark options in a line; no further mark is looked for behind both."""
    found: set[str] = set()
    for match in OPTION.finditer(line.text):
        found |= {(match[1] or match[2]).upper()} & {"A", "B"}
        if len(found) == 2:
            break
    return found


def _starts(lines: list[ExamLine]) -> dict[int, int]:
    """Question number by the line that it starts: "Câu 1" where the file has that, else running numbers (not those of statements
    inside a question: these come before its options)."""
    worded = {i: int(match[1] or match[2]) for i, line in enumerate(lines) if (match := _WORD_START.match(line.text))}
    if len(worded) >= 2:
        return worded
    letters = [_opening_letters(line) for line in lines]
    # How many lines up to each hold an A, and a B.
    before = {letter: list(accumulate((letter in found for found in letters), initial=0)) for letter in "AB"}

    def offers(start: int, end: int) -> bool:
        return all(counts[end] > counts[start] for counts in before.values())

    numbered = [(i, int(match[1])) for i, line in enumerate(lines) if (match := _NUMBER_START.match(line.text))]
    starts: dict[int, int] = {}
    last_line, last = 0, None
    for place, (i, number) in enumerate(numbered):
        following = numbered[place + 1][0] if place + 1 < len(numbered) else len(lines)
        complete = last is None or offers(last_line, i)
        if last is None or (complete and number in (1, last + 1, last + 2)) or (number == last + 1 and offers(i, following)):
            starts[i], last_line, last = number, i, number
    return starts if len(starts) >= len(worded) else worded


def _blocks(lines: list[ExamLine]) -> list[_Block]:
    starts = _starts(lines)
    places = sorted(starts)
    blocks = []
    context, until = _passage(lines[: places[0]] if places else [])
    for place, following in pairwise([*places, len(lines)]):
        number = starts[place]
        if number > until:
            context = None
        inside, behind = _cut(lines[place:following])
        blocks.append(_Block(number, inside, context))
        passage, last = _passage(behind)
        if passage:
            context, until = passage, last
    return blocks


def _cut(lines: list[ExamLine]) -> tuple[list[ExamLine], list[ExamLine]]:
    """A question's lines, and those behind its options that belong to none: a heading, or the passage of the next questions."""
    opened = options_open(lines) + 1
    inside = lines[:opened]
    for place, line in enumerate(lines[opened:], start=opened):
        own = _OWN_KEY.match(line.text)
        if _END.match(line.text) and any(_OWN_KEY.match(later.text) for later in lines[place + 1 : place + 4]):
            continue  # A rule between the options and their key.
        if _END.match(line.text) or _RUBRIC.match(line.text) or (line.text.isupper() and _KEY_HEADING.match(line.text) and not own):
            return inside, lines[place:]
        inside.append(line)
    return inside, []


def _passage(lines: list[ExamLine]) -> tuple[str | None, int]:
    """The rubric or passage among lines between questions, and the last question that it is for."""
    first = next((i for i, line in enumerate(lines) if _RUBRIC.match(line.text)), None)
    if first is None:
        return None, 0
    text = "\n".join(line.text for line in lines[first:]).strip()
    span = _FROM_TO.search(lines[first].text)
    return text, int(span[2]) if span else 10_000


def _take_keys(lines: list[ExamLine], from_tables: dict[int, str]) -> tuple[dict[int, str], list[ExamLine]]:
    """Letter by question number, and the lines without those that list the keys."""
    headings = [
        i
        for i, line in enumerate(lines)
        if (match := _KEY_HEADING.match(line.text)) and not _OWN_KEY.match(line.text) and _is_rest(match["rest"])
    ]
    for heading in headings[: -MAX_HEADINGS - 1 : -1]:
        section = lines[heading:]
        first = next((i for i, line in enumerate(section) if i and _is_question(section, i)), len(section))
        rest = _KEY_HEADING.match(section[0].text)
        texts = [rest["rest"].lstrip(" :.-–") if rest else "", *(line.text for line in section[1:first])]
        found = {n: letter for text in texts for n, letter in _pairs(text)} or table_keys([_GAPS.split(text.strip()) for text in texts])
        if found or from_tables:
            # At the end usually; a list of keys may stand before the questions as well.
            return found | from_tables, lines[:heading] + section[first:]
    end = len(lines)
    while end and len(lines[end - 1].text) < MAX_KEY_CHARS and _lists_keys(lines[end - 1].text):
        end -= 1
    listed = {n: letter for line in lines[end:] for n, letter in _pairs(line.text)}
    if len(listed) >= 2:
        return listed | from_tables, lines[:end]
    return dict(from_tables), lines


def _is_question(lines: list[ExamLine], place: int) -> bool:
    """True where a numbered question with options begins, not its line in a list of keys ("Câu 1: Chọn A. Vì ...")."""
    text = lines[place].text
    return bool(_WORD_START.match(text)) and has_options(lines[place : place + 6]) and not _lists_keys(text) and not _CHOSEN.match(text)


def _is_rest(rest: str) -> bool:
    return len(rest) <= 40 or (len(rest) < MAX_KEY_CHARS and _lists_keys(rest.lstrip(" :.-–")))


def _lists_keys(text: str, listed: Callable[[str, int], re.Match[str] | None] = _LISTED) -> bool:
    """True for pairs and ranges with nothing between them. Each is taken once and never given back, so the work grows with the line."""
    end = 0
    while match := listed(text, end):
        end = match.end()
    return 0 < end == len(text)


def _pairs(text: str) -> Iterator[tuple[int, str]]:
    for match in _RANGE.finditer(text):
        letters = re.findall("[A-J]", match[3])
        if len(letters) == int(match[2]) - int(match[1]) + 1:
            yield from zip(range(int(match[1]), int(match[2]) + 1), letters, strict=True)
    pattern = _SMALL_PAIR if len(text) < MAX_KEY_CHARS and _lists_keys(text, _SMALL_LISTED) else _PAIR
    yield from ((int(number), letter.upper()) for number, letter in pattern.findall(_RANGE.sub(" ", text)))


def table_keys(rows: list[list[str]]) -> dict[int, str]:
    """Keys of a table whose cells are `1.A`, or a row of numbers over a row of letters (or two such columns); {} for any other table."""
    cells = [cell for row in rows for cell in row if cell]
    pairs = [match for cell in cells if (match := _PAIR.fullmatch(cell))]
    if pairs and len(pairs) * 2 >= len(cells):
        return {int(match[1]): match[2] for match in pairs}
    for grid in (rows, [list(column) for column in zip(*rows, strict=False)]):
        keys: dict[int, str] = {}
        for numbers, letters in pairwise(grid):
            for number, letter in zip(numbers, letters, strict=False):
                found = re.fullmatch(r"(?:Câu|Question)?\s*(\d{1,3})[.:)]?", number)
                if found and re.fullmatch(r"[A-J]", letter):
                    keys[int(found[1])] = letter
        if keys:
            return keys
    return {}


def _own_key(lines: list[ExamLine]) -> str | None:
    matches = (_OWN_KEY.match(line.text) for line in lines[options_open(lines) + 1 :])
    return next((match[1].upper() for match in matches if match), None)


def _marked(blocks: list[_Block]) -> list[str | None]:
    """The letter of each block's one option that stands out, by the style that does so in most of the file's questions: where all
    letters are bold and one option is underlined, the underline counts. A style seen in few questions is no key."""
    sizes = [sum(len(line.text) for line in block.lines) for block in blocks]
    styles = [_styles(block.lines) if size <= MAX_TEXT_CHARS else {} for block, size in zip(blocks, sizes, strict=True)]
    votes = Counter(style for block in styles for style, letters in block.items() if len(letters) == 1)
    # Stars are written for nothing else.
    usable = [style for style, count in votes.most_common() if count * 3 >= len(blocks) or style.endswith("star")]
    return [next((min(block[style]) for style in usable if len(block.get(style, ())) == 1), None) for block in styles]


def _styles(lines: list[ExamLine]) -> dict[str, set[str]]:
    """Letters of the options by the style of their mark ("mark:bold") and of most of their text ("text:bold")."""
    found: dict[str, set[str]] = {}
    for line in lines:
        matches = list(OPTION.finditer(line.text))
        ends = [*(match.start() for match in matches[1:]), len(line.text)]
        for match, end in zip(matches, ends, strict=False):
            letter = (match[1] or match[2]).upper()
            for style in line.marks[match.start(1) if match[1] else match.start(2)]:
                found.setdefault(f"mark:{style}", set()).add(letter)
            text = [line.marks[place] for place in range(match.end(), end) if not line.text[place].isspace()]
            for style, count in Counter(style for marks in text for style in marks).items():
                if count * 2 > len(text):
                    found.setdefault(f"text:{style}", set()).add(letter)
    return found
