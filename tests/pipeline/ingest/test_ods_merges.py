"""Merged cells of OpenDocument spreadsheets."""

import io
import zipfile

from pipeline.ingest.ods_merges import merged_downwards

NAMES = " ".join(f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{short}:1.0"' for short in ("office", "table", "text"))


def spreadsheet(rows, before=""):
    """Rows of cells; (text, n) spans n rows, None is covered by one above, "" is empty."""

    def cell(value):
        if value is None:
            return "<table:covered-table-cell/>"
        text, span = value if isinstance(value, tuple) else (value, 1)
        spans = f' table:number-columns-spanned="1" table:number-rows-spanned="{span}"' if span > 1 else ""
        inner = f"<text:p>{text}</text:p>" if text else ""
        return f'<table:table-cell{spans} office:value-type="string">{inner}</table:table-cell>' if text else "<table:table-cell/>"

    body = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "content.xml",
            f"<office:document-content {NAMES}><office:body><office:spreadsheet>"
            f'<table:table table:name="S &amp; T">{before}{body}</table:table></office:spreadsheet></office:body></office:document-content>',
        )
        archive.writestr("META-INF/manifest.xml", "<a/>")
    return data.getvalue()


ROWS = [
    ["Passage", "Question", "A", "B", "Answer"],
    [("The ferry leaves.", 2), "What?", "ferry", "bus", "A"],
    [None, "Does it?", "no", "yes", "B"],
]
ROWS += [["", "Which?", "u", "v", "B"]]
EMPTY = '<table:table-row table:number-rows-repeated="3"><table:table-cell table:number-columns-repeated="5"/></table:table-row>'


def test_ranges_are_counted_over_repeated_rows_and_cells():
    assert merged_downwards(zipfile.ZipFile(io.BytesIO(spreadsheet(ROWS, EMPTY)))) == {"S & T": [((4, 0), (5, 0))]}


def test_other_archives_have_none():
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    assert merged_downwards(zipfile.ZipFile(data)) == {}


def test_a_passage_over_rows_stands_in_each(read):
    for before in ("", EMPTY):
        questions, rejected = read(spreadsheet(ROWS, before), "a.ods")
        assert rejected == []
        assert [(row["context"], row["answer_index"]) for row in questions] == [
            ("The ferry leaves.", 0),
            ("The ferry leaves.", 1),
            (None, 1),
        ]
