"""A published version of a few records, made by hand."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from pipeline.review.published import Published
from schemas.tables.arrow import arrow_schema
from schemas.tables.curation import LedgerRow, Pair, Quality, ReviewDecision

AT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


def record_id(number):
    return f"{number:016x}"


def table(rows, model):
    schema = arrow_schema(model)
    return pa.Table.from_pylist([{**dict.fromkeys(schema.names), **row} for row in rows], schema=schema)


def ledger_row(number, disposition="train", **more):
    split = disposition if disposition in ("train", "validation", "test") else None
    return {
        "record_id": record_id(number),
        "source": "school",
        "role": "train",
        "file": "school.csv",
        "locator": f"school.csv#row:{number}",
        "disposition": disposition,
        "reason_codes": [],
        "content_id": record_id(number + 1000),
        "quality_score": 1.0,
        "flags": [],
        "split": split,
        "dataset_version": "a" * 12,
        "stem": f"Thủ đô của nước số {number} là gì?",
        "options": ["Hà Nội", "Paris", "Lima", "Oslo"],
        "answer_index": 0,
        "language": "vi",
        "repairs": [],
        "fixed_order": False,
        "licence": "",
        "file_sha256": "",
        "payload": '{"q": 1}',
        **more,
    }


def decided(line, decision, status="applied", **more):
    """A row of review_decisions."""
    cells = {"line": line, "id": decision.id, "who": decision.who, "action": decision.action, "record_id": decision.record_id}
    return {**cells, "found_id": decision.record_id, "status": status, "detail": "done", "touches": [decision.record_id], **more}


@pytest.fixture
def publish():
    """Makes a published version of ledger rows, pairs (left, right, relation), explanations by record and decisions."""

    def make(rows, pairs=(), flags=None, decisions=None):
        quality = [
            {
                "record_id": row["record_id"],
                "quality_score": row["quality_score"] or 0.0,
                "flags": row["flags"] or [],
                "explanations": (flags or {}).get(row["record_id"], []),
                "signals": "{}",
            }
            for row in rows
        ]
        found = [
            {"left_id": left, "right_id": right, "relation": relation, "similarity": 0.9, "why": "rule"} for left, right, relation in pairs
        ]
        known = None if decisions is None else table(decisions, ReviewDecision)
        return Published(table(rows, LedgerRow), table(found, Pair), table(quality, Quality), known)

    return make


@pytest.fixture
def helpers():
    """Makers of rows and ids."""

    class Helpers:
        at = AT
        record_id = staticmethod(record_id)
        ledger_row = staticmethod(ledger_row)
        decided = staticmethod(decided)

    return Helpers
