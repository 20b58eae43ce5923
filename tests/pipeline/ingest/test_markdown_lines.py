"""Markdown: lines."""

from pipeline.ingest.markdown_lines import markdown_lines


def test_a_line_knows_its_list_and_its_fold():
    found = markdown_lines("1. a\n   - b\n\n<details><summary>S</summary>\n\nc\n</details>\n")
    assert [(line.kind, line.text, line.marker, len(line.lists), len(line.folds)) for line in found] == [
        ("text", "a", "1.", 1, 0),
        ("text", "b", "-", 2, 0),
        ("summary", "S", "", 0, 1),
        ("text", "c", "", 0, 1),
    ]
    assert markdown_lines("") == []
