"""Sheets beside sheets."""

from pipeline.ingest.items import Item, Text
from pipeline.ingest.sheets import Sheet, sheet_items

HEADER = ["Question", "A", "B", "Answer"]
ROW = ["Where?", "here", "there", "A"]


def found(*sheets):
    items = [item for item in sheet_items([Sheet(name, rows) for name, rows in sheets]) if isinstance(item, Item)]
    return [(item.locator, item.part) for item in items]


def test_sheets_with_one_header_are_understood_together_and_others_apart():
    other = ["Câu hỏi", "Phương án 1", "Phương án 2", "Đáp án"]
    sheets = [
        ("One", [HEADER, ROW]),
        ("Two", [HEADER, ROW]),
        ("Ba", [other, ["Ở đâu?", "đây", "kia", 2]]),
        ("Bốn", [other, ["Gì?", "x", "y", 1]]),
    ]
    assert found(*sheets) == [("row:1", ""), ("Two/row:1", ""), ("Ba/row:1", "Ba"), ("Bốn/row:1", "Ba")]


def test_a_sheet_that_explains_or_lists_is_no_record_but_its_text_is_told():
    guide, levels = [["How to fill it in"], ["1. Open the next sheet"]], [["Level", "Code"], ["easy", "E"]]
    assert found(("Guide", guide), ("Questions", [HEADER, ROW]), ("Lists", levels)) == [("Questions/row:1", "")]
    texts = [item.text for item in sheet_items([Sheet("Guide", guide), Sheet("Questions", [HEADER, ROW])]) if isinstance(item, Text)]
    assert texts == ["How to fill it in", "1. Open the next sheet", "\t".join(HEADER), "\t".join(ROW)]


def test_a_sheet_of_wide_rows_or_with_options_in_it_stays():
    assert found(("Q", [HEADER, ROW]), ("X", [["frage", "w1", "w2", "wer"], ["Wo?", "hier", "da", "hier"]])) == [
        ("row:1", ""),
        ("X/row:1", "X"),
    ]
    assert found(("Q", [HEADER, ROW]), ("X", [["Exam"], ["Where?"], ["A. here"], ["B. there"]]))[1:] != []


def test_without_any_sheet_of_questions_all_stay():
    assert len(found(("G", [["How"], ["so"]]), ("H", [["Why"], ["so"]]))) == 2


ASKED = [["Câu", "Nội dung", "A", "B"], [1, "Con nào sủa?", "mèo", "chó"], [2, "Con nào bơi?", "cá", "bò"]]


def joined(*others):
    items = sheet_items([Sheet("Đề", ASKED), *(Sheet(f"s{i}", rows) for i, rows in enumerate(others))])
    return [
        item.payload.get("answer") for item in items if isinstance(item, Item) and isinstance(item.payload, dict) and "A" in item.payload
    ]


def test_keys_of_a_sheet_of_their_own_are_given_by_number():
    assert joined([["Câu", "ĐA"], [2, "a"], [1, "B"]]) == ["B", "A"]


def test_two_lists_of_keys_other_numbers_and_numbers_that_repeat_give_no_key():
    keys = [["Câu", "ĐA"], [1, "B"], [2, "A"]]
    assert joined(keys, keys) == [None, None]
    assert joined([["Câu", "ĐA"], [7, "B"], [8, "A"]]) == [None, None]
    assert joined([["Câu", "ĐA"], [1, "B"], [1, "A"]]) == [None, None]
    assert joined([["Câu", "Mã 101", "Mã 102"], [1, "B", "A"], [2, "A", "B"]]) == [None, None]
