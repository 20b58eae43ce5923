"""What is counted over the ledger while it goes by: reasons and flags a row each, facets, and rejections by reason and file."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.audit.cells import Rows, batches
from schemas.reasons import Disposition

FACETS = ("disposition", "split", "source", "file", "language", "subject", "role")
LISTS = {"reasons": ("reason_code", "reason_codes"), "flags": ("flag", "flags")}
"""Tables of one row an item: name -> (facet, the ledger's list)."""


class Tallies:
    """Fed with the ledger's batches; then `tables()` has the rows of what follows from them."""

    def __init__(self) -> None:
        self.facets: Counter[tuple[str, str]] = Counter()
        self.items: dict[str, list[pa.Table]] = {name: [] for name in LISTS}
        self.rejections: Counter[tuple[str, str, str]] = Counter()
        self.examples: dict[tuple[str, str, str], str] = {}

    def add(self, batch: pa.RecordBatch) -> None:
        """Counts a batch."""
        for name in FACETS:
            for value in pc.value_counts(batch[name].drop_null()):
                self.facets[name, value["values"].as_py()] += value["counts"].as_py()
        for table, (facet, column) in LISTS.items():
            lists = batch[column]
            items = pa.table({"record_id": batch["record_id"].take(pc.list_parent_indices(lists)), facet: pc.list_flatten(lists)})
            self.items[table].append(items.group_by(["record_id", facet]).aggregate([]))
        rejected = batch.filter(pc.equal(batch["disposition"], Disposition.REJECTED)).select(
            ["record_id", "source", "file", "reason_codes"]
        )
        for record_id, source, file, reasons in zip(*(column.to_pylist() for column in rejected.columns), strict=True):
            for reason in dict.fromkeys(reasons):
                self.rejections[source, file, reason] += 1
                self.examples.setdefault((source, file, reason), record_id)

    def tables(self) -> dict[str, Iterable[Sequence[Any]]]:
        """Rows of the tables `reasons`, `flags`, `facets` and `rejections`."""
        found: dict[str, Iterable[Sequence[Any]]] = {}
        for table, (facet, _) in LISTS.items():
            if not self.items[table]:
                continue
            items = pa.concat_tables(self.items[table]).sort_by([(facet, "ascending"), ("record_id", "ascending")])
            found[table] = zip(items["record_id"].to_pylist(), items[facet].to_pylist(), strict=True)
            for value in pc.value_counts(items[facet]):
                self.facets[facet, value["values"].as_py()] += value["counts"].as_py()
        found["facets"] = [(*key, count) for key, count in sorted(self.facets.items())]
        found["rejections"] = [(*key, count, self.examples[key]) for key, count in sorted(self.rejections.items())]
        return found


def tally(ledger: Rows) -> Tallies:
    """What is counted over a whole ledger. Raises DataError as `batches` does."""
    tallies = Tallies()
    for batch in batches(ledger, ["record_id", *FACETS, *(column for _, column in LISTS.values())]):
        tallies.add(batch)
    return tallies
