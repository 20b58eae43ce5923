"""Stage 12: the audit database."""

import sqlite3
from contextlib import closing
from dataclasses import replace

import dagster as dg
from filelock import FileLock

from assets.catalogue import OWNERS
from assets.checks import ERROR, sentence_result
from assets.metadata import counts_table
from assets.resources.code_version import code_version
from assets.resources.foundries import Foundries
from assets.resources.foundry import Foundry
from assets.resources.links import home_link
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
def audit_database(context: dg.AssetExecutionContext, foundries: dg.ResourceParam[Foundries]) -> dg.MaterializeResult:
    """Writes the database of the published version of this dataset, where anything is new."""
    foundry = foundries.of(context)
    version, written = renew(foundry)
    for said in written.unreadable:
        context.log.warning("left out: %s", said)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(written.state),
        metadata={
            "tables": counts_table(written.rows, "table"),
            "audit": home_link(foundry.config.dataset),
            "dataset_version": version.dataset_version,
            "path": dg.MetadataValue.path(str(foundry.audit)),
        },
    )


def renew(foundry: Foundry) -> tuple[Version, Written]:
    """The audit database is that of CURRENT, and of what trainings and evaluations know by now. Raises DataError."""
    with _lock(foundry):
        # What readers see, whatever version a run trains on.
        version, lake = replace(foundry, pinned=None).version(), foundry.lake
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


@dg.asset_check(asset=audit_database, blocking=True, description="The audit database holds every record of the published version.")
def audit_holds_every_record(context: dg.AssetCheckExecutionContext, foundries: dg.ResourceParam[Foundries]) -> dg.AssetCheckResult:
    """Counts the rows of its ledger, and asks SQLite whether the file is sound."""
    foundry = foundries.of(context)
    version = replace(foundry, pinned=None).version()
    expected = sum(version.counts.values())
    try:
        with closing(sqlite3.connect(f"{foundry.audit.as_uri()}?mode=ro", uri=True)) as database:
            (rows,) = database.execute("select count(*) from ledger").fetchone()
            versions = {found for (found,) in database.execute("select distinct dataset_version from ledger")}
    except sqlite3.Error as error:
        return sentence_result(f"it can't be read: {error}", ERROR)
    wrong = f"it holds {rows:,} of {expected:,} records" if rows != expected else None
    if versions - {version.dataset_version}:
        wrong = f"it is of version {', '.join(sorted(map(str, versions)))}, and {version.dataset_version} is published"
    return sentence_result(wrong, ERROR, records=rows)
