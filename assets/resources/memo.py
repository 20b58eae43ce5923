"""What a stage gave for one state of inputs, parameters and code is given again, not computed again."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from assets.resources.code_version import code_version
from assets.resources.foundry import Foundry
from assets.resources.lake_io import TABLES, Table
from pipeline.common.store.lake import Lake, content_hash
from pipeline.common.text import canonical_json, short_hash
from schemas.tables.arrow import to_table
from schemas.tables.bounds import checked

Computed = tuple[Sequence[pd.DataFrame], Mapping[str, int]]
"""One frame an asset, and counts of what was met on the way."""


def computed(
    foundry: Foundry,
    module: str,
    assets: Sequence[str],
    inputs: Iterable[Table],
    parameters: Any,
    compute: Callable[[], Computed],
    decisions: Any = None,
) -> tuple[list[Table], Mapping[str, int]]:
    """What a stage gives: remembered when inputs, parameters, code and the reviewers' decisions are as they were, else `compute()`."""
    lake = foundry.lake
    origin = {
        "code": code_version(module),
        "configuration": short_hash(canonical_json(parameters)),
        "input": short_hash(*(table.hash for table in inputs)),
    }
    if decisions:
        origin["decisions"] = short_hash(canonical_json(decisions))
    known = lake.recall(assets[0], origin)
    if known:
        return [Table(lake, asset, known[0][asset], computed="remembered") for asset in assets], known[1]
    news = lake.news(assets[0], origin)
    frames, facts = compute()
    tables = [replace(unwritten(lake, asset, frame), computed=news) for asset, frame in zip(assets, frames, strict=True)]
    lake.remember(assets[0], origin, {table.asset: table.hash for table in tables}, facts)
    return tables, facts


def kept(foundry: Foundry, tables: Iterable[Table], facts: Mapping[str, str]) -> None:
    """Writes tables that no asset gives, so that the next refresh finds them remembered."""
    for table in tables:
        if table.arrow is not None:
            with foundry.lake.lock():
                foundry.lake.write_arrow(table.asset, table.arrow, table.hash, facts)


def unwritten(lake: Lake, asset: str, frame: pd.DataFrame) -> Table:
    """A new table that the IO manager is to write. Raises DataError when a row breaks a bound of its model."""
    arrow = checked(to_table(frame, TABLES[asset]), TABLES[asset])
    return Table(lake, asset, content_hash(arrow), arrow)
