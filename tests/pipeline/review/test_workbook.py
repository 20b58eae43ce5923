"""The spreadsheet there and back: written, filled in as people do, read again."""

import json
import sys
import zipfile

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.common.store.decisions import append_decisions, read_decisions, read_lines
from pipeline.review.decide import make_decision
from pipeline.review.queues import Item, Queue
from pipeline.review.returned import read_workbook
from pipeline.review.session import taking_back
from pipeline.review.standing import Standing
from pipeline.review.understood import understand
from pipeline.review.workbook import CUT, cell_text, fingerprint, sheet_rows, write_workbook
from schemas.errors import DataError, MissingExtraError

FORMULAS = ['=HYPERLINK("http://x","y")', "+1+1", "-5 độ", "@SUM(A1)", "'quoted", "_x0041_ literally"]


@pytest.fixture
def desk(publish, helpers, tmp_path):
    """Exports rows, gives the sheet to a filler, and reads what came back."""

    class Desk:
        path, file, lines = tmp_path / "decisions.jsonl", tmp_path / "f.xlsx", tmp_path / "decisions.jsonl"

        def __init__(self):
            self.rows = [
                helpers.ledger_row(1, context="Đọc đoạn sau:\nBình Ngô đại cáo"),
                helpers.ledger_row(2, "rejected", reason_codes=["missing_answer"], answer_index=None, content_id=None),
                helpers.ledger_row(3, options=FORMULAS, stem="=1+1 bằng mấy?"),
            ]

        def export(self, version=None):
            self.version = version or publish(self.rows)
            items = [Item(Queue.WEAK, row["record_id"], ("why",)) for row in self.rows]
            rows = sheet_rows(self.version, Standing(read_lines(self.path), self.version), items)
            write_workbook(self.file, rows, "school", helpers.at)

        def fill(self, **cells):
            """Cells as `column_name__row=value`; underscores of the name are spaces, but for ids."""
            book = openpyxl.load_workbook(self.file)
            sheet = book["review"]
            places = {str(cell.value).split("\n")[0]: cell.column for cell in sheet[1]}
            for name, value in cells.items():
                column, _, row = name.partition("__")
                sheet.cell(int(row), places.get(column) or places[column.replace("_", " ")]).value = value
            book.save(self.file)

        def change(self, function):
            book = openpyxl.load_workbook(self.file)
            function(book["review"])
            book.save(self.file)

        def read(self, version=None, who="Hoa"):
            sheet, faults = read_workbook(self.file)
            if sheet is None:
                return None, faults
            found = understand(sheet, version or self.version, read_lines(self.path), who, helpers.at)
            return found, [*faults, *found.faults]

        def write(self, **more):
            found, faults = self.read(**more)
            assert not faults
            append_decisions(self.path, found.decisions)
            return found

    return Desk()


def test_an_untouched_sheet_decides_nothing_whatever_it_holds(desk):
    desk.export()
    desk.change(lambda sheet: None)
    found, faults = desk.read()
    assert (found.decisions, found.conflicts, faults) == ([], [], [])


HARD = st.one_of(st.text(max_size=30), st.text("=+-@'_x0041D \n\r\t\u202e\ufeff\x0bé", max_size=30))


@settings(max_examples=20)
@given(stem=HARD, context=HARD, options=st.lists(HARD, min_size=2, max_size=10))
def test_an_untouched_sheet_decides_nothing_of_any_text(desk, stem, context, options):
    desk.rows = [{**desk.rows[0], "stem": stem, "context": context, "options": options}]
    desk.export()
    desk.change(lambda sheet: None)
    found, faults = desk.read()
    assert (found.decisions, found.conflicts, faults) == ([], [], [])


def test_no_text_is_a_formula_and_every_text_comes_back_as_it_was(desk):
    desk.export()
    sheet = openpyxl.load_workbook(desk.file)["review"]
    assert {cell.data_type for row in sheet.iter_rows(min_row=2) for cell in row if cell.value is not None} == {"s"}
    assert all(cell.number_format == "@" for row in sheet.iter_rows(min_row=2) for cell in row)
    row = read_workbook(desk.file)[0].rows[2]
    assert [row.cells[f"option {letter}"] for letter in "ABCDEF"] == FORMULAS
    assert row.cells["stem"] == "=1+1 bằng mấy?"
    assert all(sheet.cell(4, place).quotePrefix for place in (1, 2, 3, 4, 5))


@given(text=st.text(max_size=60))
def test_a_cell_holds_every_text(text):
    assert not zipfile.is_zipfile(cell_text(text))
    assert fingerprint(cell_text(text)) == fingerprint(cell_text(cell_text(text)))


