"""Nested cells made flat, and lists that were written into one cell as text."""

import ast
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.common.grammar.columns import is_called, plain_name
from pipeline.common.grammar.flags import is_running, read_flags
from pipeline.common.grammar.option_lists import split_options
from pipeline.common.text import clean
from pipeline.normalize.option_mappings import flatten_options
from schemas.tables.row import MIN_OPTIONS

MAX_DEPTH, MAX_KEYS = 8, 200
_OF_KEYS = {"index", "text", "label", "id", "key", "letter", "value", "option", "number", "idx", "position", "content"}
# "a) 38 , b) 27": small letters mark options inside a line only where they run from a.
_SMALL_MARK = re.compile(r"(?:^|(?<=[\s,;]))\(?([a-j])\s?[).]\s*")
_NUMPY_GAP = re.compile(r"(?<=['\"])\s+(?=['\"])")
_ARRAY = re.compile(r"\barray\(\s*(\[.*?\])\s*+(?:,\s*+dtype=\w++\s*+)?\)", re.DOTALL)


def flatten(payload: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    """Nested mappings as dotted paths; a list of {text, label} mappings, or a mapping of labels to texts, becomes two lists.

    >>> flatten({"question": {"stem": "?", "choices": [{"text": "x", "label": "A"}]}})
    {'question.stem': '?', 'question.choices': ['x'], 'question.choices.label': ['A'], 'question.choices.names': [['A']]}
    >>> flatten({"options": {"B": "y", "A": "x"}})["options"]
    ['x', 'y']
    """
    flat: dict[str, Any] = {}
    for name, written in payload.items():
        key, value = str(name), _unwrapped(written)
        if isinstance(value, Mapping) and len(value) > MAX_KEYS:
            flat[key] = list(value.values())
        elif isinstance(value, Mapping) and depth < MAX_DEPTH:
            if (flags := read_flags(key, value)) is not None:
                flat |= flags
                continue
            if (options := _labelled_mappings(key, value)) is not None:
                flat |= options
                continue
            flat |= _labelled(key, value) or {}
            # What a key says in several ways ({"index": 1, "text": "dog"}) is several keys, not a text of the question.
            keyed = {plain_name(str(inner)) for inner in value} & _OF_KEYS if is_called(key, "answer") else set()
            for inner, item in flatten(value, depth + 1).items():
                flat[f"{key}_{inner}" if plain_name(inner) in keyed and not isinstance(item, list | dict) else f"{key}.{inner}"] = item
        elif isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
            flat |= _option_mappings(key, [{inner: _unwrapped(cell) for inner, cell in item.items()} for item in value])
        elif isinstance(value, list) and value and all(_is_pair(item) for item in value):
            # [["A", "x"], ["B", "y"]]
            flat |= _labelled(key, dict(value)) or {key: value}
        else:
            flat[key] = [_unwrapped(item) for item in value] if isinstance(value, list) else value
    return flat


def _unwrapped(value: Any) -> Any:
    """A value without the type that MongoDB's extended JSON writes around it: {"$numberInt": "1"}, {"$oid": "5f"}."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return value
    ((name, inner),) = value.items()
    if not isinstance(name, str) or not name.startswith("$"):
        return value
    if name in ("$numberInt", "$numberLong") and isinstance(inner, str) and inner.lstrip("-").isdigit() and len(inner) < 20:
        return int(inner)
    return _unwrapped(inner) if isinstance(inner, Mapping) and len(inner) == 1 and name == "$date" else inner


def _is_pair(item: Any) -> bool:
    return isinstance(item, list) and len(item) == 2 and isinstance(item[0], str) and isinstance(item[1], str)


def _labelled(key: str, value: Mapping[str, Any]) -> dict[str, Any] | None:
    """{"A": "x", "B": "y"} or {"1": ..., "2": ...} as a list of texts and one of labels, in the labels' order."""
    names = {plain_name(str(name)): name for name in value}
    plain = sorted(names, key=lambda name: (len(name), name))
    runs = ([chr(97 + i) for i in range(len(plain))], [str(i) for i in range(len(plain))], [str(i + 1) for i in range(len(plain))])
    if len(plain) < 2 or len(plain) > 26 or plain not in runs or any(isinstance(item, dict | list | bool) for item in value.values()):
        return None
    # A label without a text (MedQA's unused E) is no option.
    kept = [name for name in plain if value[names[name]] is not None]
    return {key: [value[names[name]] for name in kept], f"{key}.label": [name.upper() for name in kept]}


def _labelled_mappings(key: str, value: Mapping[str, Any]) -> dict[str, Any] | None:
    """{"A": {"text": "x", "correct": true}, "B": {...}} as the list of {text, label} mappings that it stands for."""
    if len(value) < 2 or len(value) > 26 or not is_running(list(value)) or not all(isinstance(item, Mapping) for item in value.values()):
        return None
    return flatten_options(key, [{"key": name, **item} for name, item in value.items()])


def _option_mappings(key: str, items: list[Mapping[str, Any]]) -> dict[str, Any]:
    if all(len(item) == 1 for item in items) and len({name for item in items for name in item}) == len(items):
        # [{"A": "x"}, {"B": "y"}]
        single = [next(iter(item.items())) for item in items]
        if (found := _labelled(key, dict(single))) is not None:
            return found
    return flatten_options(key, items) or {key: items}


def list_in_text(text: str) -> list[Any] | dict[str, Any]:
    """A list (or a mapping of lists) in a cell: JSON, Python, numpy's or a marked, lined or barred run of options; [] for none.

    >>> list_in_text("['a' 'b']"), list_in_text('{"A": "x", "B": "y"}'), list_in_text("A. x B. y C. z")
    (['a', 'b'], {'A': 'x', 'B': 'y'}, ['x', 'y', 'z'])
    """
    stripped = text.strip()
    if stripped[:1] in ("[", "(", "{"):
        value = structure_in_text(stripped)
        if value is not None:
            return value
    found = split_options(clean(text))
    if found and not found.stem:
        return found.texts
    if len(marks := list(_small_marks(stripped))) >= MIN_OPTIONS and not stripped[: marks[0].start()].strip():
        ends = [*(mark.start() for mark in marks[1:]), len(stripped)]
        return [stripped[mark.end() : end].strip(" ,;") for mark, end in zip(marks, ends, strict=True)]
    for separator in ("\n", "||", "|", ";", "\t"):
        parts = [part.strip() for part in stripped.split(separator) if part.strip()]
        if len(parts) >= MIN_OPTIONS:
            return parts
    return []


def _small_marks(text: str) -> Iterable[re.Match[str]]:
    expected = "a"
    for match in _SMALL_MARK.finditer(text):
        if match[1] == expected:
            yield match
            expected = chr(ord(expected) + 1)


def structure_in_text(text: str) -> list[Any] | dict[str, Any] | None:
    """The list or mapping that a text writes as JSON, as Python, or as pandas writes numpy arrays; None for none."""
    plain = _ARRAY.sub(r"\1", text) if 0 < text.count("array(") <= 100 else text
    for parse in (json.loads, ast.literal_eval, _numpy):
        try:
            value = parse(plain)
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
        if isinstance(value, dict):
            return {str(key): item for key, item in value.items()}
        # Python joins texts that only a space parts: numpy writes its arrays so.
        if isinstance(value, list | tuple) and not (parse is ast.literal_eval and _NUMPY_GAP.search(plain) and len(value) < 2):
            return list(value)
    return None


def _numpy(text: str) -> Any:
    numbers = re.fullmatch(r"\[([\d.\s-]+)\]", text)
    return numbers[1].split() if numbers else ast.literal_eval(_NUMPY_GAP.sub(", ", text))
