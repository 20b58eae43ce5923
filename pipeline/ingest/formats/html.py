"""Web pages (.html, .htm, saved pages): questions with choices to click, tables of questions, and exams that were saved as a page. What
shows a right choice is what the page says of it (`data-correct`, a class, a value) or a key in its text; the choice that someone made
(`checked`) is none."""

import re
from collections.abc import Iterator
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from pipeline.common.markup import html_text
from pipeline.ingest.clicked import SHOW, SIGNS, clicked_items
from pipeline.ingest.decode import decode
from pipeline.ingest.formats import exam_text
from pipeline.ingest.items import Format, Item, SniffedFile, Text
from pipeline.ingest.tables import is_question_table, table_items
from pipeline.ingest.xml_files import root_name
from schemas.errors import DataError

_TO_CLICK = re.compile(
    r"\W{0,3}(?:click\s(?:here\s)?to\s|nhấn\s(?:để\s)?)?(?:show|reveal|see|view|hide|check|xem|hiện|ẩn)\s(?:the\s)?(?:correct\s)?"
    r"(?:answers?|solutions?|explanation|đáp án|lời giải|hướng dẫn giải|giải thích)(?:\s(?:and|&|và)\s\w{1,12})?\W{0,3}",
    re.IGNORECASE,
)
MAX_TABLES = 200
_IN_SCRIPT = re.compile(r"[\"']?(?:question|questions|answers|options|choices|correct\w{0,20})[\"']?\s?[:=]\s?[\[\"'`{]", re.IGNORECASE)


def sniff(file: SniffedFile) -> bool:
    """The suffix, or a page's root element."""
    return file.suffix in (".html", ".htm", ".xhtml") or root_name(file) == "html"


def read(data: bytes) -> Iterator[Item | Text]:
    """One item a question: of choices, else of tables and of the page's text as an exam. Raises DataError for a page without any."""
    try:
        source = SIGNS.sub("", decode(data).text)
    except UnicodeError as error:
        raise DataError(str(error)) from error
    seen = html_text(source)
    tree = LexborHTMLParser(source)
    items = clicked_items(tree)
    if not any(map(_has_key, items)):
        # The keys of all may stand in a list, behind questions that are numbered.
        tree = LexborHTMLParser(source)
        others = [*_tables(tree), *_as_exam(tree)]
        items = others if not items or (len(others) >= len(items) and any(map(_has_key, others))) else items
    if not items:
        raise DataError(_nothing(tree))
    yield Text(seen)
    yield from items


def _has_key(item: Item) -> bool:
    return isinstance(item.payload, dict) and any(item.payload.get(name) not in (None, [None]) for name in ("answer", "Answer"))


def _tables(tree: LexborHTMLParser) -> Iterator[Item]:
    """Rows of tables whose header names the parts of a question."""
    for number, table in enumerate(tree.css("table")[:MAX_TABLES], start=1):
        if len(table.css("table")) > 1:
            continue
        rows: list[list[Any]] = [[html_text(cell.inner_html or "") for cell in row.css("td, th")] for row in table.css("tr")]
        if rows and is_question_table(rows):
            yield from (item._replace(locator=f"table:{number}/{item.locator}", part=f"table {number}") for item in table_items(rows))
            table.decompose()


def _as_exam(tree: LexborHTMLParser) -> list[Item]:
    """Questions of the page's text; what it underlines or sets bold may be the key."""
    for node in tree.css("nav, footer, button, summary"):
        if node.tag != "summary" or SHOW.fullmatch(node.text(strip=True)):
            node.decompose()
    for node in tree.css("span, a, p, div, label"):
        # What is clicked to see the answer is no text of the question.
        inner = node.child
        if inner is not None and inner.next is None and inner.tag == "-text" and _TO_CLICK.fullmatch(node.text(strip=True)[:60]):
            node.decompose()
    for node in tree.css("u, b, strong, mark"):
        # What is searched for may be the node itself: one alone is.
        if node.child is not None and len(node.css("p, div, br, li, table, ul, ol, u, b, strong, mark")) == 1:
            node.child.insert_before(f"<{node.tag}>")
            node.insert_child(f"</{node.tag}>")
    text = html_text(tree.html or "")
    try:
        return [piece for piece in exam_text.read(text) if isinstance(piece, Item)]
    except DataError:
        return []


def _nothing(tree: LexborHTMLParser) -> str:
    scripts = (node.text(deep=True)[:200_000] for node in tree.css("script"))
    if any(len(_IN_SCRIPT.findall(script)) > 1 for script in scripts):
        return "a web page whose questions stand in a script: save the list in it as .json or .js, or copy the page's text into a file"
    return "a web page without questions that can be told: no choices to click, no numbered ones with options; copy them into a text file"


FORMAT = Format("html", sniff, read_bytes=read)
