"""Rows of cells to records: which row is the header, what a table without one holds. Shared by csv, xlsx and tables in documents."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any, NamedTuple

from pipeline.common.grammar.columns import FieldMap, find_fields, is_called, option_place, plain_name
from pipeline.common.letters import LETTER_CELL
from pipeline.ingest.items import MAX_COLUMNS, Item
from pipeline.ingest.long_tables import long_records
from schemas.reasons import Reason

Cells = Sequence[Any]
# A header stands below a title or instructions, but not further down than this.
HEADER_ROWS = 20
NO_MERGES: dict[int, Set[int]] = {}
# What a template is filled with before anybody writes a question into it: "12", "Câu 12", points and seconds.
_NUMBERING = re.compile(r"(?:(?:câu|question|q|no)[ .:#]*+)?-?\d{1,6}(?:[.,]\d{1,4})?[.:)%]?", re.IGNORECASE)


# Columns of a report of answers, one a row.
_PLAYERS = {"player", "nickname", "participant", "player_name"}
_RIGHT = ("correct_answers", "correct_answer")

Merged = Mapping[int, Set[int]]


class Broken(str):
    """What a cell shows that lost its text: the error of a formula, or one that was never reckoned."""


class Table(NamedTuple):
    """Rows of cells below one header: `rows` with their numbers, counted from 1 below the first header of the sheet (row `start`)."""

    start: int
    header: list[str]
    rows: list[tuple[int, list[Any]]]
    fields: FieldMap


def table_items(
    rows: list[list[Any]], prefix: str = "", part: str = "", merged: Merged = NO_MERGES, headless: bool = False
) -> Iterator[Item]:
    """Data rows below the header, `row:N` counted from 1. Without a header the columns are called by number.

    Rows that repeat the header, and rows of a template that hold nothing but their number, are no records. Another header below the
    first opens a table of its own.

    Args:
        rows: cells as found.
        prefix: stands before the locators.
        part: of the items, where the sheet has a layout of its own.
        merged: place of a row -> the columns whose cell belongs to a merged one above and shows its value.
        headless: the file's form has no header.
    """
    if not rows:
        return
    if (width := max(map(len, rows[:HEADER_ROWS]))) > MAX_COLUMNS:
        for number, row in enumerate(rows[1:] or rows, start=1):
            yield Item(f"{prefix}row:{number}", list(row), Reason.TOO_LARGE, f"{width:,} columns; at most {MAX_COLUMNS:,} are read")
        return
    for place, table in enumerate(_tables(rows, headless)):
        own_part = part if place == 0 else f"{part or prefix.rstrip('/')}/table {place + 1}".lstrip("/")
        below = {number: merged.get(table.start + number - 1, frozenset()) for number, _ in table.rows} if merged else {}
        yield from _items(table, prefix, own_part, below)


def header_of(rows: list[list[Any]]) -> tuple[str, ...] | None:
    """The names of the columns where a header names the parts of a question, the numbered ones of questions without a header, else None."""
    if not rows or max(map(len, rows[:HEADER_ROWS])) > MAX_COLUMNS:
        return None
    if is_headless(rows):
        return ("",)
    names, _, found = _header(rows)
    return tuple(names) if found else None


def with_keys(rows: list[list[Any]], keys: Mapping[int, str]) -> list[list[Any]] | None:
    """The rows of a sheet of questions with their keys from another sheet in a column more; None where it has a key of its own, or
    where its questions' numbers don't tell whose each key is."""
    header, start, named = _header(rows)
    fields = find_fields(header, {})
    if not named or not (fields.option_columns or "options" in fields.columns) or "answer" in fields.columns:
        return None
    stem = header.index(fields.columns["stem"])
    asked = [row for row in rows[start:] if len(row) > stem and _plain(row[stem])]
    for place in range(stem):
        numbers = [_plain(row[place]).removesuffix(".0") for row in asked]
        if numbers and all(number.isdecimal() and len(number) < 5 for number in numbers):
            own = {int(number) for number in numbers}
            if len(own) < len(numbers) or len(own & keys.keys()) * 2 < len(own) or not keys.keys() <= own:
                return None
            added: list[list[Any]] = [*rows[: start - 1], [*_filled(rows[start - 1], len(header)), "answer"]]
            for row in rows[start:]:
                number = _plain(row[place]).removesuffix(".0") if len(row) > place else ""
                added.append([*_filled(row, len(header)), keys.get(int(number)) if number.isdecimal() and len(number) < 5 else None])
            return added
    return None


def _filled(row: list[Any], width: int) -> list[Any]:
    return [*row, *[None] * (width - len(row))]


def _tables(rows: list[list[Any]], headless: bool) -> Iterator[Table]:
    """The table of a sheet; several where a header of other names stands further down."""
    header, start, named = _header(rows)
    if headless or is_headless(rows) or (not named and _opens_with_data(rows[:50])):
        header, start = [f"column_{i + 1}" for i in range(max(map(len, rows[:50])))], 0
    else:
        header = _named(header, rows[start:])
    fields = find_fields(header, {})
    titles = [_plain(cell).casefold() for cell in rows[start - 1]] if start else []
    found: list[tuple[int, list[Any]]] = []
    for number, row in enumerate(rows[start:], start=1):
        # The first cell that names a question is rare: only such a row is looked at closely.
        if titles and any(isinstance(cell, str) and cell and cell.strip().casefold() in titles for cell in row[:MAX_COLUMNS]):
            cells = [_plain(cell).casefold() for cell in row]
            same = sum(cell == title != "" for cell, title in zip(cells, titles, strict=False))
            if same >= 2 and same == sum(map(bool, cells)) and same * 2 >= sum(map(bool, titles)):
                continue
            if same < sum(map(bool, cells)) and usable_header(row) is not None and fields.usable and _names_only(row):
                yield Table(start, header, found, fields)
                header, found, titles = _unique([_plain(cell) for cell in row]), [], cells
                fields = find_fields(header, {})
                continue
        found.append((number, row))
    yield Table(start, header, found, fields)


def _names_only(row: Cells) -> bool:
    """True for a row whose filled cells are all short words: no row of data that happens to hold a header's word."""
    return all(isinstance(cell, str) and len(cell.strip()) <= 40 and "?" not in cell for cell in row if _plain(cell))


