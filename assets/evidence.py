"""What models that never saw a question say of its key: beside the stages, in no job but its own."""

import dagster as dg

from assets.catalogue import OWNERS
from assets.children import minutes_of, run_the_rest
from assets.metadata import column_schema, defined, markdown_table
from assets.resources.cache_keys import evidence_folder, places
from assets.resources.code_version import code_version
from assets.resources.foundries import Foundries
from assets.resources.links import linked
from assets.resources.runs import tag_version
from assets.training import chat_examples
from pipeline.common.store.evidence import read_evidence
from pipeline.evidence.folds import BASE
from pipeline.evidence.table import sentence, write_evidence
from schemas.tables.evidence import KeyEvidence

# Run tags: begin no fold after so many minutes; do so many folds at most.
MINUTES_TAG, MOST_TAG = "mcq/evidence_minutes", "mcq/evidence_most"
SHOWN = 20


@dg.asset(
    name="key_evidence",
    deps=[chat_examples],
    description="Every curated question asked of adapters trained without its group: which keys are suspected first. Removes nothing.",
    group_name="evidence",
    kinds={"pytorch", "huggingface", "parquet"},
    owners=OWNERS,
    code_version=code_version("pipeline.evidence"),
    pool="gpu",
    metadata={"dagster/column_schema": column_schema(KeyEvidence)},
)
def key_evidence(context: dg.AssetExecutionContext, foundries: dg.ResourceParam[Foundries]) -> dg.MaterializeResult:
    """Trains and asks the folds that aren't done yet in a child process, and ranks the keys by all that are."""
    foundry = foundries.of(context)
    at, config = places(foundry), foundry.config
    folder = evidence_folder(foundry, at)
    tag_version(context, at.version.dataset_version)
    most = context.run.tags.get(MOST_TAG)
    limits = {"minutes": minutes_of(context, MINUTES_TAG), "most": most and int(most)}
    run_the_rest(context, foundry, "pipeline.evidence", folder, BASE, limits)
    summary = write_evidence(folder, config.evidence)
    columns = ("record_id", "suspected_wrong_key", "wrong_share", "adapter_gold_probability", "base_gold_probability", "agree_against_key")
    first = [{name: row[name] for name in columns} for row in read_evidence(folder)[:SHOWN] if row["suspected_wrong_key"]]
    return dg.MaterializeResult(
        data_version=dg.DataVersion(f"{folder.name}-{summary['trainings']['done']}-of-{summary['trainings']['all']}"),
        metadata={
            "dagster/row_count": summary["questions"],
            "said": sentence(summary),
            "suspected_first": markdown_table(linked(config.dataset, first, "record_id")),
            "trainings": markdown_table([summary["trainings"]]),
            **defined({name: summary.get(name) for name in ("wrong_fraction", "gain_nats")}),
            "dataset_version": at.version.dataset_version,
            "path": dg.MetadataValue.path(str(folder)),
        },
    )
