"""What trainings, evaluations and renderings know of samples, as rows of the audit database; and what of it can't be read."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pipeline.audit.cells import batches, cells
from pipeline.audit.schema import TABLES
from pipeline.common.store.run_files import EXAMPLES, PREDICTIONS, SAMPLES
from pipeline.common.store.runs import damaged_manifests, finished_adapters, finished_evaluations
from schemas.errors import DataError

RUN_FACTS = ("dataset_version", "run_id", "base_model", "base_revision", "method", "device", "steps", "wall_seconds", "kept_epoch")
RENDER_JOB = "render.job.json"
LOOKED_UP = ("adapter", "evaluation", "in_ledger", "base_model", "base_revision", "rendering")
"""Columns that the files themselves don't hold."""

Insert = Callable[[str, Iterable[Sequence[Any]]], None]


def write_runs(insert: Insert, adapters: Iterable[Path]) -> list[str]:
    """Inserts the facts of all finished trainings and evaluations. Returns what of them can't be read."""
    folders = sorted(adapters)
    unreadable = damaged_manifests(folders)
    for folder, manifest in finished_adapters(folders):
        evaluations = sorted(finished_evaluations(folder), key=lambda found: _written(found[0] / PREDICTIONS))
        facts = [*(manifest.get(key) for key in RUN_FACTS), evaluations[-1][1]["verdict"] if evaluations else None]
        insert("runs", [(folder.name, *facts, json.dumps(manifest, ensure_ascii=False))])
        _insert_file(insert, "trained_samples", folder / SAMPLES, (), (folder.name,), unreadable)
        for evaluation, result in evaluations:
            said = (result.get("dataset_version"), result["verdict"], json.dumps(result, ensure_ascii=False))
            insert("evaluations", [(folder.name, evaluation.name, *said)])
            _insert_file(insert, "predictions", evaluation / PREDICTIONS, (), (folder.name, evaluation.name), unreadable)
    return unreadable


def write_examples(insert: Insert, renderings: Iterable[Path], dataset_version: str) -> list[str]:
    """Inserts the examples that were rendered for a dataset version, of each base model the newest. Returns what can't be read."""
    newest: dict[str, tuple[Path, str | None]] = {}
    for folder in sorted(renderings, key=lambda folder: _written(folder / EXAMPLES)):
        with suppress(OSError, ValueError, KeyError, TypeError):
            job = json.loads((folder / RENDER_JOB).read_text(encoding="utf-8"))
            train = job["config"]["train"]
            if job["dataset_version"] == dataset_version and (folder / EXAMPLES).exists():
                newest[train["base_model"]] = (folder, train.get("revision"))
    unreadable: list[str] = []
    for base_model, (folder, revision) in newest.items():
        _insert_file(insert, "examples", folder / EXAMPLES, (base_model, revision, folder.name), (), unreadable)
    return unreadable


def _insert_file(insert: Insert, table: str, path: Path, second: Sequence[Any], last: Sequence[Any], unreadable: list[str]) -> None:
    """Inserts a file's rows, `second` behind each row's record_id and `last` at its end; a file that can't be read is told instead."""
    columns = [column for column in TABLES[table].names if column not in LOOKED_UP]
    try:
        for _ in batches(path):
            pass  # damage shows before the first row is in: there is no way back from half a file
        insert(table, _rows(path, columns, second, last))
    except DataError as error:
        unreadable.append(str(error))


def _rows(path: Path, columns: Sequence[str], second: Sequence[Any], last: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    for batch in batches(path):
        for record_id, *rest in cells(batch, columns):
            yield (record_id, *second, *rest, *last)


def _written(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_mtime_ns
    return 0
