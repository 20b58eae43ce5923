"""The sheets of a workbook: which hold questions, which explain or list other things, and which share a layout."""

from collections.abc import Iterator
from statistics import median
from typing import Any, NamedTuple

from pipeline.common.grammar.columns import is_called
from pipeline.common.grammar.option_lists import split_options
from pipeline.common.letters import LETTER_CELL
from pipeline.ingest.items import Item, Text
from pipeline.ingest.tables import NO_MERGES, Merged, header_of, table_items, with_keys

# A sheet without the header of a question whose rows hold no more cells explains something or lists it: rows of questions hold more.
GUIDE_CELLS = 3
ROWS = 200
MAX_KEYS = 2_000


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
    sheets, listing = _with_listed_keys(sheets)
    headers = [header_of(sheet.rows) for sheet in sheets]
    known: dict[tuple[str, ...], str] = {}
    for place, (sheet, header) in enumerate(zip(sheets, headers, strict=True)):
        for row in sheet.rows:
            if line := "\t".join(str(cell) for cell in row if cell is not None):
                yield Text(line)
        if place == listing:
            continue
        if header is None and any(headers) and _explains(sheet.rows):
            continue
        part = known.setdefault(header, sheet.name if known else "") if header is not None else sheet.name if any(headers) else ""
        yield from table_items(sheet.rows, "" if place == 0 else f"{sheet.name}/", part, sheet.merged)


def _with_listed_keys(sheets: list[Sheet]) -> tuple[list[Sheet], int | None]:
    """The sheets, and the place of the one whose keys stand in another now.

    The only sheet of questions has its keys where the only list of keys beside it (`Câu | Đáp án`) has the same numbers. Two lists, or
    keys of several codes of an exam, are for nobody to choose from.
    """
    lists = [(place, keys) for place, sheet in enumerate(sheets) if (keys := _listed_keys(sheet.rows))]
    asked = [place for place, sheet in enumerate(sheets) if (header := header_of(sheet.rows)) and header != ("",)]
    asked = [place for place in asked if place not in {place for place, _ in lists}]
    if len(lists) != 1 or len(asked) != 1:
        return sheets, None
    (place,), ((listing, keys),) = asked, lists
    if (rows := with_keys(sheets[place].rows, keys)) is None:
        return sheets, None
    return [sheet._replace(rows=rows) if i == place else sheet for i, sheet in enumerate(sheets)], listing


def _listed_keys(rows: list[list[Any]]) -> dict[int, str]:
    """Letters by number of a sheet with two columns, the second called a key; {} for any other."""
    table = [cells for row in rows[:MAX_KEYS] if any(cells := ["" if cell is None else str(cell).strip() for cell in row])]
    start = next((i for i, cells in enumerate(table) if len(named := [c for c in cells if c]) == 2 and is_called(named[1], "answer")), None)
    if start is None or start > 5:
        return {}
    filled = [[cell for cell in cells if cell] for cells in table[start + 1 :]]
    if not filled or not all(len(cells) <= 2 and cells[0].removesuffix(".0").isdecimal() and len(cells[0]) < 7 for cells in filled):
        return {}
    keys = {int(cells[0].removesuffix(".0")): cells[1] for cells in filled if len(cells) == 2}
    numbers = [cells[0] for cells in filled]
    lettered = all(LETTER_CELL.fullmatch(letter.upper()) for letter in keys.values())
    return {number: letter.upper() for number, letter in keys.items()} if lettered and len(set(numbers)) == len(numbers) else {}


def _explains(rows: list[list[Any]]) -> bool:
    """True for rows of few cells that hold no list of options."""
    filled = [[cell for cell in row if cell is not None and str(cell).strip()] for row in rows[:ROWS]]
    counts = [len(cells) for cells in filled if cells]
    if counts and median(counts) > GUIDE_CELLS:
        return False
    return split_options("\n".join(str(cell)[:500] for cells in filled for cell in cells)[:20_000]) is None
