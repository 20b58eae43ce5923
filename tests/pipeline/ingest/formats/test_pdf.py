"""PDF exams, from files written by hand: what comes out in which order, and what is refused."""

import pytest

from pipeline.ingest.formats import read_bytes
from schemas.errors import DataError
from tests.pipeline.ingest.pdf_file import Page, pdf

RED, YELLOW = (1, 0, 0), (1, 1, 0)


def four(number, stem, options="đỏ xanh tím nâu"):
    return [f"Câu {number}. {stem}", *(f"{letter}. {option}" for letter, option in zip("ABCD", options.split(), strict=True))]


def read(*pages, **more):
    """(number and stem, options, key) of each question that the file gives, and the others' reasons."""
    found = []
    for item in read_bytes(pdf(*pages, **more), ".pdf", "auto").items:
        if item.reason:
            found.append(item.reason.value)
        else:
            found.append((item.payload["question"], [option["text"] for option in item.payload["options"]], item.payload["answer"]))
    return found


def refusal(*pages, **more):
    with pytest.raises(DataError) as error:
        read(*pages, **more)
    return str(error.value)


def test_lines_and_keys_below_them():
    page = Page(*four(1, "Lá cây màu gì?"), *four(2, "Máu màu gì?"), "ĐÁP ÁN: 1B 2A")
    options = ["đỏ", "xanh", "tím", "nâu"]
    assert read(page) == [("Câu 1: Lá cây màu gì?", options, "B"), ("Câu 2: Máu màu gì?", options, "A")]


def test_columns_are_read_one_after_the_other_also_behind_a_title_and_before_keys_across_the_page():
    page = Page()
    page.text("Đề kiểm tra cuối học kì một của các lớp khối chín", 150, 800)
    for column in (0, 1):
        lines = [line for number in range(3) for line in four(1 + 3 * column + number, f"Màu của vật số {number} là gì?")]
        for row, line in enumerate(lines):
            page.text(line, 50 + 260 * column, 770 - 16 * row)
    page.text("ĐÁP ÁN", 50, 500)
    page.text("1A 2B 3C 4D 5A 6B", 50, 484)
    assert [(stem[:5], key) for stem, _, key in read(page)] == [(f"Câu {n + 1}", "ABCDAB"[n]) for n in range(6)]


def test_a_short_last_page_is_parted_where_the_others_are():
    first, last = Page(), Page()
    for column in (0, 1):
        lines = [line for number in range(3) for line in four(1 + 3 * column + number, "Vật ấy có màu gì?")]
        for row, line in enumerate(lines):
            first.text(line, 50 + 260 * column, 770 - 16 * row)
    last.text("Câu 7. Tuyết", 50, 770).text("màu gì?", 50, 754).text("A. đen", 310, 770).text("B. trắng", 310, 754).text("C. lam", 310, 738)
    last.text("ĐÁP ÁN: 1A 2A 3A 4A 5A 6A 7B", 50, 700)
    assert read(first, last)[-1] == ("Câu 7: Tuyết màu gì?", ["đen", "trắng", "lam"], "B")


def test_options_side_by_side_are_no_columns_and_keep_what_is_wrapped_below_them():
    page = Page()
    for number in range(4):
        top = 780 - 80 * number
        page.text(f"Câu {number + 1}. Ý nào đúng?", 60, top)
        page.text("A. một câu dài tới giữa trang nên phải", 60, top - 16).text("B. hai", 330, top - 16)
        page.text("xuống dòng ở đây", 60, top - 32)
        page.text("C. ba", 60, top - 48).text("D. một câu dài nữa cũng phải", 330, top - 48).text("xuống dòng", 330, top - 64)
    page.text("ĐÁP ÁN: 1A 2B 3C 4D", 60, 440)
    options = ["một câu dài tới giữa trang nên phải xuống dòng ở đây", "hai", "ba", "một câu dài nữa cũng phải xuống dòng"]
    assert [found[1:] for found in read(page)] == [(options, key) for key in "ABCD"]


def test_options_in_columns_are_ordered_by_their_letters():
    page = Page("Câu 1. Ý nào đúng?").text("A. một", 60, 764).text("C. ba", 300, 764).text("B. hai", 60, 748).text("D. bốn", 300, 748)
    page.text("Đáp án: C", 60, 732)
    assert read(page) == [("Câu 1: Ý nào đúng?", ["một", "hai", "ba", "bốn"], "C")]


def test_a_wrapped_line_is_one_and_a_short_line_ends():
    page = Page(
        "Câu 1. Đây là một câu hỏi rất dài, dài đến mức nó chạy tới lề phải của trang rồi", "còn sang dòng sau?", "A. có", "B. không"
    )
    page.text("Đáp án: A", 60, 700)
    stem = "Câu 1: Đây là một câu hỏi rất dài, dài đến mức nó chạy tới lề phải của trang rồi còn sang dòng sau?"
    assert read(page) == [(stem, ["có", "không"], "A")]


