"""OpenDocument exams, from documents as small as LibreOffice reads them."""

import pytest

from tests.pipeline.ingest.zipped import zipped

NAMES = ("office", "style", "text", "table")
SPACES = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in NAMES) + (
    ' xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0"'
)
CHARACTERS = {
    "b": 'fo:font-weight="bold"',
    "u": 'style:text-underline-style="solid"',
    "red": 'fo:color="#ff0000"',
    "yellow": 'fo:background-color="#ffff00"',
    "up": 'style:text-position="super 58%"',
    "down": 'style:text-position="-33% 58%"',
    "plain": 'fo:font-weight="normal"',
}
STYLES = "".join(f'<style:style style:name="{name}"><style:text-properties {what}/></style:style>' for name, what in CHARACTERS.items())
STYLES += '<style:style style:name="P" /><style:style style:name="child" style:parent-style-name="b"/>'
LISTS = (
    '<text:list-style style:name="exam">'
    '<text:list-level-style-number text:level="1" style:num-format="1" style:num-prefix="Câu " style:num-suffix="."/>'
    '<text:list-level-style-number text:level="2" style:num-format="A" style:num-suffix="."/></text:list-style>'
    '<text:list-style style:name="dots"><text:list-level-style-bullet text:level="1"/></text:list-style>'
)


def p(content, style="P"):
    return f'<text:p text:style-name="{style}">{content}</text:p>'


def span(text, style):
    return f'<text:span text:style-name="{style}">{text}</text:span>'


def document(*blocks):
    styles = f"<office:automatic-styles>{STYLES}{LISTS}</office:automatic-styles>"
    body = f"<office:body><office:text>{''.join(blocks)}</office:text></office:body>"
    return f"<office:document-content {SPACES}>{styles}{body}</office:document-content>"


def odt(*blocks):
    return zipped(("mimetype", "application/vnd.oasis.opendocument.text"), ("content.xml", document(*blocks)))


def table(rows):
    cells = lambda row: "".join(f"<table:table-cell>{p(cell)}</table:table-cell>" for cell in row)  # noqa: E731
    return f"<table:table>{''.join(f'<table:table-row>{cells(row)}</table:table-row>' for row in rows)}</table:table>"


LINES = [
    p("Câu 1. Lá màu gì?"),
    p("A. đỏ<text:tab/>B. xanh<text:tab/>C. tím"),
    p("Câu 2. Máu màu gì?"),
    p("A. đỏ<text:line-break/>B. xanh"),
]
FOUND = [("Lá màu gì?", ["đỏ", "xanh", "tím"], "xanh"), ("Máu màu gì?", ["đỏ", "xanh"], "đỏ")]


def test_lines_tabs_and_breaks_zipped_and_flat(parse):
    assert parse(odt(*LINES, p("ĐÁP ÁN: 1B 2A")), "a.odt") == FOUND
    flat = document(*LINES, p("ĐÁP ÁN: 1B 2A")).replace("office:document-content", "office:document")
    flat = flat.replace("<office:document ", '<office:document office:mimetype="application/vnd.oasis.opendocument.text" ')
    assert parse(flat.encode(), "a.fodt") == FOUND
    assert parse(flat.encode(), "a.xml") == FOUND


def test_a_table_of_keys(parse):
    assert parse(odt(*LINES, p("ĐÁP ÁN"), table([["1", "2"], ["B", "A"]])), "a.odt") == FOUND


def test_a_table_of_questions(parse):
    rows = [["Câu hỏi", "A", "B", "Đáp án"], ["Lá màu gì?", "đỏ", "xanh", "B"]]
    assert parse(odt(table(rows)), "a.odt") == [("Lá màu gì?", ["đỏ", "xanh"], "xanh")]


@pytest.mark.parametrize("style", ["u", "b", "red", "yellow", "child"])
def test_the_option_that_stands_out_is_the_key(parse, style):
    options = p(f"A. đỏ {span('B. xanh', style)}")
    assert parse(odt(p("Câu 1. Lá màu gì?"), options), "a.odt") == [("Lá màu gì?", ["đỏ", "xanh"], "xanh")]


def test_a_style_that_is_taken_back_sets_nothing_off(read):
    options = p(f"A. đỏ {span(span('B. xanh', 'plain'), 'b')}")
    questions, rejected = read(odt(p("Câu 1. Lá màu gì?"), options), "a.odt")
    assert questions == []
    assert [row["reason_codes"] for row in rejected] == [["missing_answer"]]


