"""All options in one cell, each behind the word that judges it: Sensei's "Right:D,Wrong:E,Wrong:F"."""

import re
from collections.abc import Mapping
from typing import Any

from pipeline.common.grammar.columns import find_fields, is_called
from pipeline.common.letters import LETTERS
from pipeline.normalize.layouts.layout import Cells, Layout, Reshape

_MARK = re.compile(r"(?:^|(?<=[,;|\n]))[^\S\n]*+(?:(?P<right>right|correct|true|đúng)|wrong|incorrect|false|sai)\s*+:", re.IGNORECASE)
ROWS = 200


def _fit(names: Mapping[str, str], rows: list[Cells]) -> Reshape | None:
    column = next((header for header in names.values() if any(_options(row.get(header)) for row in rows[:ROWS])), None)
    if column is None or is_called(column, "explanation"):
        return None
    # Beside options of their own, or a key, such a cell is what is said of an answer ("Correct: well done, wrong: see page 3").
    found = find_fields([name for name in names.values() if name != column], {})
    if found.option_columns or found.columns.keys() & {"options", "answer"}:
        return None

    def reshape(cells: Cells) -> Cells:
        rest = {key: value for key, value in cells.items() if key != column}
        if not (found := _options(cells.get(column))):
            return {**rest, "answer": cells.get(column)}
        letters = [*LETTERS, *(f"#{place}" for place in range(len(LETTERS), len(found)))][: len(found)]
        right = [letter for letter, (is_right, _) in zip(letters, found, strict=True) if is_right]
        return {**rest, "options": [text for _, text in found], "options.label": letters, "answer": right}

    return reshape


def _options(value: Any) -> list[tuple[bool, str]]:
    """(is right, text) of each option; [] for a cell that isn't such a list with a right one in it."""
    if not isinstance(value, str) or _MARK.match(text := value.strip()) is None:
        return []
    marks = list(_MARK.finditer(text))
    if len(marks) < 2 or not any(mark["right"] for mark in marks):
        return []
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    return [(mark["right"] is not None, text[mark.end() : end].strip(' ,;|\n"')) for mark, end in zip(marks, ends, strict=True)]


LAYOUT = Layout("marked_cell", _fit)
