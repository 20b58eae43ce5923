"""Everything that the audit database knows of one record."""

import json
import math
import shutil
import sqlite3
from contextlib import closing

import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from cli.trace import losses
from pipeline.audit.database import Sources, build_audit
from pipeline.audit.record import current_version, find_records, record_facts, softmax, standing
from pipeline.audit.trace import trace_record
from pipeline.common.store.lookup import Lookup


def test_the_facts_of_a_record_hold_its_row_scores_losses_and_answers(database, published):
    _, _, row = published
    facts = record_facts(database, row["record_id"])
    assert {name: facts["row"][name] for name in ("stem", "options", "answer_index", "payload", "repairs", "reason_codes")} == {
        name: row[name] for name in ("stem", "options", "answer_index", "payload", "repairs", "reason_codes")
    }
    assert set(facts["quality"]["signals"]) >= set(facts["quality"]["flags"])
    assert [(one["adapter"], one["times_seen"], one["base_model"]) for one in facts["trained"]] == [("a1", 3, "m")]
    (trained,) = facts["trained"]
    assert (trained["losses"], trained["kept_epoch"], trained["gold_chosen"]) == ([2.0, 1.5, 1.0], 2, [False, True, True])
    assert trained["option_orders"] == ["BACD", "CABD", "ABCD"]
    assert [one["model"] for one in facts["answers"]] == ["base", "adapter"]
    assert facts["answers"][1]["probabilities"] == [0.5, 0.5], "the model's own: of the sums, and not of what options were compared by"
    assert facts["answers"][0]["probabilities"] == softmax([0.0, -1.0]), "older answers hold no sums"
    assert all(math.isclose(sum(one["probabilities"]), 1) for one in facts["answers"])
    assert facts["versions"] == []
    assert current_version(database) is None


def test_a_training_of_an_older_program_has_no_epochs(published, tmp_path):
    tables, (adapter,), row = published
    older = tmp_path / "a0"
    shutil.copytree(adapter, older)
    samples = pq.read_table(older / "samples.parquet")
    pq.write_table(samples.drop_columns(["losses", "option_orders", "gold_probabilities", "gold_chosen"]), older / "samples.parquet")
    manifest = json.loads((older / "manifest.json").read_text())
    (older / "manifest.json").write_text(json.dumps({name: value for name, value in manifest.items() if name != "kept_epoch"}))
    held = {"ledger": tables["sample_ledger"], "quality": tables["quality_scores"], "pairs": tables["duplicate_pairs"]}
    build_audit(tmp_path / "audit.sqlite", Sources(held, [older]))
    with closing(sqlite3.connect(tmp_path / "audit.sqlite")) as database:
        database.row_factory = sqlite3.Row
        (trained,) = record_facts(database, row["record_id"])["trained"]
    assert (trained["losses"], trained["gold_chosen"], trained["kept_epoch"], trained["last_loss"]) == ([], [], None, 1.0)
    (story,) = trace_record(row, {name: Lookup(table) for name, table in tables.items()}, [older])["training"]
    assert losses(story) == ["first 2.000, last 1.000"]


def test_a_duplicate_and_its_winner_are_neighbours_of_each_other(database, published):
    tables = published[0]
    lost = next(row for row in tables["sample_ledger"].to_pylist() if row["disposition"] == "duplicate")
    for one, other in ((lost["record_id"], lost["representative_id"]), (lost["representative_id"], lost["record_id"])):
        found = record_facts(database, one)["neighbours"]
        assert [(row["record_id"], row["relation"]) for row in found] == [(other, "exact")]
        assert found[0]["options"] == lost["options"]


def test_a_record_that_is_not_there_has_no_facts(database):
    assert record_facts(database, "0" * 16) is None


def test_where_a_record_stood_is_told_back_from_today():
    versions = [{"name": name} for name in ("v4", "v3", "v2", "v1")]
    changes = [
        {"version": "v4", "kind": "moved", "before": "test", "after": "train"},
        {"version": "v2", "kind": "entered", "before": None, "after": "test"},
    ]
    found = standing(versions, changes, "train")
    assert [(one.version["name"], one.split, [change["kind"] for change in one.changes]) for one in found] == [
        ("v4", "train", ["moved"]),
        ("v3", "test", []),
        ("v2", "test", ["entered"]),
        ("v1", None, []),
    ]


def test_a_name_finds_its_records(database, published):
    rows = published[0]["sample_ledger"].to_pylist()
    row = next(row for row in rows if row["disposition"] == "duplicate")
    assert find_records(database, row["record_id"]) == [row["record_id"]]
    assert find_records(database, row["record_id"][:10]) == [row["record_id"]]
    assert find_records(database, f"{row['source']}:{row['locator']}") == [row["record_id"]]
    # Of two records with one content it is the one that was kept.
    assert find_records(database, row["content_id"]) == [row["representative_id"]]
    for nothing in ("", "ab", "zzzz", "%", "' or 1=1 --", f"{row['source']}:nowhere", "0" * 17):
        assert find_records(database, nothing) == []


@given(st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=10))
def test_probabilities_add_up_and_keep_the_order(scores):
    chances = softmax(scores)
    assert math.isclose(sum(chances), 1)
    assert chances.index(max(chances)) == scores.index(max(scores)) or max(scores) - scores[chances.index(max(chances))] < 1e-9
    assert softmax([]) == []
