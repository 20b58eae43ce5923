"""Workbooks (.xlsx, .xlsm, .xlsb, .xls, .ods): every sheet that holds rows, hidden ones too; a cell merged over rows stands in each.

Not told by the library that reads them: colours, hidden rows.
"""

import io
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from pipeline.ingest.archives import BROKEN, chunks_of, open_archive
from pipeline.ingest.items import MAX_CELLS, Format, Item, SniffedFile, Text
from pipeline.ingest.members import zipped_names
from pipeline.ingest.ods_merges import Range, merged_downwards
from pipeline.ingest.sheet_notes import Note, cell_notes, column_number
from pipeline.ingest.sheets import Sheet, sheet_items
from pipeline.ingest.tables import Broken
from schemas.errors import DataError

MAX_UNZIPPED_BYTES = 512 * 2**20
# A cell that isn't empty, by its place; styles alone make none.
_PLACE = re.compile(rb'\sr="([A-Z]{1,3})([0-9]{1,7})"[^<>]{0,200}(?<!/)>(?!</)')
_PLACE_BYTES = 300
# Errors that nobody writes for a missing value, and what a question about them speaks of.
_LOST = ("#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!")
_ABOUT_SHEETS = re.compile(
    r"excel|spreadsheet|sheet|calc\b|errors?\b|formula|function|cells?\b|lỗi|công thức|hàm|bảng tính|ô tính|=|\bô\b", re.IGNORECASE
)
_SUFFIXES = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")


def sniff(file: SniffedFile) -> bool:
    """The suffix, or a zip archive with a workbook in it."""
    if file.suffix in _SUFFIXES or (file.data[:4] == b"PK\x03\x04" and b"opendocument.spreadsheet" in file.data[:200]):
        return True
    return any(name.startswith("xl/workbook") for name in zipped_names(file.data))


def read(data: bytes) -> Iterator[Item | Text]:
    """One item a data row: `row:N` on the first sheet, `NAME/row:N` on the others. Raises DataError for a file that is no workbook."""
    # Imported here: calamine takes 0.1 s that most refreshes don't need.
    from python_calamine import CalamineError, CalamineWorkbook, ZipError

    notes: dict[str, dict[tuple[int, int], Note]] = {}
    spans: dict[str, list[Range]] = {}
    try:
        if data[:2] == b"PK":
            with open_archive(data, MAX_UNZIPPED_BYTES) as archive:
                for name in archive.namelist():
                    if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                        _refuse_stray_cells(name, chunks_of(archive, name))
                notes, spans = cell_notes(archive), merged_downwards(archive)
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = [_sheet(book.get_sheet_by_name(name), notes.get(name, {}), spans.get(name, [])) for name in book.sheet_names]
    except (*BROKEN, CalamineError, ZipError, ValueError) as error:
        raise DataError(f"not a readable xlsx workbook: {error}") from error
    yield from sheet_items(sheets)


def _refuse_stray_cells(name: str, chunks: Iterable[bytes]) -> None:
    """Raises DataError for a sheet whose used cells lie too far apart: the library takes memory for every cell that lies between."""
    columns: set[int] = set()
    top, bottom, rest = 10**7, 0, b""
    for chunk in chunks:
        text = rest + chunk
        places = _PLACE.findall(text)
        columns |= {column_number(letters) for letters in {letters for letters, _ in places}}
        rows = [int(digits) for digits in {digits for _, digits in places}]
        top, bottom = min([top, *rows]), max([bottom, *rows])
        rest = text[-_PLACE_BYTES:]
    height, width = bottom - top + 1, max(columns, default=0) - min(columns, default=0) + 1
    if columns and height * width > MAX_CELLS:
        raise DataError(
            f"the used cells of {name} span {height:,} rows and {width:,} columns; at most {MAX_CELLS:,} cells are read: "
            "delete the stray cells far from the table, or save the table as csv"
        )


def _sheet(sheet: Any, notes: Mapping[tuple[int, int], Note], spans: list[Range]) -> Sheet:
    if sheet.height * sheet.width > MAX_CELLS:
        raise DataError(f"sheet {sheet.name!r} spans {sheet.height * sheet.width:,} cells; at most {MAX_CELLS:,} are read")
    rows = [[_cell(value) for value in row] for row in sheet.to_python(skip_empty_area=True)]
    # The rows begin where the used area does; a merged range may lie anywhere, and shows what its first cell holds.
    top, left = sheet.start or (0, 0)
    for (row, column), note in notes.items():
        if 0 <= row - top < len(rows) and 0 <= column - left < len(rows[row - top]):
            rows[row - top][column - left] = _noted(rows[row - top][column - left], note, rows[row - top])
    merged = [
        (first - top, last - top, column - left)
        for (first, column), (last, _) in (sheet.merged_cell_ranges or spans)
        if 0 <= first - top < sheet.height and 0 <= column - left < sheet.width and rows[first - top][column - left] is not None
    ]
    # Only downwards: a title merged over columns is one cell.
    shown = ((first, place, column) for first, last, column in merged for place in range(first + 1, min(last + 1, sheet.height)))
    below: defaultdict[int, set[int]] = defaultdict(set)
    # Ranges that don't overlap hold no more cells than the sheet.
    for first, place, column in islice(shown, sheet.height * sheet.width):
        if rows[place][column] is None:
            rows[place][column] = rows[first][column]
            below[place].add(column)
    return Sheet(sheet.name, rows, below)


def _noted(value: Any, note: Note, row: list[Any]) -> Any:
    """A cell as it is shown, where the library gives its bare value or none."""
    if note.percent_decimals is not None:
        return f"{value * 100:.{note.percent_decimals}f}%" if isinstance(value, int | float) and not isinstance(value, bool) else value
    if note.digits is not None:
        return f"{value:0{note.digits}d}" if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else value
    # A value that was pasted from a broken formula; a question about spreadsheets may offer it.
    lost = note.text in _LOST and not any(isinstance(cell, str) and _ABOUT_SHEETS.search(cell[:2000]) for cell in row)
    return Broken(note.text) if note.is_broken or lost else note.text


def _cell(value: Any) -> Any:
    """A spreadsheet cell as plain data: whole floats as integers, others to the 15 digits that Excel shows, dates as ISO text."""
    if value is None or value == "":
        return None
    if isinstance(value, float):
        return int(value) if value.is_integer() else float(f"{value:.15g}")
    return value if isinstance(value, str | int | bool) else str(value)


FORMAT = Format("xlsx", sniff, read_bytes=read, prose=False)
