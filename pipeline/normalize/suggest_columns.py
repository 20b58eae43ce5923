"""What the columns of an unknown layout could hold, from their cells: a suggestion for the person who maps them, never applied."""

import re
from collections.abc import Mapping
from typing import Any

from pipeline.common.grammar.columns import plain_name
from pipeline.common.grammar.flags import is_lettered
from pipeline.common.grammar.keys import number_of
from pipeline.common.letters import LETTER_CELL
from pipeline.common.text import fold_option
from pipeline.normalize.nested_cells import list_in_text

ROWS = 50
# What somebody else answered, or a model.
_OF_OTHERS = re.compile(
    r"(?:^|_)(?:user|students?|selected|predict(?:ed|ions?)?|model|response|chosen|your|guess|given|draft|attempt|my|hoc_sinh|da_chon)(?:_|$)"
)


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
    if "answer" not in suggested and (key := _key_column(free, rows, suggested)) is not None:
        suggested["answer"] = key
    order = ["stem", "options", *(f"option_{chr(97 + place)}" for place in range(26)), "answer"]
    return {part: suggested[part] for part in order if part in suggested}


def _key_column(free: list[str], rows: list[dict[str, Any]], suggested: Mapping[str, str]) -> str | None:
    """The one column that can only be the key. A block that is pasted must not make a wrong key: numbers could be anything (a level, a
    count), letters too where all rows have the same, and of two columns that differ neither is suggested."""
    options = suggested.get("options", "")
    # What belongs to the options ("wahl.A", "wahl.label") is no key.
    ours = tuple(f"{name}." for name in (options, options.rpartition(".")[0]) if name)
    free = [header for header in free if not _OF_OTHERS.search(plain_name(header)) and not header.startswith(ours or ("\0",))]
    for is_key in (_is_text, _is_letter):
        keys = [header for header in free if all(is_key(row.get(header), row, suggested) for row in rows)]
        if is_key is _is_letter:
            keys = [header for header in keys if len({str(row.get(header)).strip().upper() for row in rows}) > 1]
        if keys:
            return keys[-1] if all(_same(row.get(keys[0]), row.get(other)) for row in rows for other in keys) else None
    return None


def _all(rows: list[dict[str, Any]], header: str, test: Any) -> bool:
    values = [row[header] for row in rows if row.get(header) not in (None, "", [])]
    return bool(values) and all(test(value) for value in values)


def _is_list(value: Any) -> bool:
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        value = list_in_text(value[:10_000])
    if not isinstance(value, list) or len(value) < 2 or any(isinstance(item, dict | list) for item in value):
        return False
    # Labels, or truth values, stand beside options.
    return not is_lettered(value) and not all(item in (0, 1) for item in value)


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
