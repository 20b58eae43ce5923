"""What every asset says of itself: whose it is, and for a table which code makes it and what its columns hold."""

from typing import Any

import dagster as dg

from assets.metadata import column_schema
from assets.resources.code_version import code_version
from assets.resources.lake_io import TABLES

OWNERS = ["team:mcq-foundry"]


def table_asset(name: str, module: str, description: str, kinds: set[str], group: str = "curate") -> Any:
    """Decorator of an asset that gives one table, by the code of `module`."""
    return dg.asset(name=name, **_said(name, module, description, kinds, group))


def table_out(name: str, module: str, description: str, kinds: set[str]) -> dg.AssetOut:
    """One of the tables that a multi-asset gives, by the code of `module`."""
    return dg.AssetOut.from_spec(dg.AssetSpec(name, **_said(name, module, description, kinds)))


def _said(name: str, module: str, description: str, kinds: set[str], group: str = "curate") -> dict[str, Any]:
    return {
        "description": description,
        "group_name": group,
        "kinds": kinds,
        "owners": OWNERS,
        "code_version": code_version(module),
        "metadata": {"dagster/column_schema": column_schema(TABLES[name])},
    }