def test_numbers_of_lists_are_part_of_the_text(parse):
    def item(text, *options):
        inner = "".join(f"<text:list-item>{p(option)}</text:list-item>" for option in options)
        return f"<text:list-item>{p(text)}<text:list>{inner}</text:list></text:list-item>"

    items = item("Lá màu gì?", "đỏ", "xanh", "tím") + item("Máu màu gì?", "đỏ", "xanh")
    one = f'<text:list text:style-name="exam">{items}</text:list>'
    assert parse(odt(one, p("ĐÁP ÁN: 1B 2A")), "a.odt") == FOUND


def test_a_list_that_goes_on_counts_on(parse):
    def questions(text, more):
        return f'<text:list text:style-name="exam" {more}><text:list-item>{p(text)}</text:list-item></text:list>'

    blocks = [questions("Lá màu gì?", 'xml:id="l1"'), LINES[1], questions("Máu màu gì?", 'text:continue-list="l1"'), LINES[3]]
    assert parse(odt(*blocks, p("ĐÁP ÁN: 1B 2A")), "a.odt") == FOUND
    blocks[2] = questions("Máu màu gì?", 'text:continue-numbering="true"')
    assert parse(odt(*blocks, p("ĐÁP ÁN: 1B 2A")), "a.odt") == FOUND


def test_raised_and_lowered_characters_and_blanks(parse):
    lines = [p(f'Số<text:s text:c="3"/>nào?\n  Là x{span("2", "up")} hay'), p(f"A. H{span('2', 'down')}O"), p("B. x"), p("Đáp án: A")]
    assert parse(odt(p("Câu 1."), *lines), "a.odt")[0][1:] == (["H₂O", "x"], "H₂O")


def test_deleted_text_and_remarks_are_left_out(parse):
    deleted = f"<text:tracked-changes><text:deletion>{p('Câu 9. cũ')}</text:deletion></text:tracked-changes>"
    remark = f"<office:annotation>{p('sai chính tả')}</office:annotation>"
    stem = p(f"Câu 1. Lá {remark}màu gì?")
    assert parse(odt(deleted, stem, LINES[1], p("Đáp án: B")), "a.odt") == FOUND[:1]


def test_a_picture_makes_its_question_one_that_needs_it(reasons):
    picture = "<draw:frame><draw:image/></draw:frame>"
    assert reasons(odt(p(f"Câu 1. Lá màu gì?{picture}"), LINES[1], p("Đáp án: B")), "a.odt") == [["image_required"]]
    assert reasons(odt(p("Câu 1. Lá màu gì?"), p(f"A. {picture} B. xanh C. đỏ"), p("Đáp án: B")), "a.odt") == [["image_required"]]


def test_text_boxes_and_nested_tables_are_read_once(parse):
    box = f"<draw:frame><draw:text-box>{p('A. đỏ')}{p('B. xanh')}{p('C. tím')}</draw:text-box></draw:frame>"
    assert parse(odt(p(f"Câu 1. Lá màu gì?{box}"), p("Đáp án: B")), "a.odt") == FOUND[:1]
    inner = f"<table:table><table:table-row><table:table-cell>{p('B. xanh')}</table:table-cell></table:table-row></table:table>"
    outer = f"<table:table><table:table-row><table:table-cell>{p('A. đỏ')}{inner}</table:table-cell></table:table-row></table:table>"
    assert parse(odt(p("Câu 1. Lá màu gì?"), outer, p("C. tím"), p("Đáp án: B")), "a.odt") == FOUND[:1]


@pytest.mark.parametrize(
    "data",
    [
        zipped(("mimetype", "application/vnd.oasis.opendocument.text"), ("content.xml", "<a")),
        zipped(("mimetype", "application/vnd.oasis.opendocument.text")),
        zipped(
            ("mimetype", "application/vnd.oasis.opendocument.text"), ("META-INF/manifest.xml", "<encryption-data/>"), ("content.xml", "x")
        ),
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><office:document>&b;</office:document>",
        odt("<text:section>" * 5000 + "</text:section>" * 5000),
        odt(p("Chỉ là văn bản.")),
    ],
)
def test_what_is_broken_or_hostile_is_one_verdict(reasons, data):
    assert reasons(data, "a.odt") == [["unreadable_file"]]
