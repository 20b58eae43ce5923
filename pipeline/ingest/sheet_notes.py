"""What the XML of a workbook says of its cells and the library that reads it doesn't: errors, formulas without a value, percentages,
leading zeros, superscripts and subscripts."""

import re
import zipfile
from collections.abc import Callable, Iterator
from functools import reduce
from html import unescape
from typing import NamedTuple

from pipeline.common.markup import lowered, raised
from pipeline.ingest.archives import BROKEN, chunks_of

MAX_PART_BYTES = 16 * 2**20
# A cell that is no text: its tag, its formula and its value. No formula of Excel is longer than 8,192 characters.
_CELL = re.compile(rb"<c ([^<>]{0,200})>(?P<formula><f[^<>]{0,300}>(?:[^<>]{0,8200}</f>)?)?(?:<v>(?P<value>[^<>]{0,100})</v>)?")
# Cells with a text of their own hold it whole; a longer one than this may be cut between two pieces, and then bears no note.
_CELL_BYTES = 40_000
_PLACE = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
_STYLE, _TYPE = re.compile(rb'\bs="([0-9]{1,6})"'), re.compile(rb'\bt="([a-zA-Z]{1,10})"')
_NAME, _ID = re.compile(rb'\sname="([^"]{0,300})"'), re.compile(rb'\s(?:r:id|Id)="([^"]{0,300})"')
_TARGET = re.compile(rb'\sTarget="([^"]{0,300})"')
_FORMAT_ID, _CODE = re.compile(rb'numFmtId="([0-9]{1,6})"'), re.compile(rb'formatCode="([^"]{0,200})"')
# "000" shows at least so many digits.
_DIGITS = re.compile(rb"0{2,20}")
# A text in runs, some of them raised or lowered; strings lie in a part of their own, or in their cells.
_STRING, _RUN = re.compile(rb"<si(?: [^<>/]{0,200})?/?>"), re.compile(rb"<r>|<r [^<>]{0,200}>")
_RUN_TEXT = re.compile(rb"<t(?: [^<>]{0,100})?>([^<>]{0,40000})</t>")
_SHIFT = re.compile(rb'<vertAlign val="(super|sub)script"')
_PERCENT = re.compile(rb"(?:\[[^\]]{0,20}\])?[#,0]{1,10}(?:\.(0{1,10}))?%")


class Note(NamedTuple):
    """What a cell shows: a text with raised or lowered signs, an error, a formula's missing value (`is_broken`), a percentage with so many
    decimals, or a number of at least so many digits."""

    text: str = ""
    is_broken: bool = False
    percent_decimals: int | None = None
    digits: int | None = None


class _Book(NamedTuple):
    """What the cells of a workbook refer to: decimals and digits by the number of a style, and the strings with raised or lowered signs."""

    percents: dict[int, int]
    digits: dict[int, int]
    shifted: dict[int, str]


def cell_notes(archive: zipfile.ZipFile) -> dict[str, dict[tuple[int, int], Note]]:
    """Notes by the sheet's name and by (row, column) from 0; none for a workbook whose parts can't be told."""
    try:
        sheets = _parts(_part(archive, "xl/workbook.xml"), b"<sheet ", _NAME, _ID)
        targets = {key: path for path, key in _parts(_part(archive, "xl/_rels/workbook.xml.rels"), b"<Relationship ", _TARGET, _ID)}
        styles = _part(archive, "xl/styles.xml")
        percents = _styles(styles, {b"9": 0, b"10": 2}, lambda code: len(m[1] or b"") if (m := _PERCENT.match(code)) else None)
        digits = _styles(styles, {}, lambda code: len(code) if _DIGITS.fullmatch(code) else None)
        book = _Book(percents, digits, _shifted_strings(_part(archive, "xl/sharedStrings.xml")))
    except BROKEN:
        return {}
    notes = {}
    for name, key in sheets:
        path = targets.get(key, "").lstrip("/")
        path = path if path.startswith("xl/") else f"xl/{path}"
        if path in archive.NameToInfo:
            notes[unescape(name)] = dict(_notes(archive, path, book))
    return notes


def column_number(letters: bytes) -> int:
    """
    >>> column_number(b"A"), column_number(b"XFD")
    (1, 16384)
    """
    return reduce(lambda number, letter: number * 26 + letter - 64, letters, 0)


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    if name not in archive.NameToInfo or archive.getinfo(name).file_size > MAX_PART_BYTES:
        return b""
    return b"".join(chunks_of(archive, name))


