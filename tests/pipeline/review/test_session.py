import pytest

from pipeline.common.store.decisions import append_decisions, read_decisions, read_lines
from pipeline.review.decide import UnfitError, make_decision
from pipeline.review.queues import Queue, find_items
from pipeline.review.session import Session, taking_back
from pipeline.review.standing import Standing


@pytest.fixture
def start(publish, helpers, tmp_path):
    against = {"reason_codes": ["conflicting_answers"], "relation": "conflict"}
    rows = [
        helpers.ledger_row(1, "conflict", representative_id=helpers.record_id(2), **against),
        helpers.ledger_row(2, "conflict", representative_id=helpers.record_id(1), answer_index=1, **against),
        helpers.ledger_row(3, "rejected", reason_codes=["missing_answer"], answer_index=None, content_id=None),
        helpers.ledger_row(4, "rejected", reason_codes=["empty_option"], options=["a", ""], answer_index=None, content_id=None),
    ]
    version = publish(rows, [(helpers.record_id(1), helpers.record_id(2), "conflict")])

    def make(queue):
        path = tmp_path / "review" / "decisions.jsonl"
        items = find_items(version, Standing(read_lines(path), version), [])[queue]
        return Session(items, version, path, "Lan", lambda: helpers.at)

    return make


def test_a_decision_is_on_the_disk_before_the_next_record_is_shown(start, helpers):
    session = start(Queue.REJECTED)
    session.why = "in the book"
    session.decide("set_answer", answer_index=1)
    (written,) = read_decisions(session.path).standing
    assert (written.record_id, written.answer, written.why, written.who) == (helpers.record_id(3), "Paris", "in the book", "Lan")
    assert (session.place, session.decided, session.why) == (1, 1, "")


def test_undo_takes_back_the_last_and_goes_to_where_it_was_made(start, helpers):
    session = start(Queue.CONFLICTS)
    session.turn()
    session.decide("merge", helpers.record_id(1))
    assert session.item is None
    assert session.undo().action == "merge"
    assert session.record_id == helpers.record_id(2)
    assert read_decisions(session.path).standing == []
    with pytest.raises(UnfitError, match="nothing was decided"):
        session.undo()


def test_both_sides_are_named_by_id_and_by_content(start, helpers):
    session = start(Queue.CONFLICTS)
    decision = session.decide("apart", session.others()[0].record_id)
    assert (decision.record_id, decision.content_id) == (helpers.record_id(1), helpers.record_id(1001))
    assert (decision.other_record_id, decision.other_content_id) == (helpers.record_id(2), helpers.record_id(1002))


def test_an_edit_that_leaves_no_key_stays_until_the_key_is_set(start):
    session = start(Queue.REJECTED)
    session.move(1)
    session.decide("edit", options=["a", "b"])
    assert session.item is not None
    assert session.row(session.record_id)["options"] == ["a", "b"]
    session.decide("set_answer", answer_index=1)
    assert session.item is None
    assert session.decided == 1


def test_somebody_elses_decision_is_seen_before_ones_own_is_written(start, helpers):
    session = start(Queue.CONFLICTS)
    append_decisions(session.path, [make_decision(session.row(helpers.record_id(2)), "reject", "Hoa", helpers.at)])
    with pytest.raises(UnfitError, match=r"meanwhile: reject by Hoa.*look again"):
        session.decide("accept")
    assert [one.who for one in read_decisions(session.path).standing] == ["Hoa"]
    session.decide("accept")
    assert [one.who for one in read_decisions(session.path).standing] == ["Hoa", "Lan"]


def test_in_the_queue_of_what_waits_the_shown_decision_can_be_taken_back(start):
    start(Queue.CONFLICTS).decide("accept")
    session = start(Queue.PENDING)
    assert session.undo().action == "accept"
    assert not start(Queue.PENDING).items
    assert start(Queue.CONFLICTS).items


def test_an_undo_can_be_taken_back_itself(start, helpers):
    session = start(Queue.CONFLICTS)
    decision = session.decide("accept")
    undo = session.undo() and read_lines(session.path)[-1].decision
    append_decisions(session.path, [taking_back(undo, "Lan", helpers.at)])
    assert [one.id for one in read_decisions(session.path).standing] == [decision.id]
