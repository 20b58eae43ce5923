"""The full-text index of the audit database (SQLite's FTS5): without diacritics, and with them.

`search` holds every record's texts folded, and beside them its facets as words of their own, so that a search that is narrowed down
meets no row that doesn't count. `search_exact` holds the words of texts beyond ASCII as they are written. Both are contentless: the
texts stand in the ledger alone, under the same rowid.
"""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.audit.cells import Rows, batches, count_rows
from pipeline.audit.folding import composed, unstroked
from pipeline.audit.tallies import FACETS, LISTS
from pipeline.common.parallel import map_chunks

TEXTS = ("stem", "options", "context", "explanation", "payload")
"""What is searched; a payload only where nothing else was read of the record."""
FOLDED, EXACT = "search", "search_exact"
_TOKENS = "content='', tokenize='unicode61 remove_diacritics {}'"
DDL = {
    FOLDED: f"create virtual table {FOLDED} using fts5({', '.join(TEXTS)}, facets, {_TOKENS.format(2)})",
    EXACT: f"create virtual table {EXACT} using fts5(words, columnsize=0, detail=none, {_TOKENS.format(0)})",
}
# What FTS5 gathers in memory before it writes: a segment of a million words costs less than many to be merged.
HASH_BYTES = 64 * 2**20


def facet_word(facet: str, value: str) -> str:
    """The word that stands in the index for a value of a facet."""
    return f"{facet.replace('_', '')}{hashlib.sha256(f'{facet} {value}'.encode()).hexdigest()[:12]}"


@contextmanager
def indexing(database: sqlite3.Connection, aside: Path, ledger: Rows) -> Iterator[None]:
    """Both indexes over the ledger's rows are in the database when the context ends. Where the rows are many, other processes write them
    meanwhile, to files beside `aside`, the database's own. Raises DataError as `batches` does."""
    if isinstance(ledger, pa.Table):
        yield
        for name in DDL:
            fill_index(database, name, ledger)
        return
    # The names tell whose they are, so that `remove_orphans` knows what a killed process left.
    built = {aside.with_name(f"{aside.stem}-{name}.tmp"): name for name in DDL}
    try:
        written = map_chunks(partial(write_index, ledger), list(built.items()), count_rows(ledger))
        yield
        for path in written:
            adopt_index(database, built[path], path)
    finally:
        for path in built:
            path.unlink(missing_ok=True)


def write_index(ledger: Path, place: tuple[Path, str]) -> Path:
    """Writes the index of a name over the ledger's rows into a database of its own; returns its path."""
    path, name = place
    with closing(sqlite3.connect(path)) as database:
        for setting in ("journal_mode = off", "synchronous = off", "cache_size = -50000"):
            database.execute(f"pragma {setting}")
        fill_index(database, name, ledger)
        database.commit()
    return path


def fill_index(database: sqlite3.Connection, name: str, ledger: Rows) -> None:
    """Creates the index `name` in a database and fills it, rowids counted from 1 in the ledger's order."""
    database.execute(DDL[name])
    database.execute(f"insert into {name}({name}, rank) values ('hashsize', ?)", [HASH_BYTES])
    rows = _folded if name == FOLDED else _exact
    columns = [*TEXTS, *FACETS, *(column for _, column in LISTS.values())]
    start, width = 1, len(TEXTS) + 1 if name == FOLDED else 1
    for batch in batches(ledger, columns):
        database.executemany(f"insert into {name}(rowid, {_columns(name)}) values (?{', ?' * width})", rows(batch, start))
        start += batch.num_rows


def adopt_index(database: sqlite3.Connection, name: str, path: Path) -> None:
    """Takes over the index that `write_index` wrote elsewhere, page by page."""
    database.commit()
    database.execute(DDL[name])
    database.execute("attach ? as built", [str(path)])
    for part in ("data", "idx", "docsize", "config"):
        if _has(database, f"{name}_{part}"):
            database.execute(f"delete from main.{name}_{part}")
            database.execute(f"insert into main.{name}_{part} select * from built.{name}_{part}")
    database.commit()
    database.execute("detach built")


def _has(database: sqlite3.Connection, table: str) -> bool:
    return database.execute("select 1 from main.sqlite_master where name = ?", [table]).fetchone() is not None


def _columns(name: str) -> str:
    return ", ".join([*TEXTS, "facets"]) if name == FOLDED else "words"


def _texts(batch: pa.RecordBatch) -> list[list[str | None]]:
    """The searched texts, column by column; options joined, and the payload where there is no stem."""
    texts = [batch[name] if name != "options" else pc.binary_join(batch[name], "\n") for name in TEXTS[:-1]]
    payload = pc.if_else(batch["stem"].is_valid(), pa.scalar(None, pa.string()), batch["payload"])
    return [[text and composed(text) for text in column.to_pylist()] for column in [*texts, payload]]


def _folded(batch: pa.RecordBatch, start: int) -> Iterator[tuple[Any, ...]]:
    texts = ([text and unstroked(text) for text in column] for column in _texts(batch))
    return zip(range(start, start + batch.num_rows), *texts, _facets(batch).to_pylist(), strict=True)


def _exact(batch: pa.RecordBatch, start: int) -> Iterator[tuple[Any, ...]]:
    for number, texts in enumerate(zip(*_texts(batch), strict=True), start=start):
        if not all(text is None or text.isascii() for text in texts):
            yield number, "\n".join(text for text in texts if text is not None)


def _facets(batch: pa.RecordBatch) -> pa.Array:
    """The facet words of each row, in one text."""
    found = [_worded(facet, batch[facet]) for facet in FACETS]
    for facet, column in LISTS.values():
        lists = batch[column]
        filled = pc.if_else(lists.is_valid(), lists, pa.scalar([], lists.type))
        ends = pa.concat_arrays([pa.array([0], pa.int32()), pc.cumulative_sum(pc.list_value_length(filled))])
        found.append(pc.binary_join(pa.ListArray.from_arrays(ends, _worded(facet, pc.list_flatten(filled))), " "))
    return pc.binary_join_element_wise(*found, " ", null_handling="skip")


def _worded(facet: str, values: pa.Array) -> pa.Array:
    encoded = values.dictionary_encode()
    words = pa.array([facet_word(facet, value) for value in encoded.dictionary.to_pylist()], pa.string())
    return words.take(encoded.indices)
