"""JSON documents: an array of questions, whatever wraps it, and the tables that pandas writes as JSON."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from pipeline.common.grammar.columns import SYNONYMS, is_called
from pipeline.ingest.formats import jsonl
from pipeline.ingest.items import Format, Item, SniffedFile, Text
from pipeline.ingest.near_json import fenced, loads, loads_nearly, pairs, restored, said
from pipeline.ingest.nested import holds_questions, is_nested, is_question, too_deep, unnest
from pipeline.ingest.tables import is_table, table_items
from pipeline.ingest.typed_json import untyped_row
from schemas.errors import DataError
from schemas.reasons import Reason

_GAP = re.compile(r"[\s,]*")
# The decoder counts the lines before each error from the start of its text, which therefore doesn't reach further back.
MAX_CHARS_BEHIND = 50_000
_TOO_DEEP = "the JSON is nested too deeply to be a list of questions"
_FENCED_JSON = re.compile(r"(?:```|~~~)[ ]?(?:json5?|jsonc|python|py|javascript|js)?[ ]?\n[ ]{0,8}[\[{]")
# What Strapi writes around each entry, and how deep entries lie in entries.
_ENTRY = {"id", "documentId", "attributes", "meta", "type", "links", "relationships"}
_MAX_ENTRIES = 5
_NEXT_OBJECT = re.compile(r"\}\s*(?:,\s*)?(?=\{)")


def sniff(file: SniffedFile) -> bool:
    """The suffix, an opening bracket with something of JSON behind it, or text around fences that hold questions as JSON."""
    if file.suffix in (".csv", ".tsv"):
        return False
    if file.suffix in (".json", ".jsonl", ".ndjson"):
        return True
    if re.match(r"[\[{]\s*[\[{\"'\]}]", file.text) is not None:
        return file.suffix != ".md"
    return _FENCED_JSON.search(file.text) is not None and _is_mostly_fenced(file.text)


def _is_mostly_fenced(text: str) -> bool:
    """True where most of a text is JSON in fences, and that holds questions: what a chat model was asked for."""
    code = [piece for is_code, piece in fenced(text) if is_code]
    if 2 * sum(map(len, code)) < len(text):
        return False
    values = (_value(piece) for piece in code)
    return any(_asks(items) for value in values if value is not None and not too_deep(value) for items in _lists(value).values())


def read(text: str) -> Iterator[Item | Text]:
    """One item an element, `item:N` (`row:N` where the elements are lists of cells below a header); a list of several in the document
    has its name before that: `train/item:N`. What is nearly JSON is read as what it means (near_json.py)."""
    try:
        data = loads(text)
    except RecursionError as error:
        raise DataError(_TOO_DEEP) from error
    except json.JSONDecodeError as error:
        yield from _mended(text, error)
        return
    except ValueError as error:
        raise DataError(f"not JSON: {error}") from error
    yield from _document(data)


def _document(data: Any, prefix: str = "") -> Iterator[Item | Text]:
    """Items of a document's lists; of one that is more than a list, its texts, so that what no list holds is seen to be left."""
    if too_deep(data):
        raise DataError(_TOO_DEEP)
    lists = _lists(data)
    if isinstance(data, dict) and list(lists.values()) != [[data]]:
        yield Text("\n".join(_texts(data)))
    for name, items in lists.items():
        if is_table(items):
            yield from table_items(items, prefix + name)
            continue
        for number, item in enumerate(items, start=1):
            yield from _whole(f"{prefix}{name}item:{number}", item)


def _whole(locator: str, item: Any) -> Iterator[Item]:
    """The items of one element; none of a row that was cut for a page."""
    if _is_cut(item):
        names = ", ".join(map(str, item["truncated_cells"][:5]))[:200]
        detail = f"the page that this was saved from cut these cells short: {names}; take the row from the data set itself"
        yield Item(locator, item["row"], Reason.MALFORMED_ROW, detail)
        return
    yield from unnest(locator, item)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(inner)


def _mended(text: str, error: json.JSONDecodeError) -> Iterator[Item | Text]:
    """Items of what is no JSON as it stands: lines of it, code in fences, nearly JSON, or a broken array."""
    first_line = text.strip().split("\n", 1)[0].rstrip()
    if text.lstrip().startswith("{") and first_line.endswith("}") and error.msg == "Extra data":
        yield from jsonl.read(text)
        return
    if "```" in text or "~~~" in text:
        pieces = [(_value(piece) if code else None, piece) for code, piece in fenced(text)]
        if any(value is not None for value, _ in pieces):
            for number, (value, piece) in enumerate(pieces, start=1):
                if value is None:
                    yield Text(piece)
                else:
                    yield from _document(value, f"{number}/" if sum(v is not None for v, _ in pieces) > 1 else "")
                    yield Text("\n".join(_texts(value)))
            return
    value = _value(text)
    if value is not None:
        yield from _document(value)
    elif text.lstrip().startswith("{") and isinstance(_value(first_line), dict):
        yield from jsonl.read(text)
    else:
        yield from _broken(*_one_behind_the_other(text, error))


