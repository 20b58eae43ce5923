"""Decisions by the form of a record's page, as browsers send it and as others would like to."""

import threading

import pytest

pytest.importorskip("datasette")


@pytest.fixture(autouse=True)
def _empty(served):
    (served.data_root / "review" / "d" / "decisions.jsonl").unlink(missing_ok=True)


def test_each_decision_is_a_line_that_names_record_content_reviewer_and_reason(served):
    row = served.row("Which machine")
    visitor = served.visitor()
    sent = [
        {"action": "accept"},
        {"action": "reject"},
        {"action": "set_answer", "answer_index": "1"},
        {"action": f"merge:{row['representative_id']}"},
        {"action": f"apart:{row['representative_id']}"},
        {"action": "note"},
    ]
    for fields in sent:
        status, url, page = visitor.send(row["record_id"], visitor.form(row["record_id"]), who="Lan", why="checked in the book", **fields)
        assert (status, "saved=1" in url) == (200, True), page
        assert "applied by the next refresh" in page
    lines = served.decisions
    assert [line["action"] for line in lines] == ["accept", "reject", "set_answer", "merge", "apart", "note"]
    assert all(
        (line["who"], line["why"], line["record_id"], line["content_id"])
        == ("Lan", "checked in the book", row["record_id"], row["content_id"])
        for line in lines
    )
    assert lines[2]["answer_index"] == 1
    assert lines[3]["other_record_id"] == row["representative_id"]
    page = served.get(f"/record/{row['record_id']}")[2]
    assert "waits for the next refresh" in page
    assert "A decision waits for the next refresh." in page
    assert row["record_id"] in served.get("/records?dataset=d&list=pending")[2]


def test_an_edit_holds_what_was_changed_and_nothing_else(served):
    row = served.row("Đường tròn")
    visitor = served.visitor()
    text = {"stem": row["stem"], "option": row["options"], "context": ""}
    status, _, page = visitor.send(row["record_id"], visitor.form(row["record_id"]), who="Lan", action="edit", **text)
    assert (status, "Nothing was changed" in page) == (422, True)
    changed = {**text, "stem": "Một đường tròn có\r\nbao nhiêu trục đối xứng?"}
    assert visitor.send(row["record_id"], visitor.form(row["record_id"]), who="Lan", action="edit", **changed)[0] == 200
    (line,) = served.decisions
    assert line["stem"] == "Một đường tròn có\nbao nhiêu trục đối xứng?"
    assert not {"options", "context"} & line.keys()


def test_a_rejected_question_whose_key_was_read_shows_it_and_can_be_accepted(served):
    row, visitor = served.row("Look at the picture"), served.visitor()
    assert (row["disposition"], row["options"][row["answer_index"]]) == ("rejected", "A dog")
    assert "No key could be read" not in served.get(f"/record/{row['record_id']}")[2]
    assert visitor.send(row["record_id"], visitor.form(row["record_id"]), who="Lan", action="accept")[0] == 200
    assert served.decisions[0]["action"] == "accept"


def test_what_the_record_cannot_take_is_refused_in_words_and_what_was_typed_stays(served):
    row = served.row("Which machine")
    without = served.row("Describe")
    visitor = served.visitor()
    refused = [
        (row, {"action": "set_answer", "answer_index": "4"}, "must be one of the 4 options"),
        (row, {"action": "set_answer", "answer_index": "-1"}, "must be one of the 4 options"),
        (row, {"action": "set_answer", "answer_index": "٣"}, "must be one of the 4 options"),
        (row, {"action": "set_answer"}, "Choose the option"),
        (without, {"action": "set_answer", "answer_index": "0"}, "no options"),
        (without, {"action": "accept"}, "lacks options or a key"),
        (row, {"action": "merge:0000000000000000"}, "no neighbour"),
        (row, {"action": f"merge:{row['record_id']}"}, "no neighbour"),
        (row, {"action": "note", "why": " "}, "needs words"),
        (row, {"action": "drop table"}, "Choose what to decide"),
        (row, {"action": "undo:nothing"}, "taken back already"),
        (row, {"action": "edit", "stem": "", "option": row["options"], "context": ""}, "can&#39;t be empty"),
        (row, {"action": "edit", "stem": row["stem"], "option": ["only"], "context": ""}, "two options or more"),
        (row, {"action": "accept", "who": " "}, "Say who you are"),
        (row, {"action": "accept", "content_id": "0" * 16}, "has changed since you opened"),
    ]
    for record, fields, said in refused:
        told = {"who": "Lan", "why": "typed <b>words</b>", **fields}
        status, _, page = visitor.send(record["record_id"], {**visitor.form(record["record_id"]), **told})
        assert (status, said in page) == (422, True), (fields, page)
        if told["why"].strip():
            assert "typed &lt;b&gt;words&lt;/b&gt;</textarea>" in page
    assert served.decisions == []


