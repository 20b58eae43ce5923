"""All finished evaluations of a dataset, a row each, and which of them asked the same questions in the same way.

Accuracies can be put in order only within one question set: the questions that a verdict is given on, by what they say and their key, and
how they were scored.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.audit.runs import Run
from pipeline.common.files import read_parquet
from pipeline.common.store.lake import Lake
from pipeline.common.store.run_files import PREDICTIONS
from pipeline.common.text import canonical_json, short_hash
from schemas.errors import DataError

SET_DIGITS = 8
ID_CHARS = 8


def leaderboard(runs: Sequence[Run], lake: Lake, by_accuracy: bool = False) -> list[dict[str, Any]]:
    """A row an evaluation, in the order of `runs` (newest first), or the most accurate first with those that can be compared with the
    newest one before all others. What is undefined or unknown is None; fractions are 0-1, seconds of training and evaluation together.
    """
    contents = contents_in(lake)
    rows = [_row(run, question_set(run, contents)) for run in runs]
    for row in rows:
        row["comparable"] = row["question_set"] is not None and row["question_set"] == rows[0]["question_set"]
    if by_accuracy:
        rows.sort(key=lambda row: (not row["comparable"], row["question_set"] or "~", -(row["accuracy"] or 0.0)))
    return rows


def shown(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Rows of the leaderboard as people read them; question sets by numbers in the order of the rows."""
    numbers = {name: str(number) for number, name in enumerate(dict.fromkeys(row["question_set"] for row in rows), start=1)}
    return [
        {
            "evaluated": row["evaluated_at"][:16].replace("T", " "),
            "adapter": row["adapter"][:ID_CHARS],
            "set": "?" if row["question_set"] is None else numbers[row["question_set"]],
            "asked": f"{count(row['questions'])} {row['mode']}",
            "accuracy": f"{percent(row['accuracy'])}{between(row['interval'], percent)}",
            "delta": f"{points(row['delta'])}{between(row['delta_interval'], points)}",
            "p": "–" if row["p_value"] is None else f"{row['p_value']:.2g}",
            "gold NLL": "–" if row["gold_nll"] is None else f"{row['gold_nll']:.2f}",
            "others": points(row["others_delta"]),
            "data": row["dataset_version"][:ID_CHARS],
            "base": str(row["base_model"]),
            "settings": settings(row),
            "minutes": "–" if row["wall_seconds"] is None else f"{row['wall_seconds'] / 60:.1f}",
        }
        for row in rows
    ]


def settings(row: Mapping[str, Any]) -> str:
    """What a training is told apart by, in short.

    >>> settings({"method": "qlora", "policy": "twice_rank", "rank": 16, "learning_rate": 0.0006, "epochs": 3.0})
    'qlora twice_rank r16 lr 0.0006 3 ep'
    """
    facts = (
        (row["method"], "{}"),
        (row["policy"], "{}"),
        (row["rank"], "r{}"),
        (row["learning_rate"], "lr {:g}"),
        (row["epochs"], "{:g} ep"),
    )
    return " ".join(form.format(value) for value, form in facts if value is not None)


def percent(fraction: float | None) -> str:
    """A share, 0-1, for people; a dash where it is undefined."""
    return "–" if fraction is None else f"{100 * fraction:.1f}%"


def points(fraction: float | None) -> str:
    """A difference in percentage points; a dash where it is undefined."""
    return "–" if fraction is None else f"{100 * fraction:+.1f}"


def between(limits: Sequence[float] | None, form: Callable[[float], str]) -> str:
    """An interval behind a number; nothing where it is undefined."""
    return "" if limits is None else f" ({' to '.join(map(form, limits))})"


def count(value: int | None) -> str:
    """A count; a dash where it is unknown."""
    return "–" if value is None else f"{value:,}"


def contents_in(lake: Lake) -> Callable[[str, pa.Array], pa.Array]:
    """A function from a dataset version and record ids to content ids, in order. Where the version is no longer kept the record ids
    themselves are given: they say too little to equal another version's."""

    @cache
    def columns(dataset_version: str) -> pa.Table | None:
        kept = [version for version in lake.versions() if version.dataset_version == dataset_version]
        try:
            return lake.columns("sample_ledger", kept[-1].tables["sample_ledger"], ["record_id", "content_id"]) if kept else None
        except DataError:
            return None

    def contents(dataset_version: str, records: pa.Array) -> pa.Array:
        table = columns(dataset_version)
        if table is None:
            return records
        places = pc.index_in(records, value_set=table["record_id"].combine_chunks())
        return pc.coalesce(table["content_id"].combine_chunks().take(places), records)

    return contents


def question_set(run: Run, contents: Callable[[str, pa.Array], pa.Array]) -> str | None:
    """Names what the headline's questions say, their keys and how they were scored; None where the answers can't be read, or
    the result is of an older form."""
    mode, sources = run.result.get("primary"), run.sources
    if mode is None:
        return None
    try:
        rows = read_parquet(run.folder / PREDICTIONS, columns=["record_id", "source", "split", "model", "mode"])
    except DataError:
        return None
    chosen = pc.and_(pc.equal(rows["model"], "adapter"), pc.and_(pc.equal(rows["mode"], mode), pc.not_equal(rows["split"], "benchmark")))
    if sources != "all":
        chosen = pc.and_(chosen, pc.is_in(rows["source"], value_set=pa.array(sources, pa.string())))
    asked = contents(run.manifest["dataset_version"], rows.filter(chosen)["record_id"].combine_chunks())
    unit = run.result.get("cloze_normalisation") if mode == "cloze" else None
    return short_hash(canonical_json([mode, unit, sorted(asked.to_pylist())]))[:SET_DIGITS]


def _row(run: Run, asked: str | None) -> dict[str, Any]:
    manifest, result, headline, others = run.manifest, run.result, run.headline, run.others
    train, policy = run.config.get("train") or {}, manifest.get("policy") or {}
    base, adapter = headline.get("base") or {}, headline.get("adapter") or {}
    seconds = [float(taken) for facts in (manifest, result) if (taken := facts.get("wall_seconds")) is not None]
    return {
        "adapter": run.adapter.name,
        "evaluation": run.folder.name,
        "evaluated_at": run.ended.isoformat(timespec="seconds"),
        "dataset_version": manifest["dataset_version"],
        "base_model": manifest.get("base_model"),
        "method": manifest.get("method"),
        "policy": policy.get("name"),
        "rank": policy.get("rank"),
        "learning_rate": train.get("learning_rate"),
        "epochs": train.get("epochs"),
        "kept_epoch": manifest.get("kept_epoch"),
        "question_set": asked,
        "mode": result.get("primary"),
        "sources": run.sources,
        "questions": headline.get("n"),
        "groups": headline.get("groups"),
        "accuracy": adapter.get("accuracy"),
        "interval": adapter.get("interval"),
        "base_accuracy": base.get("accuracy"),
        "delta": headline.get("delta"),
        "delta_interval": headline.get("delta_interval"),
        "p_value": headline.get("p_value"),
        "shown": headline.get("shown"),
        "gold_nll": adapter.get("gold_nll"),
        "others_questions": others.get("n"),
        "others_delta": others.get("delta"),
        "others_shown": others.get("shown"),
        "wall_seconds": round(sum(seconds), 1) if len(seconds) == 2 else None,
        "verdict": result["verdict"],
    }
