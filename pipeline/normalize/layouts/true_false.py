"""Statements with a truth value (BoolQ, arXiv 1905.10044): no options, and every key is true or false."""

from collections.abc import Mapping

from pipeline.common.grammar.columns import find_fields, is_called
from pipeline.common.grammar.option_lists import split_options
from pipeline.common.text import clean
from pipeline.normalize.layouts.layout import Cells, Layout, Reshape


def _fit(names: Mapping[str, str], rows: list[Cells]) -> Reshape | None:
    found = find_fields(list(names.values()), {})
    key = found.columns.get("answer")
    if not found.usable or key is None or found.option_columns or any(is_called(name, "options") for name in names.values() if name != key):
        return None
    stems = (str(row.get(found.columns["stem"]) or "")[:5000] for row in rows[:20])
    if any(split_options(clean(stem)) for stem in stems):
        return None
    keys = [row.get(key) for row in rows if row.get(key) not in (None, "")]
    if not keys or any(_truth(value) is None for value in keys):
        return None
    return lambda cells: {**cells, "options": ["True", "False"], key: _truth(cells.get(key))}


def _truth(value: object) -> str | None:
    word = str(value).strip().capitalize()
    return word if word in ("True", "False") else None


LAYOUT = Layout("true_false", _fit, text_keys=True)
