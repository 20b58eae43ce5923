"""What the columns of an unknown layout could hold, from their cells: a suggestion for the person who maps them, never applied."""

from collections.abc import Mapping
from typing import Any

from pipeline.common.grammar.columns import is_called
from pipeline.common.grammar.keys import number_of
from pipeline.common.letters import LETTER_CELL
from pipeline.common.text import fold_option
from pipeline.normalize.nested_cells import list_in_text

ROWS = 50


def guess_fields(rows: list[dict[str, Any]], known: Mapping[str, str]) -> dict[str, str]:
    """Question part -> column: what is known, and what the first rows suggest for stem, options and answer.

    >>> guess_fields([{"frage": "Was ist das?", "wahl": ["x", "y"], "loesung": "x"}], {})
    {'stem': 'frage', 'options': 'wahl', 'answer': 'loesung'}
    """
    rows = [row for row in rows if row][:ROWS]
    headers = list(dict.fromkeys(key for row in rows for key in row))
    free = [header for header in headers if header not in known.values()]
    suggested = dict(known)
    if not any(part.startswith("option") for part in suggested):
        lists = [header for header in free if _all(rows, header, _is_list)]
        if lists:
            suggested["options"] = lists[0]
            free.remove(lists[0])
    if not any(part.startswith("option") for part in suggested) and "answer" in suggested:
        texts = [header for header in free if _all(rows, header, lambda value: isinstance(value, str | int | float))]
        hits = [header for header in texts if any(_same(row.get(header), row.get(suggested["answer"])) for row in rows)]
        covered = sum(any(_same(row.get(header), row.get(suggested["answer"])) for header in hits) for row in rows)
        if len(hits) >= 2 and covered >= 0.8 * len(rows):
            suggested |= {f"option_{chr(97 + place)}": header for place, header in enumerate(hits[:10])}
            free = [header for header in free if header not in hits]
    if not any(part.startswith("option") for part in suggested):
        return suggested
    if "stem" not in suggested:
        texts = [header for header in free if _all(rows, header, lambda value: isinstance(value, str))]
        longest = max(texts, key=lambda header: sum(len(str(row.get(header) or "")) for row in rows), default=None)
        if longest is not None:
            suggested["stem"] = longest
            free.remove(longest)
    if "answer" not in suggested:
        # Texts of options say most, then letters; small numbers could be anything.
        for is_key in _KEYS:
            if keys := [
                header for header in free if all(is_key(row.get(header), row, suggested) for row in rows) and not _counts(rows, header)
            ]:
                suggested["answer"] = keys[-1]
                break
    order = ["stem", "options", *(f"option_{chr(97 + place)}" for place in range(26)), "answer"]
    return {part: suggested[part] for part in order if part in suggested}


def _counts(rows: list[dict[str, Any]], header: str) -> bool:
    """True for a column that numbers the rows: no key, though each of its numbers could be one."""
    numbers = [number_of(row.get(header)) for row in rows]
    found = [number for number in numbers if number is not None]
    running = len(found) == len(rows) > 1 and found == list(range(found[0], found[0] + len(found)))
    return running or (bool(found) and (is_called(header, "id") or is_called(header, "stem")))


def _all(rows: list[dict[str, Any]], header: str, test: Any) -> bool:
    values = [row[header] for row in rows if row.get(header) not in (None, "", [])]
    return bool(values) and all(test(value) for value in values)


def _is_list(value: Any) -> bool:
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        value = list_in_text(value[:10_000])
    return isinstance(value, list) and len(value) >= 2 and not any(isinstance(item, dict | list) for item in value)


def _same(left: Any, right: Any) -> bool:
    return left is not None and right is not None and fold_option(str(left)) == fold_option(str(right))


def _is_text(value: Any, row: Mapping[str, Any], suggested: Mapping[str, str]) -> bool:
    """True for the text of one of the row's options."""
    options = row.get(suggested.get("options", ""))
    columns = [row.get(column) for part, column in suggested.items() if part.startswith("option_")]
    return any(_same(value, option) for option in [*(options if isinstance(options, list) else []), *columns])


def _is_letter(value: Any, row: Mapping[str, Any], suggested: Mapping[str, str]) -> bool:
    return LETTER_CELL.fullmatch(str(value).strip()) is not None


def _is_number(value: Any, row: Mapping[str, Any], suggested: Mapping[str, str]) -> bool:
    number = number_of(value)
    return number is not None and number <= 10


_KEYS = (_is_text, _is_letter, _is_number)


def is_key_of(value: Any, row: Mapping[str, Any], suggested: Mapping[str, str]) -> bool:
    """True for what a key of this row could be: the text of an option, a letter, a small number."""
    return any(is_key(value, row, suggested) for is_key in _KEYS)
