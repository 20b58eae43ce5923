"""Stage 12, audit: one SQLite file over a published version and what training and evaluation learned of each sample.

`pipeline/audit/schema.py` names its tables. It is written beside the old one and renamed: a reader sees either, and one that has the
old one open goes on reading it.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.audit.cells import Rows, batches, cells
from pipeline.audit.index import indexing
from pipeline.audit.schema import TABLES, create_statements
from pipeline.audit.tallies import Tallies
from pipeline.common.files import replacing
from pipeline.common.store.lake import Version
from pipeline.common.store.run_files import PREDICTIONS, SAMPLES
from pipeline.common.store.runs import damaged_manifests, finished_adapters, finished_evaluations
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
NO_ROWS = arrow_schema(LedgerRow).empty_table()
RUN_FACTS = ("dataset_version", "run_id", "base_model", "base_revision", "method", "device", "steps", "wall_seconds")


def build_audit(
    path: Path,
    tables: Mapping[str, Rows],
    adapters: Iterable[Path],
    versions: Sequence[Version] = (),
    about: Mapping[str, str] | None = None,
) -> tuple[dict[str, int], list[str]]:
    """Writes the database of a dataset. Returns rows by table, and what is left out since it can't be read.

    `tables` are the published ones by PUBLISHED's names; `adapters` are adapter folders; `versions` are the kept ones, oldest first, the
    last of them the current one. Raises DataError when a published table is gone or damaged.
    """
    with replacing(path) as aside, closing(sqlite3.connect(aside)) as database:
        # Nobody sees it before it is whole: a journal would only be left behind by a kill, and it is synced once, at the end.
        for setting in ("journal_mode = off", "synchronous = off", "cache_size = -200000", "locking_mode = exclusive"):
            database.execute(f"pragma {setting}")
        for statement in create_statements():
            database.execute(statement)
        tallies = Tallies()
        with indexing(database, aside, tables.get("ledger", NO_ROWS)):
            for name, rows in tables.items():
                for batch in batches(rows):
                    _insert(database, name, cells(batch, TABLES[name].names))
                    if name == "ledger":
                        tallies.add(batch)
                    if name == "decisions":
                        _insert(database, "touched", _touched(batch))
        for name, derived in tallies.tables().items():
            _insert(database, name, derived)
        unreadable = _write_facts(database, adapters)
        _write_versions(database, versions)
        _insert(database, "about", (about or {}).items())
        for table in TABLES.values():
            for statement in table.index_ddl():
                database.execute(statement)
        database.commit()
        counts = {name: int(database.execute(f'select count(*) from "{name}"').fetchone()[0]) for name in TABLES}
    return counts, unreadable


def _touched(batch: pa.RecordBatch) -> Iterator[tuple[str, int]]:
    for record_ids, line in zip(batch["touches"].to_pylist(), batch["line"].to_pylist(), strict=True):
        yield from ((record_id, line) for record_id in dict.fromkeys(record_ids))


def _insert(database: sqlite3.Connection, name: str, rows: Iterable[Sequence[Any]]) -> None:
    """Rows hold the table's columns in order, without `in_ledger`, which is looked up."""
    names = TABLES[name].names
    marks = [f"?{number}" for number in range(1, len(names) + 1)]
    if names[-1] == "in_ledger":
        marks[-1] = f"(select l.record_id from ledger l where l.record_id = ?{names.index('record_id') + 1})"
    database.executemany(f'insert into "{name}" values ({", ".join(marks)})', rows)


def _write_facts(database: sqlite3.Connection, adapters: Iterable[Path]) -> list[str]:
    """Facts of all finished trainings and evaluations. Returns what of them can't be read."""
    folders = sorted(adapters)
    unreadable = damaged_manifests(folders)

    def add(name: str, path: Path, *more: str) -> None:
        columns = [column for column in TABLES[name].names if column not in ("adapter", "evaluation", "in_ledger")]
        try:
            rows = [(*row, *more) for batch in batches(path) for row in cells(batch, columns)]
        except DataError as error:
            unreadable.append(str(error))
        else:
            _insert(database, name, rows)

    for folder, manifest in finished_adapters(folders):
        evaluations = list(finished_evaluations(folder))
        newest = max(evaluations, key=lambda found: (found[0] / PREDICTIONS).stat().st_mtime_ns, default=None)
        verdict = newest[1]["verdict"] if newest else None
        facts = [folder.name, *(manifest.get(key) for key in RUN_FACTS), verdict, json.dumps(manifest, ensure_ascii=False)]
        _insert(database, "runs", [facts])
        add("trained_samples", folder / SAMPLES, folder.name)
        for evaluation, result in evaluations:
            said = (result.get("dataset_version"), result["verdict"], json.dumps(result, ensure_ascii=False))
            _insert(database, "evaluations", [(folder.name, evaluation.name, *said)])
            add("predictions", evaluation / PREDICTIONS, folder.name, evaluation.name)
    return unreadable


def _write_versions(database: sqlite3.Connection, versions: Sequence[Version]) -> None:
    for position, version in enumerate(versions, start=1):
        facts = (version.name, version.dataset_version, version.published_at, version.run_id, version.replaces)
        _insert(database, "versions", [(*facts, json.dumps(version.counts), position == len(versions), position)])
