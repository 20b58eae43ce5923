import json
import multiprocessing

import pytest

from pipeline.common.store.decisions import append_decisions, parse_decision, read_decisions
from schemas.decisions import Decision

ONE, OTHER = "a" * 16, "b" * 16


def by_hand(**cells):
    return json.dumps({"record_id": ONE, "action": "accept", "who": "Lan", **cells}, ensure_ascii=False)


def write(path, *lines):
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return read_decisions(path)


@pytest.mark.parametrize(
    "cells",
    [
        {"action": "accept"},
        {"action": "reject", "why": "sai đề"},
        {"action": "set_answer", "answer_index": 0},
        {"action": "edit", "stem": "Một cộng một?"},
        {"action": "edit", "options": ["1", "2"]},
        {"action": "edit", "context": ""},
        {"action": "merge", "other_record_id": OTHER},
        {"action": "apart", "other_record_id": OTHER, "other_content_id": OTHER},
        {"action": "note"},
    ],
)
def test_what_a_person_writes_by_hand_is_enough(tmp_path, cells):
    found = write(tmp_path / "d.jsonl", by_hand(**cells))
    assert not found.wrong
    assert found.standing[0].model_dump(mode="json", include=set(cells)) == cells


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "no JSON object"),
        ("[1]", "no JSON object"),
        (by_hand(action="burn"), "action"),
        (by_hand(who=" "), "who"),
        (by_hand(record_id="a"), "record_id"),
        (by_hand(action="set_answer"), "needs answer_index"),
        (by_hand(action="set_answer", answer_index=10), "answer_index"),
        (by_hand(action="set_answer", answer_index="A"), "answer_index"),
        (by_hand(action="edit"), "needs stem or options or context"),
        (by_hand(action="edit", options=["1"]), "options"),
        (by_hand(action="merge"), "needs other_record_id"),
        (by_hand(action="merge", other_record_id=ONE), "the record itself"),
        (by_hand(answer_index=1), "takes no answer_index"),
        (by_hand(colour="red"), "colour"),
        (by_hand(action="undo", undoes="nothing"), "no earlier line"),
    ],
)
def test_a_wrong_line_is_told_with_its_number_and_stops_nothing(tmp_path, line, why):
    found = write(tmp_path / "d.jsonl", by_hand(), "", line, by_hand(action="reject"))
    assert [one.action for one in found.standing] == ["accept", "reject"]
    (wrong,) = found.wrong
    assert wrong.line == 3
    assert why in wrong.why


def test_an_undo_takes_back_and_can_be_taken_back(tmp_path):
    lines = [by_hand(id="1", action="reject"), by_hand(id="2", action="undo", undoes="1")]
    assert write(tmp_path / "d.jsonl", *lines).standing == []
    found = write(tmp_path / "d.jsonl", *lines, by_hand(id="3", action="undo", undoes="2"))
    assert [one.id for one in found.standing] == ["1"]


def test_a_line_that_stands_twice_decides_once(tmp_path):
    found = write(tmp_path / "d.jsonl", by_hand(action="reject"), by_hand(action="reject"))
    assert len(found.standing) == 1
    assert "earlier line" in found.wrong[0].why


def test_the_same_decision_sent_twice_is_appended_once(tmp_path):
    one = parse_decision(by_hand())
    for _ in range(2):
        assert append_decisions(tmp_path / "review" / "d.jsonl", [one]) is None
    assert read_decisions(tmp_path / "review" / "d.jsonl").standing == [one]


def test_a_refused_line_is_not_written(tmp_path):
    assert append_decisions(tmp_path / "d.jsonl", [parse_decision(by_hand())], lambda _: "somebody was quicker") == "somebody was quicker"
    assert not (tmp_path / "d.jsonl").exists()


@pytest.mark.parametrize("left", [b'{"record_id"', b"\xff\xfe", by_hand(id="9").encode()])
def test_what_a_killed_writer_left_takes_no_later_line_with_it(tmp_path, left):
    (tmp_path / "d.jsonl").write_bytes(left)
    append_decisions(tmp_path / "d.jsonl", [parse_decision(by_hand(action="reject"))])
    found = read_decisions(tmp_path / "d.jsonl")
    assert found.standing[-1].action == "reject"
    assert len(found.standing) + len(found.wrong) == 2


def _append(path, who):
    for number in range(20):
        append_decisions(path, [Decision(id=f"{who}-{number}", who=who, record_id=ONE, action="note", why="x" * 5000)])


def test_many_writers_lose_nothing(tmp_path):
    path = tmp_path / "d.jsonl"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_append, args=(path, name)) for name in ("lan", "minh", "hoa")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    found = read_decisions(path)
    assert len(found.standing) == 60
    assert not found.wrong
