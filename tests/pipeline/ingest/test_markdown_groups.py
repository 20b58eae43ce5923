"""Markdown: groups."""

from pipeline.ingest.markdown_groups import find_groups
from pipeline.ingest.markdown_lines import markdown_lines


def test_letters_in_boxes_are_marks_only_in_order():
    (group,) = find_groups(markdown_lines("- [ ] A.NET tool\n- [x] B\n"), set())
    assert [option.texts for option in group.options] == [["A.NET tool"], ["B"]]
    assert find_groups([], set()) == []
