"""Word exams (.docx, ECMA-376): numbered questions with lettered options, automatic numbers and formulas included, tables too."""

import re
from collections.abc import Iterator
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from pipeline.common.markup import lowered, raised
from pipeline.ingest.archives import BROKEN, open_archive, part_of
from pipeline.ingest.exam import PLAIN, ExamLine, Marks, exam_items, key_lines, starts_question
from pipeline.ingest.items import Format, Item, SniffedFile, Text
from pipeline.ingest.members import zipped_names
from pipeline.ingest.tables import is_question_table, table_items
from pipeline.ingest.vietnamese import repair_vietnamese
from schemas.errors import DataError

W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
MAX_XML_BYTES = 200 * 2**20
# What a picture, an embedded object or a drawing leaves in the text: the question can't be answered without it.
_PICTURES = {f"{W}drawing", f"{W}pict", f"{W}object"}
# Characters of the symbol fonts that people tick with.
_SYMBOLS = {"FE": "☑", "FD": "☒", "A8": "☐", "6F": "☐", "FC": "✓", "FB": "✗", "52": "☑", "53": "☒", "50": "✓", "4F": "✗", "A3": "☐"}
_EMBEDDED = (
    "its text lies in an embedded file (altChunk), which another program put into it; open the document in Word and save it, "
    "or export the embedded page itself"
)
_PIECES = {f"{W}tab": "\t", f"{W}br": "\n", f"{W}cr": "\n", f"{W}noBreakHyphen": "-"}
_LABEL_CELL = re.compile(r"([A-J])[.)]?|(?:Câu|Question)?\s*(\d{1,3})[.:)]?")
# Word itself knows nine levels of a list, starts of up to 32767, and short texts around a number.
_LEVELS, _MAX_START, _MAX_NUMBER_CHARS = 9, 32_767, 255
Rows = list[list[str]]


def sniff(file: SniffedFile) -> bool:
    """The suffix, or a zip archive with a Word document in it."""
    return file.suffix == ".docx" or (file.suffix not in (".xlsx", ".xlsm") and "word/document.xml" in zipped_names(file.data))


def read(data: bytes) -> Iterator[Item | Text]:
    """One item a numbered question, or a row of a table whose header names the parts of a question; and the text, a paragraph a piece.
    Raises DataError without any question, and where the text lies in a file of its own within the document."""
    body, numbering, notes = _open(data)
    if next(body.iter(f"{W}altChunk"), None) is not None:
        raise DataError(_EMBEDDED)
    texts = [element for root in (body, *notes) for element in root.iter(f"{W}t") if element.text]
    if repaired := repair_vietnamese(" ".join(element.text or "" for element in texts)):
        for element in texts:
            element.text = repaired[0](element.text or "")
    lines: list[ExamLine] = []
    shown: list[str] = []
    questions: Rows = []
    for block in _body_blocks(body):
        if block.tag == f"{W}p":
            lines += (found := _lines(block, numbering))
            shown += [line.text for line in found]
            continue
        rows = [
            ["\n".join(line.text for p in _paragraphs(cell) for line in _lines(p, None)) for cell in _cells(row)] for row in _rows(block)
        ]
        if is_question_table(rows):
            questions += rows if not questions or questions[0] != rows[0] else rows[1:]
            shown += ["\t".join(row) for row in rows]
        elif keys := key_lines(rows):
            lines += keys
            shown += ["\t".join(row) for row in rows]
        else:
            found = [line for row in _rows(block) for line in _row_lines(row, numbering)]
            lines += found
            shown += [line.text for line in found]
    items = [*exam_items(lines)]
    if questions:
        items += [item._replace(locator=f"table/{item.locator}") for item in table_items(list(questions))]
    if not items:
        raise DataError(
            "the document holds no numbered question (Câu 1. / Question 1: / 1.); number the questions and mark their options A., B."
        )
    yield from items
    yield from map(Text, shown)
    for note in notes:
        yield from (Text("".join(element.text or "" for element in p.iter(f"{W}t"))) for p in note.iter(f"{W}p"))


