"""Word exams, from documents as small as Word reads them."""

import io
import zipfile

import pytest

NAMESPACES = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
UNDERLINE, BOLD, RED, YELLOW = "<w:u w:val='single'/>", "<w:b/>", "<w:color w:val='FF0000'/>", "<w:highlight w:val='yellow'/>"


def paragraph(*runs, number=None):
    """A paragraph of texts, of (text, run properties), or of raw elements; `number` is (numId, level)."""

    def run(part):
        text, style = part if isinstance(part, tuple) else (part, "")
        if text.startswith("<"):
            return text
        return f'<w:r><w:rPr>{style}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'.replace("\t", "</w:t><w:tab/><w:t>")

    properties = f'<w:pPr><w:numPr><w:ilvl w:val="{number[1]}"/><w:numId w:val="{number[0]}"/></w:numPr></w:pPr>' if number else ""
    return f"<w:p>{properties}{''.join(map(run, runs))}</w:p>"


def table(rows):
    return (
        "<w:tbl>" + "".join("<w:tr>" + "".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row) + "</w:tr>" for row in rows) + "</w:tbl>"
    )


def document(*parts, numbering=None):
    """A .docx of paragraphs (lists of runs), tables and raw elements."""
    body = "".join(
        part if isinstance(part, str) and part.startswith("<w:") else paragraph(*([part] if isinstance(part, str) else part))
        for part in parts
    )
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", f"<w:document {NAMESPACES}><w:body>{body}</w:body></w:document>")
        if numbering:
            archive.writestr("word/numbering.xml", f"<w:numbering {NAMESPACES}>{numbering}</w:numbering>")
    return data.getvalue()


HEAD = ["ĐỀ THI THỬ", "Môn: Địa lí"]
FIRST = ["Câu 1. Thủ đô nước ta là", "A. Hà Nội.\tB. Huế.", "C. Vinh.\tD. Lào Cai."]
SECOND = ["Câu 2: Số nào chẵn?", "A. 1", "B. 2", "C. 3", "D. 5"]
EXAM = [*HEAD, *FIRST, *SECOND]
EXPECTED = [("Thủ đô nước ta là", ["Hà Nội.", "Huế.", "Vinh.", "Lào Cai."], "Hà Nội."), ("Số nào chẵn?", ["1", "2", "3", "5"], "2")]

KEYS = {
    "table": [table([["1", "2"], ["A", "B"]])],
    "table_with_heads": ["ĐÁP ÁN", table([["Câu", "1", "2"], ["Đáp án", "A", "B"]])],
    "table_of_pairs": ["BẢNG ĐÁP ÁN", table([["1.A", "2.B"]])],
    "table_upright": [table([["Câu", "Đáp án"], ["1", "A"], ["2", "B"]])],
    "table_side_by_side": [table([["Câu", "ĐA", "Câu", "ĐA"], ["1", "A", "2", "B"]])],
    "line": ["ĐÁP ÁN", "1.A 2.B"],
    "line_without_points": ["BẢNG ĐÁP ÁN", "1A 2B"],
    "dashes": ["Đáp án", "1-A, 2-B"],
    "one_line": ["ĐÁP ÁN: 1A; 2B"],
    "a_line_each": ["ĐÁP ÁN", "Câu 1: A", "Câu 2: B"],
    "with_solutions": ["HƯỚNG DẪN GIẢI", "Câu 1: Chọn A. Vì Hà Nội là thủ đô.", "Câu 2: Chọn B. Vì 2 chia hết cho 2."],
    "range": ["ĐÁP ÁN", "1-2: AB"],
    "english": ["ANSWER KEY", "1. A", "2. B"],
    "no_heading": ["1.A   2.B"],
    "end_mark_first": ["----- HẾT -----", "ĐÁP ÁN", "1.A 2.B"],
}


@pytest.mark.parametrize("name", KEYS)
def test_a_key_in_a_list_or_table_of_its_own(parse, name):
    assert parse(document(*EXAM, *KEYS[name]), "exam.docx") == EXPECTED


def test_a_list_of_keys_may_stand_first(parse):
    assert parse(document("ĐÁP ÁN", "1.A 2.B", *EXAM), "exam.docx") == EXPECTED
    assert parse(document(*HEAD, table([["1", "2"], ["A", "B"]]), *FIRST, *SECOND), "exam.docx") == EXPECTED


