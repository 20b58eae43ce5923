"""What a reader gives, records as found before anything is understood of them, and what a format is."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from schemas.reasons import Reason

# Wider rows hold no question.
MAX_COLUMNS = 2000
# Of one sheet, empty ones between its corners too, or of one Parquet table. The longest sheet that Excel knows holds as many in 19 columns.
MAX_CELLS = 20_000_000


class Item(NamedTuple):
    """One record as found: a mapping of cells, a block's text, or what is left of a broken row.

    `part` names the sheet or the member of an archive that it stands in, where that has a layout of its own: what is inferred of a
    file (columns, base of the keys) is inferred of each part by itself. `reader` is the part's, where it isn't the file's.
    """

    locator: str
    payload: Any
    reason: Reason | None = None
    detail: str | None = None
    part: str = ""
    reader: str | None = None


class Text(NamedTuple):
    """What a reader yields beside its items: a piece of the file's text as people see it. What no item holds of it is the remainder."""

    text: str


class FileItems(NamedTuple):
    """All items of a file, the reader that took it, how its bytes were decoded (None: not text), and its text as people see it
    (None: a table or a structure, whose cells are all in items)."""

    items: list[Item]
    reader: str
    encoding: str | None
    text: str | None = None


class SniffedFile(NamedTuple):
    """What shows a file's format: all of its bytes, its suffix in small letters, and the beginning of its text ("" while undecoded)."""

    data: bytes
    suffix: str
    text: str


class Format(NamedTuple):
    """A file format. Exactly one of `read_bytes` and `read_text` (decoded, LF line ends) reads it; a file that can't be opened
    at all raises DataError, a broken row becomes an item with a reason. A reader whose file shows people other text than its
    decoded bytes (a document, markup) yields that text beside its items; of other text files the decoded text counts, but where `prose`
    is false (JSON, tables): there the words of the file are those of its items."""

    name: str
    sniff: Callable[[SniffedFile], bool]
    read_bytes: Callable[[bytes], Iterator[Item | Text]] | None = None
    read_text: Callable[[str], Iterator[Item | Text]] | None = None
    prose: bool = True