def test_a_form_that_is_sent_twice_is_one_decision_and_two_of_a_page_are_two(served):
    row = served.row("Which machine")
    visitor = served.visitor()
    form = visitor.form(row["record_id"])
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(visitor.send(row["record_id"], form, who="Lan", action="accept")[0])) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [200] * 4
    assert len(served.decisions) == 1
    visitor.send(row["record_id"], form, who="Lan", action="reject")
    assert [line["action"] for line in served.decisions] == ["accept", "reject"]


def test_two_browsers_lose_nothing(served):
    row = served.row("Which machine")
    visitors = [(served.visitor(), name) for name in ("Lan", "Minh", "Hoa", "Tuấn")]

    def decide(visitor, name):
        for number in range(5):
            visitor.send(row["record_id"], visitor.form(row["record_id"]), who=name, why=f"{name} {number}", action="note")

    threads = [threading.Thread(target=decide, args=one) for one in visitors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(line["why"] for line in served.decisions) == sorted(f"{name} {number}" for _, name in visitors for number in range(5))


def test_a_reviewer_takes_back_her_own_decision_alone(served):
    row = served.row("Which machine")
    visitor = served.visitor()
    visitor.send(row["record_id"], visitor.form(row["record_id"]), who="Lan", action="accept")
    undo = f"undo:{served.decisions[0]['id']}"
    status, _, page = served.visitor().send(row["record_id"], served.visitor().form(row["record_id"]), who="Minh", action=undo)
    assert status == 403, "a form of another browser's session"
    other = served.visitor()
    status, _, page = other.send(row["record_id"], other.form(row["record_id"]), who="Minh", action=undo)
    assert (status, "only Lan can take it back" in page) == (422, True)
    assert visitor.send(row["record_id"], visitor.form(row["record_id"]), who="Lan", action=undo)[0] == 200
    assert [line["action"] for line in served.decisions] == ["accept", "undo"]
    assert served.decisions[1]["undoes"] == served.decisions[0]["id"]
    assert row["record_id"] not in served.get("/records?dataset=d&list=pending")[2].partition("<main")[2]


def test_the_name_is_asked_once(served):
    row = served.row("Which machine")
    visitor = served.visitor()
    assert "Your name (asked once)" in visitor.opener.open(f"{served.url}/record/{row['record_id']}").read().decode()
    visitor.send(row["record_id"], visitor.form(row["record_id"]), who="Nguyễn Thị Lan; x=1", action="accept")
    assert "You decide as Nguyễn Thị Lan; x=1." in visitor.opener.open(f"{served.url}/record/{row['record_id']}").read().decode()
    assert visitor.send(row["record_id"], visitor.form(row["record_id"]), action="reject")[0] == 200
    assert {line["who"] for line in served.decisions} == {"Nguyễn Thị Lan; x=1"}


def test_nobody_else_can_send_a_decision(served):
    row = served.row("Which machine")
    visitor = served.visitor()
    form = visitor.form(row["record_id"])
    for origin in (
        "http://evil.example",
        "null",
        "",
        f"http://127.0.0.1:{served.port + 1}",
        "https://127.0.0.1",
        f"http://localhost:{served.port}",
    ):
        assert visitor.send(row["record_id"], form, origin=origin, who="Eve", action="accept")[0] == 403, origin
    assert served.visitor().send(row["record_id"], form, who="Eve", action="accept")[0] == 403, "no cookie at all"
    for token in ("x", "", "ä", served.visitor().form(row["record_id"])["csrftoken"]):
        status, _, page = visitor.send(row["record_id"], {**form, "csrftoken": token}, who="Eve", action="accept", why="typed already")
        assert (status, "typed already</textarea>" in page) == (403, True), token
    assert served.get(f"/record/{row['record_id']}/decide?dataset=d&action=accept&who=Eve")[0] == 405
    assert served.decisions == []


def test_a_wrong_line_and_an_orphan_are_listed_and_stop_nothing(served):
    path = served.data_root / "review" / "d" / "decisions.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('{"record_id": "00000000000000aa", "action": "reject", "who": "Lan", "why": "an <i>old</i> one"}\nno json\n')
    assert "Line 2" in served.get("/")[2]
    text = served.get("/records?dataset=d&list=orphaned")[2]
    assert "00000000000000aa" in text
    assert "an &lt;i&gt;old&lt;/i&gt; one" in text
