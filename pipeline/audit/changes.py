"""What changed between two versions, for ledgers of any size: only the rows that a change is about become Python's."""

from collections.abc import Iterator, Mapping
from functools import reduce
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.audit.cells import BATCH_ROWS, Rows, batches, column_names
from pipeline.audit.diff import Change, diff, moves
from schemas.errors import DataError
from schemas.tables.curation import LedgerRow

KEYS = ("record_id", "content_id", "split")
MOVED = (*KEYS, "split_group", "locator", "stem")
# What no change is told by, and what takes most of the memory.
UNTOLD = ("payload", "explanation", "file_sha256", "encoding", "licence")
COMPARED = tuple(name for name in LedgerRow.model_fields if name not in UNTOLD)
MOST_COMPARED = 400_000


class Side(NamedTuple):
    """One version: its ledger, and the `split` block of its configuration."""

    ledger: Rows
    split: Mapping[str, Any]


def changes_between(old: Side, new: Side) -> Iterator[Change]:
    """The changes that `diff` finds between two ledgers, those that moved last. Raises DataError where a ledger can't be read, or where
    more than MOST_COMPARED rows of both together entered, left or changed: then nearly all did."""
    was, now = (_columns(side.ledger, KEYS) for side in (old, new))
    kept_was, kept_now = (table.filter(table["split"].is_valid()) for table in (was, now))
    place = pc.index_in(kept_now["content_id"], value_set=kept_was["content_id"].combine_chunks())
    gone = pc.invert(pc.is_in(kept_was["content_id"], value_set=kept_now["content_id"].combine_chunks()))
    apart = pa.concat_tables([kept_was.filter(gone), kept_now.filter(place.is_null())])
    if apart.num_rows:
        before, after = _needed(was, now, apart)
        changes = diff(_rows(old.ledger, before), _rows(new.ledger, after), old.split, new.split)
        yield from (change for change in changes if change.kind != "moved")
    stayed = kept_now.filter(place.is_valid())
    moved = pc.not_equal(stayed["split"], kept_was["split"].take(place.drop_null()))
    if pc.any(moved).as_py():
        yield from _moves(old, new, stayed.filter(moved)["content_id"].combine_chunks())


def _columns(ledger: Rows, names: tuple[str, ...]) -> pa.Table:
    parts = list(batches(ledger, names))
    return pa.Table.from_batches(parts) if parts else pa.table({name: pa.array([], pa.string()) for name in names})


def _needed(was: pa.Table, now: pa.Table, apart: pa.Table) -> list[pa.Array]:
    """The record ids of each version that the changes hang on: the rows themselves, what became of their records in the other version,
    and of all of these contents both sides, so that none looks as if it had come or gone."""
    records = apart["record_id"].combine_chunks()
    same = [table.filter(pc.is_in(table["record_id"], value_set=records)) for table in (was, now)]
    contents = pa.concat_arrays(
        [apart["content_id"].combine_chunks(), *(table.filter(table["split"].is_valid())["content_id"].combine_chunks() for table in same)]
    )
    found = []
    for table in (was, now):
        kept = pc.and_(table["split"].is_valid(), pc.is_in(table["content_id"], value_set=contents))
        found.append(table.filter(pc.or_(kept, pc.is_in(table["record_id"], value_set=records)))["record_id"].combine_chunks())
    if (rows := sum(map(len, found))) > MOST_COMPARED:
        raise DataError(f"nearly everything changed ({rows:,} rows of both versions): the changes aren't told one by one")
    return found


def _rows(ledger: Rows, records: pa.Array) -> list[dict[str, Any]]:
    """Rows of these records, with every column of COMPARED: null where an older version has no such column."""
    found: list[dict[str, Any]] = []
    nothing = dict.fromkeys(COMPARED)
    held = set(column_names(ledger))
    for batch in batches(ledger, [name for name in COMPARED if name in held]):
        found += [{**nothing, **row} for row in batch.filter(pc.is_in(batch["record_id"], value_set=records)).to_pylist()]
    return found


def _moves(old: Side, new: Side, contents: pa.Array) -> Iterator[Change]:
    """The questions of these contents, which both versions hold, a batch at a time."""
    before, after = (_kept(side.ledger, contents) for side in (old, new))
    before = before.take(pc.index_in(after["content_id"], value_set=before["content_id"].combine_chunks()))
    for start in range(0, after.num_rows, BATCH_ROWS):
        was, now = (table.slice(start, BATCH_ROWS).to_pylist() for table in (before, after))
        yield from moves(was, now, old.split, new.split)


def _kept(ledger: Rows, contents: pa.Array) -> pa.Table:
    parts = [
        batch.filter(reduce(pc.and_, [batch["split"].is_valid(), pc.is_in(batch["content_id"], value_set=contents)]))
        for batch in batches(ledger, MOVED)
    ]
    return pa.Table.from_batches(parts)
