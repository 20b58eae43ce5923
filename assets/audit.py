"""Stage 12: the audit database."""

import dagster as dg

from assets.catalogue import OWNERS
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
