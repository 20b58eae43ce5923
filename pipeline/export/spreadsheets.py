"""The curated set in files that people open: csv and xlsx. Each comes back through ingest as the same questions."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.common.grammar.option_lists import without_marks
from pipeline.common.letters import LETTERS
from schemas.errors import DataError, MissingExtraError

Rows = Sequence[Mapping[str, Any]]
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# Seen by no reader and taken off by ingest (`text.clean`), so that a text which begins like a formula comes back as it was.
GUARD = "\u200b"
MAX_CELL_CHARS = 32_767
HEAD = ("record_id", "context", "question")
TAIL = ("answer", "explanation", "subject", "language", "source", "fixed_order")


def defused(cell: Any, guard: str = "'") -> Any:
    """A spreadsheet cell that can't run as a formula: `guard` stands before a text that begins like one."""
    return f"{guard}{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell


def marked(options: Sequence[str]) -> list[str]:
    """Options as ingest gives them back: where all begin with a mark of their own already, which it would take off, they get another.

    >>> marked(["B. B.", "C major"]), marked(["A. Conan Doyle", "B. Brecht"]), marked(["2. x", "1. y"])
    (['B. B.', 'C major'], ['A. A. Conan Doyle', 'B. B. Brecht'], ['A. 2. x', 'B. 1. y'])
    """
    if without_marks(options) is not None:
        return [f"{letter}. {option}" for letter, option in zip(LETTERS, options, strict=False)]
    return list(options)


def sheet_rows(rows: Rows) -> list[list[Any]]:
    """Header and rows of a spreadsheet, an option a column, the key as a letter."""
    width = max((len(row["options"]) for row in rows), default=2)
    table: list[list[Any]] = [[*HEAD, *(f"option_{letter.lower()}" for letter in LETTERS[:width]), *TAIL]]
    for row in rows:
        cells = {**row, "answer": LETTERS[row["answer_index"]], "fixed_order": "yes" if row["fixed_order"] else None}
        options = [*marked(row["options"]), *[None] * (width - len(row["options"]))]
        table.append([defused(cell, GUARD) for cell in [*(cells[name] for name in HEAD), *options, *(cells[name] for name in TAIL)]])
    return table


def write_csv(path: Path, rows: Rows) -> None:
    """UTF-8 with the mark that Excel needs to see it."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(sheet_rows(rows))
    path.write_text(text.getvalue(), encoding="utf-8-sig", newline="")


def write_xlsx(path: Path, sheets: Mapping[str, Rows]) -> None:
    """One workbook, a sheet a split. Raises DataError for a text that a cell can't hold, MissingExtraError without openpyxl."""
    try:
        import openpyxl
    except ModuleNotFoundError as error:
        raise MissingExtraError("exporting to xlsx", "openpyxl", "xlsx") from error
    tables = {name: sheet_rows(rows) for name, rows in sheets.items()}
    for line in (line for lines in tables.values() for line in lines):
        if long := next((cell for cell in line if isinstance(cell, str) and len(cell) > MAX_CELL_CHARS), None):
            at = f"{long[:40]!r}... of record {line[0]} has {len(long):,} characters"
            raise DataError(f"{at}; a cell of xlsx holds {MAX_CELL_CHARS:,}. Export to csv instead")
    book = openpyxl.Workbook(write_only=True)
    for name, lines in tables.items():
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append([openpyxl.cell.cell.ILLEGAL_CHARACTERS_RE.sub("", cell) if isinstance(cell, str) else cell for cell in line])
    book.save(path)
