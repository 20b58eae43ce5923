"""Questions that stand as data in code."""

from pipeline.ingest.literals import (
    Computed,
    document_items,
    first_computed,
    holds_question,
    is_question,
    literal_items,
    parallel_lists,
    texts_of,
    with_questions,
)
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


def test_lists_of_one_length_are_one_list_of_questions():
    lists = [("questions", ["a?", "b?"]), ("options", [["x", "y"], ["z", "w"]]), ("answers", ["A", "B"])]
    assert parallel_lists(lists)[0][1][0] == {"question": "a?", "options": ["x", "y"], "answer": "A"}
    assert parallel_lists(lists[:2]) == []
    assert parallel_lists([*lists, ("questions", ["c?", "d?"])]) == []


def test_documents_and_their_texts():
    assert [item.locator for item in document_items({"quiz": [ROW, ROW]})] == ["item:1", "item:2"]
    assert is_question(ROW)
    assert not is_question({"a": 1})
    assert [text.text for text in texts_of({"a": ["x", Computed("f()"), 1]})] == ["x"]
