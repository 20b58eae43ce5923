"""What cells show beside their values."""

import io
import zipfile

import openpyxl
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont

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


def test_raised_and_lowered_runs_are_told_in_cells_and_in_shared_strings():
    def fill(sheet):
        sheet["A1"] = CellRichText("5 m", TextBlock(InlineFont(vertAlign="superscript"), "2"), " & more")
        sheet["A2"] = CellRichText("CO", TextBlock(InlineFont(vertAlign="subscript"), "2"))
        sheet["A3"] = CellRichText("plain ", TextBlock(InlineFont(b=True), "bold"))

    assert notes(fill) == {(0, 0): Note("5 m² & more"), (1, 0): Note("CO₂")}


def test_shared_strings_are_told_by_their_number():
    run = '<r><rPr><vertAlign val="{}"/></rPr><t>{}</t></r>'
    strings = (
        "<si><t>a</t></si><si/>" + f'<si><r><t xml:space="preserve">x </t></r>{run.format("superscript", "n-1")}<rPh><t>ex</t></rPh></si>'
    )
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("xl/workbook.xml", '<workbook><sheets><sheet name="S" r:id="r1"/></sheets></workbook>')
        archive.writestr(
            "xl/_rels/workbook.xml.rels", '<Relationships><Relationship Id="r1" Target="worksheets/sheet1.xml"/></Relationships>'
        )
        archive.writestr("xl/sharedStrings.xml", f"<sst>{strings}</sst>")
        cells = "".join(f'<c r="{letter}1" t="s"><v>{number}</v></c>' for letter, number in zip("ABCD", (0, 1, 2, 9), strict=True))
        archive.writestr("xl/worksheets/sheet1.xml", f"<worksheet><sheetData><row>{cells}</row></sheetData></worksheet>")
    assert cell_notes(zipfile.ZipFile(data)) == {"S": {(0, 2): Note("x ⁿ⁻¹")}}


def test_numbers_that_show_leading_zeros_are_told():
    def fill(sheet):
        sheet["A1"], sheet["A2"], sheet["A3"] = 7, 7, 7.5
        sheet["A1"].number_format, sheet["A2"].number_format, sheet["A3"].number_format = "000", "0", "0.00"

    assert notes(fill) == {(0, 0): Note(digits=3)}
