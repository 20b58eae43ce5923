"""Tables as text: comma, semicolon, tab or bar, with or without a header."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator

from pipeline.ingest.items import Format, Item, SniffedFile
from pipeline.ingest.tables import table_items
from schemas.errors import DataError
from schemas.reasons import Reason

csv.field_size_limit(2**31 - 1)
# A quote that is never closed costs one row and a new start behind it: after so many, the rest of the file is one rejection.
MAX_RESTARTS = 50
_SEPARATOR_LINE = re.compile(r'\ufeff?"?sep=([,;\t|])"?[^\S\n]*\n', re.IGNORECASE)
_ANKI_SETTING = re.compile(r"\ufeff?#([a-z]{2,20})(?: column)?:(.*)", re.IGNORECASE)
_ANKI_SEPARATORS = {"tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " ", "colon": ":"}


def sniff_name(file: SniffedFile) -> bool:
    """The suffix."""
    return file.suffix in (".csv", ".tsv")


def sniff(file: SniffedFile) -> bool:
    """The first line holds two separators of one kind, or is one that Anki's exports begin with."""
    first = file.text.split("\n", 1)[0]
    if re.match(r"#separator:", first, re.IGNORECASE):
        return True
    return any(first.count(mark) >= 2 for mark in ",;\t|")


def read(text: str) -> Iterator[Item]:
    """One item a data row. A quote that is never closed costs the row it opens in, not the rest of the file."""
    anki = _ANKI_SETTING.match(text) is not None
    text, named, delimiter = _without_settings(text)
    delimiter = delimiter or find_delimiter(text)
    try:
        rows, broken = find_rows(text, delimiter)
    except csv.Error as error:
        raise DataError(f"not a readable csv: {error}") from error
    # Anki's exports have no header, but may name their columns.
    yield from table_items([named.split(delimiter), *rows] if named else rows, headless=anki and not named)
    for number, line in broken:
        yield Item(f"line:{number}", line, Reason.MALFORMED_ROW, f"a quote opens in line {number} and is never closed")


def _without_settings(text: str) -> tuple[str, str | None, str | None]:
    """The text without lines that tell programs how to read it, the names of columns and the separator that these give.

    Excel's `sep=;`, and the lines that Anki's exports begin with (`#separator:tab`, `#columns:Front	Back`).
    """
    if match := _SEPARATOR_LINE.match(text):
        return text[match.end() :], None, match[1]
    lines = text.split("\n")
    settings: dict[str, str] = {}
    while lines and (setting := _ANKI_SETTING.fullmatch(lines[0])):
        settings[setting[1].lower()] = setting[2]
        lines.pop(0)
    if "separator" not in settings and "columns" not in settings:
        return text, None, None
    mark = settings.get("separator", "").strip()
    delimiter = _ANKI_SEPARATORS.get(mark.lower(), mark if len(mark) == 1 else None)
    return "\n".join(lines), settings.get("columns"), delimiter


def find_rows(text: str, delimiter: str) -> tuple[list[list[str]], list[tuple[int, str]]]:
    """All rows, and the lines (with their number) whose open quote would have swallowed what stands behind them."""
    rows: list[list[str]] = []
    broken: list[tuple[int, str]] = []
    done = 0
    rest = text
    while True:
        reader = csv.reader(io.StringIO(rest), delimiter=delimiter)
        start = 0
        for row in reader:
            last_start, start = start, reader.line_num
            if row:
                rows.append(row)
        if not (rows and _is_open(rest, last_start, delimiter)):
            return rows, broken
        rows.pop()
        lines = rest.split("\n")
        enough = len(broken) >= MAX_RESTARTS
        broken.append((done + last_start + 1, "\n".join(lines[last_start:]) if enough else lines[last_start]))
        if enough or last_start + 1 >= len(lines):
            return rows, broken
        done += last_start + 1
        rest = "\n".join(lines[last_start + 1 :])


def _is_open(text: str, line: int, delimiter: str) -> bool:
    """True where the row that begins in this line (counted from 0) ends in an open quote: only the strict reader says so."""
    last = "\n".join(text.split("\n")[line:])
    if '"' not in last:
        return False
    try:
        for _ in csv.reader(io.StringIO(last), delimiter=delimiter, strict=True):
            pass
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False


def find_delimiter(text: str) -> str:
    """The separator that gives the most rows one number of cells (at least two), then the one that gives more cells.

    >>> find_delimiter("câu hỏi;đáp án\\n1, 2 hay 3?;A\\n")
    ';'
    """

    def agreement(delimiter: str) -> tuple[float, int]:
        try:
            rows = [row for _, row in zip(range(200), csv.reader(io.StringIO(text[:2_000_000]), delimiter=delimiter), strict=False) if row]
        except csv.Error:
            return 0.0, 0
        width, count = Counter(map(len, rows)).most_common(1)[0] if rows else (0, 0)
        return (count / len(rows) if width > 1 else 0.0), width

    return max(",;\t|", key=agreement)


NAMED = Format("csv", sniff_name, read_text=read, prose=False)
FORMAT = Format("csv", sniff, read_text=read, prose=False)
