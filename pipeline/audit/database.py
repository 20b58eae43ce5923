"""Stage 12, audit: one SQLite file over a published version and what training and evaluation learned of each sample.

`pipeline/audit/schema.py` names its tables. It is written beside the old one and renamed: a reader sees either, and one that has the
old one open goes on reading it.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from pipeline.audit.cells import Rows, batches, cells, count_rows
from pipeline.audit.changes import Side, changes_between
from pipeline.audit.diff import Change
from pipeline.audit.facts import write_examples, write_runs
from pipeline.audit.index import indexing
from pipeline.audit.schema import TABLES, create_statements
from pipeline.audit.state import CODE, LEFT_OUT, MADE_OF, ROWS, read_about, state_of
from pipeline.audit.tallies import tally
from pipeline.common.files import replacing
from pipeline.common.parallel import collector_paused, map_chunks
from pipeline.common.store.lake import Version
from schemas.errors import DataError
from schemas.tables.arrow import arrow_schema
from schemas.tables.curation import LedgerRow

PUBLISHED = {
    "ledger": "sample_ledger",
    "quality": "quality_scores",
    "pairs": "duplicate_pairs",
    "files": "source_files",
    "decisions": "review_decisions",
}
"""The tables that are those of a version, by the names of their assets."""
SETTINGS = ("journal_mode = off", "synchronous = off", "cache_size = -200000", "locking_mode = exclusive", "secure_delete = off")
CHANGES = "changes from"
NO_ROWS = arrow_schema(LedgerRow).empty_table()


@dataclass(frozen=True)
class Sources:
    """What the database is made of. `tables` are those of the current version, by PUBLISHED's names.

    `adapters` and `renderings` are the folders of adapters and of rendered examples. `versions` are the kept ones, oldest first, the
    last of them the current one; `ledger_of` has the ledger of each. `about` is told as it is.
    """

    tables: Mapping[str, Rows]
    adapters: Sequence[Path] = ()
    renderings: Sequence[Path] = ()
    versions: Sequence[Version] = ()
    ledger_of: Callable[[Version], Rows] = lambda version: NO_ROWS
    about: Mapping[str, str] = field(default_factory=dict)


class Written(NamedTuple):
    """Rows by table, what of the sources can't be read and is left out, and the hash of all that the database is made of."""

    rows: dict[str, int]
    unreadable: list[str]
    state: str


def renew_audit(path: Path, sources: Sources) -> Written:
    """Writes the database, unless the one that is there was made of the same."""
    state = _state(sources)
    about = read_about(path)
    if about.get(MADE_OF) == state:
        return Written(json.loads(about[ROWS]), json.loads(about[LEFT_OUT]), state)
    return build_audit(path, sources)


def _state(sources: Sources) -> str:
    ledgers = [sources.ledger_of(version) for version in sources.versions]
    return state_of(
        [*sources.tables.items(), *((v.name, rows) for v, rows in zip(sources.versions, ledgers, strict=True))],
        sources.adapters,
        sources.renderings,
        sources.about,
    )


def build_audit(path: Path, sources: Sources) -> Written:
    """Writes the database of a dataset. Raises DataError when a table of the current version is gone or damaged."""
    state = _state(sources)
    with collector_paused(), replacing(path) as aside, closing(sqlite3.connect(aside)) as database:
        # Nobody sees it before it is whole: a journal would only be left behind by a kill, and it is synced once, at the end.
        for setting in SETTINGS:
            database.execute(f"pragma {setting}")
        for statement in create_statements():
            database.execute(statement)

        def insert(name: str, rows: Iterable[Sequence[Any]]) -> None:
            database.executemany(_insertion(name), rows)

        ledger = sources.tables.get("ledger", NO_ROWS)
        with indexing(database, aside, ledger):
            # These too are other processes' work where the rows are many.
            rows = count_rows(ledger)
            counted = map_chunks(tally, [ledger], rows)
            told = _told(sources, _known_changes(path, sources), rows)
            for name, table in sources.tables.items():
                for batch in batches(table):
                    insert(name, cells(batch, TABLES[name].names))
                    if name == "decisions":
                        insert("touched", _touched(batch))
            for name, follows in next(counted).tables().items():
                insert(name, follows)
            unreadable = write_runs(insert, sources.adapters)
            insert("versions", _versions(sources.versions))
            if sources.versions:
                unreadable += write_examples(insert, sources.renderings, sources.versions[-1].dataset_version)
                unreadable += _write_changes(insert, sources, told)
            for statement in (statement for table in TABLES.values() for statement in table.index_ddl()):
                database.execute(statement)
        # A sample tells SQLite which index narrows most: a page's queries take a twentieth of the time.
        database.execute("pragma analysis_limit = 1000")
        database.execute("analyze")
        counts = {name: int(database.execute(f'select count(*) from "{name}"').fetchone()[0]) for name in TABLES}
        facts = {**sources.about, ROWS: json.dumps(counts), LEFT_OUT: json.dumps(unreadable, ensure_ascii=False), MADE_OF: state}
        insert("about", facts.items())
        database.commit()
    return Written(counts, unreadable, state)