def _items(table: Table, prefix: str, part: str, merged: Mapping[int, Set[int]]) -> Iterator[Item]:
    header, fields = table.header, table.fields
    rows = _each_once(header, [(number, row) for number, row in table.rows if not _is_blank(row, header, fields)])
    stem = header.index(fields.columns["stem"]) if fields.usable else None
    if stem is not None and (records := long_records(header, [_bare(row, merged.get(number)) for number, row in rows], fields)):
        for first, record in records:
            yield Item(f"{prefix}row:{rows[first][0]}", record, part=part)
        return
    matters = {*fields.columns.values(), *fields.option_columns} - {fields.columns.get("id")}
    for group in _groups(rows, stem, merged):
        number, row = group[0]
        locator = f"{prefix}row:{number}"
        if len(group) > 1:
            detail = f"one question stands in {len(group)} merged rows, its other cells in each: write each question in one row"
            yield Item(locator, [list(row) for _, row in group], Reason.MALFORMED_ROW, detail, part)
        elif broken := next((cell for cell, name in zip(row, header, strict=False) if isinstance(cell, Broken) and name in matters), None):
            detail = f"a cell shows {str(broken)!r}: a text that begins with = was taken as a formula; write it as text, with ' before it"
            yield Item(locator, list(row), Reason.MALFORMED_ROW, detail, part)
        elif len(row) > len(header) and any(_plain(cell) for cell in row[len(header) :]):
            yield Item(locator, list(row), Reason.MALFORMED_ROW, f"{len(row)} cells under {len(header)} columns", part)
        else:
            yield Item(locator, dict(zip(header, [*row, *[None] * (len(header) - len(row))], strict=False)), part=part)


def _each_once(header: list[str], rows: list[tuple[int, list[Any]]]) -> list[tuple[int, list[Any]]]:
    """The rows; of the report of a quiz that was played, in which each player's answer is a row, the first of each question."""
    names = {plain_name(name): place for place, name in reversed(list(enumerate(header)))}
    if not (names.keys() & _PLAYERS and names.keys() & _RIGHT and "question" in names and "answer" in names):
        return rows
    kept = [place for place, name in enumerate(header) if option_place(plain_name(name))]
    kept += [names["question"], *(names[name] for name in _RIGHT if name in names)]
    first: dict[tuple[str, ...], tuple[int, list[Any]]] = {}
    for number, row in rows:
        first.setdefault(tuple(_plain(row[place]) if place < len(row) else "" for place in kept), (number, row))
    return list(first.values())


def _bare(row: list[Any], shown: Set[int] | None) -> list[Any]:
    """The row without what it shows of merged cells above it."""
    return [None if place in shown else cell for place, cell in enumerate(row)] if shown else row


def _groups(rows: list[tuple[int, list[Any]]], stem: int | None, merged: Mapping[int, Set[int]]) -> Iterator[list[tuple[int, list[Any]]]]:
    """The rows of each record: one, or several where the question's cell is merged over rows that hold other cells as well."""
    group: list[tuple[int, list[Any]]] = []
    for number, row in rows:
        shown = merged.get(number, frozenset())
        if group and stem is not None and stem in shown:
            if any(_plain(cell) for place, cell in enumerate(row) if place not in shown):
                group.append((number, row))
            continue
        if group:
            yield group
        group = [(number, row)]
    if group:
        yield group


