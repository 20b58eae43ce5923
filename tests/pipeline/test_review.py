"""Decisions of reviewers through all stages: what each action does to each kind of record, and that nothing else moves."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pipeline.review_runs import as_csv, curate, decide, jsonl

CAPITALS = {"France": "Paris", "Japan": "Tokyo", "Peru": "Lima", "Kenya": "Nairobi", "Norway": "Oslo", "Cuba": "Havana"}


def question(country, answer=None, **more):
    options = sorted({CAPITALS[country], "Quito", "Berne", "Dakar"})
    return {"question": stem(country), "options": options, "answer": answer or CAPITALS[country], **more}


def stem(country):
    return f"Which city is the capital of {country}, as printed in the atlas?"


ALL = [question(country) for country in CAPITALS]
FRANCE, JAPAN, PERU, KENYA = map(stem, ("France", "Japan", "Peru", "Kenya"))
# A misspelled copy: the same question, not exactly.
COPY = {**question("France"), "question": FRANCE.upper().replace("ATLAS?", "ATLAS ?")}
COPIED = COPY["question"]
WRONG = {**question("France", "Quito"), "question": FRANCE + " "}


def kept(run):
    return {name for name, row in run.rows.items() if row["split"]}


def test_no_decisions_an_empty_file_and_notes_change_no_sample(tmp_path):
    files = {"a.jsonl": jsonl(ALL)}
    without = curate(tmp_path, files)
    row = without.rows[FRANCE]
    for lines in (
        [""],
        ["", "  "],
        [decide(row, "note", why="look again")],
        [decide({**row, "record_id": "0" * 16, "content_id": None}, "accept")],
    ):
        run = curate(tmp_path, files, lines)
        assert run.version == without.version
        assert all(run.frames[name].equals(without.frames[name]) for name in without.frames)
    assert run.statuses() == {1: "orphaned"}
    assert "no record has id" in run.said[0]["detail"]


@pytest.mark.parametrize("who", ["Lan", "Nguyễn Văn A; sếp"])
def test_a_key_that_was_set_is_the_key(tmp_path, who):
    files = {"a.jsonl": jsonl(ALL)}
    row = curate(tmp_path, files).rows[FRANCE]
    place = row["options"].index("Quito")
    run = curate(tmp_path, files, [decide(row, "set_answer", answer_index=place, id="d1", who=who, why="thử", at="2026-11-28T08:00:00Z")])
    now = run.rows[FRANCE]
    assert (now["answer_index"], now["repairs"], now["decided_by"]) == (place, ["answer_by_reviewer"], f"d1 by {who}")
    assert now["content_id"] != row["content_id"]
    assert now["detail"] == f"its key is 'Quito', where it was 'Paris', set by {who} (decision d1): thử"
    (said,) = run.said
    assert (said["status"], said["touches"], said["at"]) == ("applied", [now["record_id"]], "2026-11-28T08:00:00+00:00")
    assert json.loads(said["before"]) == {
        "content_id": row["content_id"],
        **{name: row[name] for name in ("context", "stem", "options", "answer_index")},
    }
    assert {name: run.rows[name] for name in run.rows if name != FRANCE} != {}
    assert all(row["decided_by"] is None for name, row in run.rows.items() if name != FRANCE)


def test_a_key_outside_the_options_is_listed_and_changes_nothing(tmp_path):
    files = {"a.jsonl": jsonl(ALL)}
    before = curate(tmp_path, files)
    run = curate(tmp_path, files, [decide(before.rows[FRANCE], "set_answer", answer_index=4)])
    assert run.said[0]["status"] == "not_applicable"
    assert run.said[0]["detail"] == "answer_index 4 is outside 0-3: it has 4 options"
    assert run.version == before.version
    assert run.rows[FRANCE]["decided_by"] is None


def test_an_edit_says_stem_options_and_context_anew(tmp_path):
    files = {"a.jsonl": jsonl(ALL)}
    row = curate(tmp_path, files).rows[FRANCE]
    options = [option.upper() for option in row["options"]]
    run = curate(tmp_path, files, [decide(row, "edit", stem="Thủ đô của Pháp là\u00a0gì? ", options=options, context="Đọc bản đồ.")])
    now = run.rows["Thủ đô của Pháp là gì?"]
    assert (now["options"], now["context"], now["answer_index"]) == (options, "Đọc bản đồ.", row["answer_index"])
    assert now["language"] == "vi"
    assert now["repairs"] == ["edited_by_reviewer"]


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ({"options": ["Paris", "Paris."]}, "two of its options say the same"),
        ({"options": ["\u200b", "Paris"]}, "has no text"),
        ({"stem": "?!"}, "stem '?!'"),
        ({"options": ["a", "b"]}, "set_answer first"),
    ],
)
def test_an_edit_that_would_leave_no_question_is_listed(tmp_path, cells, why):
    files = {"a.jsonl": jsonl(ALL)}
    before = curate(tmp_path, files)
    row = before.rows[KENYA]
    assert row["answer_index"] == 2
    run = curate(tmp_path, files, [decide(row, "edit", **cells)])
    assert run.statuses() == {1: "not_applicable"}
    assert why in run.said[0]["detail"]
    assert run.frames["ledger"].equals(before.frames["ledger"])


REFUSED = {
    "no key": ({**question("Peru"), "answer": ""}, "missing_answer"),
    "no such key": ({**question("Peru"), "answer": "Rome"}, "answer_not_in_options"),
    "a picture": ({**question("Peru"), "question": "Which city does the picture below show?"}, "image_required"),
    "equal options": ({**question("Peru"), "options": ["Lima", "Lima", "Quito"]}, "duplicate_options"),
    "no options": ({"question": "Describe Lima.", "answer": "Lima"}, "not_multiple_choice"),
    "no question": ({"question": "", "options": ["Lima", "Quito"], "answer": "Lima"}, "empty_stem"),
}


def refused(tmp_path, name):
    cells, reason = REFUSED[name]
    files = {"a.jsonl": jsonl([*ALL[:2], cells])}
    row = curate(tmp_path, files).rows
    found = next(row for row in row.values() if row["disposition"] == "rejected")
    assert found["reason_codes"] == [reason]
    return files, found


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("no key", [("set_answer", {"answer_index": 2})]),
        ("no key", [("accept", {}), ("set_answer", {"answer_index": 2})]),
        ("no such key", [("set_answer", {"answer_index": 2})]),
        ("a picture", [("accept", {})]),
        ("a picture", [("edit", {"stem": "Which city is the capital of Peru?"})]),
        ("equal options", [("edit", {"options": ["Lima", "Cusco", "Quito"]})]),
        ("no options", [("edit", {"options": ["Rome", "Lima"], "stem": "Capital of Peru?"}), ("set_answer", {"answer_index": 1})]),
        ("no question", [("edit", {"stem": "Capital of Peru?"})]),
    ],
)
def test_a_refused_record_comes_in_once_decisions_make_it_a_question(tmp_path, name, lines):
    files, row = refused(tmp_path, name)
    run = curate(tmp_path, files, [decide(row, action, **cells) for action, cells in lines])
    assert set(run.statuses().values()) == {"applied"}, run.said
    (now,) = (found for found in run.rows.values() if found["record_id"] == row["record_id"])
    assert now["split"], now
    assert now["options"][now["answer_index"]] == "Lima"
    assert now["decided_by"].count(" by Lan") == len(lines)
    assert [found["record_id"] for found in run.rows.values()] == [found["record_id"] for found in curate(tmp_path, files).rows.values()]


@pytest.mark.parametrize(
    ("name", "why"), [("no key", "missing_answer"), ("no options", "not_multiple_choice"), ("no question", "empty_stem")]
)
def test_an_accept_that_makes_no_question_says_why(tmp_path, name, why):
    files, row = refused(tmp_path, name)
    before = curate(tmp_path, files)
    run = curate(tmp_path, files, [decide(row, "accept")])
    assert run.statuses() == {1: "not_applicable"}
    assert run.said[0]["detail"].startswith(f"it still is no question ({why}: ")
    assert run.frames["ledger"].equals(before.frames["ledger"])


def test_a_refused_record_that_is_rejected_stays_with_its_reason_and_the_reviewers(tmp_path):
    files, row = refused(tmp_path, "no key")
    run = curate(tmp_path, files, [decide(row, "set_answer", answer_index=2), decide(row, "reject", why="nonsense", id="d2")])
    now = run.rows[PERU]
    assert (now["disposition"], now["reason_codes"]) == ("rejected", ["rejected_by_reviewer"])
    assert now["detail"].endswith("rejected by Lan (decision d2): nonsense")
    run = curate(tmp_path, files, [decide(row, "reject")])
    assert run.rows[PERU]["reason_codes"] == ["missing_answer", "rejected_by_reviewer"]


def test_a_rejected_question_is_filtered_with_its_exact_copies_and_keeps_its_facts(tmp_path):
    files = {"a.jsonl": jsonl(ALL), "b.jsonl": jsonl([question("France"), COPY])}
    before = curate(tmp_path, files)
    row = next(row for row in before.rows.values() if row["stem"] == FRANCE)
    run = curate(tmp_path, files, [decide(row, "reject", id="d1", why="too easy")])
    ledger = [row for row in run.frames["ledger"].to_dict("records") if row["stem"] == FRANCE]
    assert {row["disposition"] for row in ledger} == {"filtered"}
    assert {tuple(row["reason_codes"]) for row in ledger} == {("rejected_by_reviewer",)}
    assert {row["decided_by"] for row in ledger} == {"d1 by Lan"}
    assert all(row["content_id"] == before.rows[FRANCE]["content_id"] and row["quality_score"] > 0 for row in ledger)
    assert run.rows[COPIED]["split"], "another spelling is another text, and takes the place"


def test_a_copy_that_is_accepted_stays_though_another_was_rejected(tmp_path):
    files = {"a.jsonl": jsonl(ALL), "b.jsonl": jsonl([question("France")])}
    one, other = (row for row in curate(tmp_path, files).frames["ledger"].to_dict("records") if row["stem"] == FRANCE)
    run = curate(tmp_path, files, [decide(one, "reject"), decide(other, "accept")])
    found = {row["record_id"]: row for row in run.frames["ledger"].to_dict("records")}
    assert found[one["record_id"]]["disposition"] == "filtered"
    assert found[other["record_id"]]["split"]


def conflict(tmp_path, extra=()):
    files = {"a.jsonl": jsonl(ALL), "b.jsonl": jsonl([WRONG, *extra])}
    run = curate(tmp_path, files)
    right, wrong = (row for row in run.frames["ledger"].to_dict("records") if row["stem"] == FRANCE)
    assert right["disposition"] == wrong["disposition"] == "conflict"
    return files, right, wrong


def of(run, row):
    return next(found for found in run.frames["ledger"].to_dict("records") if found["record_id"] == row["record_id"])


@pytest.mark.parametrize("action", [("accept", {}), ("set_answer", {"answer_index": 2})])
def test_the_side_for_which_a_reviewer_stands_is_kept_and_the_other_stays_out(tmp_path, action):
    files, right, wrong = conflict(tmp_path)
    run = curate(tmp_path, files, [decide(right, action[0], id="d1", **action[1])])
    assert of(run, right)["split"]
    lost = of(run, wrong)
    assert (lost["disposition"], lost["representative_id"], lost["decided_by"]) == ("conflict", right["record_id"], "d1 by Lan")
    assert lost["detail"].endswith("for which a reviewer stands")
    assert sorted(run.said[0]["touches"]) == sorted([right["record_id"], wrong["record_id"]])


def test_a_key_that_is_mended_makes_duplicates_of_a_conflict(tmp_path):
    files, right, wrong = conflict(tmp_path)
    run = curate(tmp_path, files, [decide(wrong, "set_answer", answer_index=2, id="d1")])
    assert sorted(of(run, row)["disposition"] in ("train", "validation", "test") for row in (right, wrong)) == [False, True]
    assert {of(run, row)["decided_by"] for row in (right, wrong)} == {"d1 by Lan"}


def test_one_side_that_is_rejected_frees_the_other(tmp_path):
    files, right, wrong = conflict(tmp_path)
    run = curate(tmp_path, files, [decide(wrong, "reject", id="d1")])
    assert of(run, right)["split"]
    assert of(run, right)["decided_by"] == "d1 by Lan"
    assert of(run, wrong)["reason_codes"] == ["rejected_by_reviewer"]


def test_of_two_sides_that_are_accepted_the_later_line_wins(tmp_path):
    files, right, wrong = conflict(tmp_path)
    run = curate(tmp_path, files, [decide(wrong, "accept"), decide(right, "accept")])
    assert of(run, right)["split"]
    assert of(run, wrong)["disposition"] == "conflict"
    assert run.statuses() == {1: "superseded", 2: "applied"}
    assert run.said[0]["detail"].startswith(f"line 2 accepts record {right['record_id']}")


def test_two_sides_whose_keys_two_reviewers_set_stay_in_conflict(tmp_path):
    files, right, wrong = conflict(tmp_path)
    run = curate(tmp_path, files, [decide(right, "set_answer", answer_index=2), decide(wrong, "set_answer", answer_index=3, who="Minh")])
    assert of(run, right)["disposition"] == of(run, wrong)["disposition"] == "conflict"


def test_a_conflict_that_is_kept_apart_is_two_questions_of_one_split(tmp_path):
    files, right, wrong = conflict(tmp_path)
    run = curate(tmp_path, files, [decide(right, "apart", other_record_id=wrong["record_id"])])
    sides = [of(run, row) for row in (right, wrong)]
    assert all(side["split"] for side in sides)
    assert sides[0]["split_group"] == sides[1]["split_group"]
    assert run.frames["pairs"]["relation"].tolist() == ["related"]


def test_a_merge_picks_no_key(tmp_path):
    files, right, wrong = conflict(tmp_path)
    merge = decide(right, "merge", other_record_id=wrong["record_id"])
    run = curate(tmp_path, files, [merge])
    assert run.statuses() == {1: "not_applicable"}
    assert "accept one of them, or set_answer" in run.said[0]["detail"]
    assert of(run, right)["decided_by"] is None
    run = curate(tmp_path, files, [merge, decide(right, "accept")])
    assert run.statuses() == {1: "applied", 2: "applied"}
    assert of(run, right)["split"]
    assert (of(run, wrong)["disposition"], of(run, wrong)["representative_id"]) == ("duplicate", right["record_id"])


def test_a_merge_makes_duplicates_of_what_no_rule_ever_compared(tmp_path):
    files = {"a.jsonl": jsonl([*ALL, {"question": "Who wrote it?", "options": ["Du", "Tố Hữu"], "answer": "Du"}])}
    rows = curate(tmp_path, files).rows
    run = curate(tmp_path, files, [decide(rows[FRANCE], "merge", other_record_id=rows["Who wrote it?"]["record_id"], id="d1")])
    pair = [run.rows[FRANCE], run.rows["Who wrote it?"]]
    assert sorted(row["disposition"] == "duplicate" for row in pair) == [False, True]
    assert {row["decided_by"] for row in pair} == {"d1 by Lan"}
    assert run.frames["pairs"]["why"].tolist()[0].startswith("merged_by_reviewer: by Lan (decision d1); the rules: different, ")


def test_duplicates_that_are_kept_apart_both_stay_in_one_split(tmp_path):
    files = {"a.jsonl": jsonl(ALL), "b.jsonl": jsonl([COPY])}
    before = curate(tmp_path, files)
    pair = [before.rows[FRANCE], before.rows[COPIED]]
    assert sorted(row["disposition"] == "duplicate" for row in pair) == [False, True]
    run = curate(tmp_path, files, [decide(pair[0], "apart", other_record_id=pair[1]["record_id"])])
    assert {FRANCE, COPIED} <= kept(run)
    assert run.rows[FRANCE]["split_group"] == run.rows[COPIED]["split_group"]
    assert run.rows[FRANCE]["cluster_id"] is None


def test_of_merge_and_apart_of_one_pair_the_later_line_wins(tmp_path):
    files = {"a.jsonl": jsonl(ALL)}
    rows = curate(tmp_path, files).rows
    merge, apart = (decide(rows[FRANCE], action, other_record_id=rows[JAPAN]["record_id"]) for action in ("merge", "apart"))
    turned = decide(rows[JAPAN], "apart", other_record_id=rows[FRANCE]["record_id"])
    for last in (apart, turned):
        run = curate(tmp_path, files, [merge, last])
        assert run.statuses() == {1: "superseded", 2: "applied"}
        assert {FRANCE, JAPAN} <= kept(run)
    run = curate(tmp_path, files, [apart, merge])
    assert run.statuses() == {1: "superseded", 2: "applied"}
    assert len({FRANCE, JAPAN} & kept(run)) == 1


def test_three_that_were_merged_are_one_and_what_is_kept_apart_of_one_is_apart_of_all(tmp_path):
    files = {"a.jsonl": jsonl(ALL)}
    rows = curate(tmp_path, files).rows
    lines = [
        decide(rows[FRANCE], "merge", other_record_id=rows[JAPAN]["record_id"]),
        decide(rows[JAPAN], "merge", other_record_id=rows[PERU]["record_id"]),
    ]
    assert len({FRANCE, JAPAN, PERU} & kept(curate(tmp_path, files, lines))) == 1
    run = curate(tmp_path, files, [*lines, decide(rows[FRANCE], "apart", other_record_id=rows[PERU]["record_id"])])
    assert run.statuses()[3] == "applied"
    assert sorted(run.statuses().values()) == ["applied", "applied", "superseded"]
    assert len({FRANCE, JAPAN, PERU} & kept(run)) == 2


def test_what_says_exactly_the_same_can_not_be_kept_apart(tmp_path):
    files = {"a.jsonl": jsonl([*ALL, question("France", subject="x")])}
    one, other = (row for row in curate(tmp_path, files).frames["ledger"].to_dict("records") if row["stem"] == FRANCE)
    run = curate(tmp_path, files, [decide(one, "apart", other_record_id=other["record_id"])])
    assert run.statuses() == {1: "not_applicable"}
    assert "exactly the same" in run.said[0]["detail"]


def test_an_accepted_duplicate_takes_the_place_of_the_other(tmp_path):
    files = {"a.jsonl": jsonl(ALL), "b.jsonl": jsonl([COPY])}
    before = curate(tmp_path, files)
    loser, winner = sorted((FRANCE, COPIED), key=lambda name: before.rows[name]["split"] is not None)
    run = curate(tmp_path, files, [decide(before.rows[loser], "accept")])
    assert run.rows[loser]["split"]
    assert (run.rows[winner]["disposition"], run.rows[winner]["representative_id"]) == ("duplicate", run.rows[loser]["record_id"])
    run = curate(tmp_path, files, [decide(before.rows[loser], "accept"), decide(before.rows[winner], "accept")])
    assert run.rows[winner]["split"]
    assert run.statuses() == {1: "superseded", 2: "applied"}


def test_an_accepted_question_stays_under_any_score_and_beside_its_variants(tmp_path):
    files = {"a.jsonl": jsonl([*ALL, {"question": "?a", "options": ["A", "B"], "answer": "A"}])}
    before = curate(tmp_path, files)
    weak = before.rows["?a"]
    assert weak["disposition"] == "filtered"
    run = curate(tmp_path, files, [decide(weak, "accept", id="d1")])
    assert run.rows["?a"]["split"]
    assert run.rows["?a"]["detail"].startswith("kept though its score")
    assert run.rows["?a"]["detail"].endswith("accepted by Lan (decision d1)")


@pytest.mark.parametrize(
    ("action", "cells"),
    [
        ("accept", {}),
        ("edit", {"stem": "Something that nobody ever asked anywhere, about volcanoes?", "options": ["w", "x", "y", "z"]}),
        ("set_answer", {"answer_index": 3}),
    ],
)
@pytest.mark.parametrize("own", [question("France"), COPY, WRONG])
def test_no_decision_lets_what_a_benchmark_holds_into_training(tmp_path, action, cells, own):
    files = {"a.jsonl": jsonl([*ALL[1:], own]), "held.jsonl": jsonl([question("France")])}
    before = curate(tmp_path, files)
    row = next(row for row in before.rows.values() if row["disposition"] == "contaminated")
    run = curate(tmp_path, files, [decide(row, action, **cells)])
    now = of(run, row)
    assert now["disposition"] == "contaminated"
    assert "benchmark" in run.said[0]["detail"]
    assert run.statuses()[1] == ("not_applicable" if action == "accept" else "applied")


def test_neither_apart_nor_an_edit_of_the_benchmark_frees_what_it_holds(tmp_path):
    files = {
        "a.jsonl": jsonl([*ALL[1:], COPY, {**COPY, "question": COPIED.replace("CAPITAL", "CAPITL")}]),
        "held.jsonl": jsonl([question("France")]),
    }
    before = curate(tmp_path, files)
    held = before.rows["held.jsonl#line:1"]
    lost = [row for row in before.rows.values() if row["disposition"] == "contaminated"]
    assert len(lost) == 2
    lines = [decide(row, "apart", other_record_id=held["record_id"]) for row in lost]
    lines += [decide(lost[0], "apart", other_record_id=lost[1]["record_id"]), decide(held, "edit", stem="What is two and two?")]
    run = curate(tmp_path, files, lines)
    assert run.statuses() == {1: "not_applicable", 2: "not_applicable", 3: "applied", 4: "applied"}
    assert {of(run, row)["disposition"] for row in lost} == {"contaminated"}
    assert of(run, held)["stem"] == "What is two and two?"
    assert "a benchmark holds" in run.said[2]["detail"]


def test_a_record_that_decisions_let_in_meets_the_benchmark_as_any_other(tmp_path):
    files = {"a.jsonl": jsonl([*ALL[1:], {**question("France"), "answer": ""}]), "held.jsonl": jsonl([question("France")])}
    row = curate(tmp_path, files).rows[FRANCE]
    assert row["disposition"] == "rejected"
    run = curate(tmp_path, files, [decide(row, "set_answer", answer_index=2), decide(row, "accept")])
    assert run.rows[FRANCE]["disposition"] == "contaminated"
    assert run.statuses() == {1: "applied", 2: "not_applicable"}


def test_a_benchmarks_question_is_mended_and_neither_accepted_nor_rejected(tmp_path):
    files = {"a.jsonl": jsonl(ALL[1:]), "held.jsonl": jsonl([question("France")])}
    held = curate(tmp_path, files).rows["held.jsonl#line:1"]
    run = curate(tmp_path, files, [decide(held, "accept"), decide(held, "set_answer", answer_index=0)])
    assert run.statuses() == {1: "not_applicable", 2: "applied"}
    assert (of(run, held)["disposition"], of(run, held)["answer_index"]) == ("benchmark", 0)
    run = curate(tmp_path, files, [decide(held, "reject")])
    assert run.statuses() == {1: "not_applicable"}
    assert of(run, held)["disposition"] == "benchmark"


def test_a_merge_with_a_benchmarks_question_takes_it_out_of_training(tmp_path):
    files = {"a.jsonl": jsonl(ALL[1:]), "held.jsonl": jsonl([question("France")])}
    rows = curate(tmp_path, files).rows
    run = curate(tmp_path, files, [decide(rows[JAPAN], "merge", other_record_id=rows["held.jsonl#line:1"]["record_id"])])
    assert run.rows[JAPAN]["disposition"] == "contaminated"


def test_later_lines_win_and_the_listing_says_so(tmp_path):
    files = {"a.jsonl": jsonl(ALL)}
    row = curate(tmp_path, files).rows[FRANCE]
    lines = [
        decide(row, "set_answer", answer_index=0),
        decide(row, "edit", stem="First?"),
        decide(row, "reject"),
        decide(row, "set_answer", answer_index=1, who="Minh"),
        decide(row, "edit", stem="Second?", context="c"),
        decide(row, "edit", context=""),
        decide(row, "accept", who="Minh"),
    ]
    run = curate(tmp_path, files, lines)
    assert run.statuses() == {1: "superseded", 2: "superseded", 3: "superseded", 4: "applied", 5: "applied", 6: "applied", 7: "applied"}
    assert run.said[0]["detail"] == "line 4 decides anew: set_answer by Minh"
    now = run.rows["Second?"]
    assert (now["answer_index"], now["context"], bool(now["split"])) == (1, None, True)


def test_what_is_taken_back_is_as_if_it_never_was(tmp_path):
    files = {"a.jsonl": jsonl(ALL)}
    before = curate(tmp_path, files)
    row = before.rows[FRANCE]
    run = curate(tmp_path, files, [decide(row, "reject", id="d1"), decide(row, "undo", undoes="d1", who="Minh", id="d2")])
    assert run.frames["ledger"].equals(before.frames["ledger"])
    assert [(said["status"], said["detail"]) for said in run.said] == [
        ("superseded", "taken back by Minh (decision d2)"),
        ("applied", "took back decision d1"),
    ]


def test_wrong_and_repeated_lines_are_listed_and_change_nothing(tmp_path):
    files = {"a.jsonl": jsonl(ALL)}
    row = curate(tmp_path, files).rows[FRANCE]
    once = curate(tmp_path, files, [decide(row, "reject")])
    run = curate(tmp_path, files, [decide(row, "reject"), "{", decide(row, "reject"), decide(row, "reject", id="x", who=" ")])
    assert run.statuses() == {1: "applied", 2: "wrong_line", 3: "superseded", 4: "wrong_line"}
    assert run.said[2]["detail"] == "it says just what line 1 says"
    assert all(run.frames[name].equals(once.frames[name]) for name in run.frames)


# What follows its record.


def test_a_decision_follows_its_question_into_another_format(tmp_path):
    row = curate(tmp_path, {"a.jsonl": jsonl(ALL)}).rows[FRANCE]
    run = curate(tmp_path, {"b.csv": as_csv(ALL)}, [decide(row, "set_answer", answer_index=3)])
    now = run.rows[FRANCE]
    assert now["record_id"] != row["record_id"]
    assert now["answer_index"] == 3
    assert run.said[0]["found_id"] == now["record_id"]
    assert "found by its content" in run.said[0]["detail"]


def test_later_decisions_follow_by_what_earlier_ones_made_of_it(tmp_path):
    files = {"a.jsonl": jsonl(ALL)}
    row = curate(tmp_path, files).rows[FRANCE]
    first = decide(row, "edit", stem="Thủ đô nước Pháp?", id="d1")
    edited = curate(tmp_path, files, [first]).rows["Thủ đô nước Pháp?"]
    second = decide(edited, "set_answer", answer_index=3, id="d2")
    by_content = {**second, "record_id": "f" * 16}
    for line in (second, by_content):
        run = curate(tmp_path, {"b.csv": as_csv(ALL)}, [first, line])
        assert run.statuses() == {1: "applied", 2: "applied"}
        assert run.rows["Thủ đô nước Pháp?"]["answer_index"] == 3
    # The first was taken back since: the content that it made still names the record.
    run = curate(tmp_path, {"b.csv": as_csv(ALL)}, [first, by_content, decide(row, "undo", undoes="d1")])
    assert run.statuses() == {1: "superseded", 2: "applied", 3: "applied"}
    assert run.rows[FRANCE]["answer_index"] == 3


def test_the_answers_text_finds_it_where_the_options_were_reordered(tmp_path):
    row = curate(tmp_path, {"a.jsonl": jsonl(ALL)}).rows[FRANCE]
    turned = [{**cells, "options": cells["options"][::-1]} for cells in ALL]
    run = curate(tmp_path, {"b.csv": as_csv(turned)}, [decide(row, "set_answer", answer_index=3, answer=row["options"][3])])
    now = run.rows[FRANCE]
    assert now["options"][now["answer_index"]] == row["options"][3]
    edit = decide(row, "edit", options=[*row["options"][:2], row["options"][2], "Lomé"])
    now = curate(tmp_path, {"b.csv": as_csv(turned)}, [edit]).rows[FRANCE]
    assert now["options"][now["answer_index"]] == "Paris"
    run = curate(tmp_path, {"a.jsonl": jsonl(ALL)}, [decide(row, "set_answer", answer_index=3, answer="Lomé")])
    assert run.said[0]["detail"] == "no option reads 'Lomé'"


def test_several_records_of_one_content_are_ambiguous_and_none_is_guessed(tmp_path):
    row = curate(tmp_path, {"a.jsonl": jsonl(ALL)}).rows[FRANCE]
    files = {"b.csv": as_csv(ALL), "c.csv": as_csv([*ALL[:1], *ALL[:1]])}
    before = curate(tmp_path, files)
    run = curate(
        tmp_path,
        files,
        [decide(row, "reject"), decide(before.rows[JAPAN], "merge", other_record_id="e" * 16, other_content_id=row["content_id"])],
    )
    assert run.statuses() == {1: "ambiguous", 2: "ambiguous"}
    assert "3 have its content" in run.said[0]["detail"]
    assert run.frames["ledger"].equals(before.frames["ledger"])


# Properties: whatever is decided.

ACTIONS = st.sampled_from(["accept", "reject", "set_answer", "edit", "merge", "apart", "note", "undo"])
SET = [
    *ALL,
    COPY,
    WRONG,
    question("Japan"),
    {**question("Peru"), "answer": ""},
    {**question("Kenya"), "question": "See the picture below."},
]
HELD = {"held.jsonl": jsonl([question("Norway"), {**question("Cuba"), "question": stem("Cuba").upper()}])}


@st.composite
def decisions(draw, rows):
    lines = []
    for number in range(draw(st.integers(1, 8))):
        row, other = draw(st.sampled_from(rows)), draw(st.sampled_from(rows))
        action = draw(ACTIONS)
        cells = {"id": f"d{number}", "who": draw(st.sampled_from(["Lan", "Minh"]))}
        if action == "set_answer":
            cells["answer_index"] = draw(st.integers(0, 5))
        elif action == "edit":
            cells["stem"] = draw(st.sampled_from([FRANCE, "Quite another thing?", "…", stem("Norway")]))
            cells |= draw(st.sampled_from([{}, {"options": ["a", "b", "c", "d"]}, {"options": ["x", "x "]}, {"context": "Read."}]))
        elif action in ("merge", "apart"):
            if row["record_id"] == other["record_id"]:
                continue
            cells |= {"other_record_id": other["record_id"]}
            cells |= {"other_content_id": other["content_id"]} if other["content_id"] else {}
        elif action == "undo":
            cells["undoes"] = f"d{draw(st.integers(0, 7))}"
        lines.append(decide(row, action, **cells))
    return lines


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = tmp_path_factory.mktemp("base")
    run = curate(folder, {"a.jsonl": jsonl(SET), **HELD})
    return folder, run, run.frames["ledger"].to_dict("records")


@given(st.data())
@settings(max_examples=40)
def test_whatever_is_decided_every_record_has_one_fate_and_no_benchmark_leaks(base, data):
    folder, before, rows = base
    lines = data.draw(decisions(rows))
    run = curate(folder, {"a.jsonl": jsonl(SET), **HELD}, lines)  # asserts conservation and the ledger's rules
    held = {row["record_id"] for row in rows if row["disposition"] in ("contaminated", "benchmark")}
    ledger = run.frames["ledger"].to_dict("records")
    assert not [row for row in ledger if row["record_id"] in held and row["split"]]
    assert len(run.said) == len(lines)
    touched = {name for said in run.said for name in said["touches"]}
    assert touched == {row["record_id"] for row in ledger if row["decided_by"]}
    contents = [row["content_id"] for row in ledger if row["split"]]
    assert len(contents) == len(set(contents))
    groups = {}
    for row in ledger:
        if row["split"]:
            assert groups.setdefault(row["split_group"], row["split"]) == row["split"]
    by_id = {row["record_id"]: row for row in ledger}
    for said in run.said:
        if said["status"] == "applied" and said["action"] == "accept":
            assert by_id[said["found_id"]]["split"], said
        if said["status"] == "applied" and said["action"] == "reject":
            assert not by_id[said["found_id"]]["split"], said
    if all(said["action"] == "note" or said["status"] not in ("applied",) for said in run.said):
        assert run.version == before.version


@given(st.data())
@settings(max_examples=15)
def test_saying_it_twice_changes_nothing(base, data):
    folder, _, rows = base
    lines = data.draw(decisions(rows))
    once = curate(folder, {"a.jsonl": jsonl(SET), **HELD}, lines)
    again = curate(folder, {"a.jsonl": jsonl(SET), **HELD}, lines)
    assert all(again.frames[name].equals(once.frames[name]) for name in once.frames)
    assert again.said == once.said
    doubled = curate(folder, {"a.jsonl": jsonl(SET), **HELD}, [line for line in lines for _ in range(2)])
    assert all(doubled.frames[name].equals(once.frames[name]) for name in once.frames if name != "pairs")


DISTINCT = [
    *ALL,
    {"question": "Who wrote the Tale of Kiều?", "options": ["Nguyễn Du", "Tố Hữu", "Huy Cận", "Xuân Diệu"], "answer": "Nguyễn Du"},
]
MOVES = {
    "reversed": {"a.jsonl": jsonl(DISTINCT[::-1])},
    "renamed": {"z.jsonl": jsonl(DISTINCT)},
    "spaced": {"a.jsonl": jsonl({**row, "question": f" {row['question'].replace(' ', '  ')}"} for row in DISTINCT)},
    "typed anew": {"b.csv": as_csv(DISTINCT)},
    "two files": {"a.jsonl": jsonl(DISTINCT[3:]), "b.csv": as_csv(DISTINCT[:3])},
}


@pytest.fixture(scope="module")
def distinct(tmp_path_factory):
    folder = tmp_path_factory.mktemp("distinct")
    return folder, curate(folder, {"a.jsonl": jsonl(DISTINCT)}).frames["ledger"].to_dict("records")


@given(st.data(), st.sampled_from(sorted(MOVES)))
@settings(max_examples=30)
def test_decisions_stay_with_their_questions_however_the_file_is_written(distinct, data, move):
    folder, rows = distinct
    lines = data.draw(decisions(rows))
    here = curate(folder, {"a.jsonl": jsonl(DISTINCT)}, lines)
    there = curate(folder, MOVES[move], lines)
    assert here.statuses() == there.statuses()

    def told(run):
        names = ("stem", "options", "answer_index", "context", "split", "reason_codes", "repairs", "decided_by", "content_id")
        rows = run.frames["ledger"].to_dict("records")
        return sorted(
            json.dumps([list(row[name]) if hasattr(row[name], "tolist") else row[name] for name in names], default=str) for row in rows
        )

    assert told(here) == told(there)
    assert here.version == there.version
