"""Where an exam says which options are right: a list or table of keys for the file, by parts or not, and the line behind a question."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from pipeline.ingest.exam.codes import coded_keys, own_codes, table_by_code
from pipeline.ingest.exam.lines import ExamLine
from pipeline.ingest.exam.marks import UPPER, find_options
from pipeline.ingest.exam.starts import section_of, start_of

# Number of a part (None where the list isn't parted) and of a question, to the letter of its key.
Keys = dict[tuple[str | None, int], str]

# What the line of a table of keys is set off by (word.py): such a line is a list of keys wherever it stands.
KEY_TABLE = "key table"
_KEY_HEADING = re.compile(
    r"\W*+(?P<words>(?:BẢNG\s+|Bảng\s+)?(?:(?:ĐÁP\s*ÁN|Đáp\s*án|DAP\s+AN|Dap\s+an|ANSWERS?(?:\s+KEYS?)?|Answers?(?:\s+[Kk]eys?)?|KEYS?|Keys?)"
    r"(?:\s+(?:VÀ|và|AND|and)\s+\w+(?:\s\w+){0,3})?|HƯỚNG\s+DẪN\s+(?:GIẢI|CHẤM)|LỜI\s+GIẢI|Lời\s+giải(?=\s*\Z)|Solutions?(?=\s*(?:\Z|[:.]\s*\(?\d))"
    r"|SOLUTIONS?|参考答案|答案))\b(?P<rest>.*)\Z"
)
# The part or exam that a heading names before its keys: "Đáp án phần A: 1C, 2A".
_OF_PART = re.compile(
    r"[\s:.\-–(]*+(?:(?:phần|đề|mã\s+đề|chương|bài|part|section|test|exam|quiz|unit)\s+(?:số\s+)?[\w.]{1,5}\s*+[):.\-–]++\s*+)?",
    re.IGNORECASE,
)
# What may stand behind the words of such a heading.
_REST = re.compile(
    r"[\s:.*_()=\-–—#]*+(?:(?:CHI\s+TIẾT|chi\s+tiết|THAM\s+KHẢO|tham\s+khảo|TRẮC\s+NGHIỆM|trắc\s+nghiệm|(?:MÃ\s+)?ĐỀ|(?:mã\s+)?đề"
    r"|MÔN|môn|TOÀN\s+BỘ|PHẦN|phần|for|FOR|to|section|part|Part|PART|các\s+câu|CÁC\s+CÂU|đúng|ĐÚNG)\b.{0,60})?"
    r"[\s:.*_()=\-–—#]*\Z"
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
# Longer lines are no list of keys, and a document has few headings of one.
MAX_KEY_CHARS, MAX_HEADINGS, MAX_EXAMS = 20_000, 10, 200

# The key behind one question, on a line of its own or before its solution.
OWN_KEY = re.compile(
    r"[^\w\n]*+(?:đáp\s*án(?:\s+(?:đúng|chính\s+xác))?(?:\s+là)?|đ/?a|(?:the\s+)?(?:(?:correct|right)\s+(?:answers?|option|choice)"
    r"|answers?)(?:\s+is)?|ans|key"
    r"|correct(?=\s*[:=])|chọn(?:\s+đáp\s+án|\s+câu|\s+phương\s+án)?|phương\s+án\s+đúng(?:\s+là)?|trả\s+lời(?=\s*:)|(?:参考"
    r"|正确)?答案)(?![^\W_])"
    r"(?P<sign>[*_]*+\s*+[:：.=】\]-]++)?[*_]*+\s*+(?P<value>.*)\Z",
    re.IGNORECASE,
)
_SIGNS = ":：=】"
_LETTER = re.compile(r"[*_(\[（「]*([A-Ja-jＡ-Ｊ])(?![\w'’])[*_)\]）」]*+(?P<rest>.*)\Z", re.DOTALL)
_BECAUSE = re.compile(r"\s*(?:vì|do|bởi|because|since|as|for|như|theo|from)\b|\s*\(", re.IGNORECASE)
_MORE = re.compile(r"\s*+(?:(?:[,;/&+]|and\b|và\b|or\b|hoặc\b)\s*+)?[(\[]?([A-J])(?![\w'’])", re.IGNORECASE)
_PLACE = re.compile(r"(?:option|choice|answer|phương\s+án|đáp\s+án|lựa\s+chọn)\s*(?:số\s*|no\.?\s*)?(\d{1,2})\W*\Z", re.IGNORECASE)
SOLUTION = re.compile(
    r"[^\w\n]*+(?:lời\s+giải|hướng\s+dẫn|giải\s+thích|giải\s+chi\s+tiết|giải|explanation|explain|solution|rationale|reason|why"
    r"|phương\s+pháp\s+giải|ghi\s+chú|note|hint|gợi\s+ý|feedback|解析|解答|分析)(?:\W|\Z)",
    re.IGNORECASE,
)
# A key at the end of the last option's line.
_GLUED = re.compile(
    r"[\s\t(\[【;.]*(?:(?:correct\s+|right\s+)?answer|ans|key|đáp\s*án(?:\s+đúng)?|đ/a"
    r"|(?:参考)?答案)\s?[】\]]?\s?[:：】=](?P<value>\s*\(?[A-Ja-j]\)?)[\s.)\]】]*\Z",
    re.IGNORECASE,
)


def own_key(text: str) -> str | list[str] | None:
    """The key that a line gives for its question: a letter, the letters of several, or a text as it stands; None for other lines.

    >>> own_key("Đáp án: B"), own_key("Answer: A and C"), own_key("Key: 2"), own_key("The answer lies in the text")
    ('B', ['A', 'C'], '2', None)
    """
    match = OWN_KEY.match(text) if len(text) <= MAX_KEY_CHARS else None
    if not match:
        return None
    value = re.sub(
        r"\A(?:option|choice|phương\s+án|đáp\s+án|câu|là)\s+(?=[(\[]?[A-J](?!\w))",
        "",
        match["value"].strip().strip("*_").strip(),
        flags=re.IGNORECASE,
    )
    signed = any(sign in (match["sign"] or "") for sign in _SIGNS)
    if letter := _LETTER.match(value):
        found = _key_of_letter(letter, value, signed)
        if found is not None:
            return found
    if re.fullmatch(r"[A-J]{2,5}", value):
        return list(value)
    if place := _PLACE.match(value):
        return "ABCDEFGHIJ"[int(place[1]) - 1 : int(place[1])] or value
    return value if signed and re.search(r"\w", value) and len(value) < 500 else None


def _key_of_letter(letter: re.Match[str], value: str, signed: bool) -> str | list[str] | None:
    """The key that begins with a letter; None where that is a word ("A cat barks")."""
    rest, first = letter["rest"], _plain(letter[1])
    if not rest.strip(" .*_!"):
        return first
    several, behind = [first], rest
    while more := _MORE.match(behind):
        several.append(more[1].upper())
        behind = behind[more.end() :]
    if len(several) > 1 and not behind.strip(" .*_)"):
        return several
    if rest[:1] in ".):" and signed and len(rest) < 200:
        return f"{first}. {rest.lstrip(' .):')}"
    if rest[:1] in ".):,;–-—" or rest.lstrip()[:1] in "–-—=>(" or _BECAUSE.match(rest):
        return first
    return first if letter[1].isupper() and first != "A" and not signed else None


def _plain(letter: str) -> str:
    return chr(ord(letter) - 0xFEE0) if ord(letter) > 0xFF00 else letter.upper()


def glued_key(text: str) -> tuple[int, str] | None:
    """Where a key begins that stands behind the last option on its line, and its letter."""
    tail = max(0, len(text) - 60)
    match = next((found for place in range(tail, len(text)) if text[place] in " \t(【[;" and (found := _GLUED.match(text, place))), None)
    return (match.start(), match["value"].strip(" ()").upper()) if match else None


class KeyLists(NamedTuple):
    """The keys of the file's lists, and the lines without these lists; `problem` says why a list gives no keys."""

    keys: Keys
    lines: list[ExamLine]
    problem: str | None = None


