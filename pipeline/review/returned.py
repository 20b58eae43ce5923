"""A spreadsheet that came back: read, checked as a whole, and understood as decisions. Nothing is written here."""

import json
import re
from collections.abc import Iterator
from datetime import date, time
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.common.letters import LETTERS
from pipeline.ingest.archives import open_archive
from pipeline.review.layout import HIDDEN, SHEET, Column, columns
from pipeline.review.workbook import Origin
from schemas.errors import DataError, MissingExtraError

MAX_BYTES, MAX_UNPACKED_BYTES = 256 * 2**20, 1024 * 2**20
# Empty rows that a program may add at the end.
SPARE_ROWS = 20_000
CODED = re.compile(r"_x([0-9A-Fa-f]{4})_")
MOST_COLUMNS = len(columns(len(LETTERS)))


class Fault(NamedTuple):
    """What is wrong with a cell: row, counted as the spreadsheet does, column as letter and name, and why."""

    row: int
    column: str
    why: str

    def __str__(self) -> str:
        return (
            f"row {self.row}, column {self.column}: {self.why}" if self.column else f"row {self.row}: {self.why}" if self.row else self.why
        )


class Filled(NamedTuple):
    """A row as it came back: its number, its cells by column, and what it was exported from."""

    number: int
    cells: dict[str, str]
    origin: Origin


class Returned(NamedTuple):
    """A whole spreadsheet: the name of its export, and its rows."""

    dataset: str
    exported_at: str
    name: str
    rows: list[Filled]
    letters: dict[str, str]


def read_workbook(path: Path) -> tuple[Returned | None, list[Fault]]:
    """The rows of a spreadsheet, or all that is wrong with its form. Raises DataError for what is no such spreadsheet at all, and
    MissingExtraError without openpyxl."""
    book = _open(path)
    for name in (SHEET, HIDDEN):
        if name not in book.sheetnames:
            hint = "it isn't a sheet that `mcq review --export` wrote, or it was saved in another format on the way"
            raise DataError(f"{path.name} has no sheet {name!r}: {hint}")
    head, origins = _origins(path, book[HIDDEN])
    sheet = book[SHEET]
    layout, faults = _layout(sheet)
    if sheet.max_row > 2 * len(origins) + SPARE_ROWS:
        faults.append(Fault(0, "", f"it has {sheet.max_row:,} rows, {len(origins):,} were exported: delete the empty ones at its end"))
    faults += [Fault(0, "", f"cells {merged} are merged: unmerge them") for merged in sheet.merged_cells.ranges]
    if faults:
        return None, faults
    names = {column.name: letter for column, letter in zip(layout, _letters(len(layout)), strict=True)}
    rows: list[Filled] = []
    seen: dict[str, int] = {}
    for number, cells in enumerate(sheet.iter_rows(min_row=2, max_col=len(layout)), start=2):
        texts: dict[str, str] = {}
        sound = len(faults)
        for column, cell in zip(layout, cells, strict=True):
            try:
                texts[column.name] = _text(cell, column)
            except ValueError as error:
                faults.append(Fault(number, f"{names[column.name]} ({column.name})", str(error)))
        if not any(texts.values()) and len(faults) == sound:
            continue
        name = texts.get("record_id", "")
        origin = origins.get(name)
        where = f"{names['record_id']} (record_id)"
        if origin is None:
            faults.append(Fault(number, where, f"{name!r} is no record of this export: rows can't be added, nor ids changed"))
        elif name in seen:
            faults.append(Fault(number, where, f"{name} stands in row {seen[name]} already: keep one of both"))
        elif texts.get("content_id") != (origin.content_id or ""):
            faults.append(
                Fault(number, f"{names['content_id']} (content_id)", f"expected {origin.content_id or 'nothing'}: don't change it")
            )
        elif len(faults) == sound:
            seen[name] = number
            rows.append(Filled(number, texts, origin))
    return Returned(*head, rows, names), faults


