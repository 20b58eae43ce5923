"""Stage 12: the audit database."""

import sqlite3
from contextlib import closing

import dagster as dg

from assets.catalogue import OWNERS
from assets.checks import ERROR, sentence_result
from assets.evaluation import evaluation
from assets.metadata import counts_table
from assets.resources.cache_keys import places
from assets.resources.code_version import code_version
from assets.resources.foundries import Foundries
from assets.resources.links import home_link
from assets.training import qlora_adapter
from pipeline.audit.database import build_audit
from pipeline.common.text import canonical_json, short_hash

TABLES = {"ledger": "sample_ledger", "quality": "quality_scores", "pairs": "duplicate_pairs", "rejected": "rejected_records"}


@dg.asset(
    name="audit_database",
    # After all that may run before it; none of them has to.
    deps=["dataset", qlora_adapter, evaluation],
    description="One SQLite file over the published tables, what training saw and what the models answered; `mcq audit` opens it.",
    group_name="audit",
    kinds={"python", "sqlite"},
    owners=OWNERS,
    code_version=code_version("pipeline.audit.database"),
)
def audit_database(context: dg.AssetExecutionContext, foundries: dg.ResourceParam[Foundries]) -> dg.MaterializeResult:
    """Writes the database of this dataset."""
    foundry = foundries.of(context)
    version = places(foundry).version
    tables = {name: foundry.lake.arrow(asset, version.tables[asset]) for name, asset in TABLES.items()}
    path = foundry.audit
    counts, unreadable = build_audit(path, tables, foundry.adapters.glob("*"))
    for said in unreadable:
        context.log.warning("left out: %s", said)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(short_hash(version.name, canonical_json(counts))),
        metadata={
            "tables": counts_table(counts, "table"),
            "audit": home_link(foundry.config.dataset),
            "dataset_version": version.dataset_version,
            "path": dg.MetadataValue.path(str(path)),
        },
    )


@dg.asset_check(asset=audit_database, blocking=True, description="The audit database holds every record of the published version.")
def audit_holds_every_record(context: dg.AssetCheckExecutionContext, foundries: dg.ResourceParam[Foundries]) -> dg.AssetCheckResult:
    """Counts the rows of its ledger, and asks SQLite whether the file is sound."""
    foundry = foundries.of(context)
    version = places(foundry).version
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
