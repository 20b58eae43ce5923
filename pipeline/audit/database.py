"""Stage 12, audit: one SQLite file over the published tables and what training and evaluation learned of each sample.

Tables, all joined by record_id: ledger, quality, pairs, rejected, trained_samples, predictions, runs; views: answers, flipped.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.common.files import read_parquet, replacing
from pipeline.common.store.run_files import PREDICTIONS, SAMPLES
from pipeline.common.store.runs import damaged_manifests, finished_adapters, finished_evaluations
from schemas.errors import DataError

INDEXES = {
    "ledger": ("record_id", "disposition", "source", "content_id", "cluster_id", "file"),
    "quality": ("record_id",),
    "pairs": ("left_id", "right_id", "relation"),
    "trained_samples": ("record_id", "adapter"),
    "predictions": ("record_id", "adapter"),
    "runs": ("adapter",),
}
VIEWS = {
    "answers": """
        select p.record_id, p.adapter, p.mode, p.model, l.stem, json_extract(l.options, '$[' || l.answer_index || ']') as gold,
               json_extract(l.options, '$[' || p.predicted_index || ']') as answered, p.correct, p.gold_nll, l.source, l.subject
        from predictions p join ledger l using (record_id)""",
    "flipped": """
        select b.record_id, b.adapter, b.mode, b.stem, b.gold, b.answered as base_answered, a.answered as adapter_answered,
               case when a.correct then 'fixed' else 'broken' end as change
        from answers b join answers a using (record_id, adapter, mode)
        where b.model = 'base' and a.model = 'adapter' and a.correct <> b.correct""",
}


def build_audit(path: Path, tables: Mapping[str, pa.Table], adapters: Iterable[Path]) -> tuple[dict[str, int], list[str]]:
    """Writes the database beside `path`, then renames it there: readers see the old one or the new one. Returns rows by table, and
    what is left out since it can't be read.

    `tables` are the published ones by name; `adapters` are adapter folders, whose manifest, samples and predictions are added.
    Lists become JSON text, so that SQLite's json functions read them.
    """
    counts: dict[str, int] = {}
    facts, unreadable = _facts(adapters)
    with replacing(path) as aside:
        database = sqlite3.connect(aside)
        # Nobody sees it before it is whole: a journal would only be left behind by a kill.
        database.execute("pragma journal_mode = off")
        for name, table in {**tables, **facts}.items():
            counts[name] = _write(database, name, table)
        for name, columns in INDEXES.items():
            for column in columns:
                if name in counts:
                    database.execute(f'create index "{name}_{column}" on "{name}" ("{column}")')
        if {"predictions", "ledger"} <= counts.keys():
            for name, query in VIEWS.items():
                database.execute(f"create view {name} as {query}")
        database.commit()
        database.close()
    return counts, unreadable


def _write(database: sqlite3.Connection, name: str, table: pa.Table) -> int:
    columns = ", ".join(f'"{field.name}" {_sqlite_type(field.type)}' for field in table.schema)
    database.execute(f'create table "{name}" ({columns})')
    marks = ", ".join("?" * table.num_columns)
    for batch in table.to_batches(max_chunksize=10_000):
        cells = ([_cell(value) for value in column.to_pylist()] for column in batch.columns)
        database.executemany(f'insert into "{name}" values ({marks})', zip(*cells, strict=True))
    return int(table.num_rows)


def _sqlite_type(kind: pa.DataType) -> str:
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return "integer"
    return "real" if pa.types.is_floating(kind) else "text"


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def _facts(adapters: Iterable[Path]) -> tuple[dict[str, pa.Table], list[str]]:
    """Append-only facts of all finished trainings and evaluations, and what of them can't be read."""
    runs: list[dict[str, Any]] = []
    found: dict[str, list[pa.Table]] = {"trained_samples": [], "predictions": []}
    folders = sorted(adapters)
    unreadable = damaged_manifests(folders)

    def add(name: str, path: Path, **columns: str) -> None:
        try:
            found[name].append(_named(path, **columns))
        except DataError as error:
            unreadable.append(str(error))

    for folder, manifest in finished_adapters(folders):
        add("trained_samples", folder / SAMPLES, adapter=folder.name)
        evaluations = list(finished_evaluations(folder))
        keys = ("dataset_version", "run_id", "base_model", "base_revision", "method", "device", "steps", "wall_seconds")
        run = {"adapter": folder.name, **{key: manifest.get(key) for key in keys}, "manifest": json.dumps(manifest, ensure_ascii=False)}
        for evaluation, result in evaluations:
            runs.append({**run, "evaluation": evaluation.name, "verdict": result["verdict"]})
            add("predictions", evaluation / PREDICTIONS, adapter=folder.name, evaluation=evaluation.name)
        if not evaluations:
            runs.append({**run, "evaluation": None, "verdict": None})
    tables = {name: pa.concat_tables(parts) for name, parts in found.items() if parts}
    return {**tables, **({"runs": pa.Table.from_pylist(runs)} if runs else {})}, unreadable


def _named(path: Path, **columns: str) -> pa.Table:
    table = read_parquet(path).replace_schema_metadata(None)
    for name, value in columns.items():
        table = table.append_column(name, pa.array([value] * table.num_rows, pa.string()))
    return table
