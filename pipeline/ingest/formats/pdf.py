"""PDF with text (ISO 32000, read by PDFium): lines in reading order, then questions as in Word exams. What the text of a PDF doesn't tell
(stacked formulas, letters without a character) is rejected, scanned and encrypted files are refused with what to do."""

from collections.abc import Iterator
from typing import Any

import pypdfium2.raw as pdfium

from pipeline.ingest.exam import ExamLine, exam_items
from pipeline.ingest.items import Format, Item, SniffedFile, Text
from pipeline.ingest.page_columns import find_gutter, most_common, page_lines, paragraphs, rows_of
from pipeline.ingest.page_content import Page, read_page
from pipeline.ingest.page_checks import in_letters, is_scan, shown_pictures, visible
from pipeline.ingest.page_furniture import without_furniture
from pipeline.ingest.page_lines import Segment, segments_of
from schemas.errors import DataError
from schemas.reasons import Reason

MAX_PAGES, MAX_CHARS = 600, 2_000_000
# Behind a line of which the text is in doubt: a character that Unicode keeps for no text.
DOUBT = "\ufdd0"
_OCR = "recognise its text first (`ocrmypdf --language vie+eng IN.pdf OUT.pdf`, or a scanner's OCR) and check it"
_LAYOUT = "a formula or table whose layout the text of the PDF doesn't give: take the question from the Word or LaTeX file, or type it"


def sniff(file: SniffedFile) -> bool:
    """The mark of a PDF, which may stand behind a few bytes of something else."""
    return b"%PDF-" in file.data[:1024]


def read(data: bytes) -> Iterator[Item | Text]:
    """One item a numbered question. Raises DataError for a file without text, with a password, or without a question."""
    pages = _pages(data)
    shown = [segments_of(page, page.glyphs) for page in pages]
    for segments in shown:
        yield from (Text("\t".join(one.text for one in row)) for row in rows_of(segments))
    shown = without_furniture(shown, [(page.width, page.height) for page in pages])
    gutters = [find_gutter(segments) for segments in shown]
    usual = most_common(gutters)
    lines = [line for segments in shown for line in page_lines(segments, usual)]
    marked = [_marked(line, doubt) for line, doubt in paragraphs(lines)]
    items = [_judged(item) for item in exam_items(marked, {})]
    if not items:
        raise DataError("the PDF holds no numbered question (Câu 1. / Question 1: / 1.)")
    yield from items


def _marked(line: ExamLine, doubt: bool) -> ExamLine:
    return ExamLine(line.text + DOUBT, [*line.marks, frozenset()]) if doubt else line


def _judged(item: Item) -> Item:
    """The item, rejected where a doubtful line is part of it."""
    if not isinstance(item.payload, dict):
        return item._replace(payload=str(item.payload).replace(DOUBT, ""))
    doubtful = any(DOUBT in text for name, text in item.payload.items() if name != "explanation" and isinstance(text, str))
    payload = {name: text.replace(DOUBT, "") if isinstance(text, str) else text for name, text in item.payload.items()}
    return item._replace(payload=payload, reason=Reason.MALFORMED_ROW, detail=_LAYOUT) if doubtful else item._replace(payload=payload)


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