def take_keys(lines: list[ExamLine]) -> KeyLists:
    """Takes the list of keys out of a file. One counts only where its numbers are those of questions, and only in front of all questions
    or behind them: a line `1-b, 2-c` between two questions answers a matching question."""
    if (coded := _keys_of_code(lines)) is not None:
        return coded
    kept = list(lines)
    tables = [place for place, line in enumerate(lines) if line.marks and KEY_TABLE in line.marks[0]]
    headings = [place for place, line in enumerate(lines) if _is_heading(line.text)][-MAX_HEADINGS:]
    for heading in reversed(headings):
        end = next((i for i in range(heading + 1, len(kept)) if _is_question(kept, i)), len(kept))
        found = _section_keys(kept[heading:end])
        if (
            (found or any(heading < i < end for i in tables))
            and _at_an_end(kept, heading, end)
            and _fits(found, kept[:heading] + kept[end:])
        ):
            return KeyLists(found, kept[:heading] + kept[end:])
    if tables:
        sectioned = _section_keys([line for line in lines if line.text.strip() and (KEY_TABLE in line.marks[0] or section_of(line.text))])
        rest = [line for line in lines if not line.marks or KEY_TABLE not in line.marks[0]]
        return KeyLists(sectioned, rest)
    end = len(kept)
    while end and len(kept[end - 1].text) < MAX_KEY_CHARS and (_lists_keys(kept[end - 1].text) or not kept[end - 1].text.strip()):
        end -= 1
    listed: Keys = {}
    for line in kept[end:]:
        _add(listed, None, line.text, alone=True)
    if len(listed) >= 2 and _fits(listed, kept[:end], half=True):
        return KeyLists(listed, kept[:end])
    return KeyLists({}, kept)