class _Level(NamedTuple):
    style: str
    text: str
    start: int


class _Numbering:
    """Word's automatic numbers: what stands before a paragraph without being in its text."""

    def __init__(self, numbering: Element | None, styles: Element | None) -> None:
        abstract: dict[str, dict[int, _Level]] = {}
        self.levels: dict[str, dict[int, _Level]] = {}
        self.of_style: dict[str, tuple[str, int]] = {}
        # By list and level; which levels are counted in letters.
        self.counts: dict[str, dict[int, int]] = {}
        self.lettered: set[tuple[str, int]] = set()
        for element in numbering.iter(f"{W}abstractNum") if numbering is not None else ():
            levels = [(_depth(_value(level, "ilvl", "0")), _level(level)) for level in element.iter(f"{W}lvl")]
            abstract[_value(element, "abstractNumId", "")] = {depth: level for depth, level in levels if depth is not None}
        for element in numbering.findall(f"{W}num") if numbering is not None else ():
            self.levels[_value(element, "numId", "")] = abstract.get(_child(element, "abstractNumId") or "", {})
        for style in styles.iter(f"{W}style") if styles is not None else ():
            if (place := _place(style.find(f"{W}pPr"))) is not None:
                self.of_style[_value(style, "styleId", "")] = place
        self.capitals = any(level.style == "upperLetter" for levels in self.levels.values() for level in levels.values())

    def prefix(self, paragraph: Element) -> str:
        """The number of a paragraph with a space behind it, "" for none. Letters start anew behind each number."""
        properties = paragraph.find(f"{W}pPr")
        style = _child(properties, "pStyle")
        place = _place(properties) or (self.of_style.get(style) if style else None)
        level = self.levels.get(place[0], {}).get(place[1]) if place else None
        if place is None or level is None or level.style in ("bullet", "none"):
            return ""
        number, depth = place
        counts = self.counts.setdefault(number, {})
        counts[depth] = count = counts.get(depth, level.start - 1) + 1
        for deeper in [other for other in counts if other > depth]:
            del counts[deeper]
        if "Letter" in level.style:
            self.lettered.add((number, depth))
        else:
            self.restart_letters()
        text = level.text
        for other in range(depth + 1):
            written = self.levels[number].get(other, level)
            text = text.replace(f"%{other + 1}", self._written(count if other == depth else counts.get(other, 1), written.style))
        return text + " "

    def restart_letters(self) -> None:
        """A new question: its options are lettered from A, whatever the list says."""
        for number, depth in self.lettered:
            self.counts[number].pop(depth, None)
        self.lettered.clear()

    def _written(self, count: int, style: str) -> str:
        if "Letter" not in style or not 1 <= count <= 26:
            return str(count)
        return chr(96 + count) if style == "lowerLetter" and self.capitals else chr(64 + count)


def _level(element: Element) -> _Level:
    start = _number(_child(element, "start") or "1")
    text = (_child(element, "lvlText") or "")[:_MAX_NUMBER_CHARS]
    return _Level(_child(element, "numFmt") or "decimal", text, 1 if start is None else min(start, _MAX_START))


def _place(properties: Element | None) -> tuple[str, int] | None:
    found = properties.find(f"{W}numPr") if properties is not None else None
    number = _child(found, "numId")
    depth = _depth(_child(found, "ilvl") or "0")
    return (number, depth) if number and number != "0" and depth is not None else None


def _depth(text: str) -> int | None:
    """The level of a list, None for what is none: such a paragraph stands in no list."""
    depth = _number(text)
    return depth if depth is not None and depth < _LEVELS else None


