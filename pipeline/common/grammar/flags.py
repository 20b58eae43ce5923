"""Truth values as files write them, and mappings from options, or their names, to such: which option is right."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.common.grammar.columns import is_called, plain_name

# A longer mapping holds no options.
MAX_FLAGS = 100
_TRUE = {"true", "1", "yes", "y", "x", "t", "correct", "right", "dung", "100"}
FALSE = {"", "false", "0", "no", "n", "f", "incorrect", "wrong", "not_correct", "sai", "none", "null"}


def read_flags(key: str, value: Mapping[str, Any]) -> dict[str, Any] | None:
    """A mapping from options, or their names, to truth values: {"answer_a_correct": "true"} and BIG-bench's {"dog": 1, "cat": 0}; None
    for no such.

    >>> read_flags("correct_answers", {"answer_a_correct": "false", "answer_b_correct": "true"})
    {'correct_answers': ['answer_b']}
    >>> read_flags("target_scores", {"dog": 1, "cat": 0})
    {'target_scores.choices': ['dog', 'cat'], 'target_scores.labels': [1, 0]}
    """
    if len(value) < 2:
        return None
    called, names = plain_name(key), [str(name) for name in value]
    numbers = all(isinstance(item, int | float) and not isinstance(item, bool) for item in value.values())
    scored = called.endswith(("scores", "targets", "labels")) or called.startswith("target")
    if numbers and scored and all(0 <= item <= 1 for item in value.values()):
        marks: list[bool] | None = [item > 0 for item in value.values()]
    else:
        marks = truths(list(value.values()))
    if marks is None:
        return None
    real = all(isinstance(item, bool | None) for item in value.values())
    keyed = "correct" in called or "right" in called or "dung" in called or called in ("answer", "key", "solution", "flags")
    enumerated = is_lettered(names) or is_running(names) or all(_bare(name)[-2:-1] in ("_", "") for name in names)
    right = [_bare(name) if enumerated else name for name, mark in zip(names, marks, strict=True) if mark]
    if keyed and not (enumerated and not real and is_called(key, "options")):
        return {key: right}
    if enumerated and not (scored and not is_lettered(names)):
        return {key: right} if real or scored else None
    if scored or is_called(key, "options"):
        return {f"{key}.choices": names, f"{key}.labels": [int(mark) for mark in marks]}
    return None


def with_order(value: Any, depth: int = 0) -> Any:
    """A row in which a mapping from options to truth values stands as two lists, so that its order, which is theirs, outlives sorted keys.

    >>> with_order({"target_scores": {"dog": 1, "cat": 0}})
    {'target_scores': {'choices': ['dog', 'cat'], 'labels': [1, 0]}}
    """
    if not isinstance(value, Mapping) or depth > 3:
        return value
    found = {}
    for key, inner in value.items():
        flags = read_flags(str(key), inner) if isinstance(inner, Mapping) and len(inner) <= MAX_FLAGS else None
        if flags and key not in flags:
            found[key] = {name.rpartition(".")[2]: cells for name, cells in flags.items()}
        else:
            found[key] = with_order(inner, depth + 1)
    return found


def is_true(value: Any) -> bool:
    """True for what files write into a column that marks the right option: true, 1, "x", "Đúng"."""
    return value is True or (value is not None and plain_name(str(value)).removesuffix("_0") in _TRUE)


def is_running(values: Sequence[Any]) -> bool:
    """True for A, B, C, for 0, 1, 2 and for 1, 2, 3, in any order, whatever word stands before them ("Option 1")."""
    plain = sorted((plain_name(str(value)).rpartition("_")[2] for value in values), key=lambda name: (len(name), name))
    size = len(plain)
    runs = ([chr(97 + i) for i in range(min(size, 26))], [str(i) for i in range(size)], [str(i + 1) for i in range(size)])
    return size > 1 and plain in runs


def is_lettered(values: Sequence[Any]) -> bool:
    """True for A, B, C in either case and any order."""
    return all(isinstance(value, str) and len(value) == 1 and value.isalpha() for value in values) and is_running(values)


def truths(values: list[Any]) -> list[bool] | None:
    """Truth values as files write them; None where one is none, or all are missing."""
    plain = ["" if v is None else plain_name(str(v)).removesuffix("_0") if isinstance(v, str | int | float) else "?" for v in values]
    if not any(plain) or not all(word in _TRUE or word in FALSE for word in plain):
        return None
    return [word in _TRUE for word in plain]


def _bare(name: str) -> str:
    """The name of an option in one that says that it is right: answer_a of "answer_a_correct", A of "isA"."""
    plain = plain_name(name)
    for ending in ("_is_correct", "_correct", "_right", "_is_right"):
        plain = plain.removesuffix(ending)
    for beginning in ("is_correct_", "correct_", "is_"):
        plain = plain.removeprefix(beginning)
    return plain