def exams_of(lines: list[ExamLine]) -> list[list[ExamLine]]:
    """The exams that one file holds: where two lists of keys and more stand each behind the questions whose numbers it bears, and the
    numbers begin again behind it. All lines as one exam elsewhere."""
    ends: list[int] = []
    begin = 0
    for place in [i for i, line in enumerate(lines) if _is_heading(line.text)][-MAX_EXAMS:]:
        if place < begin:
            continue
        end = place + 1
        while end < len(lines) and (not lines[end].text.strip() or _keys_of_line(lines[end].text)):
            end += 1
        numbers = {number for _, number in _section_keys(lines[place:end])}
        asked = [start.number for i in range(begin, place) if _is_question(lines, i) and (start := start_of(lines[i].text))]
        if not numbers or not asked or asked[0] != 1 or len(set(asked)) < len(asked) or not numbers <= set(asked):
            continue
        ends.append(end)
        begin = end
    if len(ends) < 2:
        return [lines]
    bounds = [0, *ends[:-1], len(lines)]
    return [lines[start:end] for start, end in pairwise(bounds)]


def _keys_of_code(lines: list[ExamLine]) -> KeyLists | None:
    """The keys of the exam's own code, where the file lists those of several; None where it doesn't."""
    found = coded_keys(lines, _keys_of_line)
    if found is None:
        return None
    start = next((i for i in range(found.start - 1, max(found.start - 4, -1), -1) if _KEY_HEADING.match(lines[i].text)), found.start)
    rest = lines[:start] + lines[found.end :]
    own, listed = own_codes(rest), ", ".join(found.by_code)
    mine = own & found.by_code.keys()
    if len(mine) == 1 and len(own) == 1:
        return KeyLists({(None, number): letter for number, letter in found.by_code[mine.pop()].items()}, rest)
    if len(found.by_code) == 1 and not own:
        return None  # A list with the exam's code above it.
    says = f"it is of the codes {', '.join(sorted(own))}" if own else "it doesn't say which of them it is"
    cure = "write its code above the questions (`Mã đề: 211`), an exam a file"
    return KeyLists({}, rest, f"the list of keys is for the exam codes {listed}, and {says}; {cure}")


def _keys_of_line(text: str) -> dict[int, str]:
    if len(text) > MAX_KEY_CHARS or not (_lists_keys(text) or _lists_keys(text, _SMALL_LISTED)):
        return {}
    return dict(_pairs(text))


