import pytest

from pipeline.review.decide import UnfitError, edit_faults, in_words, make_decision


def test_a_key_is_written_by_place_and_by_text(helpers):
    decision = make_decision(helpers.ledger_row(1), "set_answer", "Lan", helpers.at, "sách", answer_index=2)
    assert (decision.answer_index, decision.answer, decision.content_id) == (2, "Lima", helpers.record_id(1001))
    assert in_words(decision) == "set_answer C 'Lima' by Lan, 2026-03-01 08:30: sách"


def test_what_could_never_be_applied_is_refused_in_words(helpers):
    row, refused = helpers.ledger_row(1), helpers.ledger_row(2, "rejected", answer_index=None, content_id=None)
    empty = helpers.ledger_row(3, "rejected", options=None, stem=None, answer_index=None, content_id=None)
    for of, action, given, said in (
        (row, "set_answer", {"answer_index": 4}, "4 options, A-D"),
        (empty, "set_answer", {"answer_index": 0}, "no options"),
        (refused, "accept", {}, "no key is known"),
        (empty, "accept", {}, "no whole question"),
        (row, "merge", {}, "no other record"),
        (row, "merge", {"other": refused}, "neither merged"),
        (row, "apart", {"other": refused}, "nor kept apart"),
        ({**row, "role": "benchmark"}, "accept", {}, "can't be accepted"),
        (row, "edit", {"stem": " ... "}, "the stem has no text"),
        (row, "edit", {"options": ["Hà Nội", "Lima", "lima.", "x"]}, None),
        (row, "edit", {"options": ["Hà Nội", "Lima", "Lima."]}, "two options say the same"),
        (row, "edit", {"options": ["Hà Nội", ""]}, "option B has no text"),
        (row, "edit", {"options": ["Hà Nội"]}, "1 options"),
        (row, "edit", {"options": ["Paris", "Hà Nội"]}, "would move from A to B"),
        ({**row, "answer_index": 3}, "edit", {"options": ["a", "b"]}, "the key is option D"),
        (row, "edit", {}, "needs stem or options or context"),
    ):
        if said is None:
            assert make_decision(of, action, "Lan", helpers.at, **given)
            continue
        with pytest.raises(UnfitError, match=said):
            make_decision(of, action, "Lan", helpers.at, **given)


def test_the_right_option_may_be_reworded_at_its_place(helpers):
    assert edit_faults(helpers.ledger_row(1), {"options": ["Thành phố Hà Nội", "Paris", "Lima", "Oslo"]}) == []
