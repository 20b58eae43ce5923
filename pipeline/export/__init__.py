"""The curated set in the forms that other tools read: train, validation and test, every row with its record_id."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.common.control_tokens import KNOWN, Controls
from pipeline.common.letters import LETTERS
from pipeline.common.store.lake import Version
from pipeline.export.card import card
from pipeline.export.gift import gift_text
from pipeline.export.lm_eval import write_lm_eval
from pipeline.export.rows import ROW_SCHEMA, Export
from pipeline.export.spreadsheets import write_csv, write_xlsx
from pipeline.export.trainers import write_alpaca, write_messages
from pipeline.ledger import curated_rows
from schemas.config import Config
from schemas.errors import DataError
from schemas.reasons import SPLITS
from schemas.tables.arrow import to_rows
from schemas.tables.curation import LedgerRow

MARK = ".mcq-export.json"


class Exported(NamedTuple):
    """Rows by split, and what became of control tokens where rows go to a model."""

    rows: dict[str, int]
    control_tokens: dict[str, int] | None


def export(folder: Path, form: str, ledger: pd.DataFrame, version: Version, config: Config, controls: Controls | None = KNOWN) -> Exported:
    """Writes the published rows below `folder`, whole or not at all. What goes to a model has its `controls` broken (None: none).

    An earlier export there is replaced. Raises DataError when the folder holds anything else, or there is nothing to export.
    """
    require_ours(folder)
    rows = [_row(row) for row in to_rows(curated_rows(ledger), LedgerRow)]
    if not rows:
        counts = ", ".join(f"{name} {count:,}" for name, count in version.counts.items() if count) or "no record was read"
        raise DataError(f"version {version.name} of {version.dataset} has no question in any split, nothing to export: {counts}")
    parts = {str(name): [row for row in rows if row["split"] == name] for name in SPLITS}
    aside, old = (folder.parent / f".{folder.name}.{os.getpid()}.{what}" for what in ("new", "old"))
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        given = Export({name: part for name, part in parts.items() if part}, version, config, controls)
        FORMATS[form](aside, given)
        counts_by_split = {name: len(part) for name, part in parts.items()}
        files = sorted(path.relative_to(aside).as_posix() for path in aside.rglob("*") if path.is_file())
        broken = given.broken() if form in FOR_MODELS else None
        facts = {"format": form, "control_tokens": broken, "version": version.name, "rows": counts_by_split, "files": files}
        (aside / MARK).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
        if folder.exists():
            folder.rename(old)
        aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
    return Exported(counts_by_split, broken)


def require_ours(folder: Path) -> None:
    """Raises DataError unless `folder` is new, empty, or holds an earlier export and nothing beside it."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise DataError(f"{folder} is a file; name a folder to export to")
    mark = folder / MARK
    try:
        ours = {MARK, *json.loads(mark.read_text(encoding="utf-8")).get("files", [])} if mark.is_file() else set()
    except (ValueError, AttributeError, TypeError):
        ours = set()
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir() or path.is_symlink()}
    if foreign := sorted(found - ours):
        more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
        raise DataError(f"{folder} holds {foreign[0]}{more}, which is no export of ours; name an empty or a new folder")


def _row(row: dict[str, Any]) -> dict[str, Any]:
    answers = {"answer": LETTERS[row["answer_index"]], "answer_text": row["options"][row["answer_index"]]}
    return {**row, "question": row["stem"], "fixed_order": bool(row["fixed_order"]), **answers}


def _hf(folder: Path, given: Export) -> None:
    (folder / "data").mkdir()
    for name, rows in given.parts.items():
        pq.write_table(pa.Table.from_pylist(rows, schema=ROW_SCHEMA), folder / "data" / f"{name}.parquet")
    (folder / "README.md").write_text(card(given), encoding="utf-8")


def _csv(folder: Path, given: Export) -> None:
    for name, rows in given.parts.items():
        write_csv(folder / f"{name}.csv", rows)


def _xlsx(folder: Path, given: Export) -> None:
    write_xlsx(folder / f"{given.version.dataset}.xlsx", given.parts)


def _gift(folder: Path, given: Export) -> None:
    """Moodle shuffles the options of what it imports, and GIFT can't say otherwise: what has a fixed order gets a file of its own."""
    for name, rows in given.parts.items():
        for fixed, note in ((False, ""), (True, FIXED_ORDER_NOTE)):
            if part := [row for row in rows if row["fixed_order"] is fixed]:
                (folder / f"{name}{'.fixed_order' * fixed}.gift").write_text(note + gift_text(part), encoding="utf-8")


FOR_MODELS = ("messages", "alpaca", "lm-eval")
FIXED_ORDER_NOTE = '// Options refer to each other: turn off "Shuffle the choices" for these questions.\n\n'
Writer = Callable[[Path, Export], None]
FORMATS: dict[str, Writer] = {
    "hf": _hf,
    "messages": write_messages,
    "alpaca": write_alpaca,
    "lm-eval": write_lm_eval,
    "csv": _csv,
    "xlsx": _xlsx,
    "gift": _gift,
}