def test_headers_footers_and_page_numbers_are_part_of_no_option():
    pages = []
    for number in (1, 2):
        page = Page(*four(number, "Màu gì?"), "Đáp án: A", top=760)
        page.text("Trường THCS Bình Minh", 60, 815).text(f"Mã đề 132 - Trang {number}/2", 60, 30)
        pages.append(page)
    pages[0] = pages[0].text("hoc tap online", 400, 60)
    pages[1] = pages[1].text("hoc tap online", 400, 60)
    assert [found[1] for found in read(*pages)] == [["đỏ", "xanh", "tím", "nâu"]] * 2


def test_a_last_option_that_stands_on_every_page_stays():
    pages = [Page("Câu 1. Đúng không?", "A. có", top=100), Page("Câu 2. Đúng không?", "A. có", top=100)]
    for page in pages:
        page.text("B. không", 60, 60)
    keys = Page("ĐÁP ÁN: 1A 2B")
    assert [found[1:] for found in read(*pages, keys)] == [(["có", "không"], "A"), (["có", "không"], "B")]


def test_raised_and_lowered_characters():
    page = Page("Câu 1. Đâu là nước?", "A. H", "B. x", "C. muối")
    page.text("2", 84, 761, 7).text("O", 87.5, 764).text("2", 84, 753, 7).text("Đáp án: A", 60, 700)
    assert read(page) == [("Câu 1: Đâu là nước?", ["H₂O", "x²", "muối"], "A")]


@pytest.mark.parametrize("style", ["underline", "bold", "red", "highlight"])
def test_the_option_that_stands_out_is_the_key(style):
    page = Page()
    for number, right in ((1, "B"), (2, "A"), (3, "D")):
        top = 780 - 100 * number
        page.text(f"Câu {number}. Màu gì?", 60, top)
        for row, letter in enumerate("ABCD", start=1):
            y, chosen = top - 16 * row, letter == right
            more = {"font": "F2"} if style == "bold" and chosen else {"color": RED} if style == "red" and chosen else {}
            page.text(f"{letter}.", 60, y, **more).text(f"màu số {row}", 80, y)
            if chosen and style == "underline":
                page.rule(60, y - 2, 8)
            if chosen and style == "highlight":
                page.area(60, y - 3, 12, 14, YELLOW)
    assert [key for *_, key in read(page)] == ["B", "A", "D"]


def test_a_table_of_questions_and_a_table_of_keys():
    header = ["STT", "Câu hỏi", "A", "B", "C", "D", "Đáp án"]
    page = Page().table(
        40, 800, [40, 150, 60, 60, 60, 60, 60], [header, ["1", "Lá cây màu\ngì?", "đỏ", "xanh", "tím", "nâu", "B"]], height=40
    )
    items = read_bytes(pdf(page), ".pdf", "auto").items
    assert items[0].payload == {"STT": "1", "Câu hỏi": "Lá cây màu gì?", "A": "đỏ", "B": "xanh", "C": "tím", "D": "nâu", "Đáp án": "B"}
    page = Page(*four(1, "Lá cây màu gì?"), *four(2, "Máu màu gì?")).table(60, 500, [60] * 3, [["Câu", "1", "2"], ["Đáp án", "B", "A"]])
    assert [key for *_, key in read(page)] == ["B", "A"]


def test_a_picture_is_part_of_its_question_and_a_logo_on_every_page_of_none():
    page = Page("Câu 1. Con gì đây?").picture(60, 690, 80, 60)
    for row, line in enumerate(["A. mèo", "B. chó", "Đáp án: A"]):
        page.text(line, 60, 660 - 16 * row)
    assert read(page)[0][0].split() == ["Câu", "1:", "Con", "gì", "đây?", "[image]"]
    pages = [Page(*four(number, "Màu gì?"), "Đáp án: A").picture(250, 700, 50, 50) for number in (1, 2)]
    assert not any("[image]" in stem for stem, *_ in read(*pages))


def test_a_drawing_beside_the_options_makes_its_question_one_that_needs_a_picture(reasons):
    page = Page("Câu 1. Đường nào đây?", "A. tròn", "B. cong", "C. gãy", "Đáp án: A").curve(300, 720, 90, 60)
    assert reasons(pdf(page), "a.pdf") == [["image_required"]]


def test_a_formula_in_layers_is_rejected_and_its_neighbours_are_not():
    page = Page(*four(1, "Số nào?", "1 2 3 4"))
    for row, line in enumerate(["Câu 2. Giá trị của", "A. 1", "B. 2", "Câu 3. Số nào?", "A. 5", "B. 6", "ĐÁP ÁN: 1A 2B 3A"]):
        page.text(line, 60, 692 - (8 if row else 0) - 16 * row)
    page.text("a", 180, 700).text("b", 180, 684).rule(176, 696, 14)
    assert [found if isinstance(found, str) else found[2] for found in read(page)] == ["A", "malformed_row", "A"]


