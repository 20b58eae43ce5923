"""Old Word documents (.doc) and Rich Text (.rtf): made .docx by LibreOffice where that is installed, and read as Word documents."""

from collections.abc import Iterator

from pipeline.ingest.formats import word
from pipeline.ingest.items import Format, Item, SniffedFile, Text
from pipeline.ingest.libreoffice import convert, find_program
from schemas.errors import DataError

_OLE, _RTF = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"{\\rtf"
# The name of the part of an old Office file that holds a Word document.
_WORD = "WordDocument".encode("utf-16-le")
_ADVICE = {
    _OLE: "not readable: an old Word document: save it as .docx, or install LibreOffice (`soffice`), which then converts it",
    _RTF: "not readable: a Rich Text file: save it as .docx or plain text, or install LibreOffice (`soffice`), which then converts it",
}
# Documents of other programs, which nothing here reads.
_OTHERS = (".wps", ".pages", ".wpd")


def sniff(file: SniffedFile) -> bool:
    """Rich Text, an old Office file that holds a Word document, or a suffix of other programs that write documents."""
    if file.data.startswith(_RTF):
        return True
    return file.suffix in _OTHERS or (file.data.startswith(_OLE) and (file.suffix in (".doc", ".dot") or _WORD in file.data))


def read(data: bytes) -> Iterator[Item | Text]:
    """What the Word reader finds. Raises DataError without LibreOffice, and where it makes nothing of the file."""
    mark = next((mark for mark in _ADVICE if data.startswith(mark)), None)
    if mark is None or (mark == _OLE and _WORD not in data):
        raise DataError("not readable: a document of another program (Works, WPS, Pages, ...): save it as .docx")
    if find_program() is None:
        raise DataError(_ADVICE[mark])
    yield from word.read(convert(data, ".rtf" if mark == _RTF else ".doc"))


FORMAT = Format("doc", sniff, read_bytes=read)