def _insertion(name: str) -> str:
    """The statement that inserts a row of a table: `in_ledger` is looked up, and an example of another version's record left out."""
    names = TABLES[name].names
    marks = [f"?{number}" for number in range(1, len(names) + 1)]
    held = f"(select l.record_id from ledger l where l.record_id = ?{names.index('record_id') + 1})" if "record_id" in names else ""
    if names[-1] == "in_ledger":
        marks[-1] = held
    values = ", ".join(marks)
    return f'insert into "{name}" ' + (f"select {values} where {held} is not null" if name == "examples" else f"values ({values})")


def _touched(batch: pa.RecordBatch) -> Iterator[tuple[str, int]]:
    for record_ids, line in zip(batch["touches"].to_pylist(), batch["line"].to_pylist(), strict=True):
        yield from ((record_id, line) for record_id in dict.fromkeys(record_ids))


def _versions(versions: Sequence[Version]) -> Iterator[tuple[Any, ...]]:
    for position, version in enumerate(versions, start=1):
        facts = (version.name, version.dataset_version, version.published_at, version.run_id, version.replaces)
        yield (*facts, json.dumps(version.counts), position == len(versions), position)


Known = dict[tuple[str, str], list[Change]]
"""(version, the one before it) -> changes."""


def _known_changes(path: Path, sources: Sources) -> Known:
    """What the last database tells of versions that are kept still, if the same code wrote it: two versions never change."""
    about = read_about(path)
    if not about or about.get(CODE) != sources.about.get(CODE) or CHANGES in about[LEFT_OUT]:
        return {}
    wanted = {(version.name, before.name) for before, version in pairwise(sources.versions)}
    told: Known = {}
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            kept = {row[0] for row in database.execute("select name from versions")}
            told = {pair: [] for pair in wanted if kept.issuperset(pair)}
            columns = f"version, since, {', '.join(Change._fields)}"
            for version, since, *cells_of in database.execute(f"select {columns} from changes order by number"):
                if (version, since) in told:
                    told[version, since].append(Change(*cells_of))
    except (sqlite3.Error, TypeError):
        return {}
    return told


def _told(sources: Sources, known: Known, rows: int) -> Iterator[list[Change] | str]:
    """Changes from each kept version to the next, newest version first, or why they can't be told. What is known isn't compared again."""
    pairs = list(reversed(list(pairwise(sources.versions))))
    new = [
        (Side(sources.ledger_of(before), before.config.get("split", {})), Side(sources.ledger_of(version), version.config.get("split", {})))
        for before, version in pairs
        if (version.name, before.name) not in known
    ]
    compared = map_chunks(_compared, new, rows)
    return (known[version.name, before.name] if (version.name, before.name) in known else next(compared) for before, version in pairs)


def _compared(sides: tuple[Side, Side]) -> list[Change] | str:
    try:
        return list(changes_between(*sides))
    except DataError as error:
        return str(error)


def _write_changes(
    insert: Callable[[str, Iterable[Sequence[Any]]], None], sources: Sources, told: Iterable[list[Change] | str]
) -> list[str]:
    """Inserts them. Returns what can't be told."""
    number = 0
    unreadable: list[str] = []
    for (before, version), changes in zip(reversed(list(pairwise(sources.versions))), told, strict=True):
        if isinstance(changes, str):
            unreadable.append(f"{CHANGES} {before.name} to {version.name}: {changes}")
            continue
        insert("changes", ((number + place, version.name, before.name, *change) for place, change in enumerate(changes, start=1)))
        number += len(changes)
    return unreadable
