"""Stage 12: the audit database."""

import sqlite3

import dagster as dg
from filelock import FileLock

from assets.catalogue import OWNERS
from assets.metadata import counts_table
from assets.resources.cache_keys import places
from assets.resources.code_version import code_version
from assets.resources.foundry import Foundry
from pipeline.audit.database import PUBLISHED, Sources, Written, renew_audit
from pipeline.common.store.lake import Version
from schemas.errors import DataError


@dg.asset(
    name="audit_database",
    deps=["dataset"],
    description="One SQLite file over the published tables, what training saw and what the models answered; `mcq audit` opens it.",
    group_name="curate",
    kinds={"python", "sqlite"},
    owners=OWNERS,
    code_version=code_version("pipeline.audit.database"),
)
def audit_database(context: dg.AssetExecutionContext, foundry: dg.ResourceParam[Foundry]) -> dg.MaterializeResult:
    """Writes the database of the published version of this dataset, where anything is new."""
    version, written = renew(foundry)
    for said in written.unreadable:
        context.log.warning("left out: %s", said)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(written.state),
        metadata={
            "tables": counts_table(written.rows, "table"),
            "dataset_version": version.dataset_version,
            "path": dg.MetadataValue.path(str(foundry.audit)),
        },
    )


def renew(foundry: Foundry) -> tuple[Version, Written]:
    """The audit database is that of CURRENT, and of what trainings and evaluations know by now. Raises DataError."""
    with _lock(foundry):
        version, lake = places(foundry).version, foundry.lake
        tables = {name: lake.table_path(asset, version.tables[asset]) for name, asset in PUBLISHED.items() if asset in version.tables}
        about = {
            **{"dataset": version.dataset, "version": version.name, "dataset_version": version.dataset_version},
            **{"published_at": version.published_at, "configuration": foundry.config_file.name},
            "code": code_version("pipeline.audit.database"),
        }
        sources = Sources(
            tables,
            sorted(foundry.adapters.glob("*")),
            sorted((foundry.models / foundry.config.dataset / "examples").glob("*")),
            lake.versions(),
            lambda one: lake.table_path("sample_ledger", one.tables["sample_ledger"]),
            about,
        )
        return version, renew_audit(foundry.audit, sources)


def renew_after(context: dg.AssetExecutionContext, foundry: Foundry) -> None:
    """The audit database gets what a step has just learned of samples; where that fails, the step hasn't."""
    try:
        renew(foundry)
    except (DataError, OSError, sqlite3.Error) as error:
        context.log.warning("the audit database is as it was: %s", error)


def _lock(foundry: Foundry) -> FileLock:
    """One writer at a time: else one that began with yesterday's version could end last."""
    foundry.audit.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(foundry.audit.with_name(f".{foundry.audit.name}.lock"))
