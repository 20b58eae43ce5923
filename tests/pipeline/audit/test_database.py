"""The audit database joins the published tables with what training and evaluation learned."""

import sqlite3

from pipeline.audit.database import build_audit


def test_the_audit_database_joins_ledger_training_and_answers(published, tmp_path):
    tables, adapters, row = published
    path = tmp_path / "audit.sqlite"
    names = {"ledger": "sample_ledger", "quality": "quality_scores", "pairs": "duplicate_pairs"}
    counts, unreadable = build_audit(path, {name: tables[asset] for name, asset in names.items()}, adapters)
    held = {"ledger": 10, "quality": 9, "pairs": 1, "trained_samples": 1, "predictions": 2, "runs": 1, "evaluations": 1}
    assert {name: counts[name] for name in held} == held
    assert unreadable == []
    database = sqlite3.connect(path)
    assert database.execute("select change, gold, adapter_answered from flipped").fetchall() == [
        ("fixed", row["options"][row["answer_index"]], row["options"][row["answer_index"]])
    ]
    assert database.execute("select json_array_length(options) from ledger limit 1").fetchone() == (4,)
    assert [p.name for p in tmp_path.glob(".audit*")] == []


def test_an_adapter_that_cannot_be_read_is_named_and_the_rest_is_there(published, tmp_path):
    tables, _, _ = published
    (tmp_path / "a2").mkdir()
    (tmp_path / "a2" / "manifest.json").write_text("{")
    counts, unreadable = build_audit(tmp_path / "a.sqlite", {"ledger": tables["sample_ledger"]}, [tmp_path / "a2"])
    assert (counts["ledger"], counts["runs"]) == (10, 0)
    assert "manifest.json is damaged" in unreadable[0]


def test_an_audit_without_any_training_still_has_its_tables(published, tmp_path):
    tables, _, _ = published
    counts, unreadable = build_audit(tmp_path / "a.sqlite", {"ledger": tables["sample_ledger"]}, [])
    assert (counts["ledger"], unreadable) == (10, [])
    assert sqlite3.connect(tmp_path / "a.sqlite").execute("select count(*) from flipped").fetchone() == (0,)
