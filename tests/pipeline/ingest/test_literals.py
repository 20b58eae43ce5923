"""Questions that stand as data in code."""

from pipeline.ingest.literals import Computed, first_computed, holds_question, literal_items, with_questions
from schemas.reasons import Reason

ROW = {"question": "Which?", "options": ["a", "b"], "answer": "a"}


def test_a_computed_value_rejects_its_question_alone():
    items = list(literal_items([("x", [ROW, {**ROW, "options": ["a", Computed("f(b)")]}, {**ROW, "id": Computed("uuid()")}])]))
    assert [item.reason for item in items] == [None, Reason.MALFORMED_ROW, None]
    assert "f(b)" in items[1].detail
    assert "id" not in items[2].payload


def test_lists_of_another_form_are_parts_of_their_own():
    other = {"cau_hoi": "Nào?", "lua_chon": ["a", "b"], "dap_an": "a"}
    items = list(literal_items([("easy", [ROW]), ("hard", [ROW]), ("vi", [other])]))
    assert [(item.locator, item.part) for item in items] == [("easy/item:1", ""), ("hard/item:1", ""), ("vi/item:1", "vi")]


def test_lists_without_questions_are_left():
    menu = [{"title": "Home", "href": "/"}]
    assert with_questions([("menu", menu), ("quiz", [ROW])]) == [("quiz", [ROW])]
    assert holds_question({"data": {"quiz": [ROW]}}, whole=True)
    assert not holds_question([1, [2]])
    assert first_computed({"a": [{"b": Computed("x")}]}) == "x"
