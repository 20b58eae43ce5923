"""Nested cells made flat, and lists that were written into one cell as text."""

import ast
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.common.grammar.columns import plain_name
from pipeline.common.grammar.option_lists import split_options
from pipeline.common.letters import LETTERS
from pipeline.common.text import clean
from schemas.tables.row import MIN_OPTIONS

MAX_DEPTH, MAX_KEYS = 8, 200
_TEXT = ("text", "content", "value", "option", "option_text", "answer", "answer_text", "noi_dung", "body", "title", "choice", "label")
_LABEL = ("label", "key", "id", "letter", "index", "identifier", "ky_hieu")
_RIGHT = ("correct", "is_correct", "right", "is_right", "is_answer", "correct_answer", "dung", "la_dap_an_dung", "dap_an_dung")
_TRUE = {"true", "1", "yes", "y", "x", "t", "correct", "right", "dung", "100"}
# "a) 38 , b) 27": small letters mark options inside a line only where they run from a.
_SMALL_MARK = re.compile(r"(?:^|(?<=[\s,;]))\(?([a-j])\s?[).]\s*")
_NUMPY_GAP = re.compile(r"(?<=['\"])\s+(?=['\"])")
_ARRAY = re.compile(r"\barray\(\s*(\[.*?\])\s*+(?:,\s*+dtype=\w++\s*+)?\)", re.DOTALL)


def flatten(payload: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    """Nested mappings as dotted paths; a list of {text, label} mappings, or a mapping of labels to texts, becomes two lists.

    >>> flatten({"question": {"stem": "?", "choices": [{"text": "x", "label": "A"}]}})
    {'question.stem': '?', 'question.choices': ['x'], 'question.choices.label': ['A']}
    >>> flatten({"options": {"B": "y", "A": "x"}})["options"]
    ['x', 'y']
    """
    flat: dict[str, Any] = {}
    for key, value in payload.items():
        if isinstance(value, Mapping) and len(value) > MAX_KEYS:
            flat[str(key)] = list(value.values())
        elif isinstance(value, Mapping) and depth < MAX_DEPTH:
            flat |= _labelled(str(key), value) or {}
            flat |= {f"{key}.{inner}": item for inner, item in flatten(value, depth + 1).items()}
        elif isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
            flat |= _option_mappings(str(key), value)
        elif isinstance(value, list) and value and all(_is_pair(item) for item in value):
            # [["A", "x"], ["B", "y"]]
            flat |= _labelled(str(key), dict(value)) or {str(key): value}
        else:
            flat[str(key)] = value
    return flat


def _is_pair(item: Any) -> bool:
    return isinstance(item, list) and len(item) == 2 and isinstance(item[0], str) and isinstance(item[1], str)


def _labelled(key: str, value: Mapping[str, Any]) -> dict[str, Any] | None:
    """{"A": "x", "B": "y"} or {"1": ..., "2": ...} as a list of texts and one of labels, in the labels' order."""
    names = {plain_name(str(name)): name for name in value}
    plain = sorted(names, key=lambda name: (len(name), name))
    runs = ([chr(97 + i) for i in range(len(plain))], [str(i) for i in range(len(plain))], [str(i + 1) for i in range(len(plain))])
    if len(plain) < 2 or len(plain) > 26 or plain not in runs or any(isinstance(item, dict | list) for item in value.values()):
        return None
    # A label without a text (MedQA's unused E) is no option.
    kept = [name for name in plain if value[names[name]] is not None]
    return {key: [value[names[name]] for name in kept], f"{key}.label": [name.upper() for name in kept]}


def _option_mappings(key: str, items: list[Mapping[str, Any]]) -> dict[str, Any]:
    names = {plain_name(str(name)): name for name in items[0]}
    if "answer_start" in names:
        return {key: items}  # SQuAD's spans are answers, not options.
    text = next((names[n] for n in _TEXT if n in names), None)
    label = next((names[n] for n in _LABEL if n in names and names[n] != text), None)
    right = next((names[n] for n in _RIGHT if n in names and names[n] != text), None)
    if text is None:
        single = [next(iter(item.items())) for item in items if len(item) == 1]
        # [{"A": "x"}, {"B": "y"}]
        return _labelled(key, dict(single)) or {key: items} if len(single) == len(items) else {key: items}
    found: dict[str, Any] = {key: [item.get(text) for item in items]}
    if label is not None:
        found[f"{key}.label"] = [item.get(label) for item in items]
    if right is not None:
        # Letters of our own: the right option is known by its place, not by a text that could be read as a number.
        found[f"{key}.label"] = labels = [LETTERS[i] if len(items) <= len(LETTERS) else str(i + 1) for i in range(len(items))]
        found["answer"] = [name for name, item in zip(labels, items, strict=True) if is_true(item.get(right))]
    return found


def is_true(value: Any) -> bool:
    """True for what files write into a column that marks the right option: true, 1, "x", "Đúng"."""
    return value is True or (value is not None and plain_name(str(value)).removesuffix("_0") in _TRUE)


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
