"""What stands in decisions.jsonl against what the published version says of it."""

import json
import sqlite3

import pytest

pytest.importorskip("datasette")

from cli.audit_server.pending import pending_of

HERE, THERE, GONE, COPY = ("a" * 16, "b" * 16, "c" * 16, "d" * 16)
CONTENT, TWICE = "1" * 16, "2" * 16


@pytest.fixture
def published():
    database = sqlite3.connect(":memory:")
    database.row_factory = sqlite3.Row
    database.execute("create table ledger (record_id text, content_id text)")
    rows = [(HERE, "0" * 16), (THERE, CONTENT), (COPY, TWICE), ("e" * 16, TWICE)]
    database.executemany("insert into ledger values (?, ?)", rows)
    database.execute("create table decisions (id text, status text, detail text, found_id text, action text)")
    yield database
    database.close()


@pytest.fixture
def pending(published, tmp_path):
    def read(*lines):
        path = tmp_path / "decisions.jsonl"
        path.write_text("".join(json.dumps({"who": "Lan", **line}) + "\n" for line in lines))
        return pending_of(published, path)

    return read


def seen(published, *rows):
    published.executemany("insert into decisions values (?, ?, 'said', ?, ?)", rows)


def test_without_a_file_nothing_waits(published, tmp_path):
    found = pending_of(published, tmp_path / "nothing.jsonl")
    assert (found.waiting, found.orphaned, found.of_record) == (set(), [], {})


def test_a_decision_waits_until_a_version_has_seen_it_and_a_note_never_does(pending, published):
    lines = [{"id": "1", "record_id": HERE, "action": "accept"}, {"id": "2", "record_id": THERE, "action": "note"}]
    assert pending(*lines).waiting == {HERE}
    seen(published, ("1", "applied", HERE, "accept"), ("2", "note", THERE, "note"))
    assert pending(*lines).waiting == set()
    assert pending(*lines).outcomes["1"].status == "applied"


@pytest.mark.parametrize("status", ["superseded", "not_applicable"])
def test_what_a_version_has_seen_waits_no_more_whatever_came_of_it(pending, published, status):
    seen(published, ("1", status, HERE, "accept"))
    assert pending({"id": "1", "record_id": HERE, "action": "accept"}).waiting == set()


def test_what_was_applied_and_taken_back_since_waits(pending, published):
    seen(published, ("1", "applied", HERE, "accept"))
    found = pending({"id": "1", "record_id": HERE, "action": "accept"}, {"id": "2", "record_id": HERE, "action": "undo", "undoes": "1"})
    assert (found.waiting, found.of_record) == ({HERE}, {})


def test_a_record_typed_anew_is_found_by_what_it_says_and_an_unclear_one_is_an_orphan(pending, published):
    found = pending(
        {"id": "1", "record_id": GONE, "content_id": CONTENT, "action": "reject"},
        {"id": "2", "record_id": GONE, "content_id": TWICE, "action": "reject"},
        {"id": "3", "record_id": GONE, "action": "reject"},
    )
    assert set(found.of_record) == {THERE}
    assert [one.id for one in found.orphaned] == ["2", "3"]
    # Where the refresh has found one of the two, that one it is.
    seen(published, ("2", "applied", COPY, "reject"))
    assert COPY in pending({"id": "2", "record_id": GONE, "content_id": TWICE, "action": "reject"}).of_record
