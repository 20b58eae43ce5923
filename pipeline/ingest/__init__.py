"""Stage 1, ingest: the files of every source become one row a record, verbatim. Whatever can't be read is a row as well,
with its reason: no file and no row raises."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.common.parallel import collector_paused, start_processes
from pipeline.common.text import canonical_json, short_hash
from pipeline.ingest.files import Found, bytes_of, find_files, name_below, printable, size_of
from pipeline.ingest.formats import READERS, read_bytes
from pipeline.ingest.items import FileItems, Item
from pipeline.ingest.remainder import Remainder, remainder
from pipeline.ingest.verdicts import explain
from schemas.config import Config
from schemas.config.sources import SourceConfig
from schemas.errors import DataError
from schemas.reasons import Reason
from schemas.tables.arrow import arrow_schema, to_frame, to_table
from schemas.tables.curation import RawRecord

# Files of so many bytes hold questions enough for the later stages to want every core.
BYTES_WORTH_A_PROCESS = 5_000_000
# Rows that are dictionaries at one time, unless one file has more.
ROWS_AT_ONCE = 4_000
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


def ingest(config: Config, found: Found | None = None, before: pd.DataFrame | None = None) -> pd.DataFrame:
    """RawRecord rows of all sources, in source, file and position order; `found` are their files where they were listed before.

    `record_id` hashes (source, payload, occurrence number among the source's equal payloads), so it survives
    inserted rows and reordered or renamed files.

    `before` are rows that this code read under the same readers: a file that holds the same bytes isn't parsed again.

    Raises:
        ConfigError: a source matches no file.
    """
    return records_of(config.root_path, find_files(config) if found is None else found, before)


def records_of(root: Path, found: Found, before: pd.DataFrame | None = None) -> pd.DataFrame:
    """RawRecord rows of these files, which lie below `root`."""
    known = _read_before(root, found, before) if before is not None else {}
    new = ((source, path) for source, files in found for path in files if (source.name, path) not in known)
    if sum(size_of(path) for _, path in new) > BYTES_WORTH_A_PROCESS:
        start_processes()
    with collector_paused():
        schema = arrow_schema(RawRecord)
        table = pa.concat_tables([schema.empty_table(), *_tables(root, found, known)]).combine_chunks()
        return to_frame(table.set_column(0, schema.field("record_id"), _record_ids(table)), RawRecord)


def _tables(root: Path, found: Found, known: Mapping[tuple[str, Path], pa.Table]) -> Iterator[pa.Table]:
    """The rows of all files in order, those that are read now without their ids: ids count equal payloads of the whole source."""
    left: list[dict[str, Any]] = []
    for source, path in ((source, path) for source, files in found for path in files):
        rows = known.get((source.name, path))
        if rows is None:
            left += _rows(root, source, path)
        if left and (rows is not None or len(left) >= ROWS_AT_ONCE):
            yield pa.Table.from_pylist(left, arrow_schema(RawRecord))
            left = []
        if rows is not None:
            yield rows
    yield pa.Table.from_pylist(left, arrow_schema(RawRecord))


def _read_before(root: Path, found: Found, before: pd.DataFrame) -> dict[tuple[str, Path], pa.Table]:
    """The rows of each file whose bytes were read before and are the same now; what couldn't be read then is tried again."""
    table = to_table(before, RawRecord).combine_chunks()
    # A later copy of a payload is numbered anew, among whatever the source holds now.
    ids = pc.if_else(pa.array(_occurrences(table) == 1), table["record_id"], "")
    table = table.set_column(0, table.schema.field("record_id"), ids)
    names = table.select(["source", "file", "file_sha256"])
    codes = np.stack([_codes(column) for column in names.columns])
    starts = np.flatnonzero(np.diff(codes, prepend=-1).any(axis=0))
    lengths = np.diff(starts, append=table.num_rows).tolist()
    found_at = zip(*names.take(starts).to_pydict().values(), strict=True)
    slices = dict(zip(found_at, zip(starts.tolist(), lengths, strict=True), strict=True))
    repeated = len(slices) < len(starts)
    failed = set(zip(*names.filter(_unreadable(table)).to_pydict().values(), strict=True))
    known = {}
    for source, files in found:
        for path in files:
            with suppress(OSError, DataError):
                key = (source.name, name_below(root, path), hashlib.sha256(bytes_of(path)).hexdigest())
                if not repeated and key in slices and key not in failed:
                    known[source.name, path] = table.slice(*slices[key])
    return known


def _unreadable(table: pa.Table) -> pa.Array:
    """Which records stand for a file that couldn't be read."""
    codes = table["reason_codes"].combine_chunks()
    rows = np.zeros(table.num_rows, bool)
    rows[pc.list_parent_indices(codes).filter(pc.equal(pc.list_flatten(codes), Reason.UNREADABLE_FILE)).to_numpy()] = True
    return pa.array(rows)


def _codes(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """A number for each row, equal where its texts are."""
    found: NDArray[np.int64] = column.combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)
    return found


def _occurrences(table: pa.Table) -> NDArray[np.int64]:
    """Of each row, which one it is among the equal payloads of its source, counted from 1."""
    sources, payloads = _codes(table["source"]), _codes(table["payload"])
    keys = sources * (payloads.max(initial=0) + 1) + payloads
    order = np.argsort(keys, kind="stable")
    starts = np.flatnonzero(np.diff(keys[order], prepend=-1))
    number = np.empty(len(keys), np.int64)
    number[order] = np.arange(1, len(keys) + 1) - np.repeat(starts, np.diff(starts, append=len(keys)))
    return number


def _record_ids(table: pa.Table) -> pa.Array:
    """The id of each row; one that it bears already is that of its payload's first occurrence."""
    numbers, ids = _occurrences(table), table["record_id"].to_pylist()
    left = np.flatnonzero((numbers > 1) | pc.equal(table["record_id"], "").to_numpy())
    texts = table.select(["source", "payload"]).take(left).to_pydict().values()
    for row, source, payload, number in zip(left.tolist(), *texts, numbers[left].tolist(), strict=True):
        ids[row] = short_hash(source, payload, str(number))
    return pa.array(ids, pa.string())


def _rows(root: Path, source: SourceConfig, path: Path) -> Iterator[dict[str, Any]]:
    """RawRecord rows of one file, their ids left open."""
    name = name_below(root, path)
    content, digest = read_file(path, source.reader)
    left = text_left(content)
    unread = left.longest() if left else []
    for item in content.items:
        yield {
            "record_id": "",
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