def _number(text: str) -> int | None:
    """Digits as a number; "²" and five thousand of them are none.

    >>> _number("3"), _number("²"), _number("-1")
    (3, None, None)
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _child(element: Element | None, name: str) -> str | None:
    child = element.find(f"{W}{name}") if element is not None else None
    return None if child is None else child.get(f"{W}val")


def _value(element: Element, name: str, default: str) -> str:
    return element.get(f"{W}{name}", default)


def _open(data: bytes) -> tuple[Element, _Numbering, list[Element]]:
    try:
        with open_archive(data, MAX_XML_BYTES, (".xml",)) as archive:
            body = fromstring(part_of(archive, "word/document.xml"), forbid_dtd=True).find(f"{W}body")
            names = set(archive.namelist())
            numbering, styles, *notes = (
                fromstring(part_of(archive, name), forbid_dtd=True) if name in names else None
                for name in ("word/numbering.xml", "word/styles.xml", "word/footnotes.xml", "word/endnotes.xml")
            )
    # LookupError: an encoding of that name.
    except (*BROKEN, ParseError, DefusedXmlException, ValueError, LookupError, RecursionError) as error:
        raise DataError(f"not a readable Word document: {error}") from error
    if body is None:
        raise DataError("not a readable Word document: it has no body")
    return body, _Numbering(numbering, styles), [note for note in notes if note is not None]


def _body_blocks(element: Element) -> Iterator[Element]:
    """Paragraphs and tables in order, those in content controls and tracked insertions too."""
    for child in element:
        if child.tag in (f"{W}p", f"{W}tbl"):
            yield child
        else:
            yield from _body_blocks(child)


def _paragraphs(element: Element) -> Iterator[Element]:
    """Paragraphs within an element, without those of text boxes within these."""
    for child in element:
        if child.tag == f"{W}p":
            yield child
        else:
            yield from _paragraphs(child)


def _rows(table: Element) -> list[Element]:
    return list(table.iter(f"{W}tr"))


def _cells(row: Element) -> list[Element]:
    return row.findall(f"{W}tc")


def _row_lines(row: Element, numbering: _Numbering) -> Iterator[ExamLine]:
    """A row's lines cell by cell; a cell that only names an option or a question goes before the next ("A" | "Hà Nội"),
    which numbers in a table of data don't."""
    label, cells = "", _cells(row)
    for place, cell in enumerate(cells):
        lines = [line for paragraph in _paragraphs(cell) for line in _lines(paragraph, numbering)]
        match = _LABEL_CELL.fullmatch(lines[0].text.strip()) if len(lines) == 1 and not label else None
        if match and (match[1] or any(len("".join(cell.itertext())) > 12 for cell in cells[place + 1 : place + 2])):
            label = f"{match[1] or match[2]}. "
        elif lines:
            yield ExamLine(label + lines[0].text, [PLAIN] * len(label) + lines[0].marks)
            yield from lines[1:]
            label = ""


def _lines(paragraph: Element, numbering: _Numbering | None) -> list[ExamLine]:
    prefix = numbering.prefix(paragraph) if numbering and any(True for _ in _runs(paragraph)) else ""
    text, marks = prefix, [PLAIN] * len(prefix)
    for piece, style in _runs(paragraph):
        text += piece
        marks += [style] * len(piece)
    lines, start = [], 0
    for piece in text.split("\n"):
        lines.append(ExamLine(piece, marks[start : start + len(piece)]))
        start += len(piece) + 1
    if numbering and not prefix and starts_question(text):
        numbering.restart_letters()
    return [line for line in lines if line.text.strip()]


def _runs(element: Element) -> Iterator[tuple[str, Marks]]:
    """Texts of a paragraph with what sets them off; formulas as plain text, ticks as signs, pictures as [image]."""
    for child in element:
        if child.tag == f"{W}r":
            yield from _run(child)
        elif child.tag.startswith(M):
            yield _formula(child), PLAIN
        elif child.tag == f"{W}sdt" and (box := child.find(f"{W}sdtPr/{W14}checkbox")) is not None:
            checked = box.find(f"{W14}checked")
            yield ("☐ " if checked is None or checked.get(f"{W14}val", "1") in ("0", "false") else "☑ "), PLAIN
        elif child.tag not in (f"{W}pPr", f"{W}del", f"{W}moveFrom", f"{W}sdtPr"):
            yield from _runs(child)


