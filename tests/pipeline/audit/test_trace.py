"""What one record's story holds, and the database that joins everything."""

import json

import pyarrow as pa
import pytest

from pipeline.audit.trace import find_record, trace_record
from pipeline.common.store.lookup import Lookup
from schemas.errors import DataError
from schemas.tables.arrow import arrow_schema
from schemas.tables.curation import ReviewDecision


@pytest.fixture
def looked(published):
    """The published tables as trace looks into them."""
    return {name: Lookup(table) for name, table in published[0].items()}


def test_a_record_is_found_by_id_prefix_content_id_and_place(published, looked):
    row = published[2]
    ledger = looked["sample_ledger"]
    for query in (row["record_id"], row["record_id"][:8], row["content_id"], f"{row['source']}:{row['locator']}"):
        assert find_record(ledger, query)["content_id"] == row["content_id"]


@pytest.mark.parametrize("query", ["", "zzzz", "abc", "school:school.jsonl#line:99", "nosource:x"])
def test_a_name_of_nothing_is_refused_with_the_forms_that_work(looked, query):
    with pytest.raises(DataError, match=r"SOURCE:LOCATOR|write more"):
        find_record(looked["sample_ledger"], query)


def test_the_story_holds_origin_verdict_neighbours_training_and_answers(published, looked):
    _, adapters, row = published
    story = trace_record(row, looked, adapters)
    assert story["record"]["locator"] == row["locator"]
    assert story["quality"]["quality_score"] > 0.99
    assert [fact["times_seen"] for fact in story["training"]] == [3]
    assert [(fact["model"], fact["correct"]) for fact in story["answers"]] == [("base", False), ("adapter", True)]
    assert story["answers"][1]["answered"] == row["options"][row["answer_index"]]
    json.dumps(story, allow_nan=False)


def test_a_duplicates_story_names_what_it_lost_to(published, looked):
    tables, adapters, _ = published
    loser = next(row for row in tables["sample_ledger"].to_pylist() if row["disposition"] == "duplicate")
    story = trace_record(loser, looked, adapters)
    assert story["decided_by"]["record_id"] == loser["representative_id"]
    assert story["neighbours"][0]["relation"] == "exact"
    assert story["reasons"] == ["duplicate_exact: the same question, options and key stand elsewhere"]


def test_a_story_tells_every_decision_that_names_or_touches_the_record(published, looked):
    _, adapters, row = published
    line = dict.fromkeys(ReviewDecision.model_fields) | {"status": "applied", "detail": "accepted", "touches": [], "action": "accept"}
    other = "f" * 16
    lines = [
        line | {"line": 1, "record_id": row["record_id"], "found_id": row["record_id"], "before": '{"stem": "?"}'},
        line | {"line": 2, "record_id": other, "found_id": other, "touches": [other, row["record_id"]]},
        line | {"line": 3, "record_id": other, "found_id": other, "other_found_id": row["record_id"], "gives": "{}"},
        line | {"line": 4, "record_id": other, "found_id": other, "touches": [other]},
        line | {"line": 5, "status": "wrong_line"},
    ]
    decisions = pa.Table.from_pylist(lines, arrow_schema(ReviewDecision))
    story = trace_record(row, {**looked, "review_decisions": Lookup(decisions)}, adapters)
    assert [said["line"] for said in story["decisions"]] == [1, 2, 3]
    assert story["decisions"][0]["before"] == {"stem": "?"}
    assert trace_record(row, looked, adapters)["decisions"] == []
