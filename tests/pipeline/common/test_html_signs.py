"""HTML, told from texts about tags and from comparisons."""

import pytest

from pipeline.common.html_signs import is_html

HTML = [
    "<p>Which river is the longest?</p>",
    "<p dir='ltr'>Which tag is &lt;p&gt;?<br></p>",
    "<b>salt</b>",
    "salt<br>",
    "x<sub>n</sub> + 3<sup>2</sup>",
    "first<br>second",
    "First. <br /> Second",
    "first<br/>\nsecond",
    "<p>Which city is it",
    "Read it.<p>Which one?</p>",
    "<UL><LI>red</LI></UL>",
    "the <i>Iliad</i> and",
]
TEXT = [
    "",
    "<p>",
    "</a>",
    "<br> or <hr>",
    "Is it written <br> or <hr>?",
    "Is it '<b>' or '</b>'?",
    "What does <h1>Hello</h1> show?",
    "The tag <p> begins a paragraph",
    "a<b and c>d",
    "Use <br>",
    "a<b && b>c",
    "i<u và p>q",
    "if x<p and q>r",
    "List<String> names",
    "Map<String, List<Integer>>",
    "vector<int> v",
    "#include <stdio.h>",
    '<img src="a.png">',
    "<b></b>",
]


@pytest.mark.parametrize("text", HTML)
def test_html(text):
    assert is_html(text)


@pytest.mark.parametrize("text", TEXT)
def test_text_about_tags_and_comparisons(text):
    assert not is_html(text)
