"""Chats (`messages`, ShareGPT's `conversations`): the last message is the key, the one before it the question with its options."""

from collections.abc import Mapping

from pipeline.common.grammar.columns import find_fields
from pipeline.normalize.layouts.layout import Cells, Layout, Reshape


def _fit(names: Mapping[str, str], rows: list[Cells]) -> Reshape | None:
    column = names.get("messages") or names.get("conversations")
    if column is None or find_fields(list(names.values()), {}).usable or not all(isinstance(row.get(column), list) for row in rows):
        return None

    def reshape(cells: Cells) -> Cells:
        texts = cells[column]
        rest = {key: value for key, value in cells.items() if not key.startswith(column)}
        return {**rest, "question": texts[-2], "answer": texts[-1]} if len(texts) >= 2 else cells

    return reshape


LAYOUT = Layout("chat", _fit)
