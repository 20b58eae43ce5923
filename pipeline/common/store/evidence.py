"""Evidence on keys, read back.

<models>/<dataset>/evidence/<id>/      the folds' answers, the table and its summary
"""

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.common.files import read_parquet

TABLE, SUMMARY = "key_evidence.parquet", "key_evidence.json"
"""The summary is written last."""


def newest_evidence(folders: Iterable[Path]) -> Path | None:
    """Of these folders the one whose evidence was written last; None where none holds any."""
    written = []
    for folder in folders:
        with suppress(OSError):
            written.append(((folder / SUMMARY).stat().st_mtime_ns, folder.name, folder))
    return max(written)[2] if written else None


def read_evidence(folder: Path, record_ids: Iterable[str] | None = None) -> list[dict[str, Any]]:
    """Rows of the table, of these records or all, in the order of their ranks. Raises DataError when it is gone or damaged."""
    names = None if record_ids is None else pa.array(list(record_ids), pa.string())
    filters = None if names is None else pc.field("record_id").isin(names)
    rows: list[dict[str, Any]] = read_parquet(folder / TABLE, filters=filters).to_pylist()
    return rows


def read_summary(folder: Path) -> dict[str, Any]:
    """What the evidence says as a whole."""
    found: dict[str, Any] = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
    return found
