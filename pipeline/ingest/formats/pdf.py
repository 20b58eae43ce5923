"""PDF with text (ISO 32000, read by PDFium): lines in reading order, then questions as in Word exams. What the text of a PDF doesn't tell
(stacked formulas, letters without a character) is rejected, scanned and encrypted files are refused with what to do."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium

from pipeline.ingest.document import Cell, Document
from pipeline.ingest.exam import PLAIN, ExamLine
from pipeline.ingest.items import Format, Item, SniffedFile, Text
from pipeline.ingest.pages.checks import in_letters, is_scan, shown_pictures, visible
from pipeline.ingest.pages.columns import find_gutters, page_lines, paragraphs, rows_of, usual_gutters
from pipeline.ingest.pages.content import Box, Page, read_page
from pipeline.ingest.pages.furniture import without_furniture
from pipeline.ingest.pages.lines import TABLE, Segment, Styles, segments_of, with_pictures
from pipeline.ingest.pages.tables import find_tables
from schemas.errors import DataError
from schemas.reasons import Reason

MAX_PAGES, MAX_CHARS = 600, 2_000_000
# Behind a line of which the text is in doubt: a character that Unicode keeps for no text.
DOUBT = "\ufdd0"
_NUMBER = re.compile(r"\s*(?:\W{0,3}(?:Câu|CÂU|Question|QUESTION|Bài|Q)\s*(?:hỏi\s*)?(?:số\s*)?)?(\d{1,4})(?!\d)")
_OCR = "recognise its text first (`ocrmypdf --language vie+eng IN.pdf OUT.pdf`, or a scanner's OCR) and check it"
_ORDER = (
    "the columns of the pages can't be told apart, the questions come out of order: take the Word file, or copy the text of each column"
)
_LAYOUT = "a formula or table whose layout the text of the PDF doesn't give: take the question from the Word or LaTeX file, or type it"


def sniff(file: SniffedFile) -> bool:
    """The mark of a PDF, which may stand behind a few bytes of something else."""
    return b"%PDF-" in file.data[:1024]


def read(data: bytes) -> Iterator[Item | Text]:
    """One item a numbered question, or a row of a table whose header names the parts of a question. Raises DataError for a file without
    text, with a password, or without a question."""
    pages = [_page(page, number) for number, page in enumerate(_pages(data))]
    for page in pages:
        yield from (Text("\t".join(one.text for one in row)) for row in rows_of(page.segments) if not row[0].text.startswith(TABLE))
        yield from (Text("\t".join(line.text for cell in row for line in cell)) for table in page.tables for row in table)
    segments = without_furniture([page.segments for page in pages], [page.height for page in pages])
    gutters = [find_gutters(found) for found in segments]
    usual = usual_gutters(gutters)
    document = Document("the PDF")
    flow = [line for found in segments for line in page_lines(found, usual)]
    for line, doubt in paragraphs(flow):
        if line.text.startswith(TABLE):
            number, place = line.text[1:].split(".")
            document.add_table(pages[int(number)].tables[int(place)])
        else:
            document.add_line(_marked(line, doubt))
    items = [_judged(item) for item in document.items()]
    yield from _in_order(items) if any(gutters) else items


class _Page(NamedTuple):
    """Text of a page outside of its tables, with a mark where each table stands."""

    segments: list[Segment]
    tables: list[list[list[Cell]]]
    height: float


def _page(page: Page, number: int) -> _Page:
    tables, glyphs = find_tables(page, with_pictures(page))
    styles = Styles(page)
    marks = [f"{TABLE}{number}.{place}" for place in range(len(tables))]
    segments = segments_of(glyphs, styles)
    segments += [_place_of(mark, table.box) for mark, table in zip(marks, tables, strict=True)]
    cells = [[[_cell(segments_of(cell, styles)) for cell in row] for row in table.rows] for table in tables]
    return _Page(segments, cells, page.height)


def _place_of(mark: str, box: Box) -> Segment:
    return Segment(mark, [PLAIN] * len(mark), box.x0, box.x1, box.y1, 1.0, False, [(box.x0, box.x1)] * len(mark))


def _cell(segments: list[Segment]) -> Cell:
    return [_marked(line, doubt) for line, doubt in paragraphs(page_lines(segments, None))]


def _in_order(items: list[Item]) -> Iterator[Item]:
    """The items; all rejected where a number comes behind a larger one and was skipped before: then columns were taken for lines."""
    highest, seen, broken = 0, set[int](), False
    for item in items:
        match = _NUMBER.match(str(item.payload.get("question", ""))) if isinstance(item.payload, dict) else None
        if match is None:
            continue
        number = int(match[1])
        if number == 1:
            highest, seen = 0, set()
        broken = broken or (number < highest and number not in seen)
        highest = max(highest, number)
        seen.add(number)
    yield from (item._replace(reason=Reason.MALFORMED_ROW, detail=_ORDER) for item in items) if broken else items


def _marked(line: ExamLine, doubt: bool) -> ExamLine:
    return ExamLine(line.text + DOUBT, [*line.marks, frozenset()]) if doubt else line


def _judged(item: Item) -> Item:
    """The item, rejected where a doubtful line is part of its question."""
    doubtful = isinstance(item.payload, dict) and any(_holds_doubt(cell) for name, cell in item.payload.items() if name != "explanation")
    found = item._replace(payload=_plain(item.payload), detail=_plain(item.detail))
    return found._replace(reason=Reason.MALFORMED_ROW, detail=_LAYOUT) if doubtful else found


def _holds_doubt(cell: Any) -> bool:
    if isinstance(cell, str):
        return DOUBT in cell
    values = cell.values() if isinstance(cell, dict) else cell if isinstance(cell, list) else ()
    return any(map(_holds_doubt, values))


def _plain(cell: Any) -> Any:
    """Cells without the mark of doubt."""
    if isinstance(cell, str):
        return cell.replace(DOUBT, "")
    if isinstance(cell, dict):
        return {name: _plain(value) for name, value in cell.items()}
    return [_plain(value) for value in cell] if isinstance(cell, list) else cell


def _pages(data: bytes) -> list[Page]:
    pdfium.FPDF_InitLibrary()
    document = pdfium.FPDF_LoadMemDocument64(data, len(data), None)
    if not document:
        raise DataError(_refusal(pdfium.FPDF_GetLastError()))
    try:
        count = pdfium.FPDF_GetPageCount(document)
        if count > MAX_PAGES:
            raise DataError(f"the PDF has {count:,} pages; at most {MAX_PAGES:,} are read: split it")
        return _checked(list(_loaded(document, count)))
    finally:
        pdfium.FPDF_CloseDocument(document)


def _refusal(code: int) -> str:
    if code == pdfium.FPDF_ERR_PASSWORD:
        return "the PDF is encrypted: open it with its password and print it into a new PDF"
    if code == pdfium.FPDF_ERR_SECURITY:
        return "the PDF is encrypted in a way that isn't read: open it and print it into a new PDF"
    return "not a readable PDF: open it in a viewer and print it into a new PDF, or export it as Word or text"


def _loaded(document: Any, count: int) -> Iterator[Page]:
    chars = 0
    for index in range(count):
        page = read_page(document, index)
        chars += len(page.glyphs)
        if chars > MAX_CHARS:
            raise DataError(f"the PDF holds more than {MAX_CHARS:,} characters: split it")
        yield page


def _checked(pages: list[Page]) -> list[Page]:
    """The pages with the text that is seen and in its letters. Raises DataError for pictures of text and for letters that are none."""
    scans = [number for number, page in enumerate(pages, start=1) if is_scan(page)]
    pages = [page._replace(glyphs=visible(page.glyphs), pictures=shown_pictures(page)) for page in pages]
    if not any(page.glyphs for page in pages):
        raise DataError(f"the PDF holds pictures of pages and no text: {_OCR}" if pages else _refusal(0))
    if scans:
        raise DataError(f"page {', '.join(map(str, scans[:20]))} of the PDF is a picture without text: {_OCR}")
    return in_letters(pages)


FORMAT = Format("pdf", sniff, read_bytes=read)
