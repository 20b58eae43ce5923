"""Word exams (.docx, ECMA-376): numbered questions with lettered options; the key from a list or table at the end, or from the one
option that is underlined, bold or coloured."""

import io
import re
import zipfile
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from pipeline.ingest.items import Item
from schemas.errors import DataError

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
MAX_XML_BYTES = 200 * 2**20
START = re.compile(r"\s*(?:(?:Câu|CÂU|Question|QUESTION|Bài)\s*(?:hỏi\s*)?(\d{1,3})\s*[.:)]?|(\d{1,3})\s*[.)])\s*")
OPTION = re.compile(r"(?<![^\s])([A-J])\s?[.)]\s*(?=\S)")
KEY_HEADING = re.compile(r"\s*(?:BẢNG\s+)?(?:ĐÁP\s*ÁN|Đáp\s*án|ANSWERS?(?:\s+KEY)?|Answers?(?:\s+key)?|KEY)\b[^?]{0,40}$")
KEY_PAIR = re.compile(r"(\d{1,3})\s*[.:)\-–]?\s*([A-J])\b")


class Line(NamedTuple):
    """A paragraph's text, and which of its characters stand out (underlined, bold, coloured or highlighted)."""

    text: str
    marked: list[bool]


def read_word(data: bytes) -> Iterator[Item]:
    """One item a numbered question, its text with the options in it. Raises DataError for a file without any."""
    lines, tables = _content(data)
    keys, end = _keys(lines, tables)
    starts = [i for i, line in enumerate(lines[:end]) if START.match(line.text)]
    if not starts:
        raise DataError("the document holds no numbered question (Câu 1. / Question 1: / 1.)")
    for place, start in enumerate(starts, start=1):
        block = lines[start : starts[place] if place < len(starts) else end]
        number = START.match(block[0].text)
        assert number is not None
        key = keys.get(int(number[1] or number[2])) or _standing_out(block)
        yield Item(f"item:{place}", {"question": "\n".join(line.text for line in block).strip(), "answer": key})


def _content(data: bytes) -> tuple[list[Line], list[list[list[str]]]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            info = archive.getinfo("word/document.xml")
            if info.file_size > MAX_XML_BYTES:
                raise DataError(f"the document unpacks to {info.file_size:,} bytes; at most {MAX_XML_BYTES:,} are read")
            body = fromstring(archive.read(info), forbid_dtd=True).find(f"{W}body")
    except (zipfile.BadZipFile, KeyError, ParseError, DefusedXmlException, ValueError, RecursionError, OSError) as error:
        raise DataError(f"not a readable Word document: {error}") from error
    if body is None:
        raise DataError("not a readable Word document: it has no body")
    tables = [_cells(table) for table in body.iter(f"{W}tbl")]
    inside = {id(paragraph) for table in body.iter(f"{W}tbl") for paragraph in table.iter(f"{W}p")}
    key_tables = {id(p) for t, cells in zip(body.iter(f"{W}tbl"), tables, strict=True) if _table_keys(cells) for p in t.iter(f"{W}p")}
    paragraphs = [p for p in body.iter(f"{W}p") if id(p) not in inside or id(p) not in key_tables]
    lines = [part for paragraph in paragraphs for part in _lines(paragraph)]
    return lines, tables


def _lines(paragraph: Element) -> list[Line]:
    text, marked = "", []
    for run in paragraph.iter(f"{W}r"):
        style = run.find(f"{W}rPr")
        out = style is not None and any(_is_on(style.find(f"{W}{name}")) for name in ("u", "b", "highlight", "color"))
        for part in run:
            piece = {f"{W}t": part.text or "", f"{W}tab": "\t", f"{W}br": "\n"}.get(part.tag, "")
            text += piece
            marked += [out] * len(piece)
    lines, start = [], 0
    for piece in text.split("\n"):
        lines.append(Line(piece, marked[start : start + len(piece)]))
        start += len(piece) + 1
    return [line for line in lines if line.text.strip()]


def _is_on(element: Element | None) -> bool:
    return element is not None and element.get(f"{W}val", "true").lower() not in ("0", "false", "none", "auto", "000000")


def _cells(table: Element) -> list[list[str]]:
    rows = []
    for row in table.iter(f"{W}tr"):
        rows.append(["".join(t.text or "" for t in cell.iter(f"{W}t")).strip() for cell in row.findall(f"{W}tc")])
    return rows


def _keys(lines: list[Line], tables: list[list[list[str]]]) -> tuple[dict[int, str], int]:
    """Letter by question number, and the line where the questions end."""
    keys: dict[int, str] = {}
    for table in tables:
        keys |= _table_keys(table)
    headings = [i for i, line in enumerate(lines) if KEY_HEADING.match(line.text)]
    end = len(lines)
    if headings:
        found = {int(n): letter for line in lines[headings[-1] :] for n, letter in KEY_PAIR.findall(line.text)}
        if found or keys:
            keys, end = found | keys, headings[-1]
    elif lines and len(pairs := KEY_PAIR.findall(lines[-1].text)) >= 3 and not OPTION.search(lines[-1].text.replace(".", "")):
        keys, end = {int(n): letter for n, letter in pairs} | keys, len(lines) - 1
    return keys, end


def _table_keys(rows: list[list[str]]) -> dict[int, str]:
    """Keys of a table whose cells are `1.A`, or a row of numbers over a row of letters (or two such columns)."""
    cells = [cell for row in rows for cell in row if cell]
    pairs = [match for cell in cells if (match := KEY_PAIR.fullmatch(cell))]
    if pairs and len(pairs) * 2 >= len(cells):
        return {int(match[1]): match[2] for match in pairs}
    for grid in (rows, [list(column) for column in zip(*rows, strict=False)]):
        keys: dict[int, str] = {}
        for numbers, letters in pairwise(grid):
            keys |= {int(n): x for n, x in zip(numbers, letters, strict=False) if n.isdigit() and re.fullmatch(r"[A-J]", x)}
        if keys:
            return keys
    return {}


def _standing_out(block: list[Line]) -> str | None:
    """The letter of the one option whose mark or text stands out; None when none or several do."""
    found: list[tuple[str, bool]] = []
    for line in block:
        for match in OPTION.finditer(line.text):
            found.append((match[1], line.marked[match.start(1)] or all(line.marked[match.end() : match.end() + 3] or [False])))
    letters = [letter for letter, out in found if out]
    return letters[0] if len(letters) == 1 and len(found) > 1 else None
