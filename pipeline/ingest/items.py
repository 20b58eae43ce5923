"""What a reader gives: records as found, before anything is understood of them."""

from typing import Any, NamedTuple

from schemas.reasons import Reason


class Item(NamedTuple):
    """One record as found: a mapping of cells, a block's text, or what is left of a broken row."""

    locator: str
    payload: Any
    reason: Reason | None = None
    detail: str | None = None
