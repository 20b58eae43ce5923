"""The whole way of one record: where it came from, what was done to it, why it is where it is, which runs saw it and what they answered."""

import json
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from pipeline.common.store.evidence import newest_evidence, read_evidence
from pipeline.common.store.lookup import Lookup
from pipeline.common.store.run_files import PREDICTIONS, SAMPLES
from pipeline.common.store.runs import damaged_manifests, finished_adapters, finished_evaluations
from schemas.errors import DataError
from schemas.reasons import REASON_TEXT, Reason

SHORTEST_PREFIX = 4


def find_record(ledger: Lookup, query: str) -> dict[str, Any]:
    """The ledger row that a query names: a unique record_id prefix, a content_id prefix, or `SOURCE:LOCATOR`.

    Of several records with one content_id it is the one that was kept, else the first. Raises DataError for none or several.
    """
    source, _, locator = query.partition(":")
    found = [row for row in ledger.equal("locator", [locator]) if row["source"] == source] if locator else []
    if not found and len(query) >= SHORTEST_PREFIX:
        found = ledger.beginning("record_id", query)
    if not found and len(query) >= SHORTEST_PREFIX:
        found = ledger.beginning("content_id", query)
        if len({row["content_id"] for row in found}) == 1:
            return min(found, key=lambda row: row["split"] is None)
    if len(found) == 1:
        return found[0]
    if found:
        some = ", ".join(row["record_id"] for row in found[:5])
        raise DataError(f"{query!r} is the beginning of {len(found)} ids ({some}, ...); write more of it")
    raise DataError(
        f"no record is named {query!r}: expected a record id, a content id (at least {SHORTEST_PREFIX} characters) or SOURCE:LOCATOR, "
        "as `mcq ledger` shows them; a locator looks like file.jsonl#line:88"
    )


def trace_record(
    row: Mapping[str, Any], tables: Mapping[str, Lookup], adapters: Iterable[Path], evidence: Iterable[Path] = ()
) -> dict[str, Any]:
    """The story of one ledger row. `tables` looks into sample_ledger, quality_scores and duplicate_pairs of one published version, and
    into review_decisions where it has that. `evidence` are the folders of `mcq evidence`, of which the newest counts."""
    ledger, record_id = tables["sample_ledger"], row["record_id"]
    training, answers, unreadable = _models(adapters, row)
    evidence_found = _evidence(evidence, row, unreadable)
    return {
        "record": dict(row),
        "reasons": [f"{code}: {REASON_TEXT[Reason(code)]}" for code in row["reason_codes"]],
        "decided_by": _short(ledger, row["representative_id"]),
        "decisions": _decisions(tables.get("review_decisions"), record_id),
        "quality": _quality(tables["quality_scores"], record_id),
        "neighbours": _neighbours(tables["duplicate_pairs"], ledger, record_id),
        "same_content": [
            _brief(other) for other in ledger.equal("content_id", [row["content_id"] or ""], BRIEF) if other["record_id"] != record_id
        ],
        "training": training,
        "answers": answers,
        "key_evidence": evidence_found,
        "unreadable": unreadable,
    }


def _decisions(decisions: Lookup | None, record_id: str) -> list[dict[str, Any]]:
    """What reviewers decided of a record, or of another so that this one is as it is; whether it was applied or not. In order."""
    rows = decisions.beginning("record_id", "") if decisions is not None else []
    own = ("found_id", "other_found_id", "record_id")
    mine = [row for row in rows if record_id in row["touches"] or any(row[name] == record_id for name in own)]
    return [row | {name: json.loads(row[name]) if row[name] else None for name in ("gives", "before")} for row in mine]


BRIEF = ("record_id", "source", "locator", "disposition", "stem", "options", "answer_index", "quality_score")


def _brief(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: row[key] for key in BRIEF}


def _short(ledger: Lookup, record_id: str | None) -> dict[str, Any] | None:
    rows = ledger.equal("record_id", [record_id], BRIEF) if record_id is not None else []
    return _brief(rows[0]) if rows else None


def _quality(quality: Lookup, record_id: str) -> dict[str, Any] | None:
    rows = quality.equal("record_id", [record_id])
    if not rows:
        return None
    row = rows[0]
    return {**{key: row[key] for key in ("quality_score", "flags", "explanations")}, "signals": json.loads(row["signals"])}


def _neighbours(pairs: Lookup, ledger: Lookup, record_id: str) -> list[dict[str, Any]]:
    mine = pairs.equal(("left_id", "right_id"), [record_id])
    others = [pair["right_id"] if pair["left_id"] == record_id else pair["left_id"] for pair in mine]
    known = {row["record_id"]: _brief(row) for row in ledger.equal("record_id", others, BRIEF)}
    return [
        {"relation": pair["relation"], "similarity": pair["similarity"], "why": pair["why"], **known.get(other, {})}
        for pair, other in zip(mine, others, strict=True)
    ]


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


def _evidence(folders: Iterable[Path], question: Mapping[str, Any], unreadable: list[str]) -> dict[str, Any] | None:
    """What models that never saw the question say of its key; None where they weren't asked about it as it is now."""
    folder = newest_evidence(folders)
    try:
        rows = read_evidence(folder, [question["record_id"]]) if folder else []
    except DataError as error:
        unreadable.append(str(error))
        return None
    return next((row for row in rows if row["content_id"] == question["content_id"]), None)


def _training(folder: Path, manifest: Mapping[str, Any], record_id: str) -> list[dict[str, Any]]:
    rows = Lookup(folder / SAMPLES).equal("record_id", [record_id])
    run = {"adapter": folder.name, **{key: manifest.get(key) for key in ("base_model", "dataset_version", "run_id", "kept_epoch")}}
    return [{**run, **row} for row in rows]


def _answers(folder: Path, evaluation: Path, question: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = Lookup(evaluation / PREDICTIONS).equal("record_id", [question["record_id"]])
    run = {"adapter": folder.name, "evaluation": evaluation.name}
    return [{**run, **row, "answered": question["options"][row["predicted_index"]]} for row in rows]
