"""Markdown: starts."""

from pipeline.ingest.markdown_groups import find_groups
from pipeline.ingest.markdown_lines import markdown_lines
from pipeline.ingest.markdown_starts import find_starts


def test_a_heading_begins_the_question_and_a_step_does_not():
    lines = markdown_lines("#### Q1. a?\n\n- [x] b\n- [ ] c\n\n1. step\n\n#### Q2. d?\n\n- [x] e\n- [ ] f\n")
    chosen, starts = find_starts(lines, find_groups(lines, set()), set())
    assert [lines[place].text for place in chosen.values()] == ["Q1. a?", "Q2. d?"]
    assert len(starts) == 2
