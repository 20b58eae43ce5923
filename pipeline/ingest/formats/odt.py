"""OpenDocument text (.odt, .fodt, ODF 1.3): numbered questions with lettered options, automatic numbers and tables, as Word documents."""

import re
from collections.abc import Iterator
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from pipeline.common.markup import lowered, raised
from pipeline.ingest.archives import BROKEN, open_archive, part_of
from pipeline.ingest.document import Cell, Document
from pipeline.ingest.exam import PLAIN, ExamLine, Marks
from pipeline.ingest.items import MAX_COLUMNS, Format, Item, SniffedFile, Text
from pipeline.ingest.vietnamese import repair_vietnamese
from schemas.errors import DataError

_ODF = "urn:oasis:names:tc:opendocument:xmlns:"
OFFICE, STYLE, TEXT, TABLE = (f"{{{_ODF}{name}:1.0}}" for name in ("office", "style", "text", "table"))
DRAW, FO = f"{{{_ODF}drawing:1.0}}", f"{{{_ODF}xsl-fo-compatible:1.0}}"
MAX_XML_BYTES = 200 * 2**20
# Blanks that one element may stand for; levels of a list; cells that one element may repeat.
MAX_BLANKS, LEVELS = 200, 10
_MIME = b"application/vnd.oasis.opendocument.text"
# What is no text of the document: notes are read where they are told, tracked deletions aren't.
_LEFT_OUT = {f"{TEXT}tracked-changes", f"{OFFICE}annotation", f"{TEXT}note", f"{TEXT}sequence-decls", f"{OFFICE}forms", f"{TEXT}ruby-text"}
_SPACES = re.compile(r"[ \t\n\r]+")
_LEFT_OUT |= {f"{TEXT}table-of-content", f"{OFFICE}annotation-end"}


def sniff(file: SniffedFile) -> bool:
    """The type that stands first in the archive, or in a flat document's root."""
    zipped = file.data[:4] == b"PK\x03\x04" and _MIME in file.data[:200]
    flat = b"<office:document" in file.data[:2000] and _MIME in file.data[:8000]
    return zipped or flat or file.suffix in (".odt", ".fodt", ".ott")


def read(data: bytes) -> Iterator[Item | Text]:
    """One item a numbered question, or a row of a table whose header names the parts of a question. Raises DataError without any."""
    body, styles = _open(data)
    _repair(body)
    document = Document("the document")
    try:
        blocks = list(_Reader(styles).blocks(body))
    except RecursionError as error:
        raise DataError("not a readable OpenDocument text: its parts lie in each other too deep") from error
    for block in blocks:
        if isinstance(block, ExamLine):
            yield Text(block.text)
            document.add_line(block)
        else:
            yield from (Text("\t".join(line.text for cell in row for line in cell)) for row in block)
            document.add_table(block)
    yield from document.items()


def _open(data: bytes) -> tuple[Element, list[Element]]:
    """The text, and what holds its styles."""
    try:
        if data[:2] == b"PK":
            with open_archive(data, MAX_XML_BYTES, (".xml",)) as archive:
                names = set(archive.namelist())
                if "META-INF/manifest.xml" in names and b"encryption-data" in part_of(archive, "META-INF/manifest.xml"):
                    raise DataError("the document is encrypted: open it with its password and save it without")
                roots = [fromstring(part_of(archive, name), forbid_dtd=True) for name in ("content.xml", "styles.xml") if name in names]
        else:
            roots = [fromstring(data, forbid_dtd=True)]
    # LookupError: an encoding of that name.
    except (*BROKEN, ParseError, DefusedXmlException, ValueError, LookupError, RecursionError) as error:
        raise DataError(f"not a readable OpenDocument text: {error}") from error
    body = next((found for root in roots if (found := root.find(f"{OFFICE}body/{OFFICE}text")) is not None), None)
    if body is None:
        raise DataError("not a readable OpenDocument text: it holds no text")
    return body, roots


