"""Decisions of reviewers in words, the same in every table."""

from collections.abc import Iterable

from pipeline.common.text import one_line
from schemas.tables.row import RowMapping


def by(row: RowMapping) -> str:
    """Who decided, and where it stands.

    >>> by({"who": "Lan", "id": "d7"})
    'by Lan (decision d7)'
    """
    return f"by {one_line(row['who'])} (decision {row['id']})"


def said(row: RowMapping) -> str:
    """What a ReviewDecision row did, who decided it, and why.

    >>> said({"who": "Lan", "id": "d7", "detail": "accepted", "why": "the book says so"})
    'accepted by Lan (decision d7): the book says so'
    """
    why = f": {one_line(row['why'])}" if row["why"] else ""
    return f"{row['detail']} {by(row)}{why}"


def all_said(rows: Iterable[RowMapping]) -> str | None:
    """Several of them in one sentence; None where there are none."""
    return "; ".join(map(said, rows)) or None