def test_the_form_helps_to_fill_it_in(desk):
    desk.export()
    book = openpyxl.load_workbook(desk.file)
    sheet = book["review"]
    assert book.sheetnames[1] == "huong dan - how to"
    assert book["mcq_foundry"].sheet_state == "veryHidden"
    assert (sheet.freeze_panes, sheet.protection.sheet) == ("B2", True)
    assert {sheet.row_dimensions[row].height for row in range(1, sheet.max_row + 1)} <= {16 * lines for lines in range(1, 11)}
    lists = {str(one.sqref): one.formula1 for one in sheet.data_validations.dataValidation}
    assert '"accept,reject,set answer,edit,note"' in lists.values()
    locked = {str(cell.value).split("\n")[0]: sheet.cell(2, cell.column).protection.locked for cell in sheet[1]}
    assert {name for name, is_locked in locked.items() if not is_locked} >= {"stem", "context", "option A", "decision", "new key", "why"}
    assert {name for name, is_locked in locked.items() if is_locked} >= {"record_id", "content_id", "file", "reasons"}


def test_words_cells_and_letters_become_decisions(desk):
    desk.export()
    desk.fill(decision__2=" Accept ", why__2="đúng rồi", new_key__3="b", stem__4="Hai cộng hai bằng mấy?", option_B__4="+2")
    found = desk.write()
    first, second, third = found.decisions
    assert (first.action, first.why, first.who) == ("accept", "đúng rồi", "Hoa")
    assert (second.action, second.answer_index, second.answer) == ("set_answer", 1, "Paris")
    assert (third.action, third.stem, third.options[:2]) == ("edit", "Hai cộng hai bằng mấy?", [FORMULAS[0], "+2"])
    assert [text.split(":")[0] for text in found.implied] == ["row 3", "row 4"]


def test_a_key_corrected_in_its_cell_and_an_edit_are_two_decisions_in_order(desk):
    desk.export()
    desk.fill(option_A__2="Huế", option_B__2="Hà Nội", key__2="B", decision__2="edit")
    assert [(one.action, one.options, one.answer_index) for one in desk.write().decisions] == [
        ("edit", ["Huế", "Hà Nội", "Lima", "Oslo"], None),
        ("set_answer", None, 1),
    ]


def test_the_same_sheet_twice_writes_nothing_twice(desk):
    desk.export()
    desk.fill(decision__2="reject", new_key__3="C")
    desk.write()
    again = desk.write(who="somebody else")
    assert (again.decisions, len(again.known)) == ([], 2)
    assert len(read_decisions(desk.path).standing) == 2
    # Filled in anew, a row decides anew.
    desk.fill(new_key__3="D")
    assert [one.answer_index for one in desk.write().decisions] == [3]


def test_what_was_imported_and_taken_back_stays_taken_back(desk, helpers):
    desk.export()
    desk.fill(decision__2="reject")
    (decision,) = desk.write().decisions
    append_decisions(desk.path, [taking_back(decision, "Lan", helpers.at)])
    assert desk.write().known == ["row 2: imported already (line 1), and Lan took it back since"]


def test_one_wrong_row_is_told_with_all_others(desk):
    desk.export()
    desk.fill(decision__2="yes", decision__3="set answer", stem__4="=A1")
    _, faults = desk.read()
    assert [(fault.row, fault.column) for fault in sorted(faults)] == [(2, "I (decision)"), (3, "J (new key)"), (4, "A (stem)")]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"decision__2": "reject", "stem__2": "Khác"}, "stands beside changed cells"),
        ({"decision__2": "edit"}, "no cell of stem, context or options was changed"),
        ({"decision__2": "note"}, "a note needs its text"),
        ({"new_key__2": "E"}, "expected a letter of its 4 options"),
        ({"new_key__2": "B", "key__2": "C"}, "keep one"),
        ({"key__2": None}, "the key was emptied"),
        ({"stem__2": None}, "choose reject"),
        ({"option_B__2": None}, "options stand behind it"),
        ({"option_B__2": "Hà Nội"}, "two options say the same"),
        ({"option_A__2": "Paris", "option_B__2": "Hà Nội"}, "would move from A to B"),
        ({"option_A__2": True}, "truth value"),
        ({"decision__3": "accept"}, "no key is known"),
        ({"record_id__2": "0" * 16}, "no record of this export"),
        ({"record_id__2": "0" * 15 + "3"}, "expected"),
        ({"content_id__2": "0" * 16}, "don't change it"),
    ],
)
def test_a_wrong_cell_is_told_in_words(desk, cells, said):
    desk.export()
    desk.fill(**cells)
    _, faults = desk.read()
    assert any(said in str(fault) for fault in faults), faults


