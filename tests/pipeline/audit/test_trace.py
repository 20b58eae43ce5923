"""What one record's story holds, and the database that joins everything."""

import json
import sqlite3

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assets import curation
from assets.resources.lake_io import LakeIOManager
from pipeline.audit.database import build_audit
from pipeline.audit.trace import find_record, trace_record
from schemas.errors import DataError
from schemas.tables.arrow import arrow_schema
from schemas.tables.evaluation import Prediction
from schemas.tables.training import TrainedSample


@pytest.fixture
def published(make_foundry, questions):
    """Tables of a published version with a duplicate, and an adapter that saw and answered its first record."""
    foundry = make_foundry([*questions, questions[0]])
    assets = dg.load_assets_from_modules([curation])
    with dg.DagsterInstance.ephemeral() as instance:
        assert dg.materialize(assets, instance=instance, resources={"foundry": foundry, "io_manager": LakeIOManager(foundry)}).success
    version = foundry.lake.current()
    tables = {name: pq.read_table(foundry.lake.table_path(name, hash_), partitioning=None) for name, hash_ in version.tables.items()}
    row = next(row for row in tables["sample_ledger"].to_pylist() if row["split"])
    folder = foundry.adapters / "a1"
    (folder / "evaluations" / "e1").mkdir(parents=True)
    facts = {"dataset_version": version.dataset_version, "run_id": "run", "base_model": "m", "base_revision": "r", "method": "qlora"}
    (folder / "manifest.json").write_text(json.dumps({**facts, "device": "cpu", "steps": 3, "wall_seconds": 1.0}))
    sample = {
        "record_id": row["record_id"],
        "split": "train",
        "status": "trained",
        "times_seen": 3,
        "first_loss": 2.0,
        "last_loss": 1.0,
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
            "gold_nll": 0.5,
        }
        for model, place in (("base", (row["answer_index"] + 1) % 4), ("adapter", row["answer_index"]))
    ]
    pq.write_table(
        pa.Table.from_pylist(predictions, schema=arrow_schema(Prediction)), folder / "evaluations" / "e1" / "predictions.parquet"
    )
    (folder / "evaluations" / "e1" / "result.json").write_text(json.dumps({"verdict": "helped"}))
    return foundry, tables, row


def test_a_record_is_found_by_id_prefix_content_id_and_place(published):
    _, tables, row = published
    ledger = tables["sample_ledger"]
    for query in (row["record_id"], row["record_id"][:8], row["content_id"], f"{row['source']}:{row['locator']}"):
        assert find_record(ledger, query)["content_id"] == row["content_id"]


@pytest.mark.parametrize("query", ["", "zzzz", "abc", "school:school.jsonl#line:99", "nosource:x"])
def test_a_name_of_nothing_is_refused_with_the_forms_that_work(published, query):
    with pytest.raises(DataError, match=r"SOURCE:LOCATOR|write more"):
        find_record(published[1]["sample_ledger"], query)


def test_the_story_holds_origin_verdict_neighbours_training_and_answers(published):
    foundry, tables, row = published
    story = trace_record(row, tables, foundry.adapters.glob("*"))
    assert story["record"]["locator"] == row["locator"]
    assert story["quality"]["quality_score"] > 0.99
    assert [fact["times_seen"] for fact in story["training"]] == [3]
    assert [(fact["model"], fact["correct"]) for fact in story["answers"]] == [("base", False), ("adapter", True)]
    assert story["answers"][1]["answered"] == row["options"][row["answer_index"]]
    json.dumps(story, allow_nan=False)


def test_a_duplicates_story_names_what_it_lost_to(published):
    foundry, tables, _ = published
    loser = next(row for row in tables["sample_ledger"].to_pylist() if row["disposition"] == "duplicate")
    story = trace_record(loser, tables, foundry.adapters.glob("*"))
    assert story["decided_by"]["record_id"] == loser["representative_id"]
    assert story["neighbours"][0]["relation"] == "exact"
    assert story["reasons"] == ["duplicate_exact: the same question, options and key stand elsewhere"]


def test_the_audit_database_joins_ledger_training_and_answers(published, tmp_path):
    foundry, tables, row = published
    path = tmp_path / "audit.sqlite"
    names = {"ledger": "sample_ledger", "quality": "quality_scores", "pairs": "duplicate_pairs"}
    counts = build_audit(path, {name: tables[asset] for name, asset in names.items()}, foundry.adapters.glob("*"))
    assert counts == {"ledger": 9, "quality": 9, "pairs": 1, "trained_samples": 1, "predictions": 2, "runs": 1}
    database = sqlite3.connect(path)
    assert database.execute("select change, gold, adapter_answered from flipped").fetchall() == [
        ("fixed", row["options"][row["answer_index"]], row["options"][row["answer_index"]])
    ]
    assert database.execute("select json_array_length(options) from ledger limit 1").fetchone() == (4,)
    assert [p.name for p in tmp_path.glob(".audit*")] == []


def test_an_audit_without_any_training_still_has_its_tables(published, tmp_path):
    _, tables, _ = published
    assert build_audit(tmp_path / "a.sqlite", {"ledger": tables["sample_ledger"]}, []) == {"ledger": 9}
