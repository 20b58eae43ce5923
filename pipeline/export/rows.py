"""What every writer gets: the rows by split, and what they come from."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from pipeline.common.control_tokens import Controls, neutralise_question
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
    """What a writer gets: rows by split (those that have any), what they come from, and what no model may be told (None: all goes)."""

    parts: dict[str, list[dict[str, Any]]]
    version: Version
    config: Config
    controls: Controls | None = None

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Rows of all splits."""
        return [row for rows in self.parts.values() for row in rows]

    @property
    def system_prompt(self) -> str:
        """What opens every chat."""
        prompt = self.config.render.system_prompt
        return self.controls.neutralise(prompt)[0] if self.controls else prompt

    def said(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """A row as a model is told it."""
        return neutralise_question(row, self.controls)[0] if self.controls else row

    def broken(self) -> dict[str, int] | None:
        """How many control tokens were broken, and in how many rows; None where all were kept."""
        if self.controls is None:
            return None
        counts = [neutralise_question(row, self.controls)[1] for row in self.rows]
        return {"broken": sum(counts), "rows": sum(map(bool, counts))}


def write_jsonl(path: Path, rows: Rows) -> None:
    """One JSON object a line."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
