"""Cells that were encoded for the way through the net (Open Trivia DB offers both): percent signs for all but letters, and base64."""

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from pipeline.common.grammar.columns import is_called

_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{4,}+={0,2}")
ROWS = 200


def decoded(rows: list[dict[str, Any] | None]) -> list[dict[str, Any] | None]:
    """The rows of one file, their texts decoded where every question of it is encoded; else as they are.

    >>> decoded([{"question": "Which%20fox%3F", "answer": "Red%20fox", "level": 1}])
    [{'question': 'Which fox?', 'answer': 'Red fox', 'level': 1}]
    """
    asked = [
        value for row in rows[:ROWS] if row for key, value in row.items() if isinstance(value, str) and value and is_called(key, "stem")
    ]
    if not asked or any(" " in text or "\n" in text for text in asked):
        return rows
    for decode in (_from_percent, _from_base64):
        if all((text := decode(value)) is not None and " " in text for value in asked):
            return [row and {key: _each(value, decode) for key, value in row.items()} for row in rows]
    return rows


def _each(value: Any, decode: Callable[[str], str | None]) -> Any:
    if isinstance(value, list):
        return [_each(item, decode) for item in value]
    text = decode(value) if isinstance(value, str) else None
    return value if text is None else text


def _from_percent(text: str) -> str | None:
    """The text, None where it can't be an encoded one."""
    if " " in text or not text.isascii() or not _PERCENT.search(text):
        return None
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        return None


def _from_base64(text: str) -> str | None:
    if len(text) % 4 or not _BASE64.fullmatch(text):
        return None
    try:
        plain = base64.b64decode(text, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return plain if plain.isprintable() and plain else None
