"""Records that hold several questions: one passage with its questions becomes a record a question, the shared cells in each."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.common.grammar.columns import plain_name
from pipeline.common.grammar.flags import with_order
from pipeline.ingest.items import MAX_COLUMNS, Item
from schemas.reasons import Reason

# Keys under which an item holds several questions, or passages with questions, that share its other cells.
NESTED = ("questions", "qas", "question_list", "cau_hoi", "items", "paragraphs", "passages")
MAX_DEPTH = 100


def unnest(locator: str, item: Any) -> Iterator[Item]:
    """One item a question, its locator `item:3.2` where the record holds several.

    >>> [i.payload for i in unnest("item:1", {"article": "T", "questions": ["a?", "b?"], "answers": ["A", "B"]})]
    [{'article': 'T', 'answers': 'A', 'question': 'a?'}, {'article': 'T', 'answers': 'B', 'question': 'b?'}]
    """
    if isinstance(item, dict) and len(item) > MAX_COLUMNS:
        yield Item(locator, item, Reason.TOO_LARGE, f"{len(item):,} fields; at most {MAX_COLUMNS:,} are read")
        return
    if not isinstance(item, dict):
        yield Item(locator, item, Reason.MALFORMED_ROW, f"expected an object, found {type(item).__name__}")
        return
    nested = next((key for key in item if is_nested(key) and isinstance(item[key], list) and item[key]), None)
    if nested is None:
        yield Item(locator, with_order(item))
        return
    shared = {key: value for key, value in item.items() if key != nested}
    questions = item[nested]
    if all(isinstance(question, dict) for question in questions):
        for number, question in enumerate(questions, start=1):
            yield from unnest(f"{locator}.{number}", {**shared, **question})
        return
    # Parallel lists (RACE): questions[i], options[i], answers[i].
    parallel = {key: value for key, value in shared.items() if isinstance(value, list) and len(value) == len(questions)}
    for number, question in enumerate(questions, start=1):
        cells = {key: value for key, value in shared.items() if key not in parallel}
        cells |= {key: value[number - 1] for key, value in parallel.items()}
        yield Item(f"{locator}.{number}", with_order({**cells, "question": question}))


def is_nested(key: str) -> bool:
    """True for a key that names a list of questions."""
    return plain_name(key) in NESTED


def too_deep(value: Any) -> bool:
    """True for a value nested over MAX_DEPTH levels: no question is, and walking it could exhaust the stack."""
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        outer = (item.values() if isinstance(item, Mapping) else item for item in level if isinstance(item, Mapping | list))
        if not (level := [inner for items in outer for inner in items]):
            return False
    return True
