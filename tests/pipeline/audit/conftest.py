"""A curation as published, and an adapter that saw and answered one of its records."""

import json
import sqlite3

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.audit.database import Sources, build_audit
from schemas.tables.arrow import arrow_schema, to_table
from schemas.tables.curation import LedgerRow, Pair, Quality
from schemas.tables.evaluation import Prediction
from schemas.tables.training import TrainedSample


@pytest.fixture(scope="session")
def published(curated, tmp_path_factory):
    """Tables with a duplicate, the folder of an adapter that saw and answered one of their records, and that record's row."""
    models = {"sample_ledger": LedgerRow, "quality_scores": Quality, "duplicate_pairs": Pair}
    tables = {name: to_table(curated[name], model) for name, model in models.items()}
    row = next(row for row in tables["sample_ledger"].to_pylist() if row["split"])
    folder = tmp_path_factory.mktemp("adapters") / "a1"
    (folder / "evaluations" / "e1").mkdir(parents=True)
    facts = {"dataset_version": row["dataset_version"], "run_id": "run", "base_model": "m", "base_revision": "r", "method": "qlora"}
    (folder / "manifest.json").write_text(json.dumps({**facts, "device": "cpu", "steps": 3, "wall_seconds": 1.0, "kept_epoch": 2}))
    sample = {
        "record_id": row["record_id"],
        "split": "train",
        "status": "trained",
        "times_seen": 3,
        "first_loss": 2.0,
        "last_loss": 1.0,
        "losses": [2.0, 1.5, 1.0],
        "option_orders": ["BACD", "CABD", "ABCD"],
        "gold_probabilities": [0.25, 0.5, 0.75],
        "gold_chosen": [False, True, True],
        "validation_loss": None,
    }
    pq.write_table(pa.Table.from_pylist([sample], schema=arrow_schema(TrainedSample)), folder / "samples.parquet")
    answer = {key: row[key] for key in ("record_id", "split", "split_group", "source", "subject", "language", "answer_index")}
    predictions = [
        {
            **answer,
            "model": model,
            "mode": "cloze",
            "predicted_index": place,
            "correct": place == row["answer_index"],
            "option_scores": [0.0, -1.0],
            # The base model's answers are of a time when sums weren't written.
            "option_log_likelihoods": [-9.0, -9.0] if model == "adapter" else None,
            "gold_nll": 0.5,
        }
        for model, place in (("base", (row["answer_index"] + 1) % 4), ("adapter", row["answer_index"]))
    ]
    pq.write_table(
        pa.Table.from_pylist(predictions, schema=arrow_schema(Prediction)), folder / "evaluations" / "e1" / "predictions.parquet"
    )
    (folder / "evaluations" / "e1" / "result.json").write_text(json.dumps({"verdict": "helped"}))
    return tables, [folder], row


@pytest.fixture
def database(published, tmp_path):
    """A connection to the audit database of what is published."""
    tables, adapters, _ = published
    named = {"ledger": tables["sample_ledger"], "quality": tables["quality_scores"], "pairs": tables["duplicate_pairs"]}
    build_audit(tmp_path / "a.sqlite", Sources(named, adapters))
    connection = sqlite3.connect(tmp_path / "a.sqlite")
    connection.row_factory = sqlite3.Row
    yield connection
    connection.close()
