"""Stage 12: the audit database."""

from dataclasses import replace

import dagster as dg

from assets.catalogue import OWNERS
from assets.evaluation import evaluation
from assets.metadata import counts_table
from assets.resources.code_version import code_version
from assets.resources.foundry import Foundry
from pipeline.audit.database import build_audit
from pipeline.common.text import canonical_json, short_hash

TABLES = {"ledger": "sample_ledger", "quality": "quality_scores", "pairs": "duplicate_pairs", "rejected": "rejected_records"}


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
    # What readers see, whatever version a run trains on.
    version = replace(foundry, pinned=None).version()
    tables = {name: foundry.lake.arrow(asset, version.tables[asset]) for name, asset in TABLES.items()}
    path = foundry.audit
    counts, unreadable = build_audit(path, tables, foundry.adapters.glob("*"))
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
