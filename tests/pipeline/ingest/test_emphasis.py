"""Markdown inside a field."""

import pytest

from pipeline.ingest.emphasis import plain_markdown


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("## Look\n**Which** is _not_ *it*?", "Look\nWhich is not it?"),
        ("2 * 3 * 4 and a_b_c and __init__.py x", "2 * 3 * 4 and a_b_c and init.py x"),
        ("`a ** b ** c` and $x_1 * y_1$", "`a ** b ** c` and $x_1 * y_1$"),
        ("![a cat](c.png) [here](http://x.y) 5\\*6", "[image] here 5*6"),
        ("```\na *b* c\n# d\n```\n*e*", "```\na *b* c\n# d\n```\ne"),
    ],
)
def test_emphasis_goes_and_code_stays(text, plain):
    assert plain_markdown(text) == plain