def _one_behind_the_other(text: str, error: json.JSONDecodeError) -> tuple[str, json.JSONDecodeError]:
    """The text, or, where it is nearly JSON, several objects without a list around them, what JSON writes for it."""
    if error.msg != "Extra data":
        with suppress(ValueError, RecursionError):
            try:
                loads_nearly(text)
            except json.JSONDecodeError as other:
                if other.msg == "Extra data":
                    return other.doc, other
    return text, error


def _value(text: str) -> dict[str, Any] | list[Any] | None:
    """The list or mapping that a text is, nearly; None where it is none."""
    for parse in (loads, loads_nearly):
        with suppress(ValueError, RecursionError):
            value = parse(text)
            if isinstance(value, dict | list):
                return value
    return None


def _lists(data: Any) -> dict[str, list[Any]]:
    """The lists of questions in a document, by the prefix of their locators ("" where there is one list).

    >>> _lists({"train": [{"q": 1}], "test": [{"q": 2}]})
    {'train/': [{'q': 1}], 'test/': [{'q': 2}]}
    >>> _lists({"q": {"0": "a", "1": "b"}, "key": {"0": "A", "1": "B"}})
    {'': [{'q': 'a', 'key': 'A'}, {'q': 'b', 'key': 'B'}]}
    """
    if isinstance(data, list):
        return {"": [item if _is_cut(item) else _row(item) for item in data]}
    if not isinstance(data, dict) or not data or is_question(data):
        return {"": [data]}
    if {"columns", "data"} <= data.keys() and isinstance(data["columns"], list) and isinstance(data["data"], list):
        return {"": [data["columns"], *data["data"]]}
    lists = {
        str(key): value for key, value in data.items() if isinstance(value, list) and value and all(isinstance(v, dict) for v in value)
    }
    if len(lists) > 1:
        # A list that shares no key with one of questions is about them ("features": [...]), not one of them.
        names = {key for items in lists.values() for item in map(_row, items) if is_question(item) for key in item}
        lists = {name: items for name, items in lists.items() if not names or any(names & _row(item).keys() for item in items)}
    others = [value for value in data.values() if isinstance(value, dict) and holds_questions(value)]
    if lists and others and not any(map(_asks, lists.values())):
        lists = {}
    if len(lists) == 1 and not _is_passage(data):
        return _lists(next(iter(lists.values())))
    if len(lists) > 1:
        return {f"{name}/": items for name, items in lists.items()}
    if (table := _columns(data)) is not None:
        return {"": table}
    inner = {str(key): value for key, value in data.items() if isinstance(value, dict)}
    parts = {key: _lists(value) for key, value in inner.items()}
    if len(inner) == len(data) and all(parts[key] == {"": [value]} for key, value in inner.items()):
        alone = next(iter(inner.values()))
        return {"": list(inner.values()) if len(inner) > 1 or is_question(alone) else [data]}
    if not inner or _is_passage(data):
        return {"": [data]}
    # Settings and the like beside what holds the questions.
    asked = {key: lists for key, lists in parts.items() if any(_asks(items) for items in lists.values())} or parts
    if len(asked) == 1 and (len(inner) == 1 or asked is not parts):
        return next(iter(asked.values()))
    if len(inner) < len(data) and asked is parts:
        return {"": [data]}
    return {f"{key}/{name}": items for key, lists in asked.items() for name, items in lists.items()}


def _asks(items: list[Any]) -> bool:
    return any(isinstance(item, dict) and (is_question(item) or holds_questions(item)) for item in map(_row, items[:20]))


def _row(item: Any) -> Any:
    """A row as the dataset viewer of a hub wraps it ({"row_idx": 0, "row": {...}}), or a content system ({"id", "attributes"})."""
    if not isinstance(item, dict):
        return item
    if "row_idx" in item and isinstance(item.get("row"), dict):
        return item["row"]
    if (typed := untyped_row(item)) is not None:
        return typed
    return _bare(item) if isinstance(item.get("attributes"), dict) and item.keys() <= _ENTRY else item


