"""Markdown: inline."""

from pipeline.ingest.markdown_lines import markdown_lines


def test_what_sets_text_off_is_told():
    (line,) = markdown_lines("a **b** <u>c</u>")
    assert line.text == "a b c"
    assert [sorted(marks) for marks in line.marks] == [[], [], ["bold"], [], ["under"]]
