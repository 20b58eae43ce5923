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


class ControlTokens(StrEnum):
    """What becomes of control tokens of chat templates that questions hold, where rows go to a model."""

    NEUTRALISE = "neutralise"
    KEEP = "keep"


@command
def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="new or empty; an earlier export there is replaced")],
    to: Annotated[
        ExportFormat, typer.Option("--to", help="hf: Parquet and a card; messages, alpaca: trainers; lm-eval: tasks; gift: Moodle")
    ],
    control_tokens: Annotated[
        ControlTokens,
        typer.Option(help="<|im_end|>, [INST] and the like in questions, for messages, alpaca and lm-eval: broken by a space, or kept"),
    ] = ControlTokens.NEUTRALISE,
) -> None:
    """Write train, validation and test of the published dataset for other tools, every row with its record_id."""
    from assets.resources.configurations import load_foundry
    from assets.resources.foundry import ledger_of
    from pipeline.common.control_tokens import known
    from pipeline.export import export as write
    from pipeline.export.base_tokens import base_model_tokens

    foundry = load_foundry()
    version = foundry.lake.current()
    if version is None:
        raise DataError(f"dataset {foundry.config.dataset!r} has no published version yet; run `mcq run` first")
    controls = known(base_model_tokens(foundry.config.train, foundry.models)) if control_tokens == ControlTokens.NEUTRALISE else None
    done = write(user_path(folder), to, ledger_of(foundry, version), version, foundry.config, controls)
    err.print(f"{', '.join(f'{name} {count:,}' for name, count in done.rows.items())} written to {user_path(folder)}")
    if done.control_tokens and done.control_tokens["broken"]:
        err.print(f"{done.control_tokens['broken']:,} control tokens in {done.control_tokens['rows']:,} rows broken by a space")
