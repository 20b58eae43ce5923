"""Signals of a whole set: known answers on built sets, and undefined where a set is too small or even by nature."""

import pytest

from pipeline.report.set_signals import choices_only_baseline, set_signals, template, template_concentration, undefined
from schemas.tables.arrow import to_frame
from schemas.tables.curation import Question

ROW = {
    **{"source": "s", "role": "train", "file": "f", "locator": "f#item:1", "context": None, "explanation": None},
    **{"language": "en", "original_id": None, "repairs": [], "fixed_order": False},
}


def rows(count, options=lambda i: ["aa", "bb", "cc", "dd"], key=lambda i: i % 4, subject=lambda i: f"subject {i % 2}"):
    return [
        {
            **ROW,
            "record_id": f"r{i}",
            "content_id": f"c{i}",
            "stem": f"Which is {i}?",
            "options": options(i),
            "answer_index": key(i),
            "subject": subject(i),
        }
        for i in range(count)
    ]


def found(rows, **more):
    return {signal.name: signal for signal in set_signals(to_frame(rows, Question), **more)}


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_tiny_set_shows_nothing_and_says_so(count):
    frame = to_frame(rows(count, subject=lambda i: "one"), Question)
    signals = set_signals(frame)
    small = {"position_balance", "subject_balance", "choices_only_baseline"} | (
        {"longest_option_baseline", "template_concentration"} if count < 2 else set()
    )
    assert {name.split(" ")[0] for name in undefined(signals)} == small


def test_one_subject_or_one_position_is_not_a_crash():
    signals = found(rows(200, key=lambda i: 2, subject=lambda i: "one"))
    assert signals["subject_balance"].value is None
    assert signals["position_balance"].value == pytest.approx(1.0)
    assert signals["position_balance"].details["p"] < 1e-9
    assert found(rows(40, subject=lambda i: None))["subject_balance"].value is None


def test_even_positions_are_balanced_by_source_and_rare_option_counts_are_left_out():
    mixed = rows(80) + [
        {**row, "source": "t", "record_id": row["record_id"] + "t"} for row in rows(3, options=lambda i: ["x", "y"], key=lambda i: 0)
    ]
    signals = {signal.group: signal for signal in set_signals(to_frame(mixed, Question)) if signal.name == "position_balance"}
    assert signals["s"].value == 0
    assert signals["s"].details["counts"] == {"A": 20, "B": 20, "C": 20, "D": 20}
    assert signals["t"].value is None


def test_the_longest_option_is_found_out_and_ties_count_as_chance():
    told = found(rows(100, options=lambda i: ["x" * (9 if place == i % 4 else 3) for place in range(4)]))["longest_option_baseline"]
    assert told.value == 1
    assert told.low > 0.9
    even = found(rows(100))["longest_option_baseline"]
    assert even.value == pytest.approx(0.25)
    assert even.low < 0.25 < even.high


def test_choices_only_finds_a_word_that_marks_keys_and_nothing_where_there_is_none():
    # The word is at home in right options alone; option lengths are equal.
    marked = rows(300, options=lambda i: [f"{'really' if place == i % 4 else 'rather'} w{(i * 7 + place) % 50:02}" for place in range(4)])
    assert choices_only_baseline(marked).value > 0.95
    plain = rows(300, options=lambda i: [f"w{(i * 7 + place * 3) % 50:02}" for place in range(4)], key=lambda i: (i * i // 3) % 4)
    signal = choices_only_baseline(plain)
    assert abs(signal.value - 0.25) < 0.12
    assert choices_only_baseline(plain) == signal


def test_choices_only_keeps_groups_together():
    # Every question comes five times, in one group: what was learnt of its twins must not help.
    copies = [
        {**row, "record_id": f"{row['record_id']}-{n}"}
        for row in rows(100, options=lambda i: [f"k{i}", f"m{i}", f"n{i}", f"o{i}"])
        for n in range(5)
    ]
    groups = [row["content_id"] for row in copies]
    leaking = choices_only_baseline(copies, [row["record_id"] for row in copies]).value
    assert leaking > 0.9
    assert choices_only_baseline(copies, groups).value < 0.5


def test_templates_take_out_names_and_numbers():
    assert template("What is the capital of South Africa?") == template("What is the capital of Chad?")
    capitals = [
        {**row, "stem": f"What is the capital of {name}?"} for row, name in zip(rows(4), ("Chad", "Peru", "Cuba", "Mali"), strict=True)
    ]
    signal = template_concentration([*capitals, *rows(1)])
    assert signal.value == pytest.approx(0.8)
    assert template_concentration(rows(1)).value is None


def test_the_same_set_gives_the_same_signals():
    frame = to_frame(rows(150), Question)
    assert set_signals(frame) == set_signals(frame)