def _is_heading(text: str) -> bool:
    match = _KEY_HEADING.match(text) if len(text) < MAX_KEY_CHARS else None
    if not match:
        return False
    rest = match["rest"]
    behind = _behind_part(rest)
    return bool(_REST.match(rest)) or _lists_keys(behind) or _lists_keys(behind, _SMALL_LISTED)


def _behind_part(rest: str) -> str:
    """The keys behind a heading's words, without the part that it names."""
    named = _OF_PART.match(rest)
    return rest[named.end() :] if named else rest


def _at_an_end(lines: Sequence[ExamLine], start: int, end: int) -> bool:
    """Whether no question stands before these lines, or none behind them."""
    return end == len(lines) or not any(_is_question(lines, i) for i in range(start))


def _fits(keys: Keys, lines: Sequence[ExamLine], half: bool = False) -> bool:
    """Whether the file's questions bear the numbers of the keys, most of them; `half`: and the keys are for half of the numbers or more."""
    numbers = {start.number for line in lines if len(line.text) < MAX_KEY_CHARS and (start := start_of(line.text))}
    wanted = {number for _, number in keys}
    common = len(wanted & numbers)
    return not wanted or (common * 2 >= len(wanted) and (not half or common * 2 >= len(numbers)))


def _section_keys(lines: Sequence[ExamLine]) -> Keys:
    """Keys below a heading, each of the part that was named last."""
    keys: Keys = {}
    section: str | None = None
    waiting: list[str] = []

    def finish() -> None:
        if waiting and not any(part == section for part, _ in keys):
            keys.update(
                {(section, number): letter for number, letter in table_keys([_GAPS.split(text.strip()) for text in waiting]).items()}
            )
        waiting.clear()

    for place, line in enumerate(lines):
        text = line.text
        if not place and (heading := _KEY_HEADING.match(text)):
            text = heading["rest"].lstrip(" :.-–")
            behind = _behind_part(heading["rest"])
            if section_of(text) is None:
                text = behind if _lists_keys(behind) or _lists_keys(behind, _SMALL_LISTED) else ""
        if (named := section_of(text)) is not None:
            finish()
            section = named
            text = text.partition(":")[2] if ":" in text else ""
        if _add(keys, section, text, alone=_lists_keys(text) or _lists_keys(text, _SMALL_LISTED)):
            pass
        elif text.strip():
            waiting.append(text)
    finish()
    return keys


def _add(keys: Keys, section: str | None, text: str, alone: bool) -> bool:
    """Adds the keys of a line, and says whether it has any. A line of keys alone that contradicts one before makes it both ("BC"), which
    is none; a solution may name numbers and letters: what a list said stands."""
    pairs = list(_pairs(text))
    for number, letter in pairs:
        said = keys.setdefault((section, number), letter)
        if alone and letter not in said:
            keys[section, number] = said + letter
    return bool(pairs)


def _is_question(lines: Sequence[ExamLine], place: int) -> bool:
    """True where a numbered question with options begins, not its line in a list of keys ("Câu 1: Chọn A. Vì ...")."""
    text = lines[place].text
    start = start_of(text) if len(text) < MAX_KEY_CHARS else None
    if start is None or _lists_keys(text) or _lists_keys(text, _SMALL_LISTED) or _CHOSEN.match(text):
        return False
    behind = lines[place : place + 8]
    stop = next((i for i, line in enumerate(behind[1:], start=1) if start_of(line.text) and not line.text[:1].isspace()), len(behind))
    return len(find_options(behind[:stop], (UPPER,)).marks) >= 2


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


def key_lines(rows: list[list[str]]) -> list[ExamLine]:
    """A table of keys as lines that tell it is one; [] for any other table."""
    keys = table_keys(rows)
    texts = [" ".join(f"{number}.{letter}" for number, letter in keys.items())] if keys else []
    texts = texts or (["\t".join(row) for row in rows] if table_by_code(rows) else [])
    return [ExamLine(text, [frozenset([KEY_TABLE])] * len(text)) for text in texts]


def table_keys(rows: list[list[str]]) -> dict[int, str]:
    """Keys of a table whose cells are `1.A`, or a row of numbers over a row of letters (or two such columns); {} for any other table, and
    for one that holds the keys of several exam codes."""
    if table_by_code(rows):
        return {}
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