@pytest.mark.parametrize(
    "form", ["Đáp án: {}", "Đáp án đúng là {}.", "Chọn {}", "Answer: {}", "ĐA: {}", "Lời giải\nChọn đáp án {}. Vì vậy.", "=> Chọn {}"]
)
def test_a_key_behind_each_question(parse, form):
    def key(letter):
        return form.format(letter).split("\n")

    assert parse(document(*HEAD, *FIRST, *key("A"), *SECOND, *key("B")), "exam.docx") == EXPECTED


def option(letter, text, mark="", style=""):
    return [(f"{letter}.", mark), (f" {text}", style)]


def styled(mark, style, others=""):
    """The exam, the right options with these run properties of letter and text, the other letters with `others`."""
    capitals = [option(x, t, mark if x == "A" else others, style if x == "A" else "") for x, t in zip("ABCD", EXPECTED[0][1], strict=True)]
    numbers = [option(x, t, mark if x == "B" else others, style if x == "B" else "") for x, t in zip("ABCD", EXPECTED[1][1], strict=True)]
    return document(*HEAD, FIRST[0], *capitals, SECOND[0], *numbers)


@pytest.mark.parametrize(
    "data",
    [
        styled(UNDERLINE, ""),
        styled(BOLD, BOLD),
        styled("", BOLD),
        styled(RED, RED),
        styled("", YELLOW),
        styled(UNDERLINE + BOLD, "", BOLD),
        styled(BOLD, BOLD, BOLD),
        styled(RED, RED, "<w:color w:val='0000FF'/>"),
        styled(BOLD, RED, BOLD),
    ],
)
def test_the_option_that_stands_out(parse, data):
    assert parse(data, "exam.docx") == EXPECTED


def test_marks_on_one_line(parse):
    line = [("A", UNDERLINE), ". Hà Nội.\tB. Huế."]
    assert parse(document(FIRST[0], line, FIRST[2], SECOND[0], *SECOND[1:2], [("B", UNDERLINE), ". 2"], *SECOND[3:]), "e.docx") == EXPECTED


def test_one_stray_bold_word_in_a_long_exam_is_no_key(reasons):
    parts = [line for n in range(1, 9) for line in (f"Câu {n}. Một số nào đó {n}?", "A. 1", "B. 2", "C. 3", "D. 5")]
    parts[1] = [("A. 1", BOLD)]
    assert reasons(document(*parts), "exam.docx") == [["missing_answer"]] * 8


LEVEL = '<w:lvl w:ilvl="{}"><w:start w:val="1"/><w:numFmt w:val="{}"/><w:lvlText w:val="{}"/></w:lvl>'


def lists(*levels):
    abstract = "".join(f'<w:abstractNum w:abstractNumId="{n}">{"".join(level)}</w:abstractNum>' for n, level in enumerate(levels))
    return abstract + "".join(f'<w:num w:numId="{n + 1}"><w:abstractNumId w:val="{n}"/></w:num>' for n in range(len(levels)))


@pytest.mark.parametrize(
    ("numbering", "places"),
    [
        (lists([LEVEL.format(0, "decimal", "Câu %1."), LEVEL.format(1, "upperLetter", "%2.")]), ((1, 0), (1, 1))),
        (lists([LEVEL.format(0, "decimal", "%1.")], [LEVEL.format(0, "upperLetter", "%1.")]), ((1, 0), (2, 0))),
        (lists([LEVEL.format(0, "decimal", "Câu %1:")], [LEVEL.format(0, "lowerLetter", "%1)")]), ((1, 0), (2, 0))),
    ],
)
def test_automatic_numbers(parse, numbering, places):
    question, letter = places
    parts = []
    for stem, options, _ in EXPECTED:
        parts += [paragraph(stem, number=question), *(paragraph(text, number=letter) for text in options)]
    assert parse(document(*parts, "ĐÁP ÁN", "1A 2B", numbering=numbering), "exam.docx") == EXPECTED


def test_automatic_letters_alone(parse):
    numbering = lists([LEVEL.format(0, "upperLetter", "%1.")])
    parts = []
    for n, (stem, options, _) in enumerate(EXPECTED, 1):
        parts += [f"Câu {n}: {stem}", *(paragraph(text, number=(1, 0)) for text in options)]
    assert parse(document(*parts, "ĐÁP ÁN", "1A 2B", numbering=numbering), "exam.docx") == EXPECTED


