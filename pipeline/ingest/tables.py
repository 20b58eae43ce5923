"""Rows of cells to records: which row is the header, what a table without one holds. Shared by csv, xlsx and tables in documents."""

from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.common.grammar.columns import FieldMap, find_fields
from pipeline.common.letters import LETTER_CELL
from pipeline.ingest.items import MAX_COLUMNS, Item
from schemas.reasons import Reason

Cells = Sequence[Any]
# A header stands below a title or instructions, but not further down than this.
HEADER_ROWS = 20


def table_items(rows: list[list[Any]], prefix: str = "") -> Iterator[Item]:
    """Data rows below the header, `row:N` counted from 1. Without a header the columns are called by number."""
    if not rows:
        return
    if (width := max(map(len, rows[:HEADER_ROWS]))) > MAX_COLUMNS:
        for number, row in enumerate(rows[1:] or rows, start=1):
            yield Item(f"{prefix}row:{number}", list(row), Reason.TOO_LARGE, f"{width:,} columns; at most {MAX_COLUMNS:,} are read")
        return
    if _is_headless(rows):
        header, body = [f"column_{i + 1}" for i in range(max(map(len, rows[:50])))], rows
    else:
        header, body = _header(rows)
    for number, row in enumerate(body, start=1):
        if all(_plain(cell) == "" for cell in row):
            continue
        locator = f"{prefix}row:{number}"
        if len(row) > len(header) and any(_plain(cell) for cell in row[len(header) :]):
            yield Item(locator, list(row), Reason.MALFORMED_ROW, f"{len(row)} cells under {len(header)} columns")
        else:
            yield Item(locator, dict(zip(header, [*row, *[None] * (len(header) - len(row))], strict=False)))


def usable_header(row: Cells) -> FieldMap | None:
    """The field map of a row whose cells name the parts of a question (a stem, and options or a key), else None."""
    names = [_plain(cell) for cell in row]
    if len(row) > MAX_COLUMNS or any(len(name) > 200 for name in names):
        return None
    found = find_fields([name for name in names if name], {})
    return found if found.usable and (found.option_columns or found.columns.keys() & {"options", "answer"}) else None


def is_table(rows: Sequence[Any]) -> bool:
    """True for lists of cells whose first names the parts of a question, or which need no header."""
    return len(rows) > 0 and all(isinstance(row, list) for row in rows) and (usable_header(rows[0]) is not None or _is_headless(rows))


def is_question_table(rows: Sequence[Cells]) -> bool:
    """True for a table of a document whose first row names a question and its options (not "Câu | 1 | 2", which lists keys)."""
    found = usable_header(rows[0]) if rows else None
    return found is not None and ("options" in found.columns or any(not name.isdigit() for name in found.option_columns))


def _header(rows: list[list[Any]]) -> tuple[list[str], list[list[Any]]]:
    """Column names and the rows below: the first row, unless it names no question and one further down does.

    A header in two rows (options A to D below a merged cell) is read as one.
    """
    for place, row in enumerate(rows[:HEADER_ROWS]):
        below = rows[place + 1] if place + 1 < len(rows) else []
        width = max(len(row), len(below))
        upper, lower = ([*map(_plain, r), *[""] * (width - len(r))] for r in (row, below))
        both = [low or high for high, low in zip(upper, lower, strict=True)]
        if _adds_options(upper, lower, both):
            return _unique(both), rows[place + 2 :]
        if usable_header(row) is not None:
            return _unique([_plain(cell) for cell in row]), rows[place + 1 :]
    return _unique([_plain(cell) for cell in rows[0]]), rows[1:]


def _adds_options(upper: list[str], lower: list[str], both: list[str]) -> bool:
    """True where the second row names options and nothing else, and both rows together name all parts of a question."""
    added = [low for high, low in zip(upper, lower, strict=True) if low and low != high]
    if len(added) < 2 or not any(upper) or max(map(len, added)) > 30:
        return False
    found = usable_header(both)
    return found is not None and bool(found.option_columns) and set(added) <= set(found.option_columns)


def _is_headless(rows: Sequence[Cells]) -> bool:
    """MMLU's form: the first row is a question already, and one column holds the letter of each row's right option."""
    first = [_plain(cell) for cell in rows[0]]
    if len(first) < 4 or sum(map(bool, first)) < 4 or max(map(len, first)) <= 5:
        return False
    body = rows[:50]
    columns = [place for place, cell in enumerate(first) if LETTER_CELL.fullmatch(cell)]
    keys = [
        place
        for place in columns
        if sum(bool(LETTER_CELL.fullmatch(_plain(row[place]))) for row in body if len(row) > place) >= 0.9 * len(body)
    ]
    # A header of one letter stands in the company of others: A, B, C, D.
    return bool(keys) and len(columns) < 3 and usable_header(rows[0]) is None


def _unique(header: list[str]) -> list[str]:
    """Header names, made distinct: an empty one is called by its place, a repeated one gets a number."""
    seen: dict[str, int] = {}
    names = []
    for place, name in enumerate(header, start=1):
        name = name or f"column_{place}"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return names


def _plain(cell: Any) -> str:
    return "" if cell is None else str(cell).strip()
