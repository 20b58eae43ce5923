"""Workbooks as teachers write them."""

import io
import zipfile

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.cell_range import CellRange

from pipeline.ingest.formats import xlsx
from pipeline.ingest.items import Item

Q = ("Thủ đô là", ["Hà Nội", "Huế", "Vinh", "Lào Cai"], "Huế")
HEADER = ["STT", "Câu hỏi", "A", "B", "C", "D", "Đáp án"]
ROW = [1, "Thủ đô là", "Hà Nội", "Huế", "Vinh", "Lào Cai", "B"]


def workbook(*sheets, merge=()):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets):
        sheet = book.create_sheet(f"Sheet{number + 1}")
        for row in rows:
            sheet.append(row)
        for cells in merge:
            sheet.merge_cells(cells)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


FILES = {
    "plain": workbook([HEADER, ROW]),
    "title": workbook([["ĐỀ KIỂM TRA 15 PHÚT"], ["Môn: Địa lí"], [], HEADER, ROW], merge=["A1:G1", "A2:G2"]),
    "two_rows": workbook(
        [["STT", "Câu hỏi", "Phương án", None, None, None, "Đáp án"], [None, None, "A", "B", "C", "D", None], ROW],
        merge=["A1:A2", "B1:B2", "C1:F1", "G1:G2"],
    ),
    "two_rows_unmerged": workbook(
        [["STT", "Câu hỏi", "Phương án", None, None, None, "Đáp án"], [None, None, "A", "B", "C", "D", None], ROW]
    ),
    "numbers": workbook([["Question", "Option 1", "Option 2", "Option 3", "Option 4", "Correct Answer"], [*ROW[1:6], 2]]),
    "numbers_as_letters_columns": workbook([HEADER, [*ROW[:6], 2], [2, "Cuối?", "w1", "x1", "y1", "z1", 4]]),
    "second_sheet": workbook([["Hướng dẫn"], ["Xem trang sau"]], [HEADER, ROW]),
    "empty_first_sheet": workbook([], [HEADER, ROW]),
    "kahoot": workbook(
        [
            ["Quiz template"],
            ["Add questions, at least two answer alternatives, time limit and choose correct answers (at least one)."],
            [],
            [
                None,
                "Question - max 120 characters",
                *[f"Answer {n} - max 75 characters" for n in (1, 2, 3, 4)],
                "Time limit (sec)",
                "Correct answer(s) - choose at least one",
            ],
            [1, *ROW[1:6], 20, 2],
        ]
    ),
    "no_header": workbook([ROW[1:], ["Số nào chẵn?", "1", "2", "3", "5", "B"]]),
    "empty_columns": workbook([[None, *HEADER], [None, *ROW]]),
}


@pytest.mark.parametrize("name", FILES)
def test_workbooks_are_read_without_a_mapping(read, name):
    questions, rejected = read(FILES[name], f"{name}.xlsx")
    found = [(row["stem"], row["options"], row["options"][row["answer_index"]]) for row in questions]
    assert Q in found, rejected
    assert [row["reason_codes"] for row in rejected if row["locator"].partition("#")[2].startswith("Sheet2")] == []


def test_a_passage_merged_over_its_questions_stands_in_each(read):
    rows = [["Bài đọc", "Câu hỏi", "A", "B", "Đáp án"], ["Đoạn văn.", "Một?", "a1", "b1", "A"], [None, "Hai?", "a2", "b2", "B"]]
    questions, _ = read(workbook(rows, merge=["A2:A3"]), "a.xlsx")
    assert [row["context"] for row in questions] == ["Đoạn văn.", "Đoạn văn."]


def table_at(top, left, rows, merged=()):
    """A workbook whose table begins below and right of empty cells. `merged` (column, row, column, row) keeps values, as other programs do."""
    book = openpyxl.Workbook()
    for row, cells in enumerate(rows, start=top):
        for column, value in enumerate(cells, start=left):
            book.active.cell(row, column, value)
    book.active.merged_cells.ranges.update(CellRange(None, *bounds) for bounds in merged)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


