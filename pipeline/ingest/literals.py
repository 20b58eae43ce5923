"""Questions that stand as data in source code: what is written out is read, what only running the code would tell is not."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline.common.grammar.columns import is_called
from pipeline.ingest.formats.json import _lists as lists_of
from pipeline.ingest.items import Item, Text
from pipeline.ingest.nested import unnest
from pipeline.ingest.tables import is_table, table_items, usable_header
from schemas.reasons import Reason

# How far down a question may stand in what wraps it.
MAX_LEVELS = 8


class Computed(str):
    """An expression in the place of a value, as it is written."""


def document_items(data: Any) -> Iterator[Item]:
    """The items of a document's lists, as of one that is JSON."""
    for name, items in lists_of(data).items():
        if is_table(items):
            yield from table_items(items, name)
            continue
        for number, item in enumerate(items, start=1):
            yield from unnest(f"{name}item:{number}", item)


def is_question(data: Mapping[str, Any]) -> bool:
    """True for a mapping with a text (or a mapping with one) that is called like a question."""
    return any(
        is_called(key, "stem") and (isinstance(value, str) or (isinstance(value, Mapping) and is_question(value)))
        for key, value in data.items()
    )


def texts_of(value: Any, level: int = 0) -> Iterator[Text]:
    """The texts within a document, as people see them."""
    if isinstance(value, str) and not isinstance(value, Computed):
        yield Text(value)
    elif level < 100:
        for inner in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
            yield from texts_of(inner, level + 1)


def literal_items(found: Sequence[tuple[str, Any]]) -> Iterator[Item]:
    """The items of literals by the name that each is assigned to; literals of another form than the first are parts of their own.

    A question with a value that is computed is rejected, unless that is its number or its subject.
    """
    parts: dict[frozenset[str], str] = {}
    for number, (name, value) in enumerate(found, start=1):
        label = (name or f"list {number}") if len(found) > 1 else ""
        items = list(document_items(value))
        # Lists of one form show together how their keys are written.
        form = frozenset(key for item in items[:20] if isinstance(item.payload, Mapping) for key in item.payload)
        part = parts.setdefault(form, label if parts else "")
        for item in items:
            located = item._replace(locator=f"{label}/{item.locator}" if label else item.locator, part=part)
            if isinstance(item.payload, Mapping) and item.reason is None:
                cells = {key: cell for key, cell in item.payload.items() if not (isinstance(cell, Computed) and _is_aside(key))}
                computed = next(((key, source) for key, cell in cells.items() if (source := first_computed(cell)) is not None), None)
                located = located._replace(payload=cells)
                if computed:
                    why = f"the value of {computed[0]!r} is computed ({computed[1][:80]}), and code is never run: write the value out"
                    located = located._replace(reason=Reason.MALFORMED_ROW, detail=why)
            yield located


def with_questions(found: Sequence[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Those of the literals that hold questions: with options or a key where any has, else those with what is called a question."""
    return [one for one in found if holds_question(one[1], True)] or [one for one in found if holds_question(one[1])]


def holds_question(value: Any, whole: bool = False, level: int = 0) -> bool:
    """True where a mapping with a question stands within; `whole`: with options or a key beside it, or a table."""
    if isinstance(value, Mapping):
        if is_question(value) and (not whole or usable_header(list(value)) is not None):
            return True
        inner: Sequence[Any] = list(value.values())
    elif isinstance(value, list):
        if value and isinstance(value[0], list) and is_table(value):
            return True
        inner = value
    else:
        return False
    return level < MAX_LEVELS and any(holds_question(one, whole, level + 1) for one in inner)


def first_computed(value: Any, level: int = 0) -> Computed | None:
    """The first expression within a value, None where all is written out."""
    if isinstance(value, Computed):
        return value
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return None if level > 100 else next((found for one in inner if (found := first_computed(one, level + 1)) is not None), None)


def _is_aside(key: str) -> bool:
    return is_called(key, "id") or is_called(key, "subject") or key in ("key", "onClick", "component", "icon", "style", "className")