def _run(run: Element) -> Iterator[tuple[str, Marks]]:
    properties = run.find(f"{W}rPr")
    style = _style(properties)
    for part in run:
        if part.tag in _PICTURES or part.tag.endswith("}AlternateContent"):
            box = _box_text(part)
            yield (f"\n{box}\n" if box else "[image]"), PLAIN if box else style
        elif part.tag == f"{W}sym":
            code = part.get(f"{W}char", "").upper()
            yield _SYMBOLS.get(code[-2:], "") or chr(int(code, 16)) if re.fullmatch("[0-9A-F]{4}", code) and code[:1] != "D" else "", style
        elif part.tag == f"{W}fldChar" and (box_of_form := part.find(f"{W}ffData/{W}checkBox")) is not None:
            yield ("☑ " if _is_checked(box_of_form) else "☐ "), PLAIN
        elif piece := _PIECES.get(part.tag, part.text or "" if part.tag == f"{W}t" else ""):
            yield _shifted(piece, _child(properties, "vertAlign")), style


def _is_checked(box: Element) -> bool:
    """Whether a check box of an old form is ticked: by the person who filled it in, else by default."""
    state = next((found for name in ("checked", "default") if (found := box.find(f"{W}{name}")) is not None), None)
    return state is not None and state.get(f"{W}val", "1") not in ("0", "false")


def _box_text(drawing: Element) -> str:
    """What a text box holds, a paragraph a line; "" for a picture. The same box stands twice, once for old programs."""
    content = next(drawing.iter(f"{W}txbxContent"), None)
    if content is None:
        return ""
    paragraphs = ("".join(piece for piece, _ in _runs(paragraph)) for paragraph in content.iter(f"{W}p"))
    return "\n".join(text for text in paragraphs if text.strip())


def _style(properties: Element | None) -> Marks:
    if properties is None:
        return PLAIN
    found = [
        (name, _child(properties, name) or "true") for name in ("u", "b", "highlight", "color") if properties.find(f"{W}{name}") is not None
    ]
    return frozenset(
        f"{name}:{value}" if name in ("highlight", "color") else name
        for name, value in found
        if value.lower() not in ("0", "false", "none", "auto", "000000")
    )


def _shifted(text: str, alignment: str | None) -> str:
    """x2 with a raised 2 as x², where such characters exist.

    >>> _shifted("2", "superscript"), _shifted("ab", "subscript")
    ('²', '_{ab}')
    """
    shift = {"superscript": raised, "subscript": lowered}.get(alignment or "")
    return text if shift is None else shift(text)


def _formula(element: Element) -> str:
    """A formula (OMML) on one line: (a)/(b), x^(2), x_(1), √(x); what has no such form keeps its characters in order."""

    def part(name: str) -> str:
        child = element.find(f"{M}{name}")
        text = "" if child is None else "".join(map(_formula, child))
        return text if len(text) <= 1 or text.isdigit() else f"({text})"

    kind = element.tag.removeprefix(M)
    if kind == "f":
        return f"{part('num')}/{part('den')}"
    if kind in ("sSup", "sSub", "sSubSup"):
        low = f"_{part('sub')}" if kind != "sSup" else ""
        return part("e") + low + (f"^{part('sup')}" if kind != "sSub" else "")
    if kind == "rad":
        return f"{part('deg')}√{part('e')}"
    if kind == "t":
        return element.text or ""
    return "".join(_formula(child) for child in element if not child.tag.endswith("Pr"))


FORMAT = Format("docx", sniff, read_bytes=read)