FULL = [["Câu hỏi", "A", "B", "Đáp án"], ["Một?", "a1", "b1", "A"], ["Hai?", "a2", "b2", "B"]]
HOLES = [["Câu hỏi", "A", "B", "Đáp án"], ["Một?", "a1", None, "A"], [None, "a2", "b2", None], ["Ba?", "a3", "b3", "B"]]
starts, sizes = st.integers(1, 9), st.integers(0, 8)
merges = st.builds(lambda column, row, width, height: (column, row, column + width, row + height), starts, starts, sizes, sizes)


@settings(max_examples=50)
@given(top=st.integers(1, 6), left=st.integers(1, 6), merged=st.lists(merges, max_size=4))
def test_merged_cells_never_replace_a_value(top, left, merged):
    assert list(xlsx.read(table_at(top, left, FULL, merged))) == list(xlsx.read(table_at(1, 1, FULL)))


@settings(max_examples=50)
@given(top=st.integers(1, 6), left=st.integers(1, 6), merged=st.lists(merges, max_size=4))
def test_a_merged_range_that_begins_outside_the_table_changes_nothing(top, left, merged):
    beyond = [(c, r, *end) for c, r, *end in merged if not (left <= c < left + 4 and top <= r < top + 4)]
    assert list(xlsx.read(table_at(top, left, HOLES, beyond))) == list(xlsx.read(table_at(1, 1, HOLES)))


def test_the_place_of_a_logo_leaves_the_keys_alone(read):
    for merged in ((1, 1, 2, 4), (3, 1, 7, 4), (7, 1, 7, 6), (6, 1, 9, 20)):
        questions, rejected = read(table_at(5, 3, FULL, [merged]), "a.xlsx")
        assert (rejected, [row["answer_index"] for row in questions]) == ([], [0, 1])


def test_a_merged_cell_ends_with_the_table_whatever_its_range_says():
    rows = [["Bài đọc", "Câu hỏi", "A"], ["Đoạn văn.", "Một?", "a1"], [None, "Hai?", "a2"]]
    items = [item for item in xlsx.read(table_at(3, 2, rows, [(2, 4, 2, 1_000_000)])) if isinstance(item, Item)]
    assert [item.payload["Bài đọc"] for item in items] == ["Đoạn văn.", "Đoạn văn."]


def test_merged_ranges_that_overlap_without_end_take_no_longer_than_the_sheet():
    rows = [["Câu hỏi"], ["Một?"], *[[]] * 100_000, ["Hai?"]]
    merged = [(1, 2, width, 100_000) for width in range(1, 16_000)]
    items = [item for item in xlsx.read(table_at(1, 1, rows, merged)) if isinstance(item, Item)]
    # A question drawn over many rows is one.
    assert [item.payload["Câu hỏi"] for item in items] == ["Một?", "Hai?"]


def test_several_right_answers(reasons):
    assert reasons(workbook([HEADER, [*ROW[:6], "A, C"]]), "a.xlsx") == [["multiple_answers"]]
    numbers = [["Question", "Answer 1", "Answer 2", "Answer 3", "Correct"], ["Which?", "a1", "b1", "c1", "1,3"]]
    assert reasons(workbook(numbers), "b.xlsx") == [["multiple_answers"]]


@pytest.mark.parametrize("data", [b"PK\x03\x04 no workbook", b"plain text", b"", FILES["plain"][:-200], FILES["plain"][:300]])
def test_what_is_no_workbook_is_one_rejected_record(reasons, data):
    assert reasons(data, "a.xlsx") == [["unreadable_file"]]


