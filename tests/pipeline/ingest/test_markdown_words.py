"""Markdown: words."""

import pytest

from pipeline.ingest.markdown_lines import markdown_lines
from pipeline.ingest.markdown_words import key_value, option_mark, question_start


@pytest.mark.parametrize(
    ("text", "value"),
    [("Answer: B", "B"), ("Đáp án đúng là C", "C"), ("Answer", ""), ("Answer the question", None), ("Answer choices:", None)],
)
def test_a_line_gives_a_key_or_none(text, value):
    assert key_value(text) == value


def test_marks_and_beginnings():
    box, start = markdown_lines("- [x] a\n\n#### Q2. b\n")
    mark, begun = option_mark(box), question_start(start)
    assert mark is not None
    assert begun is not None
    assert (mark.kind, mark.ticked, begun.number) == ("box", True, 2)