def _repair(body: Element) -> None:
    """Vietnamese in the letters of old fonts as Unicode."""
    elements = list(body.iter())
    if repaired := repair_vietnamese(" ".join(text for element in elements for text in (element.text, element.tail) if text)):
        for element in elements:
            element.text = repaired[0](element.text) if element.text else element.text
            element.tail = repaired[0](element.tail) if element.tail else element.tail


class _Style(NamedTuple):
    """What a style says of characters; None where it says nothing."""

    bold: bool | None
    underlined: bool | None
    color: str | None
    background: str | None
    shift: int | None

    def over(self, other: "_Style") -> "_Style":
        """This style where it says something, else the other."""
        return _Style(
            other.bold if self.bold is None else self.bold,
            other.underlined if self.underlined is None else self.underlined,
            self.color or other.color,
            self.background or other.background,
            other.shift if self.shift is None else self.shift,
        )

    @property
    def marks(self) -> Marks:
        found = {"b"} if self.bold else set()
        if self.underlined:
            found.add("u")
        if self.color and self.color not in ("#000000", "auto"):
            found.add(f"color:{self.color.removeprefix('#')}")
        if self.background and self.background not in ("transparent", "#ffffff"):
            found.add(f"highlight:{self.background.removeprefix('#')}")
        return frozenset(found) if found else PLAIN


_NO_STYLE = _Style(None, None, None, None, None)


class _Level(NamedTuple):
    """How a level of a list is numbered: `kind` is "1", "A", "a", "i" or "" for bullets."""

    kind: str
    prefix: str
    suffix: str
    start: int
    shown: int


