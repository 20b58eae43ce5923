"""Records that hold several questions: one passage with its questions becomes a record a question, the shared cells in each."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from pipeline.common.grammar.columns import WEAK_STEMS, find_fields, is_called, plain_name
from pipeline.common.grammar.flags import with_order
from pipeline.ingest.items import MAX_COLUMNS, Item
from pipeline.ingest.near_json import DUPLICATE
from schemas.reasons import Reason

# Keys under which an item holds several questions, or passages with questions, that share its other cells.
NESTED = ("questions", "qas", "question_list", "cau_hoi", "items", "paragraphs", "passages")
MAX_DEPTH = 100
# Of a list so many elements are looked at to see whether it holds questions.
SEEN = 5


def unnest(locator: str, item: Any) -> Iterator[Item]:
    """One item a question, its locator `item:3.2` where the record holds several.

    >>> [i.payload for i in unnest("item:1", {"article": "T", "questions": ["a?", "b?"], "answers": ["A", "B"]})]
    [{'article': 'T', 'answers': 'A', 'question': 'a?'}, {'article': 'T', 'answers': 'B', 'question': 'b?'}]
    """
    if isinstance(item, list):
        item = _as_passage(item) or item
    if isinstance(item, dict) and len(item) > MAX_COLUMNS:
        yield Item(locator, item, Reason.TOO_LARGE, f"{len(item):,} fields; at most {MAX_COLUMNS:,} are read")
        return
    if not isinstance(item, dict):
        yield Item(locator, item, Reason.MALFORMED_ROW, f"expected an object, found {type(item).__name__}")
        return
    if (twice := _named_twice(item)) is not None:
        detail = f"the name {twice[:80]!r} stands twice in one object, with different values: give each a name of its own"
        yield Item(locator, {str(key): value for key, value in item.items() if key != DUPLICATE}, Reason.MALFORMED_ROW, detail)
        return
    nested = _nested_key(item)
    if nested is None:
        yield Item(locator, with_order(item))
        return
    shared = {key: value for key, value in item.items() if key != nested}
    questions = item[nested]
    if isinstance(questions, dict):
        yield from unnest(locator, {**shared, **questions})
        return
    if all(isinstance(question, dict) for question in questions):
        others = [key for key, value in shared.items() if isinstance(value, list) and _hold_questions(value)]
        lists = [questions, *(shared.pop(key) for key in others)]
        for number, question in enumerate((question for one in lists for question in one), start=1):
            yield from unnest(f"{locator}.{number}", {**shared, **question} if isinstance(question, dict) else question)
        return
    # Parallel lists (RACE): questions[i], options[i], answers[i].
    parallel = {key: value for key, value in shared.items() if isinstance(value, list) and len(value) == len(questions)}
    for number, question in enumerate(questions, start=1):
        cells = {key: value for key, value in shared.items() if key not in parallel}
        cells |= {key: value[number - 1] for key, value in parallel.items()}
        yield Item(f"{locator}.{number}", with_order({**cells, "question": question}))


def _nested_key(item: Mapping[str, Any]) -> str | None:
    """The key under which an item holds questions: by its name, or by what the list (or the one mapping) there holds."""
    named = next((key for key in item if is_nested(key) and isinstance(item[key], list) and item[key]), None)
    if named is not None or is_asked(item):
        return named
    lists = (key for key, value in item.items() if isinstance(value, list) and _hold_questions(value))
    inner = (key for key, value in item.items() if isinstance(value, dict) and not is_asked(value) and holds_questions(value))
    return next(lists, None) or next(inner, None)


def _as_passage(item: list[Any]) -> dict[str, Any] | None:
    """DREAM's records: a list of the lines of a dialogue, a list of questions, and an id."""
    questions = [part for part in item if isinstance(part, list) and part and _hold_questions(part)]
    others = [part for part in item if not any(part is one for one in questions)]
    lines = [part for part in others if isinstance(part, list) and all(isinstance(line, str) for line in part)]
    names = [part for part in others if isinstance(part, str | int)]
    if len(questions) != 1 or len(lines) > 1 or len(names) > 1 or len(lines) + len(names) < len(others):
        return None
    text = {"context": "\n".join(lines[0])} if lines else {}
    return {**text, **({"id": names[0]} if names else {}), "questions": questions[0]}


def _named_twice(value: Any, depth: int = 0) -> str | None:
    """The name that stands twice in an item, or in what it holds near its surface."""
    if isinstance(value, dict) and DUPLICATE in value:
        return str(value[DUPLICATE])
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    found = (_named_twice(one, depth + 1) for one in islice(inner, MAX_COLUMNS) if isinstance(one, dict | list)) if depth < 4 else iter(())
    return next((name for name in found if name is not None), None)


def is_question(data: Mapping[str, Any]) -> bool:
    """True for a mapping that is one question: it has a cell of text (or a mapping with a stem) that is called like one."""
    return any(
        is_called(key, "stem")
        and plain_name(key) not in WEAK_STEMS
        and (isinstance(value, str) or (isinstance(value, dict) and is_question(value)))
        for key, value in data.items()
    )


def is_asked(data: Mapping[str, Any]) -> bool:
    """True for a question with its options beside it: a list, a mapping, or columns of them."""
    if not any(is_called(key, "stem") and isinstance(value, str | dict) for key, value in data.items()):
        return False
    inside = [data, *(value for value in data.values() if isinstance(value, dict))]
    return any(_has_options(cells) for cells in inside)


def _has_options(cells: Mapping[str, Any]) -> bool:
    if any(is_called(key, "options") and isinstance(value, list | dict) and len(value) > 1 for key, value in cells.items()):
        return True
    return bool(find_fields([str(key) for key, value in cells.items() if isinstance(value, str | int | float)], {}).option_columns)


def _hold_questions(values: list[Any]) -> bool:
    return any(isinstance(value, dict) and holds_questions(value) for value in values[:SEEN])


def holds_questions(data: Mapping[str, Any], depth: int = 0) -> bool:
    """True for a question with options, and for a mapping that holds such ones in lists or mappings not far down."""
    if is_asked(data):
        return True
    if depth == 5:
        return False
    for value in islice(data.values(), MAX_COLUMNS):
        inner = [value] if isinstance(value, dict) else value[:SEEN] if isinstance(value, list) else []
        if any(isinstance(one, dict) and holds_questions(one, depth + 1) for one in inner):
            return True
    return False


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
