"""Answers as files: a row a record, cells that can't act, and faults of the machine told before or without loss."""

import csv
import json

import openpyxl
import pytest

from pipeline.handover.working import Working
from pipeline.handover.written import require_writable, write_answers
from schemas.errors import DataError


def row(n, **more):
    place = {"record_id": f"{n:016x}", "file": "f.csv", "locator": f"f.csv#row:{n}"}
    return (
        place
        | {"context": None, "stem": f"Q{n}?", "options": ["x", "y"], "language": "en", "answer_index": None}
        | {
            "reason_codes": [],
            "detail": None,
        }
        | more
    )


ANSWER = {"chosen": 1, "scores": [-2.0, -1.0], "log_likelihoods": [-4.0, -2.0], "probabilities": [0.25, 0.75]}
ROWS = [
    row(1, stem="=1+1?", answer_index=0),
    row(2, options=["x", "-5", "z"], answer_index=1),
    row(3, reason_codes=["empty_option"], detail="option B has no text"),
]


@pytest.fixture
def working(tmp_path):
    with Working(tmp_path / "answers.sqlite") as found:
        found.fill(ROWS, widest=3)
        found.note(answers=[(0, ANSWER), (1, ANSWER | {"probabilities": [0.25, 0.75, 0], "scores": [-3, -1, -9]})])
        yield found


def test_a_row_a_record_with_what_was_chosen_or_why_not(working, tmp_path):
    write_answers(working, tmp_path / "a.jsonl")
    first, second, third = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert (first["locator"], first["chosen"], first["chosen_text"], first["key"], first["right"]) == ("f.csv#row:1", "B", "y", "A", False)
    assert first["probabilities"] == {"A": 0.25, "B": 0.75}
    assert first["log_likelihoods"] == {"A": -4.0, "B": -2.0}
    assert second["right"] is True
    assert (third["chosen"], third["right"], third["probabilities"], third["reason_codes"]) == (None, None, None, ["empty_option"])


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_sheets_hold_an_option_a_column_and_nothing_runs_as_a_formula(suffix, working, tmp_path):
    file = tmp_path / f"a.{suffix}"
    write_answers(working, file)
    if suffix == "csv":
        lines = list(csv.reader(file.open(encoding="utf-8-sig")))
    else:
        lines = [list(line) for line in openpyxl.load_workbook(file)["answers"].iter_rows(values_only=True)]
    head, *rows = lines
    cells = [dict(zip(head, line, strict=True)) for line in rows]
    assert [cell["question"] for cell in cells] == ["\u200b=1+1?", "Q2?", "Q3?"]
    assert cells[1]["option_b"] == "\u200b-5"
    assert [float(cells[0][f"probability_{letter}"]) for letter in "ab"] == [0.25, 0.75]
    assert not cells[0]["probability_c"]
    assert cells[2]["reason_codes"] == "empty_option"


def test_what_a_cell_of_xlsx_cannot_hold_is_told_beforehand(tmp_path):
    require_writable(tmp_path / "a.xlsx", [row(1, stem="x" * 32_767)])
    with pytest.raises(DataError, match=r"f.csv#row:2.*32,768 characters.*--out FILE.csv"):
        require_writable(tmp_path / "a.xlsx", [row(1), row(2, stem="x" * 32_768)])
    require_writable(tmp_path / "a.csv", [row(2, stem="x" * 32_768)])


def test_a_full_disk_loses_no_answer_and_says_what_to_do(working):
    (pages,) = working.database.execute("pragma page_count").fetchone()
    working.database.execute(f"pragma max_page_count = {pages}")
    with pytest.raises(DataError, match=r"full.*make room on the disk.*goes on where it stopped"):
        working.note(answers=[(2, {"detail": "x" * 100_000})])
    assert next(answer for _, answer in working.all()) == ANSWER


def test_reading_that_ends_early_leaves_nothing_half_read(tmp_path):
    def broken():
        yield row(1)
        raise KeyboardInterrupt

    with Working(tmp_path / "b.sqlite") as found:
        with pytest.raises(KeyboardInterrupt):
            found.fill(broken(), fingerprint="x")
        assert (found.count(), found.fact("fingerprint")) == (0, None)
