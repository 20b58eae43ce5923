"""What a stage gave for one state of inputs, parameters and code is given again, not computed again."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import pyarrow as pa

from assets.resources.code_version import code_version
from assets.resources.foundry import Foundry
from assets.resources.lake_io import TABLES, Table
from pipeline.common.store.lake import Lake, content_hash
from pipeline.common.store.memory import Memory
from pipeline.common.text import canonical_json, short_hash
from schemas.errors import DataError
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
    lake, inputs = foundry.lake, list(inputs)
    origin = _origin(module, parameters, inputs)
    if decisions:
        origin["decisions"] = short_hash(canonical_json(decisions))
    known = lake.recall(assets[0], origin)
    if known:
        return [Table(lake, asset, known[0][asset], computed="remembered") for asset in assets], known[1]
    news = lake.news(assets[0], origin)
    frames, facts = compute()
    tables = [replace(unwritten(lake, asset, frame), computed=news) for asset, frame in zip(assets, frames, strict=True)]
    lake.remember(assets[0], origin, _hashes(tables), facts, _hashes(inputs))
    return tables, facts


def kept(foundry: Foundry, tables: Iterable[Table], facts: Mapping[str, str]) -> None:
    """Writes tables that no asset gives, so that the next refresh finds them remembered."""
    for table in tables:
        if table.arrow is not None:
            with foundry.lake.lock():
                foundry.lake.write_arrow(table.asset, table.arrow, table.hash, facts)


def last_time(foundry: Foundry, module: str, asset: str, parameters: Any, *wanted: str) -> list[pd.DataFrame] | None:
    """Of these tables, those that a stage was given or gave the last time that it ran with this code and these parameters. None where
    one of them is gone or damaged, or nothing is known: then all is computed."""
    known = foundry.lake.before(asset, _origin(module, parameters, []))
    if known is None or not known.keys() >= set(wanted):
        return None
    try:
        return [foundry.lake.read_table(name, known[name], TABLES[name]) for name in wanted]
    except (DataError, ValueError, KeyError, pa.ArrowException):
        return None


def memory(foundry: Foundry, module: str, parameters: Any) -> Memory:
    """Where a stage keeps what it worked out on its way, for its next run with this code and these parameters."""
    version = f"{code_version(module)} {short_hash(canonical_json(parameters))}"
    return Memory(foundry.lake.root / "cache" / module.rpartition(".")[2], version)


def _origin(module: str, parameters: Any, inputs: Iterable[Table]) -> dict[str, str]:
    return {
        "code": code_version(module),
        "configuration": short_hash(canonical_json(parameters)),
        "input": short_hash(*(table.hash for table in inputs)),
    }


def _hashes(tables: Iterable[Table]) -> dict[str, str]:
    return {table.asset: table.hash for table in tables}


def read_again(foundry: Foundry, module: str, asset: str, parameters: Any, compute: Callable[[pd.DataFrame | None], pd.DataFrame]) -> Table:
    """The table of a stage whose input is files: it always computes, given what it gave the last time."""
    before = last_time(foundry, module, asset, parameters, asset)
    table = unwritten(foundry.lake, asset, compute(before[0] if before else None))
    foundry.lake.remember(asset, _origin(module, parameters, []), _hashes([table]), {})
    return table


def unwritten(lake: Lake, asset: str, frame: pd.DataFrame) -> Table:
    """A new table that the IO manager is to write. Raises DataError when a row breaks a bound of its model."""
    arrow = checked(to_table(frame, TABLES[asset]), TABLES[asset])
    return Table(lake, asset, content_hash(arrow), arrow)
