"""Tables with a row for each option."""

from pipeline.ingest.items import Item
from pipeline.ingest.tables import table_items

HEADER = ["No", "Question", "Option", "Correct"]


def payloads(rows, merged=None):
    return [item.payload for item in table_items(rows, merged=merged or {}) if isinstance(item, Item)]


def test_rows_of_one_question_become_its_options():
    rows = [
        HEADER,
        [1, "Where?", "here", ""],
        ["", "", "there", "x"],
        [2, "When?", "now", "x"],
        ["", "", "then", ""],
        ["", "", "never", ""],
    ]
    assert payloads(rows) == [
        {"No": 1, "Question": "Where?", "options": [{"text": "here", "is_correct": False}, {"text": "there", "is_correct": True}]},
        {
            "No": 2,
            "Question": "When?",
            "options": [{"text": "now", "is_correct": True}, {"text": "then", "is_correct": False}, {"text": "never", "is_correct": False}],
        },
    ]


def test_a_question_repeated_in_each_row_is_one_and_two_with_one_text_are_told_by_their_numbers():
    rows = [HEADER, *([number, "Where?", text, mark] for number in (1, 2) for text, mark in (("here", 1), ("there", 0)))]
    assert [len(payload["options"]) for payload in payloads(rows)] == [2, 2]


def test_the_key_may_stand_beside_the_first_option():
    rows = [
        ["Question", "Option", "Answer"],
        ["Where?", "A. here", "B"],
        ["", "B. there", ""],
        ["When?", "A. now", "A"],
        ["", "B. then", ""],
    ]
    assert payloads(rows)[0] == {"Question": "Where?", "options": ["A. here", "B. there"], "Answer": "B"}


def test_a_row_for_each_question_is_no_such_table():
    judged = [["Question", "Answer", "Is correct"], ["Where?", "here", "TRUE"], ["When?", "now", "FALSE"]]
    assert [len(payload) for payload in payloads(judged)] == [3, 3]
    columns = [["Question", "A", "B", "Answer"], ["Where?", "here", "there", "A"], ["Where?", "up", "down", "B"]]
    assert len(payloads(columns)) == 2
