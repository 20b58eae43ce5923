"""How tables travel between assets: by the hash of their rows, through the lake, never by Dagster's latest event."""

import html
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from assets.resources.code_version import code_version
from assets.resources.foundry import Foundry
from pipeline.common.store.lake import Lake, content_hash
from pipeline.common.text import canonical_json, one_line, short_hash
from schemas.errors import DataError
from schemas.tables.arrow import arrow_type, to_frame, to_table
from schemas.tables.column_text import COLUMN_TEXT
from schemas.tables.curation import ClusterMember, LedgerRow, Pair, Quality, Question, RawRecord, Rejected, Selection, SplitRow
from schemas.tables.row import Row

# `Output(data_version=...)` is the only way to give a table its own version, and says on every use that it is beta.
warnings.filterwarnings("ignore", message=r"Parameter `data_version`", category=dg.BetaWarning)
warnings.filterwarnings("ignore", message=r"Function `PipesMessageReader", category=dg.PreviewWarning)

TABLES: dict[str, type[Row]] = {
    "raw_records": RawRecord,
    "questions": Question,
    "rejected_records": Rejected,
    "duplicate_pairs": Pair,
    "duplicate_clusters": ClusterMember,
    "quality_scores": Quality,
    "curated_questions": Selection,
    "splits": SplitRow,
    "sample_ledger": LedgerRow,
}
PREVIEW_ROWS = 5
CELL_CHARS = 60


@dataclass(frozen=True)
class Table:
    """A table of the lake by its hash. `arrow` holds the rows while they aren't written yet."""

    lake: Lake
    asset: str
    hash: str
    arrow: pa.Table | None = None

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.lake.table_path(self.asset, self.hash)

    def frame(self) -> pd.DataFrame:
        """Its rows, Arrow-backed."""
        if self.arrow is not None:
            return to_frame(self.arrow, TABLES[self.asset])
        return self.lake.read_table(self.asset, self.hash, TABLES[self.asset])


class LakeIOManager(dg.IOManager):
    """Writes a table under its hash and notes it for the run; gives an asset this run's tables, else CURRENT's."""

    def __init__(self, foundry: Foundry) -> None:
        self.foundry = foundry

    def handle_output(self, context: dg.OutputContext, obj: Table) -> None:
        """Stores one table; equal content is written once."""
        lake = self.foundry.lake
        with lake.lock():
            if obj.arrow is not None:
                facts = {"code_version": context.version or "", "config_hash": self.foundry.config_hash, "run_id": context.run_id}
                lake.write_arrow(obj.asset, obj.arrow, obj.hash, facts)
            lake.note_run(context.run_id, obj.asset, obj.hash)

    def load_input(self, context: dg.InputContext) -> Table:
        """The table of an upstream asset. Raises DataError before the first run of the job `curate`."""
        return find_table(self.foundry, context.instance, context.step_context.dagster_run, context.asset_key.to_user_string())


def find_table(foundry: Foundry, instance: dg.DagsterInstance, run: dg.DagsterRun, asset: str) -> Table:
    """This run's table of an asset, else CURRENT's. Raises DataError when there is none."""
    table_hash = foundry.lake.run_table(run_chain(instance, run), asset)
    if table_hash is None:
        raise DataError(f"dataset {foundry.config.dataset!r} has no table {asset} yet; run the job `curate` (or `mcq run`) first")
    return Table(foundry.lake, asset, table_hash)


def run_chain(instance: dg.DagsterInstance, run: dg.DagsterRun) -> list[str]:
    """This run's id and those of the runs that it re-executes, newest first: their tables are its own."""
    chain = [run.run_id]
    while run.parent_run_id and run.parent_run_id not in chain:
        chain.append(run.parent_run_id)
        parent = instance.get_run_by_id(run.parent_run_id)
        if parent is None:
            break
        run = parent
    return chain


def computed(
    foundry: Foundry,
    module: str,
    assets: Sequence[str],
    inputs: Iterable[Table],
    parameters: Any,
    work: Callable[[], tuple[Sequence[pd.DataFrame], Mapping[str, int]]],
) -> tuple[list[Table], Mapping[str, int]]:
    """What a stage gives: remembered when inputs, parameters and code are as they were, else `work()`.

    `work` returns one frame an asset, and counts of what it met on the way.
    """
    lake = foundry.lake
    origin = {
        "code": code_version(module),
        "configuration": short_hash(canonical_json(parameters)),
        "input": short_hash(*(table.hash for table in inputs)),
    }
    known = lake.recall(assets[0], origin)
    if known:
        return [Table(lake, asset, known[0][asset]) for asset in assets], known[1]
    dg.get_dagster_logger().info("%s: computed anew: %s", assets[0], lake.news(assets[0], origin))
    frames, facts = work()
    tables = [unwritten(lake, asset, frame) for asset, frame in zip(assets, frames, strict=True)]
    lake.remember(assets[0], origin, {table.asset: table.hash for table in tables}, facts)
    return tables, facts


def unwritten(lake: Lake, asset: str, frame: pd.DataFrame) -> Table:
    """A new table that the IO manager is to write."""
    arrow = to_table(frame, TABLES[asset])
    return Table(lake, asset, content_hash(arrow), arrow)


def output(table: Table, metadata: Mapping[str, Any] | None = None, version_suffix: str = "") -> dg.Output[Table]:
    """The Dagster output of a table: its hash as data version, row count, place, first rows and `metadata`."""
    rows, head = (table.arrow.num_rows, table.arrow.slice(0, PREVIEW_ROWS)) if table.arrow is not None else _head(table.path)
    return dg.Output(
        table,
        data_version=dg.DataVersion(table.hash + version_suffix),
        metadata={
            "dagster/row_count": rows,
            "preview": markdown_table(head.to_pylist()),
            "path": dg.MetadataValue.path(str(table.path)),
            **(metadata or {}),
        },
    )


def _head(path: Path) -> tuple[int, pa.Table]:
    file = pq.ParquetFile(path)
    first = next(file.iter_batches(batch_size=PREVIEW_ROWS), None)
    return file.metadata.num_rows, pa.Table.from_batches([first] if first is not None else [], file.schema_arrow)


def column_schema(model: type[Row]) -> dg.TableSchema:
    """Columns, types and descriptions of a table, for the asset's page."""
    columns = []
    for name, field in model.model_fields.items():
        kind, nullable = arrow_type(field.annotation)
        columns.append(
            dg.TableColumn(
                name,
                str(kind),
                description=field.description or COLUMN_TEXT.get(name),
                constraints=dg.TableColumnConstraints(nullable=nullable),
            )
        )
    return dg.TableSchema(columns)


def markdown_table(rows: Sequence[Mapping[str, Any]], cell_chars: int = CELL_CHARS) -> dg.MarkdownMetadataValue:
    """Rows as a Markdown table; long cells are cut, and no text of a question can act as markup."""
    if not rows:
        return dg.MetadataValue.md("*no rows*")
    names = list(rows[0])
    lines = ["| " + " | ".join(names) + " |", "|" + " --- |" * len(names)]
    lines += ["| " + " | ".join(_cell(row.get(name), cell_chars) for name in names) + " |" for row in rows]
    return dg.MetadataValue.md("\n".join(lines))


def _cell(value: Any, cell_chars: int) -> str:
    if value is None:
        return ""
    text = one_line(" / ".join(map(str, value)) if isinstance(value, list) else f"{value:g}" if isinstance(value, float) else str(value))
    text = text[: cell_chars - 1] + "…" if len(text) > cell_chars else text
    return html.escape(text).replace("|", "\\|").replace("`", "\\`").replace("$", "\\$")
