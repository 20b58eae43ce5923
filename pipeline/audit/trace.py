"""The whole way of one record: where it came from, what was done to it, why it is where it is, which runs saw it and what they answered."""

import json
from collections.abc import Iterable, Mapping
from functools import partial, reduce
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.common.files import read_parquet
from pipeline.common.store.run_files import PREDICTIONS, SAMPLES
from pipeline.common.store.runs import damaged_manifests, finished_adapters, finished_evaluations
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
    """The story of one ledger row. `tables` holds sample_ledger, quality_scores and duplicate_pairs of one published version, and
    review_decisions where it has that."""
    ledger, record_id = tables["sample_ledger"], row["record_id"]
    training, answers, unreadable = _models(adapters, row)
    return {
        "record": dict(row),
        "reasons": [f"{code}: {REASON_TEXT[Reason(code)]}" for code in row["reason_codes"]],
        "decided_by": _short(ledger, row["representative_id"]),
        "decisions": _decisions(tables.get("review_decisions"), record_id),
        "quality": _quality(tables["quality_scores"], record_id),
        "neighbours": _neighbours(tables["duplicate_pairs"], ledger, record_id),
        "same_content": [
            _short(ledger, other)
            for other in ledger.filter(pc.equal(ledger["content_id"], row["content_id"] or ""))["record_id"].to_pylist()
            if other != record_id
        ],
        "training": training,
        "answers": answers,
        "unreadable": unreadable,
    }


def _decisions(decisions: pa.Table | None, record_id: str) -> list[dict[str, Any]]:
    """What reviewers decided of a record, or of another so that this one is as it is; whether it was applied or not. In order."""
    if decisions is None:
        return []
    touched = pa.array([record_id in names for names in decisions["touches"].to_pylist()], pa.bool_())
    own = (pc.fill_null(pc.equal(decisions[name], record_id), False) for name in ("found_id", "other_found_id", "record_id"))
    rows = decisions.filter(reduce(pc.or_, own, touched)).to_pylist()
    return [row | {name: json.loads(row[name]) if row[name] else None for name in ("gives", "before")} for row in rows]


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


def _models(adapters: Iterable[Path], question: Mapping[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[str]]:
    """What trainings and evaluations know of a question, and the files of which nobody can say."""
    training: list[dict[str, Any]] = []
    answers: list[dict[str, Any]] = []
    folders = sorted(adapters)
    unreadable = damaged_manifests(folders)
    for folder, manifest in finished_adapters(folders):
        readers = [(training, partial(_training, folder, manifest, question["record_id"]))]
        readers += [(answers, partial(_answers, folder, evaluation, question)) for evaluation, _ in finished_evaluations(folder)]
        for facts, read in readers:
            try:
                facts += read()
            except DataError as error:
                unreadable.append(str(error))
    return training, answers, unreadable


def _training(folder: Path, manifest: Mapping[str, Any], record_id: str) -> list[dict[str, Any]]:
    rows = read_parquet(folder / SAMPLES, filters=[("record_id", "=", record_id)]).to_pylist()
    run = {"adapter": folder.name, **{key: manifest.get(key) for key in ("base_model", "dataset_version", "run_id")}}
    return [{**run, **row} for row in rows]


def _answers(folder: Path, evaluation: Path, question: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = read_parquet(evaluation / PREDICTIONS, filters=[("record_id", "=", question["record_id"])]).to_pylist()
    run = {"adapter": folder.name, "evaluation": evaluation.name}
    return [{**run, **row, "answered": question["options"][row["predicted_index"]]} for row in rows]
