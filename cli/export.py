"""`mcq export`: the curated set for other tools."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.options import command, err, user_path
from schemas.errors import DataError


class ExportFormat(StrEnum):
    """What to write; the names are those of `pipeline.export.FORMATS`."""

    HF = "hf"
    MESSAGES = "messages"
    ALPACA = "alpaca"
    LM_EVAL = "lm-eval"
    CSV = "csv"
    XLSX = "xlsx"
    GIFT = "gift"


@command
def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="new or empty; an earlier export there is replaced")],
    to: Annotated[
        ExportFormat, typer.Option("--to", help="hf: Parquet and a card; messages, alpaca: trainers; lm-eval: tasks; gift: Moodle")
    ],
) -> None:
    """Write train, validation and test of the published dataset for other tools, every row with its record_id."""
    from assets.resources.foundry import ledger_of, load_foundry
    from pipeline.export import export as write

    foundry = load_foundry()
    version = foundry.lake.current()
    if version is None:
        raise DataError(f"dataset {foundry.config.dataset!r} has no published version yet; run `mcq run` first")
    counts = write(user_path(folder), to, ledger_of(foundry, version), version, foundry.config)
    err.print(f"{', '.join(f'{name} {count:,}' for name, count in counts.items())} written to {user_path(folder)}")
