"""What the XML of a workbook says of its cells and the library that reads it doesn't: errors, formulas without a value, percentages."""

import re
import zipfile
from collections.abc import Iterator
from functools import reduce
from html import unescape
from typing import NamedTuple

from pipeline.ingest.archives import BROKEN, chunks_of

MAX_PART_BYTES = 16 * 2**20
# A cell that is no text: its tag, its formula and its value. No formula of Excel is longer than 8,192 characters.
_CELL = re.compile(rb"<c ([^<>]{0,200})>(?P<formula><f[^<>]{0,300}>(?:[^<>]{0,8200}</f>)?)?(?:<v>(?P<value>[^<>]{0,100})</v>)?")
_CELL_BYTES = 9_000
_PLACE = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
_STYLE, _TYPE = re.compile(rb'\bs="([0-9]{1,6})"'), re.compile(rb'\bt="([a-zA-Z]{1,10})"')
_NAME, _ID = re.compile(rb'\sname="([^"]{0,300})"'), re.compile(rb'\s(?:r:id|Id)="([^"]{0,300})"')
_TARGET = re.compile(rb'\sTarget="([^"]{0,300})"')
_FORMAT_ID, _CODE = re.compile(rb'numFmtId="([0-9]{1,6})"'), re.compile(rb'formatCode="([^"]{0,200})"')
_PERCENT = re.compile(rb"(?:\[[^\]]{0,20}\])?[#,0]{1,10}(?:\.(0{1,10}))?%")


class Note(NamedTuple):
    """What a cell shows: an error or a formula's missing value (`is_broken`), or a percentage with so many decimals."""

    text: str = ""
    is_broken: bool = False
    percent_decimals: int | None = None


def cell_notes(archive: zipfile.ZipFile) -> dict[str, dict[tuple[int, int], Note]]:
    """Notes by the sheet's name and by (row, column) from 0; none for a workbook whose parts can't be told."""
    try:
        sheets = _parts(_part(archive, "xl/workbook.xml"), b"<sheet ", _NAME, _ID)
        targets = {key: path for path, key in _parts(_part(archive, "xl/_rels/workbook.xml.rels"), b"<Relationship ", _TARGET, _ID)}
        percents = _percent_styles(_part(archive, "xl/styles.xml"))
    except BROKEN:
        return {}
    notes = {}
    for name, key in sheets:
        path = targets.get(key, "").lstrip("/")
        path = path if path.startswith("xl/") else f"xl/{path}"
        if path in archive.NameToInfo:
            notes[unescape(name)] = dict(_notes(archive, path, percents))
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


def _percent_styles(xml: bytes) -> dict[int, int]:
    """Number of a cell style -> decimals, of the styles that show percentages."""
    formats = {b"9": 0, b"10": 2}
    for piece in xml.split(b"<numFmt ")[1:]:
        tag = piece[:600].partition(b">")[0]
        if (number := _FORMAT_ID.search(tag)) and (code := _CODE.search(tag)) and (match := _PERCENT.match(code[1])):
            formats[number[1]] = len(match[1] or b"")
    styles = xml.partition(b"<cellXfs")[2].partition(b"</cellXfs>")[0].split(b"<xf ")[1:]
    found = (_FORMAT_ID.search(style[:600].partition(b">")[0]) for style in styles)
    return {place: formats[match[1]] for place, match in enumerate(found) if match and match[1] in formats}


def _notes(archive: zipfile.ZipFile, path: str, percents: dict[int, int]) -> Iterator[tuple[tuple[int, int], Note]]:
    rest = b""
    for chunk in [*chunks_of(archive, path), b""]:
        text = rest + chunk
        # The last cell may be cut off: it is read with the next piece.
        end = text.rfind(b"<c ", max(0, len(text) - _CELL_BYTES)) if chunk else len(text)
        end = end if end >= 0 else len(text)
        for match in _CELL.finditer(text, 0, end):
            if note := _note(match, percents):
                yield note
        rest = text[end:]


def _note(match: re.Match[bytes], percents: dict[int, int]) -> tuple[tuple[int, int], Note] | None:
    tag, formula, value = match[1], match["formula"], match["value"]
    if not (place := _PLACE.search(tag)) or tag.endswith(b"/"):
        return None
    where = int(place[2]) - 1, column_number(place[1]) - 1
    kind = _TYPE.search(tag)
    if kind and kind[1] == b"e":
        return where, Note(unescape((value or b"").decode("utf-8", "replace")) or "#N/A", is_broken=formula is not None)
    if formula is not None and not value and not (kind and kind[1] in (b"str", b"inlineStr")):
        return where, Note("a formula without a value", is_broken=True)
    style = _STYLE.search(tag)
    if style and value and (decimals := percents.get(int(style[1]))) is not None and (kind is None or kind[1] == b"n"):
        return where, Note(percent_decimals=decimals)
    return None
