"""Workbooks (.xlsx, .xlsm, .xlsb, .xls, .ods): every sheet that holds rows; a cell merged over several rows stands in each."""

import io
import re
from collections.abc import Iterable, Iterator
from functools import reduce
from itertools import islice
from typing import Any

from pipeline.ingest.archives import BROKEN, chunks_of, open_archive
from pipeline.ingest.items import MAX_CELLS, Format, Item, SniffedFile
from pipeline.ingest.members import zipped_names
from pipeline.ingest.tables import table_items
from schemas.errors import DataError

MAX_UNZIPPED_BYTES = 512 * 2**20
# A cell that isn't empty, by its place; styles alone make none.
_PLACE = re.compile(rb'\sr="([A-Z]{1,3})([0-9]{1,7})"[^<>]{0,200}(?<!/)>(?!</)')
_PLACE_BYTES = 300
_SUFFIXES = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")


def sniff(file: SniffedFile) -> bool:
    """The suffix, or a zip archive with a workbook in it."""
    if file.suffix in _SUFFIXES or (file.data[:4] == b"PK\x03\x04" and b"opendocument.spreadsheet" in file.data[:200]):
        return True
    return any(name.startswith("xl/workbook") for name in zipped_names(file.data))


def read(data: bytes) -> Iterator[Item]:
    """One item a data row: `row:N` on the first sheet, `NAME/row:N` on the others. Raises DataError for a file that is no workbook."""
    # Imported here: calamine takes 0.1 s that most refreshes don't need.
    from python_calamine import CalamineError, CalamineWorkbook, ZipError

    try:
        if data[:2] == b"PK":
            with open_archive(data, MAX_UNZIPPED_BYTES) as archive:
                for name in archive.namelist():
                    if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                        _refuse_stray_cells(name, chunks_of(archive, name))
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = [(name, _rows(book.get_sheet_by_name(name))) for name in book.sheet_names]
    except (*BROKEN, CalamineError, ZipError, ValueError) as error:
        raise DataError(f"not a readable xlsx workbook: {error}") from error
    for place, (name, rows) in enumerate(sheets):
        yield from table_items(rows, "" if place == 0 else f"{name}/")


def _refuse_stray_cells(name: str, chunks: Iterable[bytes]) -> None:
    """Raises DataError for a sheet whose used cells lie too far apart: the library takes memory for every cell that lies between."""
    columns: set[int] = set()
    top, bottom, rest = 10**7, 0, b""
    for chunk in chunks:
        text = rest + chunk
        places = _PLACE.findall(text)
        columns |= {_column(letters) for letters in {letters for letters, _ in places}}
        rows = [int(digits) for digits in {digits for _, digits in places}]
        top, bottom = min([top, *rows]), max([bottom, *rows])
        rest = text[-_PLACE_BYTES:]
    height, width = bottom - top + 1, max(columns, default=0) - min(columns, default=0) + 1
    if columns and height * width > MAX_CELLS:
        raise DataError(
            f"the used cells of {name} span {height:,} rows and {width:,} columns; at most {MAX_CELLS:,} cells are read: "
            "delete the stray cells far from the table, or save the table as csv"
        )


def _column(letters: bytes) -> int:
    """
    >>> _column(b"A"), _column(b"XFD")
    (1, 16384)
    """
    return reduce(lambda number, letter: number * 26 + letter - 64, letters, 0)


def _rows(sheet: Any) -> list[list[Any]]:
    if sheet.height * sheet.width > MAX_CELLS:
        raise DataError(f"sheet {sheet.name!r} spans {sheet.height * sheet.width:,} cells; at most {MAX_CELLS:,} are read")
    rows = [[_cell(value) for value in row] for row in sheet.to_python(skip_empty_area=True)]
    # The rows begin where the used area does; a merged range may lie anywhere, and shows what its first cell holds.
    top, left = sheet.start or (0, 0)
    merged = [
        (first - top, last - top, column - left)
        for (first, column), (last, _) in sheet.merged_cell_ranges or ()
        if 0 <= first - top < sheet.height and 0 <= column - left < sheet.width and rows[first - top][column - left] is not None
    ]
    # Only downwards: a title merged over columns is one cell.
    shown = ((first, place, column) for first, last, column in merged for place in range(first + 1, min(last + 1, sheet.height)))
    # Ranges that don't overlap hold no more cells than the sheet.
    for first, place, column in islice(shown, sheet.height * sheet.width):
        if rows[place][column] is None:
            rows[place][column] = rows[first][column]
    return rows


def _cell(value: Any) -> Any:
    """A spreadsheet cell as plain data: whole floats as integers, dates as ISO text, empty as None."""
    if value is None or value == "":
        return None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, str | int | float | bool) else str(value)


FORMAT = Format("xlsx", sniff, read_bytes=read)
