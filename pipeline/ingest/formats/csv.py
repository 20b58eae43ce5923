"""Tables as text: comma, semicolon, tab or bar, with or without a header."""

import csv
import io
from collections import Counter
from collections.abc import Iterator

from pipeline.ingest.items import Format, Item, SniffedFile
from pipeline.ingest.tables import table_items
from schemas.errors import DataError
from schemas.reasons import Reason

csv.field_size_limit(2**31 - 1)
# A quote that is never closed costs one row and a new start behind it: after so many, the rest of the file is one rejection.
MAX_RESTARTS = 50


def sniff_name(file: SniffedFile) -> bool:
    """The suffix."""
    return file.suffix in (".csv", ".tsv")


def sniff(file: SniffedFile) -> bool:
    """The first line holds two separators of one kind."""
    first = file.text.split("\n", 1)[0]
    return any(first.count(mark) >= 2 for mark in ",;\t|")


def read(text: str) -> Iterator[Item]:
    """One item a data row. A quote that is never closed costs the row it opens in, not the rest of the file."""
    delimiter = find_delimiter(text)
    try:
        rows, broken = _rows(text, delimiter)
    except csv.Error as error:
        raise DataError(f"not a readable csv: {error}") from error
    yield from table_items(rows)
    for number, line in broken:
        yield Item(f"line:{number}", line, Reason.MALFORMED_ROW, f"a quote opens in line {number} and is never closed")


def _rows(text: str, delimiter: str) -> tuple[list[list[str]], list[tuple[int, str]]]:
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
