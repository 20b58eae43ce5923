"""HTML as a browser shows it."""

import re
import time

import pytest

from pipeline.common.grammar.pictures import picture_wanted
from pipeline.common.markup import html_text, lowered, raised

SHOWN = {
    "blocks and breaks are lines": ("<div>one</div><p>two<br>three<br></p><h2>four</h2>five", "one\ntwo\nthree\nfour\nfive"),
    "white space folds": ("<p>\n  one\n   two <b> three</b> </p>\n\n<p> four</p>", "one two three\nfour"),
    "blanks that hold a gap stay": ("<p>He &nbsp;&nbsp; home ______ late</p>", "He \u00a0\u00a0 home ______ late"),
    "bullets are lines": ("Pick:<ul><li>red</li><li>blue</li></ul>", "Pick:\nred\nblue"),
    "numbers that a list shows": ("<ol type=I start=2><li>red</li><li>blue</li></ol>", "II. red\nIII. blue"),
    "a list of one is a frame": ("<ol><li>red</li></ol>", "red"),
    "rows": ("<table><tr><th>x</th><th><p>y</p></th></tr><tr><td>1</td><td>2<br>3</td></tr></table>", "x | y\n1 | 2 3"),
    "a table as a frame": ("<table><tr><td>Why?<br>Because.</td></tr></table>", "Why?\nBecause."),
    "scripts": ("10<sup>-3</sup> a<sup>m+n</sup> v<sub>max</sub> CO<sub>2</sub> the 4<sup>th</sup>", "10⁻³ a^{m+n} v_{max} CO₂ the 4th"),
    "code as written": ("<pre>if x:\n    go()\n</pre>and <code>a  b</code>", "if x:\n    go()\nand a  b"),
    "escaped tags are text": ("<p>&lt;td&gt; &amp;lt; &amp;amp;</p>", "<td> &lt; &amp;"),
    "what is not shown": (
        "<style>p{}</style><script>go()</script><!-- no -->yes<span style='display: none'>no</span><b hidden>no</b>",
        "yes",
    ),
    "pictures": ("A <img src='a.png' alt='a bird'> here", "A [image] here"),
    "a formula's picture": ('<img class="equation_image" alt="LaTeX: \\frac{1}{2}">', "\\(\\frac{1}{2}\\)"),
    "MathML": (
        "<math><mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mn>2</mn></mfrac><msup><mi>x</mi><mn>2</mn></msup></math>",
        "(a+b)/2x²",
    ),
    "TeX beside MathML": (
        '<span class="katex"><math><semantics><mi>x</mi><annotation encoding="application/x-tex">x^2</annotation></semantics></math>'
        '<span class="katex-html">x2</span></span>',
        "\\(x^2\\)",
    ),
    "a part of a word": ("h<u>ea</u>d and <u>never</u>", "h<u>ea</u>d and never"),
    "words that the text speaks of": (
        "The underlined word: <span style='text-decoration: underline'>vast</span>",
        "The underlined word: <u>vast</u>",
    ),
    "a field to fill in": ("It is <input type='text'> today<input type='radio'>", "It is ____ today"),
    "nothing": ("<p><br></p>", ""),
}


@pytest.mark.parametrize(("fragment", "expected"), SHOWN.values(), ids=SHOWN)
def test_html_is_shown_as_text(fragment, expected):
    assert html_text(fragment) == expected


def test_a_picture_is_seen_as_one():
    assert picture_wanted(html_text("<p><img src='x.png'></p>")) == "[image]"


def test_a_row_of_letters_is_no_word():
    assert [raised("2n"), raised("x"), raised("st"), lowered("1-x"), lowered("in"), raised(" ")] == [
        "²ⁿ",
        "^{x}",
        "st",
        "₁₋ₓ",
        "_{in}",
        " ",
    ]


HOSTILE = {
    "deep": "<div>" * 60_000,
    "formatting": "".join(f"<font a={n}>" for n in range(5_000)) + "<p>x" * 20_000,
    "attributes": "<p " + " ".join(f"a{n}" for n in range(60_000)) + ">x",
    "attributes behind a quote": '<p a="<>" ' + " ".join(f"a{n}" for n in range(60_000)) + ">x",
    "behind a script": '<script><p a="</script>' + "<div>" * 60_000,
}


@pytest.mark.parametrize("fragment", HOSTILE.values(), ids=HOSTILE)
def test_what_nobody_writes_ends_soon(fragment):
    start = time.process_time()
    html_text(fragment)
    assert time.process_time() - start < 5


def test_scripts_deep_in_each_other_are_no_recursion():
    assert html_text("<sup>" * 1_400 + "x").count("^") > 300


@pytest.mark.parametrize(
    "html",
    [
        "<p>Is <b>x</b> a List<String>?</p>",
        "<p>If a<b and c>d, then <i>what</i>?</p>",
        "<div>vector<int> v; <code>map<K, V></code></div>",
        "<p>x<y>z</p>",
    ],
)
def test_what_no_element_is_called_is_text_within_html_too(html):
    plain = html.replace("<p>", "").replace("</p>", "").replace("<div>", "").replace("</div>", "")
    for tag in ("<b>x</b>", "<i>what</i>", "<code>map<K, V></code>"):
        plain = plain.replace(tag, re.sub(r"\A<\w+>|</\w+>\Z", "", tag))
    assert html_text(html) == plain
