import json
import multiprocessing
import os
from functools import partial

import pytest

from pipeline.common.store.decisions import MAX_FILE_BYTES, append_decisions, parse_decision, read_decisions, read_lines, written
from schemas.decisions import Decision
from schemas.errors import DataError

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


def test_every_line_is_told_with_what_became_of_it(tmp_path):
    path = tmp_path / "d.jsonl"
    lines = [by_hand(id="1"), "", by_hand(id="1"), by_hand(id="1", why="so"), by_hand(id="2", action="undo", undoes="1"), "?"]
    write(path, *lines)
    found = read_lines(path)
    assert [line.number for line in found] == [1, 3, 4, 5, 6]
    assert found[0].undone_by.id == "2"
    assert [line.repeats for line in found] == [None, 1, None, None, None]
    assert [bool(line.wrong) for line in found] == [False, True, True, False, True]
    assert json.loads(json.dumps(written(found))) == written(found)
    assert written(found) != written(found[:1])


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: path.mkdir(), "it is a folder"),
        (os.mkfifo, "it is no file"),
        (lambda path: path.symlink_to("/dev/zero"), "it is no file"),
        (lambda path: (path.touch(), os.truncate(path, MAX_FILE_BYTES + 1)), "more than"),
        (lambda path: path.symlink_to(path), "symbolic links"),
    ],
    ids=["folder", "pipe", "device", "large", "loop"],
)
def test_what_is_no_file_ends_in_a_sentence_and_is_waited_for_by_nobody(tmp_path, make, why):
    path = tmp_path / "d.jsonl"
    make(path)
    for work in (read_lines, read_decisions, partial(append_decisions, decisions=[parse_decision(by_hand())])):
        with pytest.raises(DataError, match=f"can't be read: .*{why}.*move it away"):
            work(path)


@pytest.mark.parametrize(
    "line",
    [
        b"\xff\xfe\x00" + bytes(range(10)) + bytes(range(11, 256)),
        b"[" * 1_000_000,
        b'{"record_id": "' + b"x" * 10_000_000 + b'"}',
        by_hand(who="\ud800").encode("utf-8", "surrogatepass"),
        b'{"\\ud800": 1}',
        b'{"record_id": ' + b"9" * 5_000 + b"}",
        by_hand(action="edit", options=["x" * 1_000_000] * 10).encode(),
    ],
    ids=["binary", "deep", "long", "surrogate", "name", "number", "large"],
)
def test_a_hostile_line_is_one_wrong_line_with_a_short_reason(tmp_path, line):
    path = tmp_path / "d.jsonl"
    path.write_bytes(by_hand().encode() + b"\n" + line + b"\n" + by_hand(action="reject").encode())
    found = read_decisions(path)
    assert len(found.standing) == 2
    assert [(wrong.line, len(wrong.why) <= 1000) for wrong in found.wrong] == [(2, True)]


def test_a_hundred_thousand_lines_are_read(tmp_path):
    path = tmp_path / "d.jsonl"
    path.write_text("".join(f"{by_hand(id=str(number), action='note')}\n" for number in range(100_000)))
    assert len(read_lines(path)) == 100_000
