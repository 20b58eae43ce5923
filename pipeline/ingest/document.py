"""Documents as lines and tables in order: keys and questions from tables, the rest an exam. Shared by PDF and OpenDocument."""

import re
from collections.abc import Iterator

from pipeline.ingest.exam import PLAIN, ExamLine, exam_items, key_lines
from pipeline.ingest.items import Item
from pipeline.ingest.tables import is_question_table, table_items
from schemas.errors import DataError
from schemas.reasons import Reason

_LABEL_CELL = re.compile(r"([A-J])[.)]?|(?:Câu|Question)?\s*(\d{1,3})[.:)]?")
Cell = list[ExamLine]
# What a picture leaves in a text.
PICTURE = "[image]"


class Document:
    """What has been found of a document so far; `name` is what messages call it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: list[ExamLine] = []
        self.questions: list[list[str]] = []
        self._last_was_questions = False

    def add_line(self, line: ExamLine) -> None:
        if line.text.strip():
            self.lines.append(line)
            self._last_was_questions = False

    def add_table(self, table: list[list[Cell]]) -> None:
        """A table of questions, of keys, or one whose cells are lines of the text."""
        rows = [["\n".join(line.text for line in cell).strip() for cell in row] for row in table]
        if not any(any(row) for row in rows):
            return
        if is_question_table(rows):
            self.questions += rows if not self.questions or self.questions[0] != rows[0] else rows[1:]
            self._last_was_questions = True
        elif self._last_was_questions and len(rows[0]) == len(self.questions[0]):
            self._go_on(rows)
        elif found := key_lines(rows):
            self.lines += found
        else:
            self.lines += [line for row in table for line in row_lines(row) if line.text.strip()]

    def _go_on(self, rows: list[list[str]]) -> None:
        """A table of questions on the next page: a row without its first cell is the rest of the last one."""
        if rows[0][0] == "" and any(rows[0]):
            last = self.questions[-1]
            self.questions[-1] = [f"{old}\n{new}".strip() for old, new in zip(last, rows[0], strict=True)]
            rows = rows[1:]
        self.questions += rows

    def items(self) -> list[Item]:
        """One item a numbered question, or a row of a table of questions. Raises DataError without any."""
        found = [*exam_items(self.lines)]
        if self.questions:
            found += [item._replace(locator=f"table/{item.locator}") for item in table_items(list(self.questions))]
        if not found:
            raise DataError(f"{self.name} holds no numbered question (Câu 1. / Question 1: / 1.)")
        return [_with_pictures(item) for item in found]


def _with_pictures(item: Item) -> Item:
    """The item, rejected where a picture stands in or between its options."""
    options = item.payload.get("options") if isinstance(item.payload, dict) else None
    shown = isinstance(options, list) and any(PICTURE in str(option) for option in options)
    return item._replace(reason=Reason.IMAGE_REQUIRED, detail="a picture stands among its options") if shown and not item.reason else item


def row_lines(row: list[Cell]) -> Iterator[ExamLine]:
    """A row's lines cell by cell; a cell that only names an option or a question goes before the next ("A" | "Hà Nội"),
    which numbers in a table of data don't."""
    label = ""
    for place, lines in enumerate(row):
        match = _LABEL_CELL.fullmatch(lines[0].text.strip()) if len(lines) == 1 and not label else None
        if match and (match[1] or any(sum(len(line.text) for line in cell) > 12 for cell in row[place + 1 : place + 2])):
            label = f"{match[1] or match[2]}. "
        elif lines:
            yield ExamLine(label + lines[0].text, [PLAIN] * len(label) + lines[0].marks)
            yield from lines[1:]
            label = ""
