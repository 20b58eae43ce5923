"""What a run ends with: decisions of reviewers are counted, and those that need a look have a line each."""

from pathlib import Path

from cli.summary import DECISIONS_SHOWN, print_decisions
from schemas.tables.arrow import to_frame
from schemas.tables.curation import ReviewDecision

ROW = dict.fromkeys(ReviewDecision.model_fields) | {
    "status": "applied",
    "detail": "accepted",
    "touches": [],
    "who": "Lan",
    "action": "accept",
}


def test_no_decisions_say_nothing(capsys):
    print_decisions(to_frame([], ReviewDecision), Path("d.jsonl"))
    assert capsys.readouterr().out == ""


def test_lines_that_came_to_nothing_are_shown_with_the_reason(capsys):
    rows = [ROW | {"line": 1}, ROW | {"line": 2, "status": "wrong_line", "who": None, "action": None, "detail": "it is no JSON object"}]
    rows += [ROW | {"line": line, "status": "orphaned", "detail": "no record has id"} for line in range(3, 5 + DECISIONS_SHOWN)]
    print_decisions(to_frame(rows, ReviewDecision), Path("d.jsonl"))
    told = capsys.readouterr().out
    assert "Decisions of reviewers: 14 orphaned, 1 applied, 1 wrong line" in told
    assert "it is no JSON object" in told
    assert "3 more are to be looked at; all lines stand in d.jsonl" in told
    assert "accepted" not in told
