"""Tables of docs/ that are written by code say what the code says."""

import runpy

import pytest

from pipeline.deduplicate.rules import RULES
from schemas.config.base import PROJECT_ROOT

DOCS = PROJECT_ROOT / "docs"
generate = runpy.run_path(str(DOCS / "generate.py"))


@pytest.mark.parametrize("table", generate["TABLES"], ids=lambda table: table.name)
def test_tables_are_as_make_docs_writes_them(table):
    text = (DOCS / table.file).read_text(encoding="utf-8")
    assert generate["filled"](text, table) == text, "run `make docs`"


def test_every_rule_stands_in_the_table_with_the_thresholds_it_compares_with():
    rows = {row[0].strip("`"): row for row in generate["rules"]()}
    assert {rule.name for rule in RULES} <= rows.keys()
    assert rows["year_misprinted"][3] == "`MISPRINT_OPTIONS` 4, `SIMILAR_STEMS` 0.6"
    assert rows["one_negated"][3] == ""


def test_a_table_replaces_what_stands_between_its_marks_and_nothing_else():
    table = generate["MarkdownTable"]("x.md", "x", lambda: [("a", "b"), ("1|2", "3")])
    start, end = "<!-- x: written by make docs -->", "<!-- x: end -->"
    assert generate["filled"](f"top\n{start}\nold\n{end}\nbottom", table) == (
        f"top\n{start}\n\n| a | b |\n|---|---|\n| 1\\|2 | 3 |\n\n{end}\nbottom"
    )


@pytest.mark.parametrize("text", ["", "<!-- x: end -->\n<!-- x: written by make docs -->", "<!-- x: written by make docs -->"])
def test_a_file_without_the_marks_is_refused(text):
    with pytest.raises(ValueError, match=r"x\.md"):
        generate["filled"](text, generate["MarkdownTable"]("x.md", "x", lambda: [("a",)]))


def test_every_key_of_the_configuration_says_what_it_does():
    assert [row[0] for row in generate["configuration"]() if not row[-1]] == []


def test_every_locked_package_stands_with_its_licence():
    licences = runpy.run_path(str(DOCS / "licences.py"))
    names = licences["locked"]((PROJECT_ROOT / "requirements.lock").read_text(encoding="utf-8"))
    assert len(names) > 100
    listed = (DOCS / "licences.md").read_text(encoding="utf-8")
    assert [name for name in names if f"| {name} | " not in listed] == [], "run `python docs/licences.py`"