@pytest.mark.parametrize(("sign", "sure"), [("√3", True), ("√2x + 1", False), ("∑ k", False), ("\ue012", False)])
def test_signs_of_which_the_reach_is_drawn_are_in_doubt(sign, sure):
    more = "Một đoạn văn đủ dài để một chữ lạ không làm hỏng cả tệp này, vì thế nó nói thêm vài lời nữa cho đủ."
    page = Page("Câu 1. Số nào lớn?", f"A. {sign}", "B. 1", "Đáp án: A", more, more, more)
    assert (read(page)[0] != "malformed_row") == sure


def test_questions_out_of_order_are_rejected_where_there_are_columns():
    page = Page()
    for column, numbers in enumerate(((5, 6, 7), (1, 2, 8), (3, 4, 9))[:2]):
        lines = [line for number in numbers for line in four(number, "Vật ấy có màu gì?")]
        for row, line in enumerate(lines):
            page.text(line, 50 + 260 * column, 770 - 16 * row)
    page = page.text("ĐÁP ÁN: 1A 2A 5A 6A 7A 8A", 50, 500)
    assert len(read(page)) == 6
    page = Page()
    for column, numbers in enumerate(((1, 2, 7), (8, 3, 4))):
        lines = [line for number in numbers for line in four(number, "Vật ấy có màu gì?")]
        for row, line in enumerate(lines):
            page.text(line, 50 + 260 * column, 770 - 16 * row)
    assert set(read(page)) == {"malformed_row"}


def test_turned_and_invisible_text_is_left_out():
    page = Page(*four(1, "Màu gì?"), "Đáp án: A").text("bản nháp", 100, 724, turned=True).text("đáp án khác", 100, 732, mode=3)
    assert read(page) == [("Câu 1: Màu gì?", ["đỏ", "xanh", "tím", "nâu"], "A")]


def test_a_page_that_is_shown_turned_is_read_as_it_is_shown():
    page = Page()
    for row, line in enumerate([*four(1, "Màu gì?"), "Đáp án: A"]):
        page.text(line, 60 + 16 * row, 100, turned=True)
    assert read(page, page_more="/Rotate 90")[0] == ("Câu 1: Màu gì?", ["đỏ", "xanh", "tím", "nâu"], "A")


def test_scans_are_refused_by_page():
    scan = Page().picture(0, 0, 595, 842)
    assert "ocrmypdf" in refusal(scan)
    assert "page 2 of the PDF is a picture" in refusal(Page(*four(1, "Vật ấy có màu gì?"), "Đáp án: A"), scan)


def test_text_recognised_on_a_scan_is_read():
    page = Page().picture(0, 0, 595, 842)
    for row, line in enumerate([*four(1, "Màu của lá cây trong vườn nhà em là gì?"), *four(2, "Màu gì?"), "ĐÁP ÁN: 1B 2A"]):
        page.text(line, 60, 780 - 16 * row, mode=3)
    assert [key for *_, key in read(page)] == ["B", "A"]


def test_fonts_that_give_wrong_letters_are_refused():
    lines = [*four(1, "Thủ đô của nước ta là thành phố nào?"), "Đáp án: A"]
    assert "which letters they draw" in refusal(lines, to_unicode=lambda char: chr(0xE000 + ord(char)) if char in "uôaưi" else char)
    assert "which letters they draw" in refusal(lines, to_unicode=lambda char: {"ô": "ӝ", "ủ": "ӫ", "ư": "ѭ", "à": "җ"}.get(char, char))


def test_old_vietnamese_fonts_are_decoded():
    old = {"ủ": "ñ", "đ": "®", "ô": "«", "ư": "\u00ad", "ớ": "í", "à": "µ", "ố": "è"}
    lines = ["Câu 1. Thủ đô của nước ta là thành phố nào?", "A. phố thủ đô", "B. nước ta", "Đáp án: A"]
    found = read(lines, to_unicode=lambda char: old.get(char, {"â": "©", "Đ": "§", "á": "\u00b8"}.get(char, char)), fonts=[".VnTime"])
    assert found[0][0] == "Câu 1: Thủ đô của nước ta là thành phố nào?"
    lines = [line.replace("ư", "ƣ") for line in lines]
    assert read(lines)[0][0] == "Câu 1: Thủ đô của nước ta là thành phố nào?"


def test_what_is_no_pdf_or_encrypted_or_empty_says_what_to_do():
    with pytest.raises(DataError, match="not a readable PDF"):
        read_bytes(b"%PDF-1.4\nnothing", ".pdf", "auto")
    key = "<" + "00" * 32 + ">"
    objects = f"/Encrypt << /Filter /Standard /V 1 /R 2 /O {key} /U {key} /P -4 >> /ID [<00> <00>]"
    assert "encrypted" in refusal(four(1, "x"), more=objects)
    assert "no text" in refusal(Page())
    assert "no numbered question" in refusal(["Chỉ là một đoạn văn bản."])


def test_limits_of_pages_and_characters():
    assert "601 pages" in refusal(*[Page("x")] * 601)
    assert "60,000 characters" in refusal(Page(*["x" * 700] * 90, leading=1, size=1))
