"""Markdown: task lists, headings with lettered options, folded keys, tables of questions, data in fences."""

import re
from collections.abc import Callable, Iterator

from pipeline.common.grammar.columns import find_fields
from pipeline.ingest.callouts import plain_callouts
from pipeline.ingest.exam import table_keys
from pipeline.ingest.formats import csv, gift, json, jsonl
from pipeline.ingest.items import Format, Item, SniffedFile, Text
from pipeline.ingest.markdown_lines import Line, markdown_lines
from pipeline.ingest.markdown_questions import markdown_items
from pipeline.ingest.tables import is_question_table, table_items
from schemas.errors import DataError

SUFFIXES = (".md", ".markdown", ".mdx", ".mkd", ".mdown")
# Texts of other kinds, which may hold what looks like Markdown.
_OTHERS = frozenset(
    ".rmd .rnw .qmd .tex .rst .html .htm .xhtml .xml .js .ts .py .csv .tsv .gift .json .jsonl .yaml .yml .wiki .mediawiki .wikitext".split()
)
_TASKS = re.compile(r"(?m)^[ \t>]*+[-*+][ \t]++\[[ xX]?\][ \t]++\S")
_TABLE_RULE = re.compile(r"(?m)^[ \t]*+\|(?:[ \t]*+:?-++:?[ \t]*+\|)++[ \t]*+$")
_HEADINGS = re.compile(r"(?m)^#{1,6}[ \t]++[^\n]*\d")
_EMPHASIS = re.compile(
    r"(?m)^[ \t]*+(?:[-*+>][ \t]++)*+(?:\*\*|__)(?:\(?[A-Ja-j][.):]|Câu|Question|Q?\d|Answer|Correct|Đáp án)[^\n]*(?:\*\*|__)"
)
_FOLDED = re.compile(r"(?m)^[ \t]*+(?:<details\b|<quiz>|>>[^\n]*<<)")
_OPTIONS = re.compile(r"(?m)^[ \t>]*+(?:[-*+][ \t]++)?(?:\*\*)?\(?[Aa][.):]")
_FENCED_DATA = re.compile(r"(?m)^(?:```|~~~)[ \t]*+(?:json|jsonl|ya?ml|csv)\b", re.IGNORECASE)
# Readers that a fence's text is handed to, by the language that it is said to be in.
_FENCED: dict[str, tuple[str, Callable[[str], Iterator[Item | Text]]]] = {
    "json": ("json", json.FORMAT.read_text or json.read),
    "jsonl": ("jsonl", jsonl.read),
    "csv": ("csv", csv.read),
    "gift": ("gift", gift.read),
}
_PLAIN_FENCE = ("", "markdown", "md", "text", "txt", "plaintext")


def sniff(file: SniffedFile) -> bool:
    """The suffix; or text with the marks of Markdown where questions have them."""
    text = file.text
    if not text or (text[:1] in "{[" and re.match(r"[\[{]\s*[\"{\[]", text)):
        return False
    if file.suffix in SUFFIXES or file.suffix in _OTHERS:
        return file.suffix in SUFFIXES
    if len(_TASKS.findall(text)) >= 2 or _FOLDED.search(text) or _FENCED_DATA.search(text):
        return True
    if _TABLE_RULE.search(text):
        return True
    return len(_EMPHASIS.findall(text)) >= 2 or (len(_HEADINGS.findall(text)) >= 2 and _OPTIONS.search(text) is not None)


def read(text: str) -> Iterator[Item | Text]:
    """One item a question, or a row of a table whose header names the parts of one; data in a fence as its own reader has it. Raises
    DataError without any."""
    lines = markdown_lines(plain_callouts(text))
    items = [*markdown_items(lines), *_tables(lines)]
    if not any(_offers(item) for item in items):
        items = _fenced(lines) or items
    if not items:
        raise DataError("the text holds no question: number them (1. / Question 1:) or head them (## ...), with options as - [ ] or A.")
    yield from items
    yield from (Text(line.text) for line in lines if line.text and line.kind not in ("hidden", "rule"))


def _offers(item: Item) -> bool:
    return not isinstance(item.payload, dict) or "question" not in item.payload or bool(item.payload.get("options"))


def _tables(lines: list[Line]) -> Iterator[Item]:
    """Rows of the tables that hold questions: tables with the same header are one."""
    tables: dict[tuple[str, ...], list[list[str]]] = {}
    for line in lines:
        rows = [list(row) for row in line.rows]
        if rows and is_question_table(rows) and not (table_keys(rows) and len(rows[0]) < 3):
            tables.setdefault(line.rows[0], [rows[0]]).extend(rows[1:])
    for number, rows in enumerate(tables.values(), start=1):
        name = f"table{number if number > 1 else ''}"
        yield from (item._replace(part=name, locator=f"{name}/{item.locator}") for item in table_items([*map(list, rows)]))


def _fenced(lines: list[Line]) -> list[Item]:
    """Records of the data in fences: of those that name a question."""
    found: list[Item] = []
    for number, line in enumerate((line for line in lines if line.kind == "code"), start=1):
        language = line.info.split(" ")[0].split("{")[0]
        inner = line.text.split("\n", 1)[-1].rpartition("\n")[0]
        if language in _PLAIN_FENCE and inner.lstrip()[:1] in ("{", "["):
            language = "json"
        if language in _FENCED:
            reader, read_fence = _FENCED[language]
            try:
                items = [item for item in read_fence(inner) if isinstance(item, Item)]
            except DataError:
                continue
            if any(isinstance(item.payload, dict) and find_fields(list(item.payload), {}).usable for item in items):
                found += [item._replace(part="fences", reader=reader, locator=f"fence:{number}/{item.locator}") for item in items]
        elif language in _PLAIN_FENCE:
            found += [
                item._replace(locator=f"fence:{number}/{item.locator}") for item in markdown_items(markdown_lines(inner)) if _offers(item)
            ]
    return found


FORMAT = Format("markdown", sniff, read_text=read)
