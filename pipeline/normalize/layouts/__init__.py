"""Layouts whose cells have to be put together before columns can be told apart: one module each, all registered in LAYOUTS.

Most layouts need none: headers that speak for themselves are a line in `columns.SYNONYMS`. To add one, see CONTRIBUTING.md.
"""

from pipeline.common.grammar.columns import plain_name
from pipeline.normalize.layouts import (
    alpaca,
    chat,
    copa,
    distractors,
    flag_columns,
    flash_cards,
    label_studio,
    marked_cell,
    played,
    prodigy,
    starred_columns,
    swag,
    true_false,
    truthfulqa,
)
from pipeline.normalize.layouts.layout import Cells, Layout

LAYOUTS: tuple[Layout, ...] = (
    label_studio.LAYOUT,
    played.LAYOUT,
    prodigy.LAYOUT,
    truthfulqa.LAYOUT,
    distractors.LAYOUT,
    copa.LAYOUT,
    swag.LAYOUT,
    true_false.LAYOUT,
    chat.LAYOUT,
    flag_columns.LAYOUT,
    flash_cards.LAYOUT,
    marked_cell.LAYOUT,
    alpaca.LAYOUT,
    starred_columns.LAYOUT,
)


def reshaped(headers: list[str], rows: list[Cells]) -> tuple[Layout | None, list[Cells]]:
    """The first layout that fits a file, and its rows as that layout puts them together; None and the rows where none does."""
    names = {plain_name(header): header for header in reversed(headers)}
    for layout in LAYOUTS:
        if reshape := layout.fit(names, rows):
            return layout, [reshape(row) for row in rows]
    return None, rows
