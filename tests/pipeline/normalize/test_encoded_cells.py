"""Cells that were encoded for the way through the net."""

import base64

from pipeline.normalize.encoded_cells import decoded


def b64(text):
    return base64.b64encode(text.encode()).decode()


def test_percent_signs_are_decoded_in_every_cell():
    rows = [{"question": "C%E1%BA%A7u%20n%C3%A0o%3F", "incorrect_answers": ["50%25", "2%20m"], "type": "multiple", "n": 3}, None]
    assert decoded(rows) == [{"question": "Cầu nào?", "incorrect_answers": ["50%", "2 m"], "type": "multiple", "n": 3}, None]


def test_base64_is_decoded_in_every_cell():
    rows = [{"question": b64("Which bell is it?"), "correct_answer": b64("Big Ben"), "incorrect_answers": [b64("Tom"), b64("Đồng hồ")]}]
    assert decoded(rows) == [{"question": "Which bell is it?", "correct_answer": "Big Ben", "incorrect_answers": ["Tom", "Đồng hồ"]}]


def test_texts_that_only_look_encoded_stay():
    for rows in (
        [{"question": "What is 20%20 of it?", "answer": "50%25"}],
        [{"question": "abcdabcdabcdabcd", "answer": "A"}],
        [{"question": "100%25", "answer": "A"}],
        [{"question": "Which%20one%3F"}, {"question": "Which one?"}],
        [{"question": "Which%FFone%20is%20it"}],
        [{"question": ""}, {"text": 3}],
        [],
    ):
        assert decoded(rows) == rows