class _Reader:
    """Blocks of a document in order, with styles and the numbers of its lists."""

    def __init__(self, roots: list[Element]) -> None:
        self.styles: dict[str, _Style] = {}
        self.parents: dict[str, str] = {}
        self.lists: dict[str, dict[int, _Level]] = {}
        self.list_of_style: dict[str, str] = {}
        for root in roots:
            for style in root.iter(f"{STYLE}style"):
                name = style.get(f"{STYLE}name", "")
                self.styles.setdefault(name, _character_style(style.find(f"{STYLE}text-properties")))
                self.parents.setdefault(name, style.get(f"{STYLE}parent-style-name", ""))
                if style.get(f"{STYLE}list-style-name"):
                    self.list_of_style.setdefault(name, style.get(f"{STYLE}list-style-name", ""))
            for found in root.iter(f"{TEXT}list-style"):
                levels = {_whole(level.get(f"{TEXT}level"), 1, LEVELS): _level(level) for level in found}
                self.lists.setdefault(found.get(f"{STYLE}name", ""), levels)
        # By style of list and level, over the whole document: lists with one style go on where they say so.
        self.counts: dict[str, list[int]] = {}
        self.names: dict[str, list[int]] = {}

    def blocks(self, parent: Element) -> Iterator[ExamLine | list[list[Cell]]]:
        """Lines, and tables as rows of cells."""
        for child in parent:
            if child.tag in (f"{TEXT}p", f"{TEXT}h"):
                yield from self.lines(child, "")
            elif child.tag == f"{TEXT}list":
                yield from self.list_lines(child, "", 1, None)
            elif child.tag == f"{TABLE}table":
                yield self.table(child)
            elif child.tag not in _LEFT_OUT:
                yield from self.blocks(child)

    def table(self, table: Element) -> list[list[Cell]]:
        rows = []
        for row in _rows(table):
            cells: list[Cell] = []
            for cell in row:
                if cell.tag not in (f"{TABLE}table-cell", f"{TABLE}covered-table-cell") or len(cells) > MAX_COLUMNS:
                    continue
                lines = [line for block in self.blocks(cell) for line in (_flat(block) if isinstance(block, list) else [block])]
                cells += [lines] * min(_whole(cell.get(f"{TABLE}number-columns-repeated"), 1, MAX_COLUMNS), MAX_COLUMNS)
            rows.append(cells)
        width = max(map(len, rows), default=0)
        while width > 1 and not any(row[width - 1] for row in rows if len(row) >= width):
            width -= 1
        return [(row + [[]] * width)[:width] for row in rows]

    def list_lines(self, element: Element, style: str, depth: int, counts: list[int] | None) -> Iterator[ExamLine | list[list[Cell]]]:
        style = element.get(f"{TEXT}style-name") or style or self._style_of_items(element)
        if counts is None:
            counts = self._counts(element, style)
        if depth < len(counts) and not (depth == 1 and counts[1]):
            counts[depth] = 0
        level = self.lists.get(style, {}).get(depth)
        for item in element:
            if item.tag not in (f"{TEXT}list-item", f"{TEXT}list-header"):
                continue
            label = ""
            if item.tag == f"{TEXT}list-item" and level and depth <= LEVELS:
                start = item.get(f"{TEXT}start-value")
                first = counts[depth] + 1 if counts[depth] else level.start
                # An item that holds a list and no text of its own isn't counted.
                if any(child.tag in (f"{TEXT}p", f"{TEXT}h") for child in item):
                    counts[depth] = _whole(start, first, 32_767) if start else first
                    counts[depth + 1 :] = [0] * len(counts[depth + 1 :])
                    label = self._label(style, depth, counts)
            for child in item:
                if child.tag in (f"{TEXT}p", f"{TEXT}h"):
                    yield from self.lines(child, label)
                    label = ""
                elif child.tag == f"{TEXT}list" and depth < LEVELS:
                    yield from self.list_lines(child, style, depth + 1, counts)
                elif child.tag not in _LEFT_OUT:
                    yield from self.blocks(child)

    def _style_of_items(self, element: Element) -> str:
        paragraph = next((found for found in element.iter() if found.tag in (f"{TEXT}p", f"{TEXT}h")), None)
        name = paragraph.get(f"{TEXT}style-name", "") if paragraph is not None else ""
        for _ in range(LEVELS):
            if name in self.list_of_style:
                return self.list_of_style[name]
            name = self.parents.get(name, "")
        return ""

    def _counts(self, element: Element, style: str) -> list[int]:
        """The numbers of a list's levels so far: those of the list that it goes on with, else none."""
        onward = element.get(f"{TEXT}continue-list")
        if onward in self.names:
            counts = self.names[onward or ""]
        elif element.get(f"{TEXT}continue-numbering") == "true" and style in self.counts:
            counts = self.counts[style]
        else:
            counts = [0] * (LEVELS + 2)
        self.counts[style] = counts
        if name := element.get("{http://www.w3.org/XML/1998/namespace}id"):
            self.names[name] = counts
        return counts

    def _label(self, style: str, depth: int, counts: list[int]) -> str:
        levels = self.lists[style]
        level = levels[depth]
        if not level.kind:
            return ""
        shown = range(max(depth - level.shown + 1, 1), depth + 1)
        numbers = [_written(max(counts[place], 1), levels[place].kind) for place in shown if place in levels]
        return f"{level.prefix}{'.'.join(number for number in numbers if number)}{level.suffix} "

    def lines(self, paragraph: Element, label: str) -> Iterator[ExamLine]:
        style = self.style(paragraph.get(f"{TEXT}style-name", ""))
        text, marks = label, [style.marks if label else PLAIN] * len(label)
        more: list[ExamLine | list[list[Cell]]] = []
        for piece, own in self.pieces(paragraph, style, more):
            text += piece
            marks += [own] * len(piece)
        start = 0
        for line in text.split("\n"):
            if line.strip():
                yield ExamLine(line, marks[start : start + len(line)])
            start += len(line) + 1
        for block in more:
            yield from _flat(block) if isinstance(block, list) else [block]

    def pieces(self, element: Element, style: _Style, more: list[ExamLine | list[list[Cell]]]) -> Iterator[tuple[str, Marks]]:
        """Texts with what sets them off; pictures as [image]. What a text box holds goes behind the paragraph."""
        if element.text:
            yield _shifted(_folded(element.text), style.shift), style.marks
        for child in element:
            if child.tag == f"{TEXT}s":
                yield " " * _whole(child.get(f"{TEXT}c"), 1, MAX_BLANKS), style.marks
            elif child.tag in (f"{TEXT}tab", f"{TEXT}line-break"):
                yield "\t" if child.tag == f"{TEXT}tab" else "\n", PLAIN
            elif child.tag in (f"{DRAW}frame", f"{DRAW}custom-shape", f"{DRAW}g", f"{DRAW}path", f"{DRAW}control"):
                boxes = list(child.iter(f"{DRAW}text-box"))
                for box in boxes:
                    more.extend(self.blocks(box))
                if not boxes or next(child.iter(f"{DRAW}image"), None) is not None:
                    yield "[image]", PLAIN
            elif child.tag not in _LEFT_OUT:
                name = child.get(f"{TEXT}style-name", "")
                yield from self.pieces(child, self.style(name).over(style) if child.tag == f"{TEXT}span" else style, more)
            if child.tail:
                yield _shifted(_folded(child.tail), style.shift), style.marks

    def style(self, name: str) -> _Style:
        found = _NO_STYLE
        for _ in range(LEVELS):
            if name not in self.styles:
                break
            found = found.over(self.styles[name])
            name = self.parents.get(name, "")
        return found


