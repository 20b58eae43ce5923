"""Stage 1, ingest: the files of every source become one row a record, verbatim. Whatever can't be read is a row as well,
with its reason: no file and no row raises."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.common.parallel import collector_paused, start_processes
from pipeline.common.text import canonical_json, short_hash
from pipeline.ingest.files import Found, bytes_of, find_files, name_below, printable, size_of
from pipeline.ingest.formats import READERS, read_bytes
from pipeline.ingest.items import FileItems, Item
from pipeline.ingest.remainder import Remainder, remainder
from pipeline.ingest.verdicts import explain
from schemas.config import Config
from schemas.reasons import Reason
from schemas.tables.arrow import to_frame
from schemas.tables.curation import RawRecord

# Files of so many bytes hold questions enough for the later stages to want every core.
BYTES_WORTH_A_PROCESS = 5_000_000
NO_QUESTION = "the file has text, and its reader finds no question in it: name another reader as `reader:`, or take the file out of `path:`"


def files_without_records(config: Config, found: Found, raw: pd.DataFrame) -> list[str]:
    """Of the files found, those that gave no record: empty, or a header alone."""
    names = {name_below(config.root_path, path) for _, files in found for path in files}
    return sorted(names - set(raw["file"].tolist()))


def read_file(path: Path, reader: str) -> tuple[FileItems, str]:
    """Items of one file, their payloads as text, and the SHA-256 of its bytes ("" where there are none to be had). A file that has words
    and no record is one item that says so.

    The guard around every reader: whatever one raises makes the file one rejected item that says why. A file is read as a whole or not
    at all; what a reader found before it failed is not kept, as nobody could say what is missing.
    """
    digest = ""
    try:
        data = bytes_of(path)
        digest = hashlib.sha256(data).hexdigest()
        content = read_bytes(data, path.suffix, reader)
        items = [item._replace(payload=_written(item.payload)) for item in content.items]
        if not items and content.text and re.search(r"\w", content.text):
            payload = canonical_json({"unreadable_file": digest})
            items = [Item("file:1", payload, Reason.UNKNOWN_LAYOUT, f"{NO_QUESTION} ({content.reader})")]
        return content._replace(items=items), digest
    except Exception as error:
        payload = canonical_json({"unreadable_file": digest} if digest else None)
        return FileItems([Item("file:1", payload, Reason.UNREADABLE_FILE, explain(error, path, reader))], reader, None), digest


def text_left(content: FileItems) -> Remainder | None:
    """What of a file's text none of its records holds; None where the file is a table or a structure, or isn't read at all."""
    if content.text is None or any(item.reason in (Reason.UNREADABLE_FILE, Reason.UNKNOWN_LAYOUT) for item in content.items):
        return None
    whole = content.reader not in READERS or READERS[content.reader].prose
    return remainder(content.text, [item.payload for item in content.items], whole)


def _written(payload: Any) -> str:
    """A payload as it is hashed and kept. A text that isn't sound Unicode loses what no table could hold."""
    text = payload if isinstance(payload, str) else canonical_json(payload)
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def ingest(config: Config, found: Found | None = None) -> pd.DataFrame:
    """RawRecord rows of all sources, in source, file and position order; `found` are their files where they were listed before.

    `record_id` hashes (source, payload, occurrence number among the source's equal payloads), so it survives
    inserted rows and reordered or renamed files.

    Raises:
        ConfigError: a source matches no file.
    """
    return records_of(config.root_path, find_files(config) if found is None else found)


def records_of(root: Path, found: Found) -> pd.DataFrame:
    """RawRecord rows of these files, which lie below `root`."""
    if sum(size_of(path) for _, files in found for path in files) > BYTES_WORTH_A_PROCESS:
        start_processes()
    with collector_paused():
        return to_frame(_records(root, found), RawRecord)


def _records(root: Path, found: Found) -> Iterator[dict[str, Any]]:
    for source, files in found:
        occurrences: Counter[str] = Counter()
        for path in files:
            name = name_below(root, path)
            content, digest = read_file(path, source.reader)
            left = text_left(content)
            unread = left.longest() if left else []
            for item in content.items:
                occurrences[item.payload] += 1
                yield {
                    "record_id": short_hash(source.name, item.payload, str(occurrences[item.payload])),
                    "source": source.name,
                    "role": source.role,
                    "file": name,
                    # Both may hold names of sheets, lists and columns.
                    "locator": printable(f"{name}#{item.locator}"),
                    "part": printable(item.part),
                    "reader": item.reader or content.reader,
                    "encoding": content.encoding,
                    "file_sha256": digest,
                    "unread_fraction": left and left.fraction,
                    "unread": unread,
                    "payload": item.payload,
                    "reason_codes": [item.reason] if item.reason else [],
                    "detail": item.detail and printable(item.detail),
                }
                unread = []
