"""Statements with a truth value (BoolQ, arXiv 1905.10044): no options, and every key is true or false."""

from collections.abc import Mapping

from pipeline.common.grammar.columns import find_fields, is_called
from pipeline.common.grammar.option_lists import split_options
from pipeline.common.grammar.truth import truth_of
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
    if not keys or any(truth_of(value) is None for value in keys):
        return None
    words_of_file = next(words for value in keys if (truth := truth_of(value)) for words in [truth[1]])

    def reshape(cells: Cells) -> Cells:
        word, words = truth_of(cells.get(key)) or (None, words_of_file)
        return {**cells, "options": words, key: word}

    return reshape


LAYOUT = Layout("true_false", _fit, text_keys=True)
