"""What every writer gets: the rows by split, and what they come from."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from pipeline.common.store.lake import Version
from schemas.config import Config

ROW_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("record_id", "context", "question")),
        ("options", pa.list_(pa.string())),
        ("answer_index", pa.int64()),
        *((name, pa.string()) for name in ("answer", "answer_text")),
        ("fixed_order", pa.bool_()),
        *((name, pa.string()) for name in ("explanation", "subject", "language", "source", "licence", "split_group", "content_id")),
    ]
)
Rows = Sequence[dict[str, Any]]


class Export(NamedTuple):
    """What a writer gets: rows by split (those that have any), and what they come from."""

    parts: dict[str, list[dict[str, Any]]]
    version: Version
    config: Config

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Rows of all splits."""
        return [row for rows in self.parts.values() for row in rows]


def write_jsonl(path: Path, rows: Rows) -> None:
    """One JSON object a line."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
