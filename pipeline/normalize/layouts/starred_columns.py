"""Options in columns, the right one with a star before it and no column for the key (iSpring's question lists)."""

from collections.abc import Mapping
from typing import Any

from pipeline.common.grammar.columns import find_fields
from pipeline.common.letters import LETTERS
from pipeline.normalize.layouts.layout import Cells, Layout, Reshape

# Of the rows, so many have one star: a few options that begin with one are pointers of C, or footnotes.
MIN_SHARE = 0.8


def _fit(names: Mapping[str, str], rows: list[Cells]) -> Reshape | None:
    fields = find_fields(list(names.values()), {})
    columns, key = fields.option_columns, fields.columns.get("answer")
    if not 2 <= len(columns) <= len(LETTERS) or any(_text(row.get(key)) for row in rows if key):
        return None
    asked = [row for row in rows if any(_text(row.get(column)) for column in columns)]
    one = sum(sum(_is_starred(row.get(column)) for column in columns) == 1 for row in asked)
    if not asked or one < MIN_SHARE * len(asked):
        return None

    def reshape(cells: Cells) -> Cells:
        rest = {name: value for name, value in cells.items() if name not in columns and name != key}
        options = [cells.get(column) for column in columns]
        while options and not _text(options[-1]):
            options.pop()
        letters = list(LETTERS[: len(options)])
        right = [letter for letter, option in zip(letters, options, strict=True) if _is_starred(option)]
        shown = [str(option).strip().removeprefix("*").strip() if _is_starred(option) else option for option in options]
        return {**rest, "options": shown, "options.label": letters, "options.right": right}

    return reshape


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _is_starred(value: Any) -> bool:
    text = _text(value)
    return len(text) > 1 and text[0] == "*" and text[1] != "*"


LAYOUT = Layout("starred_columns", _fit)
