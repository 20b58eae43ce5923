"""What an asset's page shows: no text of a question is markup there, and what is undefined is no zero."""

import pytest

from assets.metadata import INLINE_CHARS, column_schema, counts_table, defined, markdown_table, number, percent, reasons_table, shares
from schemas.reasons import REASON_TEXT, Reason
from schemas.tables.curation import Question


def test_no_text_of_a_question_acts_as_markup():
    (line,) = markdown_table([{"stem": "<b>a</b> | `x` $y$\nz"}]).value.splitlines()[2:]
    assert line == "| &#60;b&#62;a&#60;/b&#62; &#124; &#96;x&#96; &#36;y&#36; z |"


@pytest.mark.parametrize(("length", "cut"), [(60, False), (61, True)])
def test_a_long_cell_is_cut_to_its_width(length, cut):
    cell = markdown_table([{"stem": "x" * length}]).value.splitlines()[2].strip("| ")
    assert (len(cell), cell.endswith("…")) == (60, cut)


def test_cells_of_any_type_are_shown_and_an_absent_one_is_empty():
    rows = [{"options": ["a", "b"], "score": 0.50, "count": 3, "detail": None}]
    assert markdown_table(rows).value.splitlines()[2] == "| a / b | 0.5 | 3 |  |"
    assert markdown_table([]).value == "*no rows*"


def test_what_is_undefined_is_left_out_or_a_dash():
    assert defined({"a": None, "b": 0}) == {"b": 0}
    assert (percent(None), percent(0), percent(0.123), number(None), number(0.0)) == ("–", "0.0%", "12.3%", "–", "0.00")


def test_counts_stand_with_what_they_count():
    assert counts_table({"train": 2}, "split").value.splitlines() == ["| split | records |", "| --- | --- |", "| train | 2 |"]
    assert REASON_TEXT[Reason.EMPTY_STEM] in reasons_table({"empty_stem": 1}).value


def test_the_columns_of_a_table_are_told_with_their_bounds():
    columns = {column.name: column for column in column_schema(Question).columns}
    assert list(columns) == list(Question.model_fields)
    assert columns["context"].constraints.nullable
    assert not columns["stem"].constraints.nullable
    assert columns["answer_index"].constraints.other


@pytest.mark.parametrize(("rows", "more"), [(5, ""), (400, "and 3")])
def test_a_table_is_cut_to_what_the_ui_shows_in_place_and_says_how_much_is_left(rows, more):
    text = markdown_table([{"stem": f"question {place}", "why": "x" * 30} for place in range(rows)]).value
    assert len(text) <= INLINE_CHARS
    shown = text.count("question ")
    assert (shown == rows) == (not more)
    assert not more or text.endswith(f"and {rows - shown} more")
    assert markdown_table([{"a": 1}], of=3).value.endswith("and 2 more")


def test_one_row_is_shown_however_long_it_is():
    assert markdown_table([{str(place): "x" * 59 for place in range(40)}]).value.count("x" * 59) == 40


def test_shares_are_of_the_whole_and_of_nothing_there_are_none():
    assert shares({"rejected": 1, "train": 2}, 3) == {"share_rejected": 0.333333, "share_train": 0.666667}
    assert shares({"rejected": 0}, 0) == {}