def _open(path: Path) -> Any:
    try:
        import openpyxl
    except ModuleNotFoundError as error:
        raise MissingExtraError("the spreadsheet of mcq review", "openpyxl", "xlsx") from error
    if path.stat().st_size > MAX_BYTES:
        raise DataError(f"{path.name} has more than {MAX_BYTES:,} bytes")
    try:
        with open_archive(path.read_bytes(), MAX_UNPACKED_BYTES):
            pass
        return openpyxl.load_workbook(path, keep_links=False)
    except DataError:
        raise
    except Exception as error:  # a damaged workbook can raise whatever its reader didn't think of
        raise DataError(f"{path.name} is no readable .xlsx workbook ({str(error)[:200]}); save it as .xlsx") from error


def _origins(path: Path, sheet: Any) -> tuple[tuple[str, str, str], dict[str, Origin]]:
    lines = [[_decoded(cell) for cell in line if cell is not None] for line in sheet.iter_rows(values_only=True)]
    try:
        (form, dataset, exported_at, name), *rest = lines
        if form != "mcq-review-1":
            raise ValueError(f"form {form!r}")
        origins = [Origin(**json.loads(line[0])) for line in rest if line]
        return (dataset, exported_at, name), {origin.record_id: origin for origin in origins}
    except (ValueError, TypeError, IndexError, RecursionError) as error:
        raise DataError(f"the hidden sheet of {path.name} is damaged ({str(error)[:100]}): export again") from error


def _layout(sheet: Any) -> tuple[list[Column], list[Fault]]:
    """The columns of a sheet, or what was moved, renamed, added or taken away."""
    found = [_decoded(cell.value).split("\n")[0].strip() for cell in next(sheet.iter_rows(max_row=1, max_col=MOST_COLUMNS + 10), ())]
    while found and not found[-1]:
        found.pop()
    layout = columns(sum(name.startswith("option ") for name in found))
    letters = _letters(max(len(layout), len(found)))
    faults = []
    for place, letter in enumerate(letters):
        expected = layout[place].name if place < len(layout) else ""
        is_there = found[place] if place < len(found) else ""
        if expected != is_there:
            moved = f"; {expected!r} stands in column {letters[found.index(expected)]}" if expected in found else ""
            wanted = f"expected {expected!r}" if expected else "expected no more columns"
            faults.append(Fault(1, letter, f"found {is_there or 'nothing'!r}, {wanted}{moved}: put the columns back as they were exported"))
    return layout, faults


def _letters(count: int) -> list[str]:
    from openpyxl.utils import get_column_letter

    return [get_column_letter(number) for number in range(1, count + 1)]


def _text(cell: Any, column: Column) -> str:
    """A cell as text. Raises ValueError for what a program made of a text: a formula, a date."""
    value = cell.value
    if value is None:
        return ""
    if not column.is_open:
        return _decoded(value).strip()
    if cell.data_type == "f" or not isinstance(value, (str, int, float, date, time)):
        raise ValueError("it holds a formula: put an apostrophe (') before the text, or format the cell as text and type it again")
    if cell.data_type == "e":
        raise ValueError(f"it holds the error {value}: type the text again")
    if isinstance(value, bool):
        raise ValueError(f"it holds the truth value {value}: format the cell as text and type it again")
    if isinstance(value, (date, time)):
        raise ValueError(f"it holds the date {value}: format the cell as text and type it again")
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    return _decoded(value).strip()


def _decoded(value: Any) -> str:
    r"""A string cell as it is meant: characters by their number, line feeds alone between lines.

    >>> _decoded("a_x000D_\nb _x005F_x0041_")
    'a\nb _x0041_'
    """
    text = "" if value is None else str(value)
    return CODED.sub(lambda found: chr(int(found[1], 16)), text).replace("\r\n", "\n").replace("\r", "\n")


def changed_cells(row: Filled) -> Iterator[str]:
    """Names of the open cells of a row that read otherwise than they were exported."""
    from pipeline.review.workbook import fingerprint

    empty = fingerprint("")
    names = ["stem", "context", "key", *(name for name in row.cells if name.startswith("option "))]
    return (name for name in names if fingerprint(row.cells[name]) != row.origin.cells.get(name, empty))