def test_open_document_spreadsheets(parse):
    names = " ".join(f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{short}:1.0"' for short in ("office", "table", "text"))
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    rows = "".join(f"<table:table-row>{''.join(map(cell.format, row))}</table:table-row>" for row in (HEADER, ROW))
    content = f'<office:document-content {names}><office:body><office:spreadsheet><table:table table:name="S">{rows}</table:table></office:spreadsheet></office:body></office:document-content>'
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, text in (
            ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
            ("content.xml", content),
            ("META-INF/manifest.xml", "<a/>"),
        ):
            archive.writestr(name, text)
    for name in ("a.ods", "no_suffix"):
        assert parse(data.getvalue(), name) == [Q]


def test_a_passage_over_rows_stands_in_each_and_empty_merged_cells_give_nothing(read):
    rows = [["Passage", "Question", "A", "B", "C", "Answer"], ["The ferry leaves.", "What?", "ferry", "bus", None, "A"]]
    rows += [[None, "Does it?", "yes", "no", None, "A"], [None, "Which?", "u", "v", "w", "C"]]
    questions, rejected = read(workbook(rows, merge=["A2:A3", "E2:E3"]), "a.xlsx")
    assert rejected == []
    assert [(row["context"], row["options"], row["answer_index"]) for row in questions] == [
        ("The ferry leaves.", ["ferry", "bus"], 0),
        ("The ferry leaves.", ["yes", "no"], 0),
        (None, ["u", "v", "w"], 2),
    ]


def test_options_below_a_merged_question_are_one_question(parse):
    rows = [["STT", "Câu hỏi", "Phương án", "Đúng"], [1, "Thủ đô là", "Huế", None], [None, None, "Hà Nội", "x"]]
    assert parse(workbook(rows, merge=["A2:A3", "B2:B3"]), "a.xlsx") == [("Thủ đô là", ["Huế", "Hà Nội"], "Hà Nội")]


def test_percentages_are_read_as_they_are_shown_and_a_formula_for_a_text_breaks_its_row(read):
    book = openpyxl.Workbook()
    for row in (["Question", "A", "B", "Answer"], ["How much is a half?", 0.5, 0.125, "A"], ["Which adds?", "=A1", "+", "A"]):
        book.active.append(row)
    book.active["B2"].number_format, book.active["C2"].number_format = "0%", "0.0%"
    data = io.BytesIO()
    book.save(data)
    questions, rejected = read(data.getvalue(), "a.xlsx")
    assert [row["options"] for row in questions] == [["50%", "12.5%"]]
    assert [row["reason_codes"] for row in rejected] == [["malformed_row"]]


def test_guides_beside_the_questions_are_no_records(parse):
    data = workbook([["Cách nhập"], ["Bước 1: mở trang sau"]], [HEADER, ROW, [2, *[None] * 6]], [["Mức", "Mã"], ["Dễ", "NB"]])
    assert parse(data, "a.xlsx") == [Q]


def test_cells_show_leading_zeros_and_raised_signs(parse):
    from openpyxl.cell.rich_text import CellRichText, TextBlock
    from openpyxl.cell.text import InlineFont

    book = openpyxl.Workbook()
    book.active.append(["Question", "A", "B", "Answer"])
    book.active.append(["Which code?", 12, 120, "A"])
    book.active["B2"].number_format = book.active["C2"].number_format = "0000"
    book.active.append(["Which area?", CellRichText("3 m", TextBlock(InlineFont(vertAlign="superscript"), "2")), "3 m2", "A"])
    data = io.BytesIO()
    book.save(data)
    assert parse(data.getvalue(), "a.xlsx") == [("Which code?", ["0012", "0120"], "0012"), ("Which area?", ["3 m²", "3 m2"], "3 m²")]


def test_an_error_pasted_as_a_value_costs_its_row_unless_the_question_is_about_it(read):
    rows = [
        ["Question", "A", "B", "Answer"],
        ["Which rose?", "#REF!", "red", "B"],
        ["Which error does a lost cell give?", "#REF!", "#N/A", "A"],
    ]
    questions, (lost,) = read(workbook(rows), "a.xlsx")
    assert [question["stem"] for question in questions] == ["Which error does a lost cell give?"]
    assert lost["reason_codes"] == ["malformed_row"]