def test_numbers_and_dates_that_a_program_made_are_told_apart(desk, helpers):
    desk.export()
    desk.fill(option_D__2=1945, option_C__2=2.5)
    assert desk.write().decisions[0].options == ["Hà Nội", "Paris", "2.5", "1945"]
    desk.fill(option_D__3=helpers.at.replace(tzinfo=None))
    assert "holds the date" in str(desk.read()[1][0])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda sheet: sheet.move_range("A1:A4", cols=30), "found 'nothing', expected 'stem'"),
        (lambda sheet: sheet.insert_cols(3), "expected 'option B'; 'option B' stands in column D"),
        (lambda sheet: sheet.delete_cols(5), "expected 'option D'"),
        (lambda sheet: sheet.merge_cells("A2:A3"), "cells A2:A3 are merged"),
        (lambda sheet: sheet.cell(1, 1, "Question"), "found 'Question', expected 'stem'"),
    ],
)
def test_moved_and_merged_columns_are_refused_in_words(desk, change, said):
    desk.export()
    desk.change(change)
    found, faults = desk.read()
    assert found is None
    assert any(said in str(fault) for fault in faults), faults


def test_rows_may_go_and_come_in_any_order(desk):
    desk.export()
    desk.fill(decision__4="accept")
    desk.change(lambda sheet: sheet.delete_rows(2))
    assert [one.record_id for one in desk.write().decisions] == ["0" * 15 + "3"]


def test_what_changed_meanwhile_is_a_conflict_and_not_written(desk, helpers, publish):
    desk.export()
    desk.fill(decision__2="accept", new_key__3="A", decision__4="reject")
    append_decisions(desk.path, [make_decision(desk.rows[1], "reject", "Lan", helpers.at)])
    newer = publish([{**desk.rows[0], "content_id": "f" * 16}, desk.rows[1]])
    found, faults = desk.read(newer)
    assert (found.decisions, faults) == ([], [])
    assert [said.partition(": ")[2] for said in found.conflicts] == [
        f"the record reads otherwise by now (content {'f' * 16}, exported {helpers.record_id(1001)})",
        "decided since: reject by Lan, 2026-03-01 08:30",
        "its record is in no file any more",
    ]


def test_decisions_known_at_the_export_are_no_conflict_unless_taken_back(desk, helpers):
    decision = make_decision(desk.rows[0], "set_answer", "Lan", helpers.at, answer_index=1)
    append_decisions(desk.path, [decision])
    desk.export()
    assert read_workbook(desk.file)[0].rows[0].cells["key"] == "B"
    desk.fill(decision__2="accept")
    assert len(desk.read()[0].decisions) == 1
    append_decisions(desk.path, [taking_back(decision, "Lan", helpers.at)])
    assert "taken back since" in desk.read()[0].conflicts[0]


def test_a_text_too_long_for_a_cell_is_cut_and_can_not_be_edited_there(desk):
    desk.rows[0]["context"] = "đoạn văn " * 5_000
    desk.export()
    assert read_workbook(desk.file)[0].rows[0].cells["context"].endswith(CUT.strip())
    desk.fill(decision__2="accept")
    assert len(desk.read()[0].decisions) == 1
    desk.fill(context__2="ngắn")
    assert "its text was cut" in str(desk.read()[1][0])


def test_another_kind_of_file_is_told(desk, tmp_path):
    for name, data in (("text.xlsx", b"no zip"), ("zip.xlsx", None)):
        file = tmp_path / name
        if data is None:
            with zipfile.ZipFile(file, "w") as archive:
                archive.writestr("a.txt", "x")
        else:
            file.write_bytes(data)
        with pytest.raises(DataError, match=r"no readable \.xlsx workbook"):
            read_workbook(file)
    openpyxl.Workbook().save(tmp_path / "other.xlsx")
    with pytest.raises(DataError, match="has no sheet 'review'"):
        read_workbook(tmp_path / "other.xlsx")


def test_a_hidden_sheet_that_was_touched_is_told(desk):
    desk.export()
    book = openpyxl.load_workbook(desk.file)
    book["mcq_foundry"]["A2"] = json.dumps({"record_id": "x"})
    book.save(desk.file)
    with pytest.raises(DataError, match=r"hidden sheet of f\.xlsx is damaged"):
        read_workbook(desk.file)


def test_without_the_package_its_extra_is_named(desk, monkeypatch):
    desk.export()
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    for use in (desk.export, desk.read):
        with pytest.raises(MissingExtraError, match=r"mcq-foundry\[xlsx\]"):
            use()


def test_reasons_stand_in_vietnamese_and_below_it_in_english(desk):
    desk.export()
    row = desk.rows[0]
    why = ("two options read 'Huế'", "nobody wrote this")
    (sheet,) = sheet_rows(desk.version, Standing([], desk.version), [Item(Queue.WEAK, row["record_id"], why)])
    assert sheet.cells["reasons"].splitlines() == ["hai phương án cùng ghi 'Huế'", why[0], why[1]]