def _bare(entry: dict[str, Any], depth: int = 0) -> dict[str, Any]:
    """An entry with its attributes as its own, and so the entries that these list under "data"."""
    if depth > _MAX_ENTRIES or not (isinstance(entry.get("attributes"), dict) and entry.keys() <= _ENTRY):
        return entry
    cells: dict[str, Any] = {key: value for key, value in entry.items() if key != "attributes"} | entry["attributes"]
    for key, value in cells.items():
        listed = value["data"] if isinstance(value, dict) and isinstance(value.get("data"), list) and len(value) == 1 else None
        if listed is not None:
            cells[key] = [_bare(one, depth + 1) if isinstance(one, dict) else one for one in listed]
    return cells


def _is_cut(item: Any) -> bool:
    """True for a row of a dataset viewer some of whose cells it shortened."""
    cut = item.get("truncated_cells") if isinstance(item, dict) else None
    return isinstance(cut, list) and bool(cut) and isinstance(item.get("row"), dict)


def _is_passage(data: Mapping[str, Any]) -> bool:
    """True for one passage with its questions: their list is called so, and beside it stands a text called passage, or a long one."""
    texts = {key: value for key, value in data.items() if isinstance(value, str)}
    if any(len(value) > 200 for value in texts.values()):
        return True
    return any(map(is_nested, data)) and any(is_called(key, "context") for key in texts)


def _columns(data: Mapping[str, Any]) -> list[Any] | None:
    """Rows of a table that is written by column: lists of one length, or mappings from row name to cell (pandas' to_json)."""
    values = list(data.values())
    named = sum(any(is_called(key, part) for part in SYNONYMS) for key in data)
    if named < 2:
        return None
    if all(isinstance(value, list) for value in values) and len({len(value) for value in values}) == 1:
        return [dict(zip(data, row, strict=True)) for row in zip(*values, strict=True)]
    if all(isinstance(value, dict) for value in values) and all(value.keys() == values[0].keys() for value in values):
        return [{key: value[row] for key, value in data.items()} for row in values[0]]
    return None


def _broken(text: str, error: json.JSONDecodeError) -> Iterator[Item | Text]:
    """Items of an array that is cut off or broken inside, or of objects one behind the other: each sound item is read,
    each broken stretch is one rejection."""
    decoder = json.JSONDecoder(strict=False, object_pairs_hook=pairs)
    start = 0 if error.msg == "Extra data" else text.find("[") + 1
    if not start and error.msg != "Extra data":
        raise DataError(said(error, f"line {error.lineno}, column {error.colno}"))
    position, number, lines = start, 0, _Lines(text)
    cut, rest = 0, text
    while True:
        if position - cut > MAX_CHARS_BEHIND:
            cut, rest = position, text[position:]
        position = _GAP.match(text, position).end()  # type: ignore[union-attr]
        if position >= len(text) or text[position] == "]":
            return
        number += 1
        try:
            item, end = decoder.raw_decode(rest, position - cut)
            position = cut + end
        except (ValueError, RecursionError) as broken:
            following = _NEXT_OBJECT.search(text, position)
            end = following.end() if following else len(text)
            stretch = text[position:end].strip()
            bare = stretch.rstrip(", ")
            item = _value(bare) or _value(bare.removesuffix("]")) if isinstance(broken, json.JSONDecodeError) else None
            if item is None:
                yield Item(f"item:{number}", stretch, Reason.MALFORMED_ROW, _where(broken, lines, position, cut))
                position = end
                continue
            position = end
        lists = _lists(item) if isinstance(item, dict | list) and not start else {}
        if not lists or lists == {"": [item]}:
            yield from unnest(f"item:{number}", restored(item))
        else:
            yield from _document(restored(item), f"{number}/")


def _where(broken: Exception, lines: "_Lines", position: int, cut: int) -> str:
    return said(broken, lines.place(position, cut + broken.pos)) if isinstance(broken, json.JSONDecodeError) else str(broken)


class _Lines:
    """Lines and columns of places in a text, asked for from its start to its end."""

    def __init__(self, text: str) -> None:
        self._text, self._at, self._line, self._line_start = text, 0, 1, 0

    def place(self, start: int, at: int) -> str:
        """Line and column of `at`, which stands behind `start`; no later `start` stands before this one."""
        self._line, self._line_start = self._count(start)
        self._at = start
        line, line_start = self._count(at)
        return f"line {line}, column {at - line_start + 1}"

    def _count(self, end: int) -> tuple[int, int]:
        return self._line + self._text.count("\n", self._at, end), self._text.rfind("\n", self._at, end) + 1 or self._line_start


FORMAT = Format("json", sniff, read_text=read, prose=False)
