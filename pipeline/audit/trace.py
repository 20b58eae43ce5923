"""The whole way of one record: where it came from, what was done to it, why it is where it is, which runs saw it and what they answered."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.common.store.run_files import PREDICTIONS, SAMPLES
from pipeline.common.store.runs import finished_adapters, finished_evaluations
from schemas.errors import DataError
from schemas.reasons import REASON_TEXT, Reason

SHORTEST_PREFIX = 4


def find_record(ledger: pa.Table, query: str) -> dict[str, Any]:
    """The ledger row that a query names: a unique record_id prefix, a content_id prefix, or `SOURCE:LOCATOR`.

    Of several records with one content_id it is the one that was kept, else the first. Raises DataError for none or several.
    """
    source, _, locator = query.partition(":")
    by_place = pc.and_(pc.equal(ledger["source"], source), pc.equal(ledger["locator"], locator))
    found = ledger.filter(by_place)
    if not found.num_rows and len(query) >= SHORTEST_PREFIX:
        found = ledger.filter(pc.starts_with(ledger["record_id"], query))
    if not found.num_rows and len(query) >= SHORTEST_PREFIX:
        found = ledger.filter(pc.fill_null(pc.starts_with(ledger["content_id"], query), False))
        if len(set(found["content_id"].to_pylist())) == 1:
            rows = sorted(found.to_pylist(), key=lambda row: row["split"] is None)
            return dict(rows[0])
    if found.num_rows == 1:
        return dict(found.to_pylist()[0])
    if found.num_rows:
        some = ", ".join(found["record_id"].to_pylist()[:5])
        raise DataError(f"{query!r} is the beginning of {found.num_rows} ids ({some}, ...); write more of it")
    raise DataError(
        f"no record is named {query!r}: expected a record id, a content id (at least {SHORTEST_PREFIX} characters) or SOURCE:LOCATOR, "
        "as `mcq ledger` shows them; a locator looks like file.jsonl#line:88"
    )


def trace_record(row: Mapping[str, Any], tables: Mapping[str, pa.Table], adapters: Iterable[Path]) -> dict[str, Any]:
    """The story of one ledger row. `tables` holds sample_ledger, quality_scores and duplicate_pairs of one published version."""
    ledger, record_id = tables["sample_ledger"], row["record_id"]
    finished = list(finished_adapters(adapters))
    return {
        "record": dict(row),
        "reasons": [f"{code}: {REASON_TEXT[Reason(code)]}" for code in row["reason_codes"]],
        "decided_by": _short(ledger, row["representative_id"]),
        "quality": _quality(tables["quality_scores"], record_id),
        "neighbours": _neighbours(tables["duplicate_pairs"], ledger, record_id),
        "same_content": [
            _short(ledger, other)
            for other in ledger.filter(pc.equal(ledger["content_id"], row["content_id"] or ""))["record_id"].to_pylist()
            if other != record_id
        ],
        "training": [fact for folder, manifest in finished for fact in _training(folder, manifest, record_id)],
        "answers": [fact for folder, _ in finished for fact in _answers(folder, row)],
    }


def _short(ledger: pa.Table, record_id: str | None) -> dict[str, Any] | None:
    if record_id is None:
        return None
    rows = ledger.filter(pc.equal(ledger["record_id"], record_id)).to_pylist()
    keys = ("record_id", "source", "locator", "disposition", "stem", "options", "answer_index", "quality_score")
    return {key: rows[0][key] for key in keys} if rows else None


def _quality(quality: pa.Table, record_id: str) -> dict[str, Any] | None:
    rows = quality.filter(pc.equal(quality["record_id"], record_id)).to_pylist()
    if not rows:
        return None
    row = rows[0]
    return {**{key: row[key] for key in ("quality_score", "flags", "explanations")}, "signals": json.loads(row["signals"])}


def _neighbours(pairs: pa.Table, ledger: pa.Table, record_id: str) -> list[dict[str, Any]]:
    mine = pairs.filter(pc.or_(pc.equal(pairs["left_id"], record_id), pc.equal(pairs["right_id"], record_id))).to_pylist()
    found = []
    for pair in mine:
        other = pair["right_id"] if pair["left_id"] == record_id else pair["left_id"]
        found.append({"relation": pair["relation"], "similarity": pair["similarity"], "why": pair["why"], **(_short(ledger, other) or {})})
    return found


def _training(folder: Path, manifest: Mapping[str, Any], record_id: str) -> list[dict[str, Any]]:
    rows = pq.read_table(folder / SAMPLES, partitioning=None, filters=[("record_id", "=", record_id)]).to_pylist()
    run = {"adapter": folder.name, **{key: manifest[key] for key in ("base_model", "dataset_version", "run_id")}}
    return [{**run, **row} for row in rows]


def _answers(folder: Path, question: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = []
    for evaluation in finished_evaluations(folder):
        asked = [("record_id", "=", question["record_id"])]
        for row in pq.read_table(evaluation / PREDICTIONS, partitioning=None, filters=asked).to_pylist():
            answered = question["options"][row["predicted_index"]]
            found.append({"adapter": folder.name, "evaluation": evaluation.name, **row, "answered": answered})
    return found
