"""The sheets of a workbook: which hold questions, which explain or list other things, and which share a layout."""

from collections.abc import Iterator
from statistics import median
from typing import Any, NamedTuple

from pipeline.common.grammar.option_lists import split_options
from pipeline.ingest.items import Item, Text
from pipeline.ingest.tables import NO_MERGES, Merged, header_of, table_items

# A sheet without the header of a question whose rows hold no more cells explains something or lists it: rows of questions hold more.
GUIDE_CELLS = 3
ROWS = 200


class Sheet(NamedTuple):
    """A sheet's rows, and where a cell shows what a merged one above it holds."""

    name: str
    rows: list[list[Any]]
    merged: Merged = NO_MERGES


def sheet_items(sheets: list[Sheet]) -> Iterator[Item | Text]:
    """The items of all sheets, `row:N` on the first and `NAME/row:N` on the others, and their text.

    Sheets whose headers are equal are understood together, others by themselves (`Item.part`). Beside sheets of questions, one without
    the header of a question whose rows hold a few cells is no record: its text alone is told.
    """
    headers = [header_of(sheet.rows) for sheet in sheets]
    known: dict[tuple[str, ...], str] = {}
    for place, (sheet, header) in enumerate(zip(sheets, headers, strict=True)):
        for row in sheet.rows:
            if line := "\t".join(str(cell) for cell in row if cell is not None):
                yield Text(line)
        if header is None and any(headers) and _explains(sheet.rows):
            continue
        part = known.setdefault(header, sheet.name if known else "") if header is not None else sheet.name if any(headers) else ""
        yield from table_items(sheet.rows, "" if place == 0 else f"{sheet.name}/", part, sheet.merged)


def _explains(rows: list[list[Any]]) -> bool:
    """True for rows of few cells that hold no list of options."""
    filled = [[cell for cell in row if cell is not None and str(cell).strip()] for row in rows[:ROWS]]
    counts = [len(cells) for cells in filled if cells]
    if counts and median(counts) > GUIDE_CELLS:
        return False
    return split_options("\n".join(str(cell)[:500] for cells in filled for cell in cells)[:20_000]) is None