def test_options_in_a_table(parse):
    keys = ["ĐÁP ÁN", "1A 2B"]
    square = table([["A. Hà Nội.", "B. Huế."], ["C. Vinh.", "D. Lào Cai."]])
    labelled = table([["A", "1"], ["B", "2"], ["C", "3"], ["D", "5"]])
    assert parse(document(FIRST[0], square, SECOND[0], labelled, *keys), "exam.docx") == EXPECTED


def test_a_table_of_questions(parse):
    rows = [["Câu", "Nội dung câu hỏi", "A", "B", "C", "D", "Đáp án"]]
    rows += [[str(n), stem, *options, "ABCD"[options.index(answer)]] for n, (stem, options, answer) in enumerate(EXPECTED, 1)]
    assert parse(document("ĐỀ THI", table(rows)), "exam.docx") == EXPECTED


@pytest.mark.parametrize(
    "number", ["{}.", "{})", "Câu {}.", "Câu {}:", "CÂU {}:", "Câu hỏi {}:", "Question {}:", "Bài {}.", "Câu {} (NB).", "[NB] Câu {}."]
)
def test_questions_are_numbered_in_many_ways(parse, number):
    parts = [
        line for n, (stem, *rest) in enumerate((FIRST, SECOND), 1) for line in (f"{number.format(n)} {stem.split(maxsplit=2)[2]}", *rest)
    ]
    found = parse(document(*parts, "ĐÁP ÁN", "1A 2B"), "exam.docx")
    assert [(options, answer) for _, options, answer in found] == [(options, answer) for _, options, answer in EXPECTED]


def test_numbered_statements_belong_to_their_question(parse):
    stem = ["1. Cho các phát biểu:", "1. Nước là chất lỏng.", "2. Sắt là kim loại.", "3. Đá là chất khí.", "Số phát biểu đúng là"]
    ((first, options, answer), second) = parse(
        document(*stem, "A. 1", "B. 2", "C. 3", "D. 0", "2. Số nào chẵn?", *SECOND[1:], "ĐÁP ÁN", "1B 2B"), "exam.docx"
    )
    assert (options, answer, "Sắt" in first) == (["1", "2", "3", "0"], "2", True)
    assert second == EXPECTED[1]


def test_a_passage_goes_with_its_questions(read):
    rubric = "Read the following passage and mark the letter A, B, C, or D to indicate the correct answer from 1 to 2."
    parts = [
        rubric,
        "Tom lives in Hue.",
        "Question 1. Who?",
        "A. Tom",
        "B. Ann",
        "Question 2. Where?",
        "A. Hue",
        "B. Vinh",
        "Question 3. Odd?",
        "A. cat",
        "B. sky",
    ]
    questions, _ = read(document(*parts, "ANSWER KEY", "1A 2A 3B"), "exam.docx")
    assert ["Tom lives" in (row["context"] or "") for row in questions] == [True, True, False]
    second = [*parts[8:], "Read the following passage.", "Ann lives in Vinh.", "Question 4. Who?", "A. Tom", "B. Ann"]
    questions, _ = read(document(*second, "ANSWER KEY", "3B 4B"), "exam.docx")
    assert (questions[0]["options"], questions[0]["context"]) == (["cat", "sky"], None)
    assert "Ann lives" in questions[1]["context"]


def test_headings_between_questions_are_no_options(parse):
    assert (
        parse(document(*FIRST, "PHẦN II. TOÁN", *SECOND, "---HẾT---", "(Thí sinh không được dùng tài liệu)", "ĐÁP ÁN", "1A 2B"), "e.docx")
        == EXPECTED
    )


def test_formulas_and_raised_characters_are_kept(parse):
    half = "<m:oMath><m:f><m:num><m:r><m:t>1</m:t></m:r></m:num><m:den><m:r><m:t>2x</m:t></m:r></m:den></m:f></m:oMath>"
    square = ("2", "<w:vertAlign w:val='superscript'/>")
    parts = [["Câu 1. Tính ", half, " với x", square], "A. 1", "B. 2", "Đáp án: A"]
    assert parse(document(*parts), "e.docx") == [("Tính 1/(2x) với x²", ["1", "2"], "1")]


def test_a_picture_is_not_lost_silently(reasons):
    assert reasons(document(["Câu 1. Đây là gì? ", "<w:r><w:drawing/></w:r>"], "A. 1", "B. 2", "Đáp án: A"), "e.docx") == [
        ["image_required"]
    ]


