"""Changes between versions: each question stands under one kind, with what made it."""

from pipeline.audit.diff import diff

HASH = {"method": "hash", "seed": 7}


def row(
    record,
    content,
    split="train",
    *,
    group=None,
    line=1,
    stem="Which city is the capital of Peru?",
    options=("Lima", "Quito"),
    key=0,
    **more,
):
    row = {"record_id": record, "content_id": content, "split": split, "split_group": group or content, "source": "s", "context": None}
    row |= {"locator": f"f#line:{line}", "stem": stem, "options": list(options), "answer_index": key, "disposition": split or "rejected"}
    return row | {"reason_codes": [], "detail": None} | more


def found(old, new, old_split=HASH, new_split=HASH):
    return [(change.kind, change.record_id, change.before, change.after, change.why) for change in diff(old, new, old_split, new_split)]


def test_equal_versions_have_no_changes():
    rows = [row("r1", "c1"), row("r2", "c2", "test")]
    assert found(rows, rows) == []


def test_what_came_and_went_says_why():
    old = [row("r1", "c1"), row("r2", "c2", stem="Who?", line=2)]
    gone = row("r1", "c1", None, disposition="conflict", reason_codes=["conflicting_answers"], detail="record r9 says Quito")
    new = [gone, row("r3", "c3", "test", stem="When was it?", line=3)]
    assert found(old, new) == [
        ("entered", "r3", None, "test", "a new record"),
        ("left", "r1", "train", None, "it is conflict (conflicting_answers): record r9 says Quito"),
        ("left", "r2", "train", None, "its record is in no file any more"),
    ]
    assert found(new, old)[0] == ("entered", "r1", None, "train", "it was conflict (conflicting_answers): record r9 says Quito")


def test_an_edited_row_is_one_change():
    old, new = [row("r1", "c1")], [row("r2", "c2", "test", key=1)]
    assert found(old, new) == [("changed", "r2", "train", "test", "its key changed; the right answer was 'Lima' and is 'Quito'")]


def test_another_question_that_slipped_into_the_place_is_no_edit():
    old = [row("r1", "c1", stem="Which metal melts at the lowest temperature?", options=("mercury", "lead"))]
    new = [row("r2", "c2", stem="Who painted the ceiling of that chapel?", options=("Raphael", "Giotto"))]
    assert [change[0] for change in found(old, new)] == ["entered", "left"]


def test_a_record_that_parses_otherwise_is_one_change():
    old, new = [row("r1", "c1", options=("A. Lima", "B. Quito"))], [row("r1", "c2", line=9)]
    assert [(kind, why) for kind, *_, why in found(old, new)] == [
        ("changed", "its options changed; the right answer was 'A. Lima' and is 'Lima'")
    ]


def test_a_duplicate_that_took_the_place_is_no_change():
    old = [row("r1", "c1"), row("r2", "c1", None, disposition="duplicate", reason_codes=["duplicate_exact"])]
    assert found(old, [row("r2", "c1")]) == []


def test_a_question_that_loses_to_another_spelling_says_so():
    loser = row("r1", "c1", None, disposition="duplicate", reason_codes=["duplicate_same"], detail="same as record r2")
    assert found([row("r1", "c1")], [loser, row("r2", "c2", stem="Capital of Peru")]) == [
        ("entered", "r2", None, "train", "a new record"),
        ("left", "r1", "train", None, "it is duplicate (duplicate_same): same as record r2"),
    ]


def test_moves_say_what_moved_them():
    old = [row("r5", "c5", group="c5")]
    assert found(old, [row("r5", "c5", "test", group="c3")]) == [
        ("moved", "r5", "train", "test", "its split group was joined by c3, now its smallest question")
    ]
    assert found([row("r5", "c5", "test", group="c3")], old)[0][-1] == "its split group no longer holds c3, once its smallest question"
    assert found(old, [row("r5", "c5", "test")], HASH, {"method": "hash", "seed": 8})[0][-1] == "the split block changed: seed 7 -> 8"
    quota = {"method": "quota", "seed": 7}
    assert found(old, [row("r5", "c5", "test")], quota, quota)[0][-1] == "quota splits aren't stable when the set changes"


def test_decisions_that_came_or_were_taken_back_are_named_with_their_words():
    held = row("r1", "c1", None, disposition="conflict", reason_codes=["conflicting_answers"], detail="record r9 says Quito")
    free = row("r1", "c1", decided_by="d1 by Lan; d2 by Minh")
    words = {"d1 by Lan": "accept of r1 by Lan (decision d1): SGK"}
    said = [change.why for change in diff([held], [free], HASH, HASH, words)]
    assert said[0].endswith("; decided: accept of r1 by Lan (decision d1): SGK; d2 by Minh")
    assert found([free], [held])[0][-1].endswith("; no longer decided: d1 by Lan; d2 by Minh")
    changed = row("r1", "c2", key=1, decided_by="d1 by Lan")
    assert found([row("r1", "c1")], [changed])[0][-1].endswith("is 'Quito'; decided: d1 by Lan")
    assert found([free], [row("r1", "c1", "test", group="c0", decided_by=free["decided_by"])])[0][-1].endswith("now its smallest question")