def _rows(table: Element) -> Iterator[Element]:
    """The rows of a table, those of its header and of groups too, not those of tables in its cells."""
    for child in table:
        if child.tag == f"{TABLE}table-row":
            yield child
        elif child.tag in (f"{TABLE}table-header-rows", f"{TABLE}table-rows", f"{TABLE}table-row-group"):
            yield from _rows(child)


def _flat(table: list[list[Cell]]) -> list[ExamLine]:
    return [line for row in table for cell in row for line in cell]


def _folded(text: str) -> str:
    """Any white space but no-break spaces is one blank: more are elements of their own."""
    return _SPACES.sub(" ", text)


def _shifted(text: str, shift: int | None) -> str:
    if not shift or not text.strip():
        return text
    return raised(text) if shift > 0 else lowered(text)


def _character_style(properties: Element | None) -> _Style:
    if properties is None:
        return _NO_STYLE
    weight, line = properties.get(f"{FO}font-weight"), properties.get(f"{STYLE}text-underline-style")
    position = properties.get(f"{STYLE}text-position")
    return _Style(
        None if weight is None else weight == "bold" or (weight.isdigit() and int(weight[:4]) >= 600),
        None if line is None else line != "none",
        properties.get(f"{FO}color"),
        properties.get(f"{FO}background-color"),
        None if position is None else _shift(position),
    )


def _shift(position: str) -> int:
    """1 for raised, -1 for lowered: "super 58%", "sub 58%", "33% 58%"."""
    first = position.split(" ")[0]
    if first.startswith(("super", "sub")):
        return 1 if first == "super" else -1
    number = first.removesuffix("%").removeprefix("-").split(".")[0]
    return 0 if not number.isdigit() or not number.strip("0") else -1 if first.startswith("-") else 1


def _level(element: Element) -> _Level:
    kind = element.get(f"{STYLE}num-format", "") if element.tag.endswith("number") else ""
    suffix, prefix = element.get(f"{STYLE}num-suffix", ""), element.get(f"{STYLE}num-prefix", "")
    return _Level(
        kind,
        prefix[:50],
        suffix[:50],
        _whole(element.get(f"{TEXT}start-value"), 1, 32_767),
        _whole(element.get(f"{TEXT}display-levels"), 1, LEVELS),
    )


def _whole(text: str | None, otherwise: int, most: int) -> int:
    """A number of the file, within bounds; what is none is `otherwise`."""
    return min(int(text), most) if text and text.isascii() and text.isdigit() and len(text) < 10 else otherwise


def _written(count: int, kind: str) -> str:
    """A number as a list writes it.

    >>> _written(2, "A"), _written(4, "i"), _written(30, "1")
    ('B', 'iv', '30')
    """
    if kind in ("A", "a") and count <= 26:
        return chr(ord(kind) + count - 1)
    if kind in ("I", "i") and count < 40:
        roman = "x" * (count // 10) + ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")[count % 10]
        return roman.upper() if kind == "I" else roman
    return str(count) if kind else ""


FORMAT = Format("odt", sniff, read_bytes=read)
