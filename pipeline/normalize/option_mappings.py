"""Options that are objects: which of their fields is the text, which the name that a key may use, and which says that one is right.

Told by what the fields hold, their names coming second: running letters or numbers are names, truth values are marks.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.common.grammar.columns import is_called, plain_name
from pipeline.common.grammar.flags import is_lettered, is_running, truths
from pipeline.common.letters import LETTERS
from pipeline.common.text import fold_option

_TEXT = (
    *(
        "text",
        "content",
        "option_text",
        "answer_text",
        "choice_text",
        "value",
        "option",
        "answer",
        "noi_dung",
        "body",
        "title",
        "choice",
        "ans",
    ),
    *("label", "name", "html", "description", "code", "latex", "nd", "ten"),
)
_NAME = (
    "label",
    "key",
    "id",
    "letter",
    "index",
    "identifier",
    "ky_hieu",
    "value",
    "name",
    "option",
    "order",
    "position",
    "uuid",
    "ref",
    "no",
    "stt",
)
_RIGHT = (
    *("correct", "is_correct", "right", "is_right", "is_answer", "correct_answer", "answer", "ans", "is_correct_answer", "is_right_answer"),
    *(
        "correct_option",
        "is_correct_option",
        "is_true",
        "true",
        "truth",
        "valid",
        "is_valid",
        "value",
        "is_key",
        "is_solution",
        "answer_key",
    ),
    *("dung", "la_dap_an_dung", "dap_an_dung", "la_dap_an", "is_dung", "status", "result", "richtig", "correcta"),
)
# More are no options of a question, and aren't looked at.
MAX_ITEMS = 200
# Credit for an option: above nothing where it is right.
_CREDIT = (
    "fraction",
    "weight",
    "score",
    "points",
    "point",
    "percent",
    "percentage",
    "credit",
    "grade",
    "mark",
    "marks",
    "scores",
    "target",
    "targets",
)


def flatten_options(key: str, items: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Texts, names (`.label`, `.names`) and, where a field marks it, the right one (`.right`: a list of labels); None for no options.

    >>> flatten_options("o", [{"id": "q-a", "text": "x", "correct": 0}, {"id": "q-b", "text": "y", "correct": 1}])
    {'o': ['x', 'y'], 'o.label': ['A', 'B'], 'o.names': [['q-a'], ['q-b']], 'o.right': ['B']}
    """
    if len(items) > MAX_ITEMS:
        return flatten_options(key, items[:MAX_ITEMS])
    plain = [{plain_name(str(name)): value for name, value in item.items()} for item in items]
    names = list(dict.fromkeys(name for item in plain for name in item))
    if "answer_start" in names:
        return None  # SQuAD's spans are answers, not options.
    rights = [marks for name in names if (marks := _marks(name, [item.get(name) for item in plain])) is not None]
    boolean = {name for name in names if all(isinstance(item.get(name), bool | None) for item in plain)}
    cells = {name: [_cell(item.get(name)) for item in plain] for name in names if name not in boolean}
    cells = {name: values for name, values in cells.items() if any(value not in (None, "") for value in values)}
    text = _text_field(cells, bool(rights) or is_called(key, "options"))
    if text is None:
        return None
    texts = [value if value not in (None, "") else _other_text(item, text) for value, item in zip(cells[text], plain, strict=True)]
    found: dict[str, Any] = {key: texts}
    others = [name for name in cells if name != text and (_is_name(name) or is_lettered(cells[name])) and not (_is_credit(name) and rights)]
    ordered = sorted(others, key=lambda name: (not is_running(cells[name]), _rank(name, _NAME)))
    label = next((cells[name] for name in ordered if len(set(map(str, cells[name]))) == len(items) and None not in cells[name]), None)
    if rights:
        # Letters of our own: the right option is known by its place, not by a text that could be read as a number.
        own = [LETTERS[i] if len(items) <= len(LETTERS) else str(i + 1) for i in range(len(items))]
        found[f"{key}.label"] = [str(v) for v in label] if label is not None and is_lettered(label) else own
    elif label is not None:
        found[f"{key}.label"] = label
    if roles := next((cells[name] for name in ("role", "from", "speaker") if name in cells and name != text), None):
        found[f"{key}.role"] = roles
    if ordered:
        found[f"{key}.names"] = [[cells[name][i] for name in ordered if cells[name][i] is not None] for i in range(len(items))]
    if rights:
        # Two marks that disagree name two options.
        found[f"{key}.right"] = [name for i, name in enumerate(found[f"{key}.label"]) if any(marks[i] for marks in rights)]
    return found


