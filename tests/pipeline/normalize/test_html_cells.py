"""HTML in the cells of a file, from file to question."""

import pytest


def row(stem, *options, key="A"):
    return {"question": stem, "options": list(options), "answer": key}


def shown(read, *rows, name="a.json"):
    return [(found["stem"], found["options"], found["options"][found["answer_index"]]) for found in read(list(rows), name)[0]]


PAGE = row("<p>Which gas do we breathe in?</p>", "<p>Oxygen</p>", "<p>Helium &amp; neon</p>", key="<p>Oxygen</p>")
PLAIN = row("Which one is even?", "2", "3")
CASES = {
    "options and key in elements": ([PAGE], [("Which gas do we breathe in?", ["Oxygen", "Helium & neon"], "Oxygen")]),
    "tags as options beside HTML": (
        [PAGE, row("<p>Which tag makes a list?</p>", "<ul>", "<b>", "<br>", key="<ul>")],
        [
            ("Which gas do we breathe in?", ["Oxygen", "Helium & neon"], "Oxygen"),
            ("Which tag makes a list?", ["<ul>", "<b>", "<br>"], "<ul>"),
        ],
    ),
    "escaped tags in HTML": (
        [row("<p>What does &lt;b&gt;x&lt;/b&gt; show?</p>", "&lt;b&gt;", "<code>&lt;i&gt;</code>")],
        [("What does <b>x</b> show?", ["<b>", "<i>"], "<b>")],
    ),
    "elements that would read the same": (
        [row("Which one is bold?", "<b>word</b>", "<i>word</i>", "<u>word</u>")],
        [("Which one is bold?", ["<b>word</b>", "<i>word</i>", "<u>word</u>"], "<b>word</b>")],
    ),
    "elements that are asked for": (
        [row("Which HTML makes a heading?", "<h1>Title</h1>", "<p>Words</p>")],
        [("Which HTML makes a heading?", ["<h1>Title</h1>", "<p>Words</p>"], "<h1>Title</h1>")],
    ),
    "attributes that are asked for": (
        [row("Which HTML makes a link?", '<a href="x.org">X</a>', '<a url="x.org">X</a>')],
        [("Which HTML makes a link?", ['<a href="x.org">X</a>', '<a url="x.org">X</a>'], '<a href="x.org">X</a>')],
    ),
    "exponents stay apart": (
        [row("5.10<sup>8</sup> m of H<sub>2</sub>O", "2<sup>3</sup>", "23", key="2<sup>3</sup>")],
        [("5.10⁸ m of H₂O", ["2³", "23"], "2³")],
    ),
    "comparisons": (
        [row("If a<b and c>d, which holds?", "i<u", "p>q and u<i"), PAGE],
        [
            ("If a<b and c>d, which holds?", ["i<u", "p>q and u<i"], "i<u"),
            ("Which gas do we breathe in?", ["Oxygen", "Helium & neon"], "Oxygen"),
        ],
    ),
    "entities in words": ([row("Don&#039;t you?", "caf&eacute;", "&quot;tea&quot;")], [("Don't you?", ["café", '"tea"'], "café")]),
    "entities alone are themselves": (
        [row("Which entity shows a sign?", "&lt;", "&gt;", "&amp;")],
        [("Which entity shows a sign?", ["&lt;", "&gt;", "&amp;"], "&lt;")],
    ),
    "an address is no sum": (
        [row("What does int *p = &sum; hold?", "a place", "a number")],
        [("What does int *p = &sum; hold?", ["a place", "a number"], "a place")],
    ),
    "escaped twice": (
        [row("&lt;p&gt;Which &lt;b&gt;one&lt;/b&gt;?&lt;/p&gt;", "&lt;p&gt;x&lt;/p&gt;", "y")],
        [("Which one?", ["x", "y"], "x")],
    ),
    "options in one cell": (
        [{"question": "<p>Which?</p>", "options": "red<br>blue &amp; green<br>black", "answer": "B"}],
        [("Which?", ["red", "blue & green", "black"], "blue & green")],
    ),
}


@pytest.mark.parametrize(("rows", "expected"), CASES.values(), ids=CASES)
def test_cells(read, rows, expected):
    assert shown(read, *rows) == expected


def test_an_empty_element_is_an_empty_option(read):
    _, rejected = read([PAGE, row("<p>Which?</p>", "<p>x</p>", "<p><br></p>", "<p>y</p>")])
    assert [found["reason_codes"] for found in rejected] == [["empty_option"]]


def test_pictures_as_options(read):
    questions, rejected = read(
        [row("Which is it?", '<img src="a.png">', '<img src="b.png">'), row("Which tag?", '<img src="a.png">', '<image src="b.png">')]
    )
    assert [found["reason_codes"] for found in rejected] == [["image_required"]]
    assert [found["options"] for found in questions] == [['<img src="a.png">', '<image src="b.png">']]


def test_what_is_plain_text_already_stays(read):
    text = "Câu 1. What does &amp; or &lt; show?\nA. <p>one</p>\nB. <br>\nĐáp án: A\n"
    questions, _ = read(text, "a.txt")
    assert [(found["stem"], found["options"]) for found in questions] == [("What does &amp; or &lt; show?", ["<p>one</p>", "<br>"])]


def test_statements_keep_their_semicolon(read):
    assert shown(read, row("Which line prints?", "printf(x);", "print(x);", "x = 1;"), row("Which?", "tea;", "milk;")) == [
        ("Which line prints?", ["printf(x);", "print(x);", "x = 1;"], "printf(x);"),
        ("Which?", ["tea", "milk"], "tea"),
    ]


def test_code_keeps_its_indentation(read):
    stem = "What is printed?\n```python\nfor n in (1, 2):\n    if n:\n        print(n)\n```"
    loose = "What is printed?\nfor n in (1, 2):\n    if n:\n        print(n)"
    assert [found[0] for found in shown(read, row(stem, "1", "2"), row(loose, "1", "2"))] == [stem, loose]


def test_quotation_marks_escaped_twice_speak_for_the_whole_file(read):
    twice = row("Who sang &amp;quot;Salt &amp;amp; Sand&amp;quot;?", "Kim &amp;amp; Kai", "Lou")
    assert shown(read, twice) == [('Who sang "Salt & Sand"?', ["Kim & Kai", "Lou"], "Kim & Kai")]


def test_an_entity_that_a_text_is_about_stays(read):
    asked = row("<p>What is written for a quotation mark?</p>", "<p>&amp;quot;</p>", "<p>&amp;lt;</p>")
    assert shown(read, asked) == [("What is written for a quotation mark?", ["&quot;", "&lt;"], "&quot;")]
    code = row("<p>What is wrong in title=&amp;quot;x&amp;quot; here?</p>", "<p>nothing</p>", "<p>all</p>")
    assert "&quot;" in shown(read, code)[0][0]
