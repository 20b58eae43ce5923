"""Decisions in words: who, where it stands, and why."""

from pipeline.common.reviewers import all_said, by, said

ROW = {"who": " Lan\n(tổ trưởng) ", "id": "d7", "detail": "accepted", "why": None}


def test_a_name_is_one_line_and_no_reason_adds_nothing():
    assert by(ROW) == "by Lan (tổ trưởng) (decision d7)"
    assert said(ROW) == "accepted by Lan (tổ trưởng) (decision d7)"


def test_several_decisions_are_one_sentence_and_none_is_none():
    assert all_said([ROW, ROW | {"detail": "rejected", "why": "sai\nđề"}]).endswith("; rejected by Lan (tổ trưởng) (decision d7): sai đề")
    assert all_said([]) is None
