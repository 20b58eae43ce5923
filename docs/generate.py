"""Writes the tables of docs/ that code knows better: `make docs`. All else in the files stays.

A table stands between the lines `<!-- NAME: written by make docs -->` and `<!-- NAME: end -->`; a new one is these and an item of `TABLES`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from types import FunctionType
from typing import NamedTuple

from pipeline.deduplicate import comparison
from pipeline.deduplicate import rules as judging
from pipeline.deduplicate.comparison import Comparison, Threshold
from pipeline.deduplicate.rules import LAST, SECTIONS

DOCS = Path(__file__).parent
# What rules are written with: names of both modules, the thresholds in the order of the code.
JUDGING = vars(comparison) | vars(judging)


class MarkdownTable(NamedTuple):
    """A Markdown table, header first, and the file of docs/ that holds it."""

    file: str
    name: str
    rows: Callable[[], Iterable[Sequence[str]]]


def filled(text: str, table: MarkdownTable) -> str:
    """The text of a file with the table written anew; raises ValueError where its marks don't stand in it once."""
    marks = f"<!-- {table.name}: written by make docs -->", f"<!-- {table.name}: end -->"
    before, found, rest = text.partition(marks[0])
    _, ended, after = rest.partition(marks[1])
    if not found or not ended or marks[0] in rest:
        raise ValueError(f"{table.file}: expected the lines {marks[0]} and {marks[1]}, once each and in this order")
    header, *rows = (f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in table.rows())
    lines = [header, re.sub(r"[^|]+", "---", header), *rows]
    return "\n".join([before + marks[0], "", *lines, "", marks[1] + after])


def compared(rule: Callable[[Comparison], bool]) -> str:
    """The thresholds that a rule compares with, in its own code or in what it asks of the pair."""
    found: dict[str, None] = {}
    codes, asked = [rule.__code__], set[str]()
    while codes:
        for name in codes.pop().co_names:
            value = JUDGING.get(name, vars(Comparison).get(name))
            function = value.func if isinstance(value, cached_property) else value.fget if isinstance(value, property) else value
            if isinstance(value, Threshold):
                found[name] = None
            elif isinstance(function, FunctionType) and name not in asked and function.__code__.co_varnames[:1] in (("pair",), ("self",)):
                asked.add(name)
                codes.append(function.__code__)
    return ", ".join(f"`{name}` {JUDGING[name]:g}" for name in found)


def rules() -> Iterator[Sequence[str]]:
    """The rules in the order in which they are asked, under the sections' names."""
    yield "rule", "relation", "what it saw", "thresholds"
    for section in (*SECTIONS, LAST):
        yield f"**{section.when}**", "", "", compared(section.holds)
        for rule in section.rules:
            yield f"`{rule.name}`", f"`{rule.relation}`", re.sub(r"\{:(\w+)\}", r"*\1*", rule.saw), compared(rule.holds)


def figures() -> Iterator[Sequence[str]]:
    """The thresholds in the order of the code."""
    yield "threshold", "value", "what it bounds", "why there", "labelled pairs bear"
    for name, threshold in JUDGING.items():
        if isinstance(threshold, Threshold):
            yield f"`{name}`", f"{threshold:g}", threshold.bounds, threshold.why, threshold.bear


TABLES = (MarkdownTable("duplicates.md", "rules", rules), MarkdownTable("duplicates.md", "thresholds", figures))


def main() -> None:
    """Writes every table."""
    for table in TABLES:
        path = DOCS / table.file
        path.write_text(filled(path.read_text(encoding="utf-8"), table), encoding="utf-8")


if __name__ == "__main__":
    main()
