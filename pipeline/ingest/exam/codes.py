"""Keys by exam code: the same exam is printed in several orders ("mã đề 211, 212, ..."), and one table holds the keys of all. Which column
is this file's, its own code says; where it says none, the keys are nobody's."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from pipeline.ingest.exam.lines import ExamLine

_OWN = re.compile(r"(?<!\w)(?:mã\s+đề(?:\s+thi)?|đề\s+thi\s+số|(?:exam|test|form)\s+code)\s*+[:.(–-]*+\s*+(\d{3,4})(?!\d)", re.IGNORECASE)
_CODE_CELL = re.compile(r"(?:(?:mã(?:\s+đề)?|đề|code)\s*+)?(\d{3,4})", re.IGNORECASE)
_NUMBER_CELL = re.compile(r"(?:câu|question|q)?\s*+(\d{1,3})[.:)]?", re.IGNORECASE)
_KEY_CELL = re.compile(r"([A-J])\.?")
_LABELLED = re.compile(r"\W*+(?:mã\s+đề(?:\s+thi)?|đề|code)\s*+(?:số\s*+)?(\d{3,4})(?!\d)\s*+[:.)–-]*+\s*+(?P<rest>.*)\Z", re.IGNORECASE)
_CELLS = re.compile(r"\t|\s{2,}|\s?\|\s?")
_SPACES = re.compile(r"\s+")
MAX_LINE_CHARS, MAX_ROWS = 2_000, 300
ByCode = dict[str, dict[int, str]]


class CodedKeys(NamedTuple):
    """Keys by code and number, and the lines that hold them: from `start` on, up to `end`."""

    by_code: ByCode
    start: int
    end: int


def own_codes(lines: Iterable[ExamLine]) -> set[str]:
    """The codes that the exam calls its own.

    >>> from pipeline.ingest.exam.lines import plain_line
    >>> own_codes([plain_line("KIỂM TRA ĐỊA LÍ 7    MÃ ĐỀ: 213"), plain_line("Câu 1. Năm 1945 ...")])
    {'213'}
    """
    return {match[1] for line in lines if len(line.text) <= MAX_LINE_CHARS for match in _OWN.finditer(line.text)}


def table_by_code(rows: Sequence[Sequence[str]]) -> ByCode:
    """Keys of a table with a column a code (or a row a code) and a row (or a column) a question; {} for any other table.

    >>> table_by_code([["Câu", "211", "212"], ["1", "C", "A"], ["2", "A", "D"]])
    {'211': {1: 'C', 2: 'A'}, '212': {1: 'A', 2: 'D'}}
    """
    for grid in (rows, [list(column) for column in zip(*rows, strict=False)]):
        for place, header in enumerate(grid[:3]):
            if found := _columns(header, grid[place + 1 :]):
                return found
    return {}


def _columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> ByCode:
    codes = {at: match[1] for at, cell in enumerate(header) if at and (match := _CODE_CELL.fullmatch(cell.strip()))}
    if len(codes) < 2:
        return {}
    # Two halves may stand side by side: Câu | 211 | 212 | Câu | 211 | 212.
    numbers_at = {at: max(left for left in range(at) if left not in codes) for at in codes if any(left not in codes for left in range(at))}
    found: ByCode = {}
    for row in rows:
        for at, numbers in numbers_at.items():
            number = _NUMBER_CELL.fullmatch(row[numbers].strip()) if numbers < len(row) else None
            key = _KEY_CELL.fullmatch(row[at].strip()) if at < len(row) else None
            if number and key:
                found.setdefault(codes[at], {})[int(number[1])] = key[1]
    return found if len(found) >= 2 else {}


def coded_keys(lines: Sequence[ExamLine], pairs_of: Callable[[str], dict[int, str]]) -> CodedKeys | None:
    """The keys of several codes among these lines; None where there are none. `pairs_of` gives the keys of a line of keys alone."""
    for place, line in enumerate(lines):
        if len(line.text) > MAX_LINE_CHARS or not any(map(str.isdigit, line.text)):
            continue
        table = _table_at(lines, place) or _lists_at(lines, place, pairs_of)
        if table is not None:
            return table
    return None


def _table_at(lines: Sequence[ExamLine], place: int) -> CodedKeys | None:
    """A table whose header is this line."""
    first = _cells(lines[place].text)
    by_rows = _LABEL_OF_ROWS.fullmatch(first[0]) is not None if first else False
    if not by_rows and sum(_CODE_CELL.fullmatch(cell) is not None for cell in first[1:]) < 2:
        return None
    rows, end = [first], place + 1
    while end < min(len(lines), place + MAX_ROWS) and len(lines[end].text) <= MAX_LINE_CHARS:
        cells = _cells(lines[end].text)
        if cells and not (_NUMBER_CELL.fullmatch(cells[0]) or _CODE_CELL.fullmatch(cells[0])):
            break
        rows += [cells] if cells else []
        end += 1
    found = table_by_code(rows)
    return CodedKeys(found, place, end) if found else None


_LABEL_OF_ROWS = re.compile(r"(?:mã\s+đề|code)\W*", re.IGNORECASE)


def _cells(text: str) -> list[str]:
    """A line's cells: parted by wide space, by tabs, or by single spaces where all are short."""
    text = text.strip().strip("|").strip()
    cells = [cell.strip() for cell in _CELLS.split(text)]
    if len(cells) < 3:
        words = [cell for cell in _SPACES.split(text) if cell]
        cells = words if len(words) >= 3 and all(len(word) <= 4 for word in words) else cells
    return [cell for cell in cells if cell]


def _lists_at(lines: Sequence[ExamLine], place: int, pairs_of: Callable[[str], dict[int, str]]) -> CodedKeys | None:
    """Lists of keys, each below its code or behind it on its line, from this line on."""
    found: ByCode = {}
    code: str | None = None
    end = place
    for at in range(place, min(len(lines), place + MAX_ROWS)):
        text = lines[at].text
        labelled = _LABELLED.match(text) if len(text) <= MAX_LINE_CHARS else None
        keys = pairs_of(labelled["rest"] if labelled else text)
        if labelled and (keys or not labelled["rest"].strip()):
            code = labelled[1]
        elif text.strip() and not (code and keys):
            break
        if keys and code:
            found.setdefault(code, {}).update(keys)
            end = at + 1
    return CodedKeys(found, place, end) if found else None
