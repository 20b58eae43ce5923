"""Instructions (`instruction`, `input`, `output`): where a row's input is empty, the instruction is the question itself."""

from collections.abc import Mapping
from typing import Any

from pipeline.normalize.layouts.layout import Cells, Layout, Reshape


def _fit(names: Mapping[str, str], rows: list[Cells]) -> Reshape | None:
    if not {"instruction", "input", "output"} <= names.keys():
        return None
    instruction, given = names["instruction"], names["input"]
    if all(_is_text(row.get(given)) for row in rows) or not any(_is_text(row.get(given)) for row in rows):
        return None  # All rows are of one kind, and their columns speak for themselves.

    def reshape(cells: Cells) -> Cells:
        if _is_text(cells.get(given)) or not _is_text(cells.get(instruction)):
            return cells
        return {**cells, given: cells[instruction], instruction: None}

    return reshape


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


LAYOUT = Layout("alpaca", _fit)
