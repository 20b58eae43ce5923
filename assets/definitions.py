"""The code location: for each dataset every asset in the order of a question's way, its checks, jobs and automation.

The assets are written once, under plain names; here each dataset gets its own, whose keys begin with the dataset's name. So plots over
time, freshness, events and caches of two datasets never meet.
"""

import logging

import dagster as dg

from assets import audit, curation, evaluation, report, training
from assets.automation import job_name, jobs_of, schedule_of, sensor_of
from assets.checks import curation_checks
from assets.resources.configurations import configuration_files, load_configurations
from assets.resources.configured import configured
from assets.resources.foundry import Foundry, data_root

ASSETS = [
    curation.raw_records,
    curation.questions,
    curation.duplicate_clusters,
    curation.quality_scores,
    curation.curated_questions,
    curation.splits,
    curation.sample_ledger,
    curation.dataset,
    training.chat_examples,
    training.vram_plan,
    training.qlora_adapter,
    evaluation.evaluation,
    audit.audit_database,
    report.data_quality_report,
]
MODULES = [audit, curation, evaluation, report, training]


def definitions_of(foundry: Foundry) -> dg.Definitions:
    """Assets, checks, jobs, schedule and sensor of one dataset."""
    name = foundry.config.dataset
    order = [key.path[-1] for asset in ASSETS for key in asset.keys]
    assets = dg.load_assets_from_modules(MODULES, key_prefix=[name])
    ours = [asset for asset in assets if isinstance(asset, dg.AssetsDefinition)]
    grouped = dg.map_asset_specs(lambda spec: spec.replace_attributes(group_name=job_name(name, spec.group_name or "")), ours)
    jobs = jobs_of(foundry)
    return dg.Definitions(
        assets=sorted(grouped, key=lambda asset: min(order.index(key.path[-1]) for key in asset.keys)),
        asset_checks=[*curation_checks([name]), *dg.load_asset_checks_from_modules(MODULES, asset_key_prefix=[name])],
        jobs=jobs,
        schedules=[schedule_of(foundry, jobs[0])],
        sensors=[sensor_of(foundry, jobs[0])],
    )


# Read here too, so that a mistake in a configuration is told when the code location loads.
loaded = load_configurations(configuration_files())
for said in loaded.left_out:
    logging.getLogger("dagster").error("left out: %s", said)

defs = dg.Definitions.merge(
    dg.Definitions(executor=dg.in_process_executor, resources=configured(loaded.foundries, data_root())),
    *map(definitions_of, loaded.foundries),
)
