import pytest

from pipeline.common.store.decisions import append_decisions, read_lines
from pipeline.review.decide import make_decision
from pipeline.review.queues import Queue, find_items
from pipeline.review.standing import Standing
from schemas.errors import ConfigError
from schemas.reasons import Reason


@pytest.fixture
def version(publish, helpers):
    row, name = helpers.ledger_row, helpers.record_id
    against = {"reason_codes": ["conflicting_answers"], "detail": "contradicted", "relation": "conflict"}
    return publish(
        [
            row(1, "conflict", representative_id=name(2), **against),
            row(2, "conflict", representative_id=name(1), source="trivia", answer_index=1, **against),
            row(3, "conflict", representative_id=name(2), answer_index=2, **against),
            row(4, "rejected", reason_codes=["not_multiple_choice"], options=None, answer_index=None, content_id=None),
            row(5, "rejected", reason_codes=["empty_option"], options=["a", ""], answer_index=None, content_id=None),
            row(6, "rejected", reason_codes=["missing_answer"], answer_index=None, content_id=None),
            row(7, "rejected", reason_codes=["missing_answer", "rejected_by_reviewer"], answer_index=None, content_id=None),
            row(8, "filtered", reason_codes=["below_min_score"], quality_score=0.2),
            row(9, "filtered", reason_codes=["below_min_score"], quality_score=0.4),
            row(10, quality_score=0.89),
            row(11, quality_score=0.9),
            row(12, flags=["contradicted_key"]),
        ],
        pairs=[(name(1), name(2), "conflict"), (name(2), name(3), "conflict")],
        flags={name(12): ["the explanation names another option than the key"]},
    )


def items_of(version, path=None, **more):
    lines = read_lines(path) if path else []
    return find_items(version, Standing(lines, version), [], **more)


def ids(items):
    return [int(item.record_id, 16) for item in items]


def test_records_that_contradict_each_other_are_one_item(version, helpers):
    (item,) = items_of(version)[Queue.CONFLICTS]
    assert item.record_ids == tuple(map(helpers.record_id, (1, 2, 3)))
    assert "contradicted" in item.why


def test_what_takes_least_to_mend_comes_first(version):
    found = items_of(version)
    assert ids(found[Queue.REJECTED]) == [6, 5, 4]
    assert ids(found[Queue.WEAK]) == [9, 8, 10]
    assert ids(found[Queue.SUSPECTED_KEYS]) == [12]


def test_a_source_narrows_every_queue_and_an_unknown_one_is_told(version):
    found = items_of(version, source="trivia")
    assert {queue: len(items) for queue, items in found.items() if items} == {Queue.CONFLICTS: 1}
    with pytest.raises(ConfigError, match=r"names no source of this version; it has school, trivia"):
        items_of(version, source="nowhere")


@pytest.mark.parametrize("about", [1, 3])
def test_a_decision_on_any_side_of_a_conflict_waits_and_hides_it(version, helpers, tmp_path, about):
    row = version.row(helpers.record_id(about))
    append_decisions(tmp_path / "d.jsonl", [make_decision(row, "accept", "Lan", helpers.at)])
    assert not items_of(version, tmp_path / "d.jsonl")[Queue.CONFLICTS]
    assert items_of(version, tmp_path / "d.jsonl", everything=True)[Queue.CONFLICTS]
    (pending,) = items_of(version, tmp_path / "d.jsonl")[Queue.PENDING]
    assert pending.record_id == row["record_id"]
    assert pending.why == ("accept by Lan, 2026-03-01 08:30",)


def test_a_note_hides_nothing(version, helpers, tmp_path):
    append_decisions(tmp_path / "d.jsonl", [make_decision(version.row(helpers.record_id(1)), "note", "Lan", helpers.at, "look it up")])
    assert items_of(version, tmp_path / "d.jsonl")[Queue.CONFLICTS]


def test_what_a_reviewer_confirmed_and_a_run_published_is_not_asked_again(publish, helpers, tmp_path):
    rows = [
        helpers.ledger_row(1, flags=["contradicted_key"], quality_score=0.8),
        helpers.ledger_row(
            2, "conflict", representative_id=helpers.record_id(3), reason_codes=["conflicting_answers"], relation="conflict"
        ),
        helpers.ledger_row(3),
        helpers.ledger_row(4, "filtered", reason_codes=["rejected_by_reviewer"]),
    ]
    before = publish(rows)
    assert items_of(before)[Queue.SUSPECTED_KEYS]
    decision = make_decision(before.row(helpers.record_id(1)), "accept", "Lan", helpers.at)
    append_decisions(tmp_path / "d.jsonl", [decision])
    after = publish(rows, decisions=[helpers.decided(1, decision)])
    assert not any(items_of(after, tmp_path / "d.jsonl").values())
    assert len(items_of(after, tmp_path / "d.jsonl", everything=True)[Queue.SUSPECTED_KEYS]) == 1


def test_a_taken_back_decision_that_was_applied_waits_for_a_refresh(publish, helpers, tmp_path):
    from pipeline.review.session import taking_back

    rows = [helpers.ledger_row(1)]
    decision = make_decision(rows[0], "accept", "Lan", helpers.at)
    append_decisions(tmp_path / "d.jsonl", [decision, taking_back(decision, "Hoa", helpers.at)])
    (item,) = items_of(publish(rows, decisions=[helpers.decided(1, decision)]), tmp_path / "d.jsonl")[Queue.PENDING]
    assert item.why == (f"takes back {decision.id} by Hoa, 2026-03-01 08:30",)
    assert not items_of(publish(rows), tmp_path / "d.jsonl")[Queue.PENDING]


def test_no_records_give_no_items(publish):
    assert not any(items_of(publish([])).values())


def test_every_reason_can_be_shown(publish, helpers):
    rows = [helpers.ledger_row(n, "rejected", reason_codes=[reason], content_id=None) for n, reason in enumerate(Reason, start=1)]
    assert len(items_of(publish(rows))[Queue.REJECTED]) == len(Reason) - 1
