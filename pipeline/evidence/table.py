"""The folds' answers as a table, a row a curated question, and what they say as a whole. Works on what is done; imports no torch."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.common.files import write_atomically, write_parquet
from pipeline.common.store.evidence import SUMMARY, TABLE
from pipeline.evidence.folds import BASE, done, file_of, planned
from pipeline.evidence.ranking import Verdict, judge, probability_of, voice
from schemas.config.evidence import EvidenceConfig
from schemas.tables.bounds import checked_rows
from schemas.tables.evidence import VOICES, KeyEvidence

NOTHING: dict[str, Any] = {**dict.fromkeys(VOICES), "wrong_share": None, "asked_times": 0}


def weigh(folder: Path, config: EvidenceConfig) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Rows of `key_evidence`, the most suspected first, then those that weren't asked; and the summary."""
    facts = json.loads((folder / BASE).read_text(encoding="utf-8"))
    folds = planned(config)
    finished = [json.loads(file_of(folder, fold).read_text(encoding="utf-8")) for fold in done(folder, folds)]
    repeats: list[dict[str, list[float]]] = [{} for _ in range(config.repeats)]
    for found in finished:
        repeats[found["repeat"]].update(zip(found["record_id"], found["log_likelihoods"], strict=True))
    asked = [place for place, row in enumerate(facts["questions"]) if any(row["record_id"] in repeat for repeat in repeats)]
    questions = [facts["questions"][place] for place in asked]
    waiting = [row for place, row in enumerate(facts["questions"]) if place not in set(asked)]
    rows = [
        {**row, **NOTHING, "status": status} for few, status in ((waiting, "not_asked_yet"), (facts["too_long"], "too_long")) for row in few
    ]
    summary = {
        **{name: facts[name] for name in ("base_model", "base_revision", "dataset_version", "mode", "device", "compute_dtype")},
        "folds": config.folds,
        "repeats": config.repeats,
        "trainings": {"all": len(folds), "done": len(finished)},
        "questions": len(facts["questions"]) + len(facts["too_long"]),
        "scored": len(asked),
        "not_asked_yet": len(waiting),
        "too_long": len(facts["too_long"]),
        "seconds": round(sum(found["seconds"] for found in finished), 1),
    }
    if not asked:
        return rows, summary
    over = [facts["over"][place] for place in asked]
    ids, key = [row["record_id"] for row in questions], [row["answer_index"] for row in questions]
    adapter = voice([[repeat.get(name) for name in ids] for repeat in repeats], over)
    base = voice([[facts["log_likelihoods"][place] for place in asked]], over)
    verdict = judge(adapter, base, key, [row["split_group"] for row in questions], ids)
    figures = {
        "adapter_gold_probability": probability_of(adapter, key),
        "adapter_chosen": adapter.chosen,
        "adapter_chosen_probability": probability_of(adapter, adapter.chosen),
        "base_gold_probability": probability_of(base, key),
        "base_chosen": base.chosen,
        "base_chosen_probability": probability_of(base, base.chosen),
        "agree_against_key": (adapter.chosen == base.chosen) & (adapter.chosen != key),
        "self_confidence": verdict.self_confidence,
        "confidently_other": verdict.confidently_other,
        "suspected_wrong_key": verdict.rank,
    }
    columns = {name: [_bounded(value) for value in values.tolist()] for name, values in figures.items()}
    scored = [
        {
            **row,
            **{name: values[place] for name, values in columns.items()},
            "status": "scored",
            "asked_times": sum(row["record_id"] in repeat for repeat in repeats),
            "wrong_share": _bounded(float(verdict.wrong_share[place])) if verdict.sees else None,
        }
        for place, row in enumerate(questions)
    ]
    scored.sort(key=lambda row: int(row["suspected_wrong_key"]))
    return scored + rows, {**summary, **_told(verdict, scored)}


def _bounded(value: Any) -> Any:
    """A mean of probabilities may pass 1 by the last digit."""
    return min(value, 1.0) if isinstance(value, float) else value


def _told(verdict: Verdict, scored: list[dict[str, Any]]) -> dict[str, Any]:
    found = {
        "adapter_weight": round(verdict.adapter_weight, 4),
        "base_weight": round(verdict.base_weight, 4),
        "threshold": round(verdict.threshold, 4),
        "gain_nats": round(verdict.gain, 4),
        "gain_interval": verdict.gain_interval and [round(value, 4) for value in verdict.gain_interval],
        "sees": verdict.sees,
        "agree_against_key": sum(row["agree_against_key"] for row in scored),
        "confidently_other": sum(row["confidently_other"] for row in scored),
    }
    return found | {"wrong_fraction": round(verdict.wrong_fraction, 4) if verdict.sees else None}


def sentence(summary: Mapping[str, Any]) -> str:
    """What a person should know before looking at the ranks."""
    if not summary["scored"]:
        return "No question was asked yet."
    said = f"{summary['scored']} of {summary['questions']} curated questions were asked of models that never saw them"
    left = [
        f"{summary[name]} {what}" for name, what in (("not_asked_yet", "wait for a fold"), ("too_long", "are too long")) if summary[name]
    ]
    said += f" ({', '.join(left)})." if left else "."
    low, high = summary["gain_interval"] or (None, None)
    gain = f"{summary['gain_nats']:+.2f} nats a question" + ("" if low is None else f", 95% interval {low:+.2f} to {high:+.2f}")
    if not summary["sees"]:
        return f"{said} They foretell keys no better than guessing ({gain}): the ranks say nothing, take a larger base model."
    return (
        f"{said} They foretell keys better than guessing ({gain}). About {summary['wrong_fraction']:.1%} of the keys look wrong; "
        f"{summary['confidently_other']} questions have another option that is as likely as keys are on average."
    )


def write_evidence(folder: Path, config: EvidenceConfig) -> dict[str, Any]:
    """Writes the table and its summary, each whole, and returns the summary."""
    rows, summary = weigh(folder, config)
    write_parquet(folder / TABLE, checked_rows(rows, KeyEvidence))
    write_atomically(folder / SUMMARY, json.dumps(summary, ensure_ascii=False, indent=1) + "\n")
    return summary