def _parts(xml: bytes, opening: bytes, first: re.Pattern[bytes], second: re.Pattern[bytes]) -> list[tuple[str, str]]:
    """Two attributes of each element that opens so."""
    found = []
    for piece in xml.split(opening)[1:]:
        tag = b" " + piece[:2000].partition(b">")[0]
        if (one := first.search(tag)) and (other := second.search(tag)):
            found.append((one[1].decode("utf-8", "replace"), other[1].decode("utf-8", "replace")))
    return found


def _shifted_strings(xml: bytes) -> dict[int, str]:
    """The strings with raised or lowered runs, by their number."""
    if b"<vertAlign" not in xml:
        return {}
    pieces = _STRING.split(xml)[1:]
    return {place: text for place, piece in enumerate(pieces) if b"<vertAlign" in piece and (text := _shifted(piece)) is not None}


def _shifted(xml: bytes) -> str | None:
    """A text of runs on one line; None where none is raised or lowered."""
    shown, is_shifted = [], False
    for run in _RUN.split(xml.partition(b"<rPh")[0])[1:]:
        text = "".join(unescape(piece.decode("utf-8", "replace")) for piece in _RUN_TEXT.findall(run))
        shift = _SHIFT.search(run)
        is_shifted = is_shifted or shift is not None
        shown.append(text if shift is None else raised(text) if shift[1] == b"super" else lowered(text))
    return "".join(shown) if is_shifted else None


def _styles(xml: bytes, formats: dict[bytes, int], read: Callable[[bytes], int | None]) -> dict[int, int]:
    """Number of a cell style -> what is read from its format's code, where that says something."""
    for piece in xml.split(b"<numFmt ")[1:]:
        tag = piece[:600].partition(b">")[0]
        if (number := _FORMAT_ID.search(tag)) and (code := _CODE.search(tag)) and (found := read(code[1])) is not None:
            formats[number[1]] = found
    styles = xml.partition(b"<cellXfs")[2].partition(b"</cellXfs>")[0].split(b"<xf ")[1:]
    used = (_FORMAT_ID.search(style[:600].partition(b">")[0]) for style in styles)
    return {place: formats[match[1]] for place, match in enumerate(used) if match and match[1] in formats}


def _notes(archive: zipfile.ZipFile, path: str, book: _Book) -> Iterator[tuple[tuple[int, int], Note]]:
    rest = b""
    for chunk in [*chunks_of(archive, path), b""]:
        text = rest + chunk
        # The last cell may be cut off: it is read with the next piece.
        end = text.rfind(b"<c ", max(0, len(text) - _CELL_BYTES)) if chunk else len(text)
        end = end if end >= 0 else len(text)
        for match in _CELL.finditer(text, 0, end):
            if note := _note(match, book, text):
                yield note
        rest = text[end:]


def _note(match: re.Match[bytes], book: _Book, xml: bytes) -> tuple[tuple[int, int], Note] | None:
    tag, formula, value = match[1], match["formula"], match["value"]
    if not (place := _PLACE.search(tag)) or tag.endswith(b"/"):
        return None
    where = int(place[2]) - 1, column_number(place[1]) - 1
    kind = _TYPE.search(tag)
    if kind and kind[1] == b"e":
        return where, Note(unescape((value or b"").decode("utf-8", "replace")) or "#N/A", is_broken=formula is not None)
    if formula is not None and not value and not (kind and kind[1] in (b"str", b"inlineStr")):
        return where, Note("a formula without a value", is_broken=True)
    if kind and kind[1] == b"s":
        text = book.shifted.get(int(value)) if value and value.isdigit() and book.shifted else None
        return (where, Note(text)) if text is not None else None
    if kind and kind[1] == b"inlineStr":
        own = xml[match.end() : xml.find(b"</c>", match.end(), match.end() + _CELL_BYTES)]
        return (where, Note(text)) if b"<vertAlign" in own and (text := _shifted(own)) is not None else None
    style = _STYLE.search(tag)
    if style and value and (kind is None or kind[1] == b"n"):
        number = int(style[1])
        if (decimals := book.percents.get(number)) is not None:
            return where, Note(percent_decimals=decimals)
        if (digits := book.digits.get(number)) is not None:
            return where, Note(digits=digits)
    return None
