"""What cells show beside their values."""

import io
import zipfile

import openpyxl

from pipeline.ingest.sheet_notes import Note, cell_notes


def notes(fill):
    book = openpyxl.Workbook()
    book.active.title = "Đề & key"
    fill(book.active)
    data = io.BytesIO()
    book.save(data)
    return cell_notes(zipfile.ZipFile(data))["Đề & key"]


def test_errors_formulas_and_percentages_are_told_by_their_place():
    def fill(sheet):
        sheet["B2"], sheet["C3"], sheet["D4"], sheet["A5"] = 0.5, "=SUM(A1:A2)", "#N/A", 7
        sheet["B2"].number_format = "0.0%"

    assert notes(fill) == {(1, 1): Note(percent_decimals=1), (2, 2): Note("a formula without a value", True), (3, 3): Note("#N/A")}


def test_texts_and_numbers_need_none():
    def fill(sheet):
        for row in ([f"50% of {n}", n, True] for n in range(3_000)):
            sheet.append(row)

    assert notes(fill) == {}


def test_cells_at_the_seams_between_pieces_are_found():
    def fill(sheet):
        for row in range(1, 25_001):
            sheet.cell(row, 1, 0.25).number_format = "0%"

    assert len(notes(fill)) == 25_000


def test_a_workbook_without_its_parts_has_none():
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook><sheet name='a'")
    assert cell_notes(zipfile.ZipFile(data)) == {}
