"""Stage 7, ledger: one row a raw record, whatever became of it; and the identity of the dataset that it describes."""

import hashlib
from collections.abc import Mapping
from typing import Any

import pandas as pd

from pipeline.text import canonical_json
from schemas.config import Config
from schemas.errors import DataError
from schemas.reasons import SPLITS, Disposition
from schemas.tables import LedgerRow, Quality, Question, RawRecord, Rejected, Selection, SplitRow, to_frame, to_rows


def dataset_version(splits: pd.DataFrame, config: Config) -> str:
    """12 hexadecimal digits: equal for equal curated rows, splits and curation config, on any machine.

    The content_id stands for a row's text; two rows can't share one, since exact duplicates were dropped.
    """
    rows = sorted(f"{row['content_id']} {row['split']} {row['split_group']}" for row in to_rows(splits, SplitRow))
    return hashlib.sha256("\n".join([canonical_json(config.curation()), *rows]).encode()).hexdigest()[:12]


def build_ledger(
    raw: pd.DataFrame,
    questions: pd.DataFrame,
    rejected: pd.DataFrame,
    quality: pd.DataFrame,
    selection: pd.DataFrame,
    splits: pd.DataFrame,
    config: Config,
) -> pd.DataFrame:
    """LedgerRow frame in the order of `raw`. Raises DataError for a record that no stage accounts for."""
    version = dataset_version(splits, config)
    licences = {source.name: source.licence for source in config.sources}
    parsed = {row["record_id"]: row for row in to_rows(questions, Question)}
    refused = {row["record_id"]: row for row in to_rows(rejected, Rejected)}
    scores = {row["record_id"]: row for row in to_rows(quality, Quality)}
    chosen = {row["record_id"]: row for row in to_rows(selection, Selection)}
    placed = {row["record_id"]: row["split"] for row in to_rows(splits, SplitRow)}
    rows = []
    for record in to_rows(raw, RawRecord):
        record_id = record["record_id"]
        row = dict.fromkeys(LedgerRow.model_fields) | {key: record[key] for key in _FROM_RECORD}
        row |= {"repairs": [], "reason_codes": [], "dataset_version": version, "licence": licences.get(record["source"], "")}
        if record_id in parsed:
            row |= _parsed(parsed[record_id], scores[record_id], chosen[record_id], placed.get(record_id))
        elif record_id in refused:
            row |= {key: refused[record_id][key] for key in _FROM_REJECTED} | {"disposition": Disposition.REJECTED}
        else:
            raise DataError(f"record {record_id} ({record['locator']}) is neither a question nor rejected; this is a bug in normalize")
        rows.append(row)
    return to_frame(rows, LedgerRow)


_FROM_RECORD = ("record_id", "source", "role", "file", "locator", "encoding", "file_sha256", "payload")
_FROM_REJECTED = ("reason_codes", "detail", "stem", "context", "options", "subject", "language", "repairs")
_FROM_QUESTION = ("content_id", "stem", "context", "options", "answer_index", "explanation", "subject", "language", "repairs")
_FROM_SELECTION = ("disposition", "reason_codes", "detail", "cluster_id", "split_group", "representative_id", "relation", "quality_score")


def _parsed(question: Mapping[str, Any], quality: Mapping[str, Any], selection: Mapping[str, Any], split: str | None) -> dict[str, Any]:
    row = {key: question[key] for key in (*_FROM_QUESTION, "fixed_order", "original_id")}
    row |= {key: selection[key] for key in _FROM_SELECTION}
    row["flags"] = quality["flags"]
    if selection["kept"]:
        if split is None:
            raise DataError(f"record {question['record_id']} was kept and has no split; this is a bug in split")
        row |= {"disposition": split, "split": split}
    return row


def funnel(ledger: pd.DataFrame) -> dict[str, int]:
    """Number of records by disposition, in the order of the funnel, zeros included; the values sum to the records read."""
    counts = ledger["disposition"].value_counts()
    return {str(name): int(counts.get(str(name), 0)) for name in Disposition}


def reason_counts(ledger: pd.DataFrame) -> dict[str, int]:
    """Number of records by reason code, most first."""
    codes = ledger["reason_codes"].explode().dropna()
    return {str(code): int(count) for code, count in codes.value_counts().items()}


def curated_rows(ledger: pd.DataFrame) -> pd.DataFrame:
    """The rows that a published dataset gives to training: those in a split."""
    return ledger[ledger["split"].isin([str(name) for name in SPLITS])]


QUESTION_COLUMNS = ["record_id", "content_id", "split", "split_group", "source", "subject", "language"]
QUESTION_COLUMNS += ["context", "stem", "options", "answer_index", "fixed_order"]


def model_questions(ledger: pd.DataFrame) -> pd.DataFrame:
    """What rendering, training and evaluation read: the rows of every split, and those of benchmarks with `benchmark` as split."""
    split = ledger["split"].where(ledger["disposition"] != Disposition.BENCHMARK, str(Disposition.BENCHMARK))
    return ledger.assign(split=split).loc[split.notna(), QUESTION_COLUMNS].reset_index(drop=True)
