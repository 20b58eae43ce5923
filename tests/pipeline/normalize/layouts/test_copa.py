"""COPA and XCOPA."""

ROWS = [
    {
        "premise": "The man broke his toe.",
        "choice1": "He got a hole in his sock.",
        "choice2": "He dropped a hammer.",
        "question": "cause",
        "label": 1,
        "idx": 0,
    },
    {
        "premise": "Người đàn ông mở vòi nước.",
        "choice1": "Nước chảy ra.",
        "choice2": "Nhà tắm nóng lên.",
        "question": "effect",
        "label": 0,
        "idx": 1,
    },
]


def test_the_premise_is_asked_for_cause_or_effect(parse):
    (first, second) = parse(ROWS, "copa.jsonl")
    assert first == ("The man broke his toe. What was the cause of this?", [ROWS[0]["choice1"], ROWS[0]["choice2"]], "He dropped a hammer.")
    assert second == ("Người đàn ông mở vòi nước. Kết quả của việc này là gì?", [ROWS[1]["choice1"], ROWS[1]["choice2"]], "Nước chảy ra.")


def test_a_row_that_asks_for_nothing_stays_readable(read):
    questions, rejected = read([*ROWS, {"premise": "It rained.", "choice1": "a1", "choice2": "b1", "question": "Why?", "label": 0}])
    assert len(questions) == 3
    assert rejected == []