def _marks(name: str, values: list[Any]) -> list[bool] | None:
    """Which options a field marks as right; None for a field that marks none."""
    if name in _CREDIT or _is_credit(name):
        numbers = [_number(value) for value in values]
        return None if any(number is None for number in numbers) else [number > 0 for number in numbers if number is not None]
    if name in _RIGHT or ("correct" in name and "feedback" not in name):
        marks = truths(values)
        # "value", "answer" and the like hold texts more often: only true and false speak for a mark there.
        weak = name in ("value", "answer", "ans", "status", "result", "answer_key", "target", "correct_answer", "correct_option", "option")
        return marks if marks is not None and (not weak or all(isinstance(value, bool | None) for value in values)) else None
    return None


def _text_field(cells: Mapping[str, list[Any]], are_options: bool) -> str | None:
    fields = [name for name in cells if name in _TEXT or (are_options and _is_text(name))]
    texts = [name for name in fields if not is_running(cells[name]) and not _is_credit(name)]
    # A field of ids beside one that shows texts: {value, label}.
    if len(texts) > 1 and "label" in texts and "value" in texts:
        return "label"
    if texts:
        return min(texts, key=lambda name: _rank(name, _TEXT))
    # Of two fields of running numbers the one that counts the options is their name.
    counting = [name for name in fields if cells[name] == sorted(cells[name], key=str)]
    if len(fields) == 2 and len(counting) == 1 and all(is_running(cells[name]) for name in fields):
        return next(name for name in fields if name not in counting)
    # {"key": "cat", "value": "A"}: the letters are the names, whatever they are called.
    named = [name for name in ("key", "label", "name", "option") if name in cells and not is_running(cells[name])]
    if named and all(is_lettered(cells[name]) for name in fields):
        return named[0]
    if fields:
        return min(fields, key=lambda name: _rank(name, _TEXT))
    free = [
        name for name in cells if all(isinstance(value, str | None) for value in cells[name]) and not _is_name(name) and not _is_note(name)
    ]
    return free[0] if are_options and len(free) == 1 else None


def _other_text(item: Mapping[str, Any], text: str) -> Any:
    """What stands in another field for texts where this option has none there ({"code": "x"} among {"answer": "y"})."""
    free = [name for name in item if name != text and name in _TEXT and isinstance(item[name], str) and item[name].strip()]
    return item[free[0]] if len(free) == 1 else None


def _cell(value: Any) -> Any:
    """A field's value; of a mapping its one text: {"content": "x"}."""
    if isinstance(value, list) and value and all(isinstance(part, Mapping) and isinstance(part.get("text"), str) for part in value):
        return "\n".join(part["text"] for part in value)
    if isinstance(value, Mapping):
        texts = [inner for inner in value.values() if isinstance(inner, str) and inner]
        return texts[0] if len(texts) == 1 and plain_name(str(next(iter(value)))) in _TEXT else None if not value else dict(value)
    return value


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return float(value)
    try:
        return float(str(value).strip().rstrip("%")) if value not in (None, "") else 0.0
    except ValueError:
        return None


def _is_credit(name: str) -> bool:
    return name in _CREDIT or name.endswith(("_score", "_weight", "_fraction", "_points"))


def _is_text(name: str) -> bool:
    return name in _TEXT or name.endswith(("text", "_content", "_value", "_title", "_html", "_label"))


def _is_name(name: str) -> bool:
    return (
        name in _NAME
        or name.endswith(("id", "_key", "_label", "_index", "_letter", "_no", "_number", "_value", "_order"))
        or is_called(name, "id")
    )


def _is_note(name: str) -> bool:
    return is_called(name, "explanation") or any(
        word in name for word in ("feedback", "explan", "hint", "comment", "url", "image", "color", "type", "rationale")
    )


def _rank(name: str, names: tuple[str, ...]) -> int:
    return names.index(name) if name in names else len(names)


def same_texts(left: Sequence[Any], right: Sequence[Any]) -> bool:
    """True where labels only repeat the texts."""
    return len(left) == len(right) and all(fold_option(str(a)) == fold_option(str(b)) for a, b in zip(left, right, strict=True))
