"""Stage 12: the audit database."""

import dagster as dg

from assets.catalogue import OWNERS
from assets.evaluation import evaluation
from assets.metadata import counts_table
from assets.resources.cache_keys import places
from assets.resources.code_version import code_version
from assets.resources.foundry import Foundry
from pipeline.audit.database import PUBLISHED, build_audit
from pipeline.common.text import canonical_json, short_hash


@dg.asset(
    name="audit_database",
    deps=[evaluation],
    description="One SQLite file over the published tables, what training saw and what the models answered; `mcq audit` opens it.",
    group_name="audit",
    kinds={"python", "sqlite"},
    owners=OWNERS,
    code_version=code_version("pipeline.audit.database"),
)
def audit_database(context: dg.AssetExecutionContext, foundry: dg.ResourceParam[Foundry]) -> dg.MaterializeResult:
    """Writes the database of this dataset."""
    version = places(foundry).version
    tables = {name: foundry.lake.table_path(asset, version.tables[asset]) for name, asset in PUBLISHED.items() if asset in version.tables}
    path = foundry.audit
    counts, unreadable = build_audit(path, tables, foundry.adapters.glob("*"), foundry.lake.versions())
    for said in unreadable:
        context.log.warning("left out: %s", said)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(short_hash(version.name, canonical_json(counts))),
        metadata={
            "tables": counts_table(counts, "table"),
            "dataset_version": version.dataset_version,
            "path": dg.MetadataValue.path(str(path)),
        },
    )
