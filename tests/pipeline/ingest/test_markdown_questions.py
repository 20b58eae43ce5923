"""Markdown: questions."""

from pipeline.ingest.markdown_lines import markdown_lines
from pipeline.ingest.markdown_questions import markdown_items


def test_each_question_is_an_item():
    items = list(markdown_items(markdown_lines("#### Q1. a?\n\n- [x] b\n- [ ] c\n\nSo it is.\n\n#### Q2. d?\n")))
    assert [item.payload for item in items] == [
        {"question": "a?", "options": ["b", "c"], "answer": "A", "explanation": "So it is."},
        {"question": "d?", "options": None, "answer": None},
    ]
    assert list(markdown_items([])) == []
