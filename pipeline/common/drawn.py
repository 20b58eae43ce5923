"""A sample of questions that hashes decide: the same whatever else is asked, on every machine."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

Row = TypeVar("Row", bound=Mapping[str, Any])


def drawn(rows: Sequence[Row], most: int | None) -> list[Row]:
    """At most so many of the rows, in their order: those whose `content_id` has the smallest SHA-256; None: all of them.

    >>> [row["content_id"] for row in drawn([{"content_id": name} for name in "abcd"], 2)]
    ['c', 'd']
    """
    if most is None or len(rows) <= most:
        return list(rows)
    places = sorted(range(len(rows)), key=lambda place: hashlib.sha256(rows[place]["content_id"].encode()).digest())
    return [rows[place] for place in sorted(places[:most])]
