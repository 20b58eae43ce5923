"""JSON documents: an array of questions, whatever wraps it, and the tables that pandas writes as JSON."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.common.grammar.columns import SYNONYMS, is_called
from pipeline.ingest.formats import jsonl
from pipeline.ingest.items import Format, Item, SniffedFile
from pipeline.ingest.nested import is_nested, too_deep, unnest
from pipeline.ingest.tables import is_table, table_items
from schemas.errors import DataError
from schemas.reasons import Reason

_GAP = re.compile(r"[\s,]*")
# The decoder counts the lines before each error from the start of its text, which therefore doesn't reach further back.
MAX_CHARS_BEHIND = 50_000
_NEXT_OBJECT = re.compile(r"\}\s*(?:,\s*)?(?=\{)")


def sniff(file: SniffedFile) -> bool:
    """The suffix, or an opening bracket with something of JSON behind it."""
    if file.suffix in (".csv", ".tsv", ".md"):
        return False
    return file.suffix in (".json", ".jsonl") or re.match(r"[\[{]\s*[\[{\"\]}]", file.text) is not None


def read(text: str) -> Iterator[Item]:
    """One item an element, `item:N` (`row:N` where the elements are lists of cells below a header); a list of several in the document
    has its name before that: `train/item:N`."""
    try:
        # Not strict: line ends and tabs inside texts are what people paste.
        data = json.loads(text, strict=False)
    except RecursionError as error:
        raise DataError("the JSON is nested too deeply to be a list of questions") from error
    except json.JSONDecodeError as error:
        first_line = text.strip().split("\n", 1)[0].rstrip()
        if text.lstrip().startswith("{") and first_line.endswith("}") and error.msg == "Extra data":
            yield from jsonl.read(text)
        else:
            yield from _broken(text, error)
        return
    except ValueError as error:
        raise DataError(f"not JSON: {error}") from error
    if too_deep(data):
        raise DataError("the JSON is nested too deeply to be a list of questions")
    for name, items in _lists(data).items():
        if is_table(items):
            yield from table_items(items, name)
            continue
        for number, item in enumerate(items, start=1):
            yield from unnest(f"{name}item:{number}", item)


def _lists(data: Any) -> dict[str, list[Any]]:
    """The lists of questions in a document, by the prefix of their locators ("" where there is one list).

    >>> _lists({"train": [{"q": 1}], "test": [{"q": 2}]})
    {'train/': [{'q': 1}], 'test/': [{'q': 2}]}
    >>> _lists({"q": {"0": "a", "1": "b"}, "key": {"0": "A", "1": "B"}})
    {'': [{'q': 'a', 'key': 'A'}, {'q': 'b', 'key': 'B'}]}
    """
    if isinstance(data, list):
        return {"": [_row(item) for item in data]}
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
    if len(lists) == 1 and not _is_passage(data):
        return _lists(next(iter(lists.values())))
    if len(lists) > 1:
        return {f"{name}/": items for name, items in lists.items()}
    if (table := _columns(data)) is not None:
        return {"": table}
    inner = [value for value in data.values() if isinstance(value, dict)]
    if len(inner) == len(data):
        parts = {key: _lists(value) for key, value in data.items()}
        if all(lists == {"": [value]} for lists, value in zip(parts.values(), inner, strict=True)):
            return {"": inner if len(inner) > 1 or is_question(inner[0]) else [data]}
        if len(parts) == 1:
            return next(iter(parts.values()))
        return {f"{key}/{name}": items for key, lists in parts.items() for name, items in lists.items()}
    if len(inner) == 1 and not _is_passage(data):
        return _lists(inner[0])
    return {"": [data]}


def _row(item: Any) -> Any:
    """A row as the dataset viewer of a hub wraps it: {"row_idx": 0, "row": {...}}."""
    return item["row"] if isinstance(item, dict) and "row_idx" in item and isinstance(item.get("row"), dict) else item


def is_question(data: Mapping[str, Any]) -> bool:
    """True for a mapping that is one question: it has a cell of text (or a mapping with a stem) that is called like one."""
    return any(
        is_called(key, "stem") and (isinstance(value, str) or (isinstance(value, dict) and is_question(value)))
        for key, value in data.items()
    )


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


def _broken(text: str, error: json.JSONDecodeError) -> Iterator[Item]:
    """Items of an array that is cut off or broken inside, or of objects one behind the other: each sound item is read,
    each broken stretch is one rejection."""
    decoder = json.JSONDecoder(strict=False)
    start = 0 if error.msg == "Extra data" else text.find("[") + 1
    if not start and error.msg != "Extra data":
        raise DataError(f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}")
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
            yield from unnest(f"item:{number}", item)
        except (ValueError, RecursionError) as broken:
            following = _NEXT_OBJECT.search(text, position)
            end = following.end() if following else len(text)
            where = (
                f"{broken.msg} at {lines.place(position, cut + broken.pos)}" if isinstance(broken, json.JSONDecodeError) else str(broken)
            )
            yield Item(f"item:{number}", text[position:end].strip(), Reason.MALFORMED_ROW, where)
            position = end


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
