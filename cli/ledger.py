"""`mcq ledger`: the published ledger, filtered by SQL, in four formats."""

import csv
import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from cli.options import command, err, table_console, user_path
from pipeline.common.escapes import json_text
from pipeline.export.spreadsheets import defused
from schemas.errors import ConfigError, DataError

SHOWN = {"record_id": 16, "locator": 34, "disposition": 12, "reason_codes": 22, "stem": 40}  # column -> widest cell
TABLE_ROWS = 50


class LedgerFormat(StrEnum):
    """How rows are written."""

    TABLE = "table"
    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


@command
def ledger(
    where: Annotated[str | None, typer.Option(help="SQL condition over the ledger's columns, e.g. \"disposition = 'rejected'\"")] = None,
    format: Annotated[
        LedgerFormat, typer.Option(help="table cuts long cells and shows the first 50 rows; the others hold all")
    ] = LedgerFormat.TABLE,
    target: Annotated[Path | None, typer.Option("--out", help="file to write; default: stdout (parquet needs a file)")] = None,
) -> None:
    """Show or save the published ledger: one row a raw record, whatever became of it."""
    import pyarrow.parquet as pq

    from assets.resources.configurations import load_foundry

    foundry = load_foundry()
    version = foundry.lake.current()
    if version is None:
        raise DataError(f"dataset {foundry.config.dataset!r} has no published version yet; run `mcq run` first")
    if format == LedgerFormat.PARQUET and target is None:
        raise ConfigError("--format parquet is binary: name a file with --out FILE")
    rows = select(foundry.lake.arrow("sample_ledger", version.tables["sample_ledger"]), where)
    target = None if target is None else user_path(target)
    if format == LedgerFormat.PARQUET:
        assert target is not None
        pq.write_table(rows, target)
    elif format == LedgerFormat.TABLE and target is None:
        show(rows.to_pylist())
    else:
        stream = sys.stdout if target is None else target.open("w", encoding="utf-8", newline="")
        try:
            write_csv(rows.to_pylist(), rows.column_names, stream) if format != LedgerFormat.JSONL else write_jsonl(
                rows.to_pylist(), stream
            )
        finally:
            if target is not None:
                stream.close()
    if target is not None:
        err.print(f"{rows.num_rows:,} rows written to {target}")


def select(rows: Any, where: str | None) -> Any:
    """The rows that an SQL condition keeps, in their order. Raises ConfigError for SQL that DuckDB refuses, or that selects
    anything else."""
    if not where:
        return rows
    import duckdb
    import pyarrow as pa

    connection = duckdb.connect(config={"enable_external_access": "false", "lock_configuration": "true"})
    try:
        numbered = rows.append_column("row_number_", [list(range(rows.num_rows))])
        connection.register("ledger", numbered)
        query = f"select row_number_ from ledger where {where}"
        if len(connection.extract_statements(query)) != 1:
            raise ConfigError(f"--where takes one condition, found several statements in: {where}")
        kept = {number for (number,) in connection.execute(query).fetchall()}
    except duckdb.Error as error:
        raise ConfigError(f"--where {where!r} can't be evaluated: {error}; columns: {', '.join(rows.column_names)}") from error
    if not kept <= set(range(rows.num_rows)):
        raise ConfigError(f"--where takes one condition; this one selects more than the ledger's rows: {where}")
    return rows.filter(pa.array([number in kept for number in range(rows.num_rows)], pa.bool_()))


def write_jsonl(rows: list[dict[str, Any]], stream: Any) -> None:
    """One JSON object a line, null and never NaN."""
    for row in rows:
        stream.write(json_text(row) + "\n")


def write_csv(rows: list[dict[str, Any]], columns: list[str], stream: Any) -> None:
    """Lists as JSON; a cell that a spreadsheet would take for a formula begins with an apostrophe."""
    writer = csv.DictWriter(stream, columns, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: cell(value) for key, value in row.items()})


def cell(value: Any) -> Any:
    """A list as JSON, and nothing that can run as a formula."""
    return defused(json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value)


def show(rows: list[dict[str, Any]]) -> None:
    """The most telling columns of the first rows."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name, width in SHOWN.items():
        table.add_column(name, overflow="ellipsis", no_wrap=True, max_width=width)
    for row in rows[:TABLE_ROWS]:
        table.add_row(*(text_of(row[name]) for name in SHOWN))
    table_console(140).print(table)
    if len(rows) > TABLE_ROWS:
        err.print(f"{len(rows):,} rows, the first {TABLE_ROWS} shown; --format jsonl|csv|parquet gives all")


def text_of(value: Any) -> str:
    """A cell for reading."""
    return (
        ""
        if value is None
        else ", ".join(map(str, value))
        if isinstance(value, list)
        else f"{value:.2f}"
        if isinstance(value, float)
        else str(value)
    )
