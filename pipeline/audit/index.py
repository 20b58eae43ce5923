"""The full-text index of the audit database (SQLite's FTS5): without diacritics, and with them.

`search` holds every record's texts folded. Beside them stand, as words of their own: its facets, so that a search that is narrowed down
meets no row that doesn't count, and each word beyond ASCII as it is written, spelt in letters that folding leaves alone. It is
contentless: the texts stand in the ledger alone, under the same rowid.
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

from pipeline.audit.cells import NULL, Rows, batches, bound, count_rows
from pipeline.audit.folding import composed, unstroked, words
from pipeline.audit.tallies import FACETS, LISTS
from pipeline.common.parallel import map_chunks

TEXTS = ("stem", "options", "context", "explanation", "payload")
"""What is searched; a payload only where nothing else was read of the record."""
INDEX = "search"
COLUMNS = (*TEXTS, "facets", "written")
DDL = f"create virtual table {INDEX} using fts5({', '.join(COLUMNS)}, content='', tokenize='unicode61 remove_diacritics 2')"
SETTINGS = {
    # What FTS5 gathers in memory before it writes: a segment of a million words costs less than many to be merged.
    "hashsize": 64 * 2**20,
    # A handful of segments is read as fast as one, and merging them would write everything twice.
    "automerge": 0,
}


def facet_word(facet: str, value: str) -> str:
    """The word that stands in the index for a value of a facet."""
    return f"{facet.replace('_', '')}{hashlib.sha256(f'{facet} {value}'.encode()).hexdigest()[:12]}"


def spelling(word: str) -> str:
    """The word that stands in the index for a word as it is written, but for case. What begins alike is spelt alike.

    >>> spelling("Đô")
    'xc491c3b4'
    """
    return f"x{word.lower().encode().hex()}"


@contextmanager
def indexing(database: sqlite3.Connection, aside: Path, ledger: Rows) -> Iterator[None]:
    """The index over the ledger's rows is in the database when the context ends. Where the rows are many, another process writes it
    meanwhile, to a file beside `aside`, the database's own. Raises DataError as `batches` does."""
    if isinstance(ledger, pa.Table):
        yield
        fill_index(database, ledger)
        return
    # The name tells whose it is, so that `remove_orphans` knows what a killed process left.
    built = aside.with_name(f"{aside.stem}-{INDEX}.tmp")
    try:
        written = map_chunks(partial(write_index, ledger), [built], count_rows(ledger))
        yield
        for path in written:
            adopt_index(database, path)
    finally:
        built.unlink(missing_ok=True)


def write_index(ledger: Path, path: Path) -> Path:
    """Writes the index over the ledger's rows into a database of its own; returns its path."""
    with closing(sqlite3.connect(path)) as database:
        for setting in ("journal_mode = off", "synchronous = off", "cache_size = -50000", "secure_delete = off"):
            database.execute(f"pragma {setting}")
        fill_index(database, ledger)
        database.commit()
    return path


def fill_index(database: sqlite3.Connection, ledger: Rows) -> None:
    """Creates the index in a database and fills it, rowids counted from 1 in the ledger's order."""
    database.execute(DDL)
    for name, value in SETTINGS.items():
        database.execute(f"insert into {INDEX}({INDEX}, rank) values (?, ?)", [name, value])
    insertion = f"insert into {INDEX}(rowid, {', '.join(COLUMNS)}) values (?{', ?' * len(COLUMNS)})"
    start = 1
    for batch in batches(ledger, [*TEXTS, *FACETS, *(column for _, column in LISTS.values())]):
        database.executemany(insertion, _rows(batch, start))
        start += batch.num_rows


def adopt_index(database: sqlite3.Connection, path: Path) -> None:
    """Takes over the index that `write_index` wrote elsewhere, page by page."""
    database.commit()
    database.execute(DDL)
    database.execute("attach ? as built", [str(path)])
    for part in ("data", "idx", "docsize", "config"):
        database.execute(f"delete from main.{INDEX}_{part}")
        database.execute(f"insert into main.{INDEX}_{part} select * from built.{INDEX}_{part}")
    database.commit()
    database.execute("detach built")


def _rows(batch: pa.RecordBatch, start: int) -> Iterator[tuple[Any, ...]]:
    texts = _texts(batch)
    folded = ([unstroked(composed(text)) if text else NULL for text in column.to_pylist()] for column in texts)
    words_of = (bound(column) for column in (_facets(batch), _written(texts)))
    return zip(range(start, start + batch.num_rows), *folded, *words_of, strict=True)


def _texts(batch: pa.RecordBatch) -> list[pa.Array]:
    """The searched texts, column by column; options joined, and the payload where there is no stem."""
    texts = [batch[name] if name != "options" else pc.binary_join(batch[name], "\n") for name in TEXTS[:-1]]
    return [*texts, pc.if_else(batch["stem"].is_valid(), pa.scalar(None, pa.string()), batch["payload"])]


def _written(texts: list[pa.Array]) -> pa.Array:
    """The words beyond ASCII of each row's texts, spelt, in one text."""
    pieces = pc.ascii_split_whitespace(pc.binary_join_element_wise(*texts, "\n", null_handling="skip"))
    flat = pc.list_flatten(pieces)
    beyond = pc.invert(pc.string_is_ascii(flat))
    places = pa.concat_arrays([pa.array([0], pa.int32()), pc.cumulative_sum(beyond.cast(pa.int32()))])
    encoded = flat.filter(beyond).dictionary_encode()
    spelt = pa.array([_spelt(piece) for piece in encoded.dictionary.to_pylist()], pa.string())
    ends = pa.concat_arrays([pa.array([0], pa.int32()), pc.cumulative_sum(pc.list_value_length(pieces))])
    return pc.binary_join(pa.ListArray.from_arrays(places.take(ends), spelt.take(encoded.indices)), " ")


def _spelt(piece: str) -> str:
    return " ".join(spelling(word) for word in words(composed(piece)) if not word.isascii())


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