def _is_blank(row: Cells, header: list[str], fields: FieldMap) -> bool:
    """True for a row that holds nothing, or nothing but its number and other numbers that a template is filled with."""
    cells = [_plain(cell) for cell in row]
    if not any(cells):
        return True
    if not fields.usable or len(row) > len(header):
        return False
    matters = {fields.columns.get("stem"), fields.columns.get("options"), fields.columns.get("answer"), *fields.option_columns}
    return all(
        not cell or (name not in matters and _NUMBERING.fullmatch(cell) is not None) for name, cell in zip(header, cells, strict=False)
    )


def usable_header(row: Cells) -> FieldMap | None:
    """The field map of a row whose cells name the parts of a question (a stem, and options or a key), else None."""
    names = [_plain(cell) for cell in row]
    if len(row) > MAX_COLUMNS or any(len(name) > 200 for name in names):
        return None
    found = find_fields([name for name in names if name], {})
    return found if found.usable and (found.option_columns or found.columns.keys() & {"options", "answer"}) else None


def is_table(rows: Sequence[Any]) -> bool:
    """True for lists of cells whose first names the parts of a question, or which need no header."""
    return len(rows) > 0 and all(isinstance(row, list) for row in rows) and (usable_header(rows[0]) is not None or is_headless(rows))


def is_question_table(rows: Sequence[Cells]) -> bool:
    """True for a table of a document whose first row names a question and its options (not "Câu | 1 | 2", which lists keys)."""
    found = usable_header(rows[0]) if rows else None
    return found is not None and ("options" in found.columns or any(not name.isdigit() for name in found.option_columns))


def _header(rows: list[list[Any]]) -> tuple[list[str], int, bool]:
    """Column names, the place of the first row below, and whether they name a question: the first row's, unless it names none and one
    further down does.

    A header in two rows (options A to D below a merged cell) is read as one.
    """
    for place, row in enumerate(rows[:HEADER_ROWS]):
        below = rows[place + 1] if place + 1 < len(rows) else []
        width = max(len(row), len(below))
        upper, lower = ([*map(_plain, r), *[""] * (width - len(r))] for r in (row, below))
        both = [low or high for high, low in zip(upper, lower, strict=True)]
        if _adds_options(upper, lower, both):
            return _unique(both), place + 2, True
        if usable_header(row) is not None:
            return _unique([_plain(cell) for cell in row]), place + 1, True
    return _unique([_plain(cell) for cell in rows[0]]), 1, False


def _named(header: list[str], body: list[list[Any]]) -> list[str]:
    """The header with names for filled columns that stand without one behind a word for options: a title merged over them all."""
    names = list(header)
    for place, name in enumerate(header):
        end = place + 1
        while end < len(header) and header[end] == f"column_{end + 1}" and any(len(row) > end and _plain(row[end]) for row in body[:50]):
            end += 1
        if end > place + 1 and is_called(name, "options") and option_place(plain_name(name)) is None:
            names[place:end] = [f"{name} {number}" for number in range(1, end - place + 1)]
    return names


def _adds_options(upper: list[str], lower: list[str], both: list[str]) -> bool:
    """True where the second row names options, their key and nothing else, and both rows together name all parts of a question."""
    added = [low for high, low in zip(upper, lower, strict=True) if low and low != high]
    if len(added) < 2 or not any(upper) or max(map(len, added)) > 30:
        return False
    found = usable_header(both)
    if found is None or not found.option_columns or not set(found.option_columns) <= set(added):
        return False
    aside = ("answer", "explanation", "context", "image", "subject")
    return all(low in found.option_columns or any(is_called(_bare_name(low), part) for part in aside) for low in added)


def _bare_name(name: str) -> str:
    return name.rstrip(" :*.")


def is_headless(rows: Sequence[Cells]) -> bool:
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


def _opens_with_data(rows: list[list[Any]]) -> bool:
    """True where the first row holds a question or sentence in a column in which most rows do: it is no header."""
    if len(rows) < 2:
        return False
    places = [place for place, cell in enumerate(rows[0]) if _is_text(cell)]
    return any(sum(len(row) > place and _is_text(row[place]) for row in rows) * 2 > len(rows) for place in places)


def _is_text(cell: Any) -> bool:
    """True for a cell that no header holds: a question, or a sentence."""
    text = _plain(cell)
    return text.endswith("?") or (len(text.split()) >= 8 and text[-1:] in ".:!…")


def _unique(header: list[str]) -> list[str]:
    """Header names, made distinct: an empty one is called by its place, a repeated one gets a number, from 1 where a word for options
    stands over each of them."""
    seen: dict[str, int] = {}
    often = {name for name, count in Counter(header).items() if count >= 3 and name and option_place(f"{plain_name(name)}_1")}
    names = []
    for place, name in enumerate(header, start=1):
        name = name or f"column_{place}"
        seen[name] = seen.get(name, 0) + 1
        names.append(f"{name} {seen[name]}" if name in often else name if seen[name] == 1 else f"{name}_{seen[name]}")
    return names


def _plain(cell: Any) -> str:
    return "" if cell is None else str(cell).strip()
