"""Cells that are merged downwards in an OpenDocument spreadsheet: the library that reads its cells doesn't tell of them."""

import re
import zipfile
from collections.abc import Iterator
from html import unescape

from pipeline.ingest.archives import BROKEN, chunks_of

_TAG = re.compile(rb"<table:(table|table-row|table-cell|covered-table-cell)(\s[^<>]{0,2000})?>")
_TAG_BYTES = 2_100
_NAME = re.compile(rb'\stable:name="([^"]{0,300})"')
_SPAN = re.compile(rb'\stable:number-rows-spanned="([0-9]{1,7})"')
_COLUMNS = re.compile(rb'\stable:number-columns-repeated="([0-9]{1,7})"')
_ROWS = re.compile(rb'\stable:number-rows-repeated="([0-9]{1,7})"')
Range = tuple[tuple[int, int], tuple[int, int]]


def merged_downwards(archive: zipfile.ZipFile) -> dict[str, list[Range]]:
    """By the sheet's name, first and last (row, column) of each cell that spans rows, counted from 0; none for other archives."""
    if "content.xml" not in archive.NameToInfo:
        return {}
    found: dict[str, list[Range]] = {}
    sheet, row, column, row_repeat = "", -1, 0, 1
    try:
        for kind, attributes in _tags(archive):
            if kind == b"table":
                name = _NAME.search(attributes)
                sheet, row, row_repeat = unescape(name[1].decode("utf-8", "replace")) if name else "", -1, 1
            elif kind == b"table-row":
                row, column, row_repeat = row + row_repeat, 0, _number(_ROWS, attributes)
            else:
                if (rows := _number(_SPAN, attributes)) > 1:
                    found.setdefault(sheet, []).append(((row, column), (row + rows - 1, column)))
                column += _number(_COLUMNS, attributes)
    except BROKEN:
        return {}
    return found


def _tags(archive: zipfile.ZipFile) -> Iterator[tuple[bytes, bytes]]:
    rest = b""
    for chunk in [*chunks_of(archive, "content.xml"), b""]:
        text = rest + chunk
        # The last tag may be cut off: it is read with the next piece.
        end = text.rfind(b"<", max(0, len(text) - _TAG_BYTES)) if chunk else len(text)
        end = end if end >= 0 else len(text)
        for match in _TAG.finditer(text, 0, end):
            yield match[1], match[2] or b""
        rest = text[end:]


def _number(pattern: re.Pattern[bytes], attributes: bytes) -> int:
    match = pattern.search(attributes)
    return int(match[1]) if match else 1
