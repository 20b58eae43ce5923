"""Records to decide on as a spreadsheet: a row each, to be filled in by reviewers without a terminal and read back by `returned`."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.common.escapes import visible
from pipeline.common.files import replacing
from pipeline.common.letters import LETTERS
from pipeline.common.text import short_hash, without_invisible
from pipeline.common.translations import Words
from pipeline.review.decide import in_words
from pipeline.review.layout import HIDDEN, HOW_TO, INSTRUCTIONS, MAX_CELL_CHARS, MIN_OPTION_COLUMNS, SHEET, WORDS, Column, columns
from pipeline.review.published import Published, key_text, verdict
from pipeline.review.queues import Item, Queue
from pipeline.review.standing import Standing, as_decided
from pipeline.told import detail_told
from schemas.errors import MissingExtraError
from schemas.tables.row import RowMapping

# What a spreadsheet program reads as a character by its number, also where the text meant it literally.
NUMBERED = re.compile(r"_x[0-9A-Fa-f]{4}_")
# Characters that XML can't hold.
NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
CUT = " ... [cut: too long for a cell; edit it with `mcq review`]"
LINE_POINTS, MAX_LINES = 16, 10
VIETNAMESE, WITHOUT_MARKS = Words("vi"), str.maketrans("", "", ",.")
GREY, GREEN, HEAD, WHITE = "EDEDED", "C6E7CE", "1F4E79", "FFFFFF"


class Origin(NamedTuple):
    """Of one row, what the hidden sheet keeps: what it was exported from, to tell afterwards what was changed, here and elsewhere."""

    record_id: str
    content_id: str | None
    decisions: list[str]
    cells: dict[str, str]
    """Hash of each open cell as it was exported."""
    cut: list[str]
    """Columns whose text was too long for a cell."""


class Sheet(NamedTuple):
    """A row of cells by column name, and its origin."""

    cells: dict[str, str]
    origin: Origin


def sheet_rows(published: Published, standing: Standing, items: Iterable[Item]) -> list[Sheet]:
    """A row a record, in the order of the queues; of a conflict, one for each side."""
    wanted: dict[str, Item] = {}
    for item in items:
        for record_id in item.record_ids if item.queue == Queue.CONFLICTS else (item.record_id,):
            wanted.setdefault(record_id, item)
    beside = [name for item in wanted.values() for name in item.record_ids]
    rows = {row["record_id"]: row for row in published.rows({*wanted, *beside})}
    return [_sheet_row(rows, standing, rows[name], item) for name, item in wanted.items() if name in rows]


def _sheet_row(rows: Mapping[str, RowMapping], standing: Standing, row: RowMapping, item: Item) -> Sheet:
    record_id = row["record_id"]
    now = as_decided(row, standing.waiting.get(record_id, ()))
    options = now["options"] or []
    why = list(item.why) if item.record_id == record_id else verdict(row)
    said = [in_words(one, now) for one in standing.of_record.get(record_id, ())]
    if len(options) > len(LETTERS):
        said.append(f"it has {len(options)} options, the first {len(LETTERS)} stand here: whatever is edited, the others go")
    beside = [rows.get(name) for name in item.record_ids if name != record_id]
    cells = {
        "record_id": record_id,
        "content_id": row["content_id"] or "",
        "file": visible(row["file"]),
        "locator": visible(row["locator"]),
        "verdict": row["disposition"],
        "reasons": visible("\n".join(line for sentence in (*why, *said) for line in _in_both(sentence))),
        "stem": now["stem"] or "",
        "context": now["context"] or "",
        **{f"option {letter}": option for letter, option in zip(LETTERS, options, strict=False)},
        "key": LETTERS[now["answer_index"]] if key_text(now) is not None else "",
        "explanation": visible(row["explanation"] or ""),
        "other side": visible("\n".join(f"{other['locator']}: {other['stem']} -> {key_text(other)}" for other in beside if other)),
    }
    shown = {name: cell_text(text) for name, text in cells.items()}
    open_cells = {name: text for name, text in shown.items() if name in ("stem", "context", "key") or name.startswith("option ")}
    cut = [name for name, text in open_cells.items() if text.endswith(CUT) and not cells[name].endswith(CUT)]
    hashes = {name: fingerprint(text) for name, text in open_cells.items()}
    return Sheet(shown, Origin(record_id, row["content_id"], sorted(standing.ids(record_id)), hashes, cut))


def _in_both(sentence: str) -> list[str]:
    """A sentence in Vietnamese and, below it, in English; once where it isn't known, or is Vietnamese itself but for its numbers' marks."""
    told = detail_told(sentence, VIETNAMESE)
    return [told] if told.translate(WITHOUT_MARKS) == sentence.translate(WITHOUT_MARKS) else [told, sentence]


def cell_text(text: str) -> str:
    """A text as a cell can hold it."""
    plain = NO_XML.sub("\ufffd", without_invisible(text))
    room = MAX_CELL_CHARS - len("x005F_") * len(NUMBERED.findall(plain))
    return plain if len(plain) <= room else plain[: max(0, room - len(CUT))] + CUT


def fingerprint(text: str) -> str:
    """A cell's hash; lines and spaces at its ends may change on the way through a spreadsheet program."""
    return short_hash("\n".join(line.rstrip() for line in text.strip().splitlines()))


