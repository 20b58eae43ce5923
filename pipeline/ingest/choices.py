"""What the readers of quiz formats share: a question whose options are known by their place."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from pipeline.ingest.items import Item, Text
from schemas.reasons import Reason


def choice_cells(stem: str, options: Sequence[str], right: Iterable[int], **more: str | None) -> dict[str, Any]:
    """Cells of one question. Its key is the label of the right option, so that no text or number can be taken for another one.

    >>> choice_cells("Which?", ["a", "b"], [1], id="q1")["answer"]
    '2'
    """
    labels = [str(place + 1) for place in right]
    cells: dict[str, Any] = {
        "question": stem,
        "options": [{"text": text, "label": str(place)} for place, text in enumerate(options, start=1)],
        "answer": key_cell(labels),
    }
    return cells | {name: value for name, value in more.items() if value}


def key_cell(keys: Sequence[str]) -> Any:
    """One key, or a list of several. No key is a list of nothing: where a whole file has none, an empty cell would let the options'
    labels pass for the column of keys."""
    return list(keys) if len(keys) > 1 else keys[0] if keys else [None]


def refused(
    locator: str, stem: str, what: str, more: Mapping[str, str | None] = MappingProxyType({}), reason: Reason = Reason.NOT_MULTIPLE_CHOICE
) -> Item:
    """A question that offers no options, or that can't be asked by itself: what it is, in words; `more`: its other cells."""
    return Item(locator, {"question": stem} | {name: value for name, value in more.items() if value}, reason, what)


def seen_text(item: Item) -> Text:
    """The text of an item as people see it."""
    if not isinstance(item.payload, dict):
        return Text(str(item.payload))
    cells = item.payload
    options = (option["text"] for option in cells.get("options", ()))
    return Text("\n".join(filter(None, [cells.get("context"), cells.get("question"), *options, cells.get("explanation")])))
