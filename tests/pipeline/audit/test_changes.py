"""Changes of large ledgers are those that `diff` tells of whole ones, whatever came, went, moved or was edited."""

from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.audit import changes
from pipeline.audit.changes import COMPARED, Side, changes_between
from pipeline.audit.diff import diff
from schemas.errors import DataError
from schemas.tables.arrow import arrow_schema
from schemas.tables.curation import LedgerRow

SCHEMA = pa.schema([field.with_nullable(True) for field in arrow_schema(LedgerRow)])
SPLIT = {"method": "hash", "seed": 7}
ROW = st.fixed_dictionaries(
    {
        "content_id": st.sampled_from([f"c{number}" for number in range(5)]),
        "split": st.sampled_from(["train", "test", None]),
        "split_group": st.sampled_from(["c0", "c1"]),
        "line": st.integers(1, 4),
        "stem": st.sampled_from(["What is the capital of Peru?", "Who painted that?"]),
        "answer_index": st.integers(0, 1),
    }
)
LEDGER = st.dictionaries(st.sampled_from([f"r{number}" for number in range(6)]), ROW, max_size=6)


def table(rows):
    """A ledger; of several kept rows with one content the first alone is kept, as in a version."""
    kept = set()
    made = []
    for record_id, row in sorted(rows.items()):
        cells = {**dict.fromkeys(LedgerRow.model_fields), **row, "record_id": record_id, "source": "s", "options": ["Lima", "Quito"]}
        cells["locator"] = f"f#line:{cells.pop('line')}"
        if cells["content_id"] in kept:
            cells["split"] = None
        if cells["split"]:
            kept.add(cells["content_id"])
        cells |= {"disposition": cells["split"] or "duplicate", "reason_codes": [] if cells["split"] else ["duplicate_same"]}
        made.append(cells)
    return pa.Table.from_pylist(made, SCHEMA)


@settings(max_examples=300, deadline=None)
@given(LEDGER, LEDGER)
def test_they_are_those_of_diff(old, new):
    was, now = table(old), table(new)
    expected = diff(was.to_pylist(), now.to_pylist(), SPLIT, SPLIT)
    found = list(changes_between(Side(was, SPLIT), Side(now, SPLIT)))
    assert Counter(found) == Counter(expected)
    assert [change.kind for change in found] == [change.kind for change in expected]


def test_moves_are_told_batch_by_batch(monkeypatch):
    monkeypatch.setattr(changes, "BATCH_ROWS", 2)
    row = {"split_group": "c0", "line": 1, "stem": "?", "answer_index": 0}
    old = {f"r{n}": {**row, "content_id": f"c{n}", "split": "train"} for n in range(7)}
    new = {name: {**cells, "split": "test"} for name, cells in reversed(old.items())}
    found = list(changes_between(Side(table(old), SPLIT), Side(table(new), {**SPLIT, "seed": 8})))
    assert [(change.kind, change.record_id, change.why) for change in found] == [
        ("moved", f"r{n}", "the split block changed: seed 7 -> 8") for n in range(7)
    ]


def test_a_column_that_an_older_version_lacks_is_null():
    row = {"split_group": "c0", "line": 1, "stem": "?", "answer_index": 0, "split": "train"}
    old = table({"r0": {**row, "content_id": "c0"}}).drop_columns(["decided_by"])
    assert [change.kind for change in changes_between(Side(old, SPLIT), Side(table({}), SPLIT))] == ["left"]
    assert "payload" not in COMPARED


def test_where_nearly_everything_changed_that_is_said(monkeypatch):
    monkeypatch.setattr(changes, "MOST_COMPARED", 1)
    row = {"split_group": "c0", "line": 1, "stem": "?", "answer_index": 0, "split": "train"}
    old, new = (table({name: {**row, "content_id": f"c{name}"}}) for name in ("r0", "r1"))
    with pytest.raises(DataError, match="nearly everything changed"):
        list(changes_between(Side(old, SPLIT), Side(new, SPLIT)))
