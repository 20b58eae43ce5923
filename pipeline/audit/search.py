"""What a reader types into the search box, as a condition on the ledger: words, an id, a place, a file, a reason."""

import re
import sqlite3
from typing import Any

from schemas.reasons import Reason

ID = re.compile(r"[0-9a-f]{4,16}")
MOST_WORDS = 20
WORD = re.compile(r"\w+")
REASONS = frozenset(Reason)


def matching(text: str) -> tuple[str, list[Any]]:
    """A condition on rows of `ledger`, and the values of its marks. A text without words matches nothing."""
    text = text.strip()
    if text in REASONS:
        return "ledger.record_id in (select record_id from reasons where reason_code = ?)", [text]
    found = "0"
    values: list[Any] = []
    if words := WORD.findall(text)[:MOST_WORDS]:
        found = " and ".join("ledger.stem like ?" for word in words)
        values = [f"%{word}%" for word in words]
    return f"{found}", values