def write_workbook(path: Path, rows: Sequence[Sheet], dataset: str, at: datetime) -> None:
    """Writes the spreadsheet, whole or not at all. Raises MissingExtraError without openpyxl."""
    try:
        import openpyxl
    except ModuleNotFoundError as error:
        raise MissingExtraError("the spreadsheet of mcq review", "openpyxl", "xlsx") from error
    book = openpyxl.Workbook(write_only=True)
    _write_rows(book, rows)
    _write_instructions(book)
    _write_origins(book, rows, dataset, at)
    with replacing(path) as aside:
        book.save(aside)


def _write_rows(book: Any, rows: Sequence[Sheet]) -> None:
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation
    from openpyxl.worksheet.properties import PageSetupProperties

    sheet = book.create_sheet(SHEET)
    used = [sum(name.startswith("option ") for name in row.cells) for row in rows]
    layout = columns(min(len(LETTERS), max([MIN_OPTION_COLUMNS, *used])))
    for number, column in enumerate(layout, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = column.width
    sheet.row_dimensions[1].height = 2 * LINE_POINTS
    sheet.freeze_panes = "B2"
    sheet.sheet_view.zoomScale = 85
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = "1:1"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(layout))}{len(rows) + 1}"
    # Without a password: it keeps a slip of the hand from the grey cells, and nobody out.
    sheet.protection.sheet = True
    for allowed in ("autoFilter", "sort", "formatColumns", "formatRows", "deleteRows"):
        setattr(sheet.protection, allowed, False)
    letters = {name: get_column_letter(number) for number, name in enumerate((column.name for column in layout), start=1)}
    for name, choices in (("decision", list(WORDS)), ("new key", list(LETTERS))):
        choice = DataValidation(type="list", formula1=f'"{",".join(choices)}"', allow_blank=True, showErrorMessage=True)
        choice.errorTitle, choice.error = "?", f"{name}: {', '.join(choices)}"
        choice.add(f"{letters[name]}2:{letters[name]}{len(rows) + 1}")
        sheet.data_validations.append(choice)
    line = Border(*[Side(style="thin", color="D0D0D0")] * 4)
    wrap, top = Alignment(wrap_text=True, vertical="top"), Alignment(wrap_text=True, vertical="center")
    styles = {
        "head": {"font": Font(bold=True, color=WHITE), "fill": PatternFill("solid", fgColor=HEAD), "alignment": top},
        "read": {"font": Font(color="666666"), "fill": PatternFill("solid", fgColor=GREY), "alignment": wrap, "border": line},
        "open": {"alignment": wrap, "border": line, "protection": Protection(locked=False)},
        "key": {
            "font": Font(bold=True),
            "fill": PatternFill("solid", fgColor=GREEN),
            "alignment": wrap,
            "border": line,
            "protection": Protection(locked=False),
        },
    }
    sheet.append([_cell(sheet, column.head, styles["head"]) for column in layout])
    for number, row in enumerate(rows, start=2):
        # Not every program fits a row to its text when it opens a file.
        sheet.row_dimensions[number].height = LINE_POINTS * min(MAX_LINES, max(_lines(row, column) for column in layout))
        key = f"option {row.cells['key']}"
        names = [(column.name, "key" if column.name == key else "open" if column.is_open else "read") for column in layout]
        sheet.append([_cell(sheet, row.cells.get(name, ""), styles[style]) for name, style in names])


def _lines(row: Sheet, column: Column) -> int:
    """How many lines a cell takes at its column's width."""
    return sum(1 + len(line) // column.width for line in row.cells.get(column.name, "").splitlines())


def _cell(sheet: Any, text: str, style: dict[str, Any]) -> Any:
    """A cell that holds text and nothing else: no formula, no number, no date, also once a person has edited it."""
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, value=None)
    if text:
        cell.value = NUMBERED.sub(lambda found: f"_x005F{found[0]}", text)
        cell.data_type = "s"
    cell.number_format = "@"
    if text.startswith(("=", "+", "-", "@", "\t", "'")):
        cell.quotePrefix = True
    for name, value in style.items():
        setattr(cell, name, value)
    return cell


def _write_instructions(book: Any) -> None:
    from openpyxl.styles import Alignment

    sheet = book.create_sheet(INSTRUCTIONS)
    for letter in "AB":
        sheet.column_dimensions[letter].width = 80
    style = {"alignment": Alignment(wrap_text=True, vertical="top")}
    for pair in HOW_TO:
        sheet.append([_cell(sheet, text, style) for text in pair])


def _write_origins(book: Any, rows: Sequence[Sheet], dataset: str, at: datetime) -> None:
    """The sheet that nobody sees: when and of what it was exported, and of each row, its origin."""
    sheet = book.create_sheet(HIDDEN)
    sheet.sheet_state = "veryHidden"
    origins = [json.dumps(row.origin._asdict(), ensure_ascii=False) for row in rows]
    name = short_hash("\n".join([dataset, at.isoformat(), *origins]))[:10]
    sheet.append([_cell(sheet, text, {}) for text in ("mcq-review-1", dataset, at.isoformat(), name)])
    for origin in origins:
        sheet.append([_cell(sheet, origin, {})])
