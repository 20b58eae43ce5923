"""The published version as a reviewer sees it: its records by id, what they are related to, and the decisions that it knows of."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.common.store.lake import Lake
from schemas.errors import DataError
from schemas.reasons import REASON_TEXT, Disposition, Reason, Relation
from schemas.tables.row import RowMapping

ORDER = list(Relation)


class Other(NamedTuple):
    """A record that stands beside another, and the rule that says how."""

    record_id: str
    relation: str
    why: str


class Published:
    """Tables of one published version. Rows are made when they are asked for: a ledger can have a million."""

    def __init__(self, ledger: pa.Table, pairs: pa.Table, quality: pa.Table, decisions: pa.Table | None = None) -> None:
        self.ledger, self.pairs, self.quality, self.decisions = ledger, pairs, quality, decisions

    @cached_property
    def _ids(self) -> pa.Array:
        return self.ledger["record_id"].combine_chunks()

    def rows(self, record_ids: Iterable[str]) -> list[dict[str, Any]]:
        """Ledger rows of these records, in this order; unknown ones are left out. One pass over the ledger, however many they are."""
        wanted = list(record_ids)
        places = pc.indices_nonzero(pc.is_in(self._ids, value_set=pa.array(wanted, pa.string())))
        found = {row["record_id"]: row for row in self.ledger.take(places).to_pylist()}
        return [found[name] for name in wanted if name in found]

    def row(self, record_id: str) -> dict[str, Any] | None:
        """A record's ledger row; None where it has none."""
        return next(iter(self.rows([record_id])), None)

    def where(self, condition: pa.ChunkedArray, columns: Iterable[str]) -> list[dict[str, Any]]:
        """Some columns of the rows for which a condition holds, in the ledger's order."""
        return list(self.ledger.select(list(columns)).filter(condition).to_pylist())

    def others(self, record_id: str) -> list[Other]:
        """The records that verification related it to, the closest first."""
        mine = pc.or_(pc.equal(self.pairs["left_id"], record_id), pc.equal(self.pairs["right_id"], record_id))
        pairs = sorted(self.pairs.filter(mine).to_pylist(), key=lambda pair: (ORDER.index(pair["relation"]), -pair["similarity"]))
        sides = [(pair, pair["right_id"] if pair["left_id"] == record_id else pair["left_id"]) for pair in pairs]
        return [Other(other, pair["relation"], pair["why"]) for pair, other in sides]

    def flags(self, record_ids: Iterable[str]) -> dict[str, list[str]]:
        """What the quality signals say of each of these records, a sentence each."""
        mine = pc.is_in(self.quality["record_id"], value_set=pa.array(list(record_ids), pa.string()))
        rows = self.quality.select(["record_id", "explanations"]).filter(mine).to_pylist()
        return {row["record_id"]: row["explanations"] for row in rows}


def load_published(lake: Lake) -> Published:
    """The tables of CURRENT. Raises DataError when nothing is published yet, or a table is damaged."""
    version = lake.current()
    if version is None:
        raise DataError(f"dataset {lake.dataset!r} has no published version yet; run `mcq run` first")
    ledger, pairs, quality = (lake.arrow(name, version.tables[name]) for name in ("sample_ledger", "duplicate_pairs", "quality_scores"))
    # Versions from before there were decisions know of none.
    known = version.tables.get("review_decisions")
    return Published(ledger, pairs, quality, None if known is None else lake.arrow("review_decisions", known))


def verdict(row: RowMapping) -> list[str]:
    """Why a record is where it is, a sentence a reason, then what exactly was seen."""
    said = [f"{REASON_TEXT[Reason(code)]} ({code})" for code in row["reason_codes"]]
    if not said:
        said = ["a question of a benchmark" if row["disposition"] == Disposition.BENCHMARK else f"kept, in the split {row['disposition']}"]
    return [*said, *([row["detail"]] if row["detail"] else [])]


def key_text(row: RowMapping) -> str | None:
    """The text of the right option; None where no option is known to be it."""
    options, place = row["options"] or [], row["answer_index"]
    return options[place] if place is not None and place < len(options) else None
