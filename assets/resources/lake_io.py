"""How tables travel between assets: by the hash of their rows, through the lake, never by Dagster's latest event."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from assets.resources.foundries import Foundries
from assets.resources.foundry import Foundry
from assets.resources.names import job_name
from assets.resources.retries import retried
from assets.resources.runs import run_chain
from pipeline.common.store.lake import Lake
from schemas.errors import DataError
from schemas.tables.arrow import to_frame
from schemas.tables.curation import (
    ClusterMember,
    LedgerRow,
    MatchedDecision,
    Pair,
    Quality,
    Question,
    RawRecord,
    Rejected,
    ReviewDecision,
    Selection,
    SourceFile,
    SplitRow,
)
from schemas.tables.row import Row

_MODELS = (
    RawRecord,
    Question,
    Rejected,
    SourceFile,
    MatchedDecision,
    ClusterMember,
    Pair,
    Quality,
    Selection,
    ReviewDecision,
    SplitRow,
    LedgerRow,
)
TABLES: dict[str, type[Row]] = {model.table: model for model in _MODELS}
"""The tables that a dataset version holds, by the names of their assets."""


@dataclass(frozen=True)
class Table:
    """A table of the lake by its hash. `arrow` holds the rows while they aren't written yet; `computed` says why they were computed."""

    lake: Lake
    asset: str
    hash: str
    arrow: pa.Table | None = None
    computed: str | None = None

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.lake.table_path(self.asset, self.hash)

    def frame(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Its rows, Arrow-backed; with those of these columns that it has alone, where they are named."""
        if columns is not None:
            names = [name for name in columns if name in TABLES[self.asset].model_fields]
            known = self.lake.columns(self.asset, self.hash, names) if self.arrow is None else self.arrow.select(names)
            return to_frame(known, TABLES[self.asset])
        if self.arrow is not None:
            return to_frame(self.arrow, TABLES[self.asset])
        return self.lake.read_table(self.asset, self.hash, TABLES[self.asset])

    def head(self, rows: int) -> tuple[int, pa.Table]:
        """How many rows it has, and the first of them; reads no more than these."""
        if self.arrow is not None:
            return self.arrow.num_rows, self.arrow.slice(0, rows)
        file = pq.ParquetFile(self.path)
        first = next(file.iter_batches(batch_size=rows), None)
        return file.metadata.num_rows, pa.Table.from_batches([first] if first is not None else [], file.schema_arrow)


class LakeIOManager(dg.IOManager):
    """Writes a table under its hash and notes it for the run; gives an asset this run's tables, else CURRENT's."""

    def __init__(self, foundries: Foundries) -> None:
        self.foundries = foundries

    def handle_output(self, context: dg.OutputContext, obj: Table) -> None:
        """Stores one table; equal content is written once."""
        foundry = self.foundries.of_key(context.asset_key)
        lake = foundry.lake
        with retried(), lake.lock():
            if obj.arrow is not None:
                facts = {"code_version": context.version or "", "config_hash": foundry.config_hash, "run_id": context.run_id}
                lake.write_arrow(obj.asset, obj.arrow, obj.hash, facts)
            lake.note_run(context.run_id, obj.asset, obj.hash)

    def load_input(self, context: dg.InputContext) -> Table:
        """The table of an upstream asset. Raises DataError before the first run of the job `curate`."""
        key = context.asset_key
        return find_table(self.foundries.of_key(key), context.instance, context.step_context.dagster_run, key.path[-1])


def find_table(foundry: Foundry, instance: dg.DagsterInstance, run: dg.DagsterRun, asset: str) -> Table:
    """This run's table of an asset, else CURRENT's. Raises DataError when there is none."""
    table_hash = foundry.lake.run_table(run_chain(instance, run), asset)
    if table_hash is None:
        curate = job_name(foundry.config.dataset, "curate")
        raise DataError(f"dataset {foundry.config.dataset!r} has no table {asset} yet; run the job `{curate}` (or `mcq run`) first")
    return Table(foundry.lake, asset, table_hash)