W14 = 'xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml"'


def control(checked):
    sign = "☒" if checked else "☐"
    box = f'<w14:checkbox {W14}><w14:checked w14:val="{int(checked)}"/></w14:checkbox>'
    return f"<w:sdt><w:sdtPr>{box}</w:sdtPr><w:sdtContent><w:r><w:t>{sign}</w:t></w:r></w:sdtContent></w:sdt>"


def form(checked):
    state = "<w:checked/>" if checked else ""
    box = f'<w:ffData><w:checkBox><w:default w:val="0"/>{state}</w:checkBox></w:ffData>'
    return f'<w:r><w:fldChar w:fldCharType="begin">{box}</w:fldChar></w:r>'


def symbol(checked):
    return f'<w:r><w:sym w:font="Wingdings" w:char="{"F0FE" if checked else "F0A8"}"/></w:r>'


@pytest.mark.parametrize("box", [control, form, symbol, lambda checked: "☒ " if checked else "☐ "])
@pytest.mark.parametrize("letter", ["", "{}. "])
def test_check_boxes(parse, box, letter):
    def options(texts, right):
        return [[box(text == right), letter.format("ABCD"[n]) + text] for n, text in enumerate(texts)]

    parts = [part for n, (stem, texts, right) in enumerate(EXPECTED, 1) for part in (f"{n}. {stem}", *options(texts, right))]
    assert parse(document(*parts), "exam.docx") == EXPECTED


def test_two_boxes_ticked_are_two_answers(reasons):
    parts = ["1. Which have wings?", [form(True), "owl"], [form(True), "bee"], [form(False), "cod"]]
    assert reasons(document(*parts), "exam.docx") == [["multiple_answers"]]


def test_a_text_box_is_read_where_it_stands(parse):
    box = "<w:r><w:pict><w:txbxContent>{}</w:txbxContent></w:pict></w:r>".format("".join(map(paragraph, SECOND)))
    assert parse(document(*FIRST, [box], "ĐÁP ÁN", "1A 2B"), "exam.docx") == EXPECTED


def test_a_text_in_an_embedded_file_is_no_empty_document(read):
    _, (row,) = read(document(*EXAM, '<w:altChunk r:id="x" xmlns:r="r"/>'), "exam.docx")
    assert row["reason_codes"] == ["unreadable_file"]
    assert "altChunk" in row["detail"]


def test_keys_of_parts_stand_in_tables(read):
    part = ["Câu 1. Which one is a bird?", "A. owl", "B. cod"]
    keys = [table([["Câu", "1"], ["Chọn", "A"]]), "PHẦN II", table([["Câu", "1"], ["Chọn", "B"]])]
    questions, _ = read(document("PHẦN I", *part, "PHẦN II", *part[:1], "A. cod", "B. owl", "ĐÁP ÁN", "PHẦN I", *keys), "exam.docx")
    assert [row["answer_index"] for row in questions] == [0, 1]


def test_old_fonts_become_unicode(parse):
    parts = ["C©u 1: Thñ ®« cña n­íc ViÖt Nam lµ", "A. Hµ Néi", "B. HuÕ", "§¸p ¸n: A"]
    assert parse(document(*parts), "e.docx") == [("Thủ đô của nước Việt Nam là", ["Hà Nội", "Huế"], "Hà Nội")]


def test_questions_without_any_key_say_so(reasons):
    assert reasons(document(*EXAM), "exam.docx") == [["missing_answer"]] * 2


def zipped(**files):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return data.getvalue()


BOMB = '<!DOCTYPE q [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><w:document>&b;</w:document>'


@pytest.mark.parametrize(
    "data",
    [
        document("Chỉ là một lá thư."),
        document(),
        b"PK\x03\x04word/",
        b"no zip",
        b"",
        zipped(other="x"),
        zipped(word__document_xml=BOMB),
        zipped(word__document_xml="<w:document"),
        zipped(word__document_xml="<document/>"),
        document(*EXAM)[:-100],
        document(*EXAM)[:200],
    ],
)
def test_what_holds_no_exam_is_one_rejected_record(read, data):
    _, (row,) = read(data, "letter.docx")
    assert (row["reason_codes"], bool(row["detail"])) == (["unreadable_file"], True)
