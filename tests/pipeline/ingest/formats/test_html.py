"""Web pages: exams and tables in them, and pages that hold no questions. Choices to click are in test_clicked.py."""

import pytest

RADIOS = """<html><head><title>T</title></head><body><h1>Birds</h1><p>Choose well.</p>
<div class="question"><p>Which bird swims?</p><label><input type="radio" name="q1" value="a"> wren</label><br>
<label{}><input type="radio" name="q1" value="b"{}> penguin</label></div>
<div class="question"><p>Which bird is blue?</p><label><input type="radio" name="q2"{}> jay</label><label><input type="radio" name="q2"> crow</label></div>
</body></html>"""
ASKED = [("Which bird swims?", ["wren", "penguin"], "penguin"), ("Which bird is blue?", ["jay", "crow"], "jay")]


EXAM = "<html><body><p><b>Câu 1.</b> Chim nào bơi?</p><p>A. sẻ</p><p><u>B.</u> cánh cụt</p><p>Câu 2. Chim nào chạy?</p><p><u>A.</u> đà điểu</p><p>B. sẻ</p></body></html>"


def test_an_exam_saved_as_a_page(parse):
    assert parse(EXAM, "a.html") == [("Chim nào bơi?", ["sẻ", "cánh cụt"], "cánh cụt"), ("Chim nào chạy?", ["đà điểu", "sẻ"], "đà điểu")]
    listed = "<ol><li>Which swims?<ol type=A><li>wren</li><li>penguin</li></ol></li><li>Which runs?<ol type=A><li>emu</li><li>wren</li></ol></li></ol><p>Answers: 1B 2A</p>"
    assert parse(listed, "a.html") == [("Which swims?", ["wren", "penguin"], "penguin"), ("Which runs?", ["emu", "wren"], "emu")]


def test_what_opens_an_answer_is_no_part_of_the_option_before_it(parse):
    block = "<p>{}. {}</p><p>A. wren</p><p>B. emu</p><details><summary>Show answer</summary><p>Answer: B</p></details>"
    page = f"<nav>Home</nav>{block.format(1, 'Which runs?')}{block.format(2, 'Which is big?')}<footer>By me</footer>"
    assert parse(page, "a.html") == [("Which runs?", ["wren", "emu"], "emu"), ("Which is big?", ["wren", "emu"], "emu")]


def test_a_table_of_questions(parse):
    table = "<table><tr><th>Question</th><th>A</th><th>B</th><th>Answer</th></tr><tr><td>Which swims?</td><td>wren</td><td>penguin</td><td>B</td></tr></table>"
    assert parse(table, "a.html") == [("Which swims?", ["wren", "penguin"], "penguin")]


def test_pictures(reasons):
    page = '<p>What is it?<img src="a.png"></p><input type=radio name=q data-correct>wren<br><input type=radio name=q>emu'
    assert reasons(page, "a.html") == [["image_required"]]


NONE = {
    "<html><body><p>Welcome to our school.</p></body></html>": "without questions",
    "<html><script>const questions = [{question: 'Which?', options: ['a', 'b'], correct: 1}]</script></html>": "script",
    "<html>": "without questions",
}


@pytest.mark.parametrize("page", NONE)
def test_a_page_without_questions_says_what_it_is(read, page):
    _, (row,) = read(page, "a.html")
    assert row["reason_codes"] == ["unreadable_file"]
    assert NONE[page] in row["detail"]


def test_xhtml_is_a_page_whatever_its_suffix(parse):
    page = RADIOS.format("", " data-correct", " data-correct").replace(
        "<html>", '<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "x.dtd"><html xmlns="u">'
    )
    assert parse(page, "a.xml") == ASKED


WORD_PAGE = """<html><body><p><b>Câu 1:</b> Đơn vị của gia tốc là</p>
<p><b><span>A.</span></b> m/s. <b><u>B</u>.</b> m/s<sup>2</sup>.</p><p><b>C.</b> km/h. <b>D.</b> N.m.</p>
<p><b>Câu 2:</b> Số nào chẵn?</p><p><b><u>A</u>.</b> 2 <b>B.</b> 3</p></body></html>"""
DOCS_PAGE = """<html><head><style>.c1{font-weight:400}.c5{color:#000000;font-weight:700}</style></head><body>
<ol class="lst-kix_a1-0 start" start="1"><li><span class="c1">Which one is a bird?</span></li></ol>
<ol class="lst-kix_a1-1 start" start="1"><li><span class="c5">owl</span></li><li><span class="c1">cod</span></li></ol>
<ol class="lst-kix_a1-0" start="2"><li><span class="c1">Which one is a fish?</span></li></ol>
<ol class="lst-kix_a1-1 start" start="1"><li><span class="c1">owl</span></li><li><span class="c5">cod</span></li></ol></body></html>"""
RED_PAGE = """<p>1. Which one is a bird?</p><p><span style="color: #ff0000">A. owl</span></p><p>B. cod</p>
<p>2. Which one is a fish?</p><p>A. owl</p><p><font color="red">B. cod</font></p>"""


@pytest.mark.parametrize(("page", "keys"), [(WORD_PAGE, [1, 0]), (DOCS_PAGE, [0, 1]), (RED_PAGE, [0, 1])], ids=["word", "docs", "red"])
def test_a_document_saved_as_a_page_shows_its_keys_by_style(page, keys, parse):
    found = parse(page, "exam.html")
    assert [options.index(key) for _, options, key in found] == keys
    assert not any("<" in text for stem, options, _ in found for text in (stem, *options))
