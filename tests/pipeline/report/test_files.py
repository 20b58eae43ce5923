"""The report's section on files."""

from pipeline.common.store.lake import Version
from pipeline.report.document import TableBlock
from pipeline.report.facts import Facts
from pipeline.report.files import files

FACTS = Facts([], {}, [], {}, {}, Version("d", "v", {}, {}, {}, "run", "2026-01-01"), ())


def file(name, looks=(), rejected=0, **more):
    row = {"file": name, "part": "", "reader": "exam", "layout": "headers", "records": 4, "rejected": rejected, "unread_fraction": 0.25}
    return row | {"unread": ["Part one"], "looks": list(looks)} | more


def section(*rows):
    return files(FACTS._replace(files=rows))


def test_files_to_look_at_stand_with_their_reasons_those_with_most_first():
    said, table = section(file("a.txt"), file("b.txt", ["one"], 3), file("c.xlsx", ["one", "two"], 1, part="Sheet2", unread_fraction=None))
    assert "3 files read; a person should look at 2." in said.text
    assert isinstance(table, TableBlock)
    assert [row[0][0].text for row in table.rows] == ["c.xlsx#Sheet2", "b.txt"]
    assert [row[3] for row in table.rows] == ["undefined", "25%"]
    assert [line.text for line in table.rows[0][4]] == ["one", "two", "“Part one”"]


def test_where_no_file_needs_a_look_that_is_said():
    (said,) = section(file("a.txt"))
    assert "1 files read, all of them as their readers expect" in said.text
    assert files(FACTS) == []


def test_of_many_files_the_first_are_shown():
    said, table = section(*(file(f"{n:02}.txt", ["one"]) for n in range(40)))
    assert len(table.rows) == 12
    assert "These 12 need it most" in said.text
