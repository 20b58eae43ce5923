"""Stage 7, ledger: one row a raw record, whatever became of it; and the identity of the dataset that it describes."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.common.text import canonical_json, one_line
from schemas.errors import DataError
from schemas.reasons import SPLITS, Disposition
from schemas.tables.arrow import arrow_schema, to_frame, to_rows, to_table
from schemas.tables.curation import LedgerRow, Quality, Question, RawRecord, Rejected, ReviewDecision, Selection, SplitRow


def dataset_version(splits: pd.DataFrame, curation: Mapping[str, Any]) -> str:
    """12 hexadecimal digits: equal for equal curated rows, splits and curation config, on any machine.

    The content_id stands for a row's text; two rows can't share one, since exact duplicates were dropped.
    """
    rows = sorted(f"{row['content_id']} {row['split']} {row['split_group']}" for row in to_rows(splits, SplitRow))
    return hashlib.sha256("\n".join([canonical_json(curation), *rows]).encode()).hexdigest()[:12]


def build_ledger(
    raw: pd.DataFrame,
    questions: pd.DataFrame,
    rejected: pd.DataFrame,
    quality: pd.DataFrame,
    selection: pd.DataFrame,
    splits: pd.DataFrame,
    curation: Mapping[str, Any],
    licences: Mapping[str, str],
    decisions: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """LedgerRow frame in the order of `raw`.

    `curation` is that part of the configuration, `licences` are those of the sources by name, `decisions` are ReviewDecision rows.
    Raises DataError for a record that no stage accounts for.
    """
    records = to_table(raw, RawRecord).combine_chunks()
    parsed = _beside(records, to_table(questions, Question))
    refused = _beside(records, to_table(rejected, Rejected))
    scores, chosen, placed = (
        _beside(records, to_table(frame, model)) for frame, model in ((quality, Quality), (selection, Selection), (splits, SplitRow))
    )
    _require(
        pc.or_(parsed["record_id"].is_valid(), refused["record_id"].is_valid()), records, "is neither a question nor rejected", "normalize"
    )
    _require(pc.or_(parsed["record_id"].is_null(), chosen["record_id"].is_valid()), records, "has no verdict", "select")
    kept = pc.fill_null(chosen["kept"], False)
    _require(pc.or_(pc.invert(kept), placed["split"].is_valid()), records, "was kept and has no split", "split")

    rejection = pa.scalar(str(Disposition.REJECTED))
    columns: dict[str, Any] = {name: records[name] for name in _FROM_RECORD}
    columns |= {name: pc.coalesce(parsed[name], refused[name]) for name in _FROM_BOTH}
    columns |= {name: parsed[name] for name in _FROM_QUESTION} | {name: chosen[name] for name in _FROM_SELECTION}
    columns |= {name: pc.coalesce(refused[name], chosen[name]) for name in ("reason_codes", "detail")}
    columns["flags"] = scores["flags"]
    columns["split"] = pc.if_else(kept, placed["split"], pa.scalar(None, pa.string()))
    columns["disposition"] = pc.coalesce(columns["split"], chosen["disposition"], rejection)
    columns["decided_by"] = _decided_by(records, decisions)
    columns["dataset_version"] = pa.repeat(dataset_version(splits, curation), records.num_rows)
    columns["licence"] = pa.array([licences.get(name, "") for name in records["source"].to_pylist()], pa.string())
    schema = arrow_schema(LedgerRow)
    return to_frame(pa.table([columns[name] for name in schema.names], schema=schema), LedgerRow)


def _decided_by(records: pa.Table, decisions: pd.DataFrame | None) -> pa.Array:
    """Of each record, the decisions that touched it: id and reviewer, in the order of their file."""
    said: defaultdict[str, list[str]] = defaultdict(list)
    for row in to_rows(decisions, ReviewDecision) if decisions is not None else ():
        for record_id in row["touches"]:
            said[record_id].append(f"{row['id']} by {one_line(row['who'])}")
    return pa.array(["; ".join(said[name]) if name in said else None for name in records["record_id"].to_pylist()], pa.string())


def _beside(records: pa.Table, table: pa.Table) -> pa.Table:
    """The table's rows in the order of `records`, by record_id; null where it has none."""
    return table.combine_chunks().take(pc.index_in(records["record_id"], table["record_id"]))


def _require(holds: pa.ChunkedArray, records: pa.Table, problem: str, stage: str) -> None:
    broken = records.filter(pc.invert(holds))
    if broken.num_rows:
        record_id, locator = broken["record_id"][0], broken["locator"][0]
        raise DataError(f"record {record_id} ({locator}) {problem}; this is a bug in {stage}")


_FROM_RECORD = ("record_id", "source", "role", "file", "locator", "encoding", "file_sha256", "payload")
_FROM_BOTH = ("stem", "context", "options", "answer_index", "explanation", "subject", "language", "original_id", "repairs")
_FROM_QUESTION = ("content_id", "fixed_order")
_FROM_SELECTION = ("cluster_id", "split_group", "representative_id", "relation", "shared_13gram", "quality_score")


def funnel(ledger: pd.DataFrame) -> dict[str, int]:
    """Number of records by disposition, in the order of the funnel, zeros included; the values sum to the records read."""
    counts = ledger["disposition"].value_counts()
    return {str(name): int(counts.get(str(name), 0)) for name in Disposition}


def curated_rows(ledger: pd.DataFrame) -> pd.DataFrame:
    """The rows that a published dataset gives to training: those in a split."""
    return ledger[ledger["split"].isin([str(name) for name in SPLITS])]


QUESTION_COLUMNS = ["record_id", "content_id", "split", "split_group", "source", "subject", "language"]
QUESTION_COLUMNS += ["context", "stem", "options", "answer_index", "fixed_order"]


def model_questions(ledger: pd.DataFrame) -> pd.DataFrame:
    """What rendering, training and evaluation read: the rows of every split, and those of benchmarks with `benchmark` as split."""
    split = ledger["split"].where(ledger["disposition"] != Disposition.BENCHMARK, str(Disposition.BENCHMARK))
    return ledger.assign(split=split).loc[split.notna(), QUESTION_COLUMNS].reset_index(drop=True)
