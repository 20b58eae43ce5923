"""One module a file format, all registered in FORMATS: to add one, see CONTRIBUTING.md."""

from collections.abc import Iterable

from pipeline.common.confined import confined
from pipeline.ingest.decode import decode
from pipeline.ingest.formats import (
    aiken,
    anki,
    blackboard,
    blocks,
    brightspace,
    cards,
    csv,
    exam_text,
    examview,
    gift,
    google_forms,
    h5p,
    hotpot,
    html,
    javascript,
    json,
    jsonl,
    latex,
    markdown,
    moodle,
    odt,
    office,
    olx,
    parquet,
    pdf,
    python,
    qti,
    respondus,
    rexams,
    text2qti,
    toml,
    tutor,
    wiki,
    word,
    wpproquiz,
    xlsx,
    yaml,
    zip,
)
from pipeline.ingest.items import FileItems, Format, Item, SniffedFile, Text
from pipeline.ingest.verdicts import unknown_text
from schemas.errors import DataError


def _read_member(data: bytes, suffix: str) -> FileItems | None:
    """Reads a file that stands in an archive, in this process: an archive is read in the one with limits already. None for an archive."""
    form = _find(SniffedFile(data, suffix.lower(), ""))
    if form is not None and form.name == "zip":
        return None
    if form is not None and form.read_bytes is not None:
        items, text = _parted(form.read_bytes(data))
        return FileItems(items, form.name, None, text)
    return _read(data, suffix, form)


# The first whose `sniff` says yes reads the file: binary formats are asked before text is decoded.
FORMATS: tuple[Format, ...] = (
    word.FORMAT,
    office.FORMAT,
    xlsx.FORMAT,
    parquet.FORMAT,
    pdf.FORMAT,
    odt.FORMAT,
    h5p.FORMAT,
    anki.FORMAT,
    zip.archive_format(_read_member),
    html.FORMAT,
    qti.FORMAT,
    olx.FORMAT,
    hotpot.FORMAT,
    wpproquiz.FORMAT,
    moodle.FORMAT,
    yaml.FORMAT,
    toml.FORMAT,
    python.FORMAT,
    javascript.FORMAT,
    rexams.FORMAT,
    latex.FORMAT,
    markdown.FORMAT,
    jsonl.FORMAT,
    json.FORMAT,
    blocks.FORMAT,
    brightspace.FORMAT,
    blackboard.FORMAT,
    tutor.FORMAT,
    csv.NAMED,
    wiki.FORMAT,
    text2qti.FORMAT,
    cards.FORMAT,
    respondus.FORMAT,
    examview.FORMAT,
    google_forms.FORMAT,
    aiken.FORMAT,
    gift.FORMAT,
    exam_text.FORMAT,
    csv.FORMAT,
)
READERS = {form.name: form for form in FORMATS}
SNIFFED_CHARS = 200_000
# Processor time for a file that isn't plain text. Workbooks, the slowest, take 1.5 s a megabyte on a slow core.
SECONDS, SECONDS_PER_MEGABYTE = 10, 8
# Files that hold no readable text, by their first bytes, and what to do about them.
_FOREIGN = (
    (b"BZh", "compressed (bzip2): unpack it first"),
    (b"\xfd7zXZ", "compressed (xz): unpack it first"),
    (b"\x28\xb5\x2f\xfd", "compressed (zstd): unpack it first"),
    (b"7z\xbc\xaf", "a 7z archive: unpack it first"),
    (b"Rar!", "a RAR archive: unpack it first"),
    (b"\xd0\xcf\x11\xe0", "an old Office file: save it as .docx or .xlsx"),
)


def read_bytes(data: bytes, suffix: str, reader: str) -> FileItems:
    """Reads a file's bytes with the named reader, or with the one that suffix and content show.

    Plain text is read here; workbooks, Word documents, Parquet and XML, which unpack to any size and are parsed by native code, in a
    process with limits (`pipeline/common/confined.py`).

    Raises:
        DataError: nothing of the file can be read, in words of its reader.
        Exception: a reader failed.
    """
    form = READERS.get(reader) or _find(SniffedFile(data, suffix.lower(), ""))
    if form is not None and form.read_bytes is not None:
        seconds = SECONDS + SECONDS_PER_MEGABYTE * len(data) / 1e6
        items, text = _parted(confined(_items, form.name, data, seconds=seconds))
        return FileItems(items, form.name, None, text)
    return _read(data, suffix, form)


def possible_readers(data: bytes, suffix: str) -> list[str]:
    """Names of all readers that would take a file, the one that `auto` takes first. Raises UnicodeError for what is no text."""
    file = SniffedFile(data, suffix.lower(), "")
    if (binary := _find(file)) is not None:
        return [binary.name]
    file = file._replace(text=decode(data[: 4 * SNIFFED_CHARS]).text.replace("\r\n", "\n")[:SNIFFED_CHARS].lstrip())
    return list(dict.fromkeys(form.name for form in FORMATS if form.read_text is not None and form.sniff(file)))


def _items(name: str, data: bytes) -> list[Item | Text]:
    read = READERS[name].read_bytes
    assert read is not None
    return list(read(data))


def _parted(found: Iterable[Item | Text]) -> tuple[list[Item], str | None]:
    """Items, and the text as people see it; None where the reader gives none."""
    items: list[Item] = []
    texts: list[str] = []
    for one in found:
        if isinstance(one, Text):
            texts.append(one.text)
        else:
            items.append(one)
    return items, "\n".join(texts) if texts else None


def _read(data: bytes, suffix: str, form: Format | None) -> FileItems:
    if foreign := next((what for mark, what in _FOREIGN if data.startswith(mark)), None):
        raise DataError(f"not readable: {foreign}")
    try:
        text, encoding = decode(data)
    except UnicodeError as error:
        raise DataError(str(error)) from error
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    form = form or _find(SniffedFile(data, suffix.lower(), text[:SNIFFED_CHARS].lstrip()))
    if not text.strip():
        return FileItems([], form.name if form else "none", encoding)
    if form is None or form.read_text is None:
        raise DataError(unknown_text(text[:SNIFFED_CHARS], suffix, READERS))
    items, seen = _parted(form.read_text(text))
    return FileItems(items, form.name, encoding, text if seen is None and form.prose else seen)


def _find(file: SniffedFile) -> Format | None:
    """The format that the bytes show, or, once the text is there, the text."""
    return next((form for form in FORMATS if (form.read_bytes is None) == bool(file.text) and form.sniff(file)), None)
