"""What data says is text in Markdown, on a terminal, in a picture and in JSON: asked of what renders or reads each of them."""

import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pipeline.common.escapes import WORD_JOINER, json_text, markdown, picture_label, visible

RENDERER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
# Where remark-gfm, which Dagster's UI uses, makes links of text that is parsed already: addresses, www, mail.
LATE_LINKS = re.compile(r"(?i)https?://[-.\w]|ftp://[-.\w]|www\.[-.\w]|[-.\w+]@[-\w]+\.[-\w]")
TRIED = [
    "<script>alert(1)</script> <!-- x --> &lt; &amp; &#60;",
    "![x](http://evil/x.png) [a](javascript:alert(1)) [a] [a]: /x [^1] <https://evil.example>",
    "https://evil.example/a_b www.evil.example HTTPS://e.example a.b+c@evil.example ftp://x.y mailto:a@b.cd",
    "*a* **b** _c_ __d__ ~~e~~ ~f~ `g` ``h`` $x$ $$y$$ \\(z\\) \\[q\\] x^2^ a\\|b \\` \\\\",
    "# a",
    "- a",
    "+ a",
    "1. a",
    "123456789) a",
    "> a",
    "---",
    "===",
    "- - -",
    ":--",
    "~~~",
    "```",
    "    code",
    "\tcode",
    "a\n\n# b\n- c\n\n| d |\n| --- |",
    "| a | b |",
    "a  \nb\\\nc",
    "\u202e\x1b[2J\x9b2J\x07\u2066\u00ad\U000e0041\ufff9",
]
MARKUP = st.lists(st.sampled_from([*"#*_`~<>[]()|\\!&$^-+=:.@/ \n1a", "http://", "www.", "&amp;", "a@b.c", "[x](y)"])).map("".join)


def shown(found):
    """Kinds of all tokens of a document, and its text."""
    tokens = [child for token in RENDERER.parse(found) for child in (token.children or [token])]
    return {token.type for token in tokens if token.type != "inline"}, "".join(
        token.content for token in tokens if token.type in ("text", "text_special")
    )


def expected(text):
    return visible(re.sub(r"\s+", " ", text)).strip(" ")


def check(text):
    kinds, plain = shown(markdown(text))
    assert kinds <= {"paragraph_open", "paragraph_close", "text", "text_special"}, kinds
    assert plain.replace(WORD_JOINER, "") == expected(text)
    assert not LATE_LINKS.search(plain)
    kinds, plain = shown(f"| x | y |\n| --- | --- |\n| {markdown(text)} | z |\n")
    assert {kind for kind in kinds if not kind.startswith(("table", "thead", "tbody", "tr_", "th_", "td_"))} <= {"text", "text_special"}
    assert plain.replace(WORD_JOINER, "") == f"xy{expected(text)}z"


@pytest.mark.parametrize("text", TRIED)
def test_markdown_renders_the_text_itself_and_nothing_else(text):
    check(text)


@given(st.one_of(MARKUP, st.text()))
@example("a\u2028b")
def test_no_text_is_markup(text):
    check(text)


def test_the_renderer_would_act_on_the_same_texts_as_they_are():
    for text in TRIED[:8]:
        assert shown(text)[0] - {"paragraph_open", "paragraph_close", "text"} or LATE_LINKS.search(text)


def test_what_a_script_or_an_emoji_is_written_with_stays():
    for text in ("می‌خواهم", "क्‍ष", "👩‍🚀", "❤️", "葛\U000e0100"):
        assert visible(text) == text
    assert visible("a\u200db 👩\u200d x\U000e0100") == "a<U+200D>b 👩<U+200D> x<U+E0100>"


def test_controls_marks_of_direction_and_tags_are_shown_as_their_number():
    assert visible("a\x1b]0;t\x07\r\x9b\x7f\x00") == "a<U+001B>]0;t<U+0007><U+000D><U+009B><U+007F><U+0000>"
    for code in (
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
        0x200E,
        0x200F,
        0x61C,
        0xAD,
        0x200B,
        0xFEFF,
        *range(0xFFF9, 0xFFFC),
        0xE0001,
        0xE0041,
        0xE007F,
        0xE0100,
        0xDC80,
    ):
        assert visible(f"a{chr(code)}b") == f"a<U+{code:04X}>b"
    assert visible("two\nlines\tand a tab") == "two\nlines\tand a tab"


@given(st.text(st.characters(exclude_categories=["Cs"])))
@example("\u202e\x9b\U000e0041\u200b\ufeff\x85")
def test_json_loses_nothing_and_holds_nothing_unseen(text):
    written = json_text({"stem": [text]}, indent=1)
    assert json.loads(written) == {"stem": [text]}
    assert not re.search(
        "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]", written
    )


def test_a_label_of_a_picture_is_no_formula():
    from matplotlib.cbook import is_math_text

    for text in ("$\\ce{H2O}$", "$a$ and $b$", "\\$x$", "$", "$$"):
        assert not is_math_text(picture_label(text))
        assert picture_label(text).replace("\\$", "$") == text
