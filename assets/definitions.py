"""The code location: for each dataset every asset in the order of a question's way, its checks, jobs and automation.

The assets are written once, under plain names; here each dataset gets its own, whose keys begin with the dataset's name. So plots over
time, freshness, events and caches of two datasets never meet.
"""

import logging
from pathlib import Path

import dagster as dg

from assets import audit, curation, evaluation, evidence, report, study, training
from assets.automation import jobs_of, schedule_of, sensor_of, with_freshness
from assets.checks import curation_checks
from assets.resources.configurations import configuration_files, file_hash, load_configurations, shown
from assets.resources.configured import configured
from assets.resources.foundry import Foundry, data_root
from assets.resources.names import job_name
from assets.watch import configurations_sensor, failures, recoveries
from schemas.errors import ConfigError

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
    study.lora_study,  # beside the stages
    evidence.key_evidence,  # beside the stages
]
MODULES = [audit, curation, evaluation, evidence, report, study, training]


def definitions_of(foundry: Foundry) -> dg.Definitions:
    """Assets, checks, jobs, schedule and sensor of one dataset."""
    name = foundry.config.dataset
    order = [key.path[-1] for asset in ASSETS for key in asset.keys]

    def of_dataset(spec: dg.AssetSpec) -> dg.AssetSpec:
        return with_freshness(foundry, spec.replace_attributes(group_name=job_name(name, spec.group_name or "")))

    loaded = dg.load_assets_from_modules(MODULES, key_prefix=[name])
    assets = dg.map_asset_specs(of_dataset, [asset for asset in loaded if isinstance(asset, dg.AssetsDefinition)])
    jobs = jobs_of(foundry)
    return dg.Definitions(
        assets=sorted(assets, key=lambda asset: min(order.index(key.path[-1]) for key in asset.keys)),
        asset_checks=[*curation_checks([name]), *dg.load_asset_checks_from_modules(MODULES, asset_key_prefix=[name])],
        jobs=jobs,
        schedules=[schedule_of(foundry, jobs[0])],
        sensors=[sensor_of(foundry, jobs[0])],
    )


def definitions_over(files: list[Path]) -> dg.Definitions:
    """All that the code location holds, over these configurations. One that can't be loaded is said, by a sensor that fails its ticks,
    and keeps no other away. Raises ConfigError where none is left."""
    hashes = {file: file_hash(file) for file in files}
    found = load_configurations(files)
    defined, left_out = [], list(found.left_out)
    for foundry in found.foundries:
        try:
            defined.append(definitions_of(foundry))
        except Exception as error:  # what Dagster refuses, a cron for example, comes as errors of many kinds
            left_out.append(f"{shown(foundry.config_file)}: {error}")
    if not defined:
        raise ConfigError("\n".join(left_out))
    for said in left_out:
        logging.getLogger("dagster").error("left out: %s", said)
    return dg.Definitions.merge(
        dg.Definitions(
            executor=dg.in_process_executor,
            resources=configured(found.foundries, data_root()),
            sensors=[configurations_sensor(hashes, left_out), failures, recoveries],
        ),
        *defined,
    )


# Configurations are read here too, so that a mistake in one is told when the code location loads.
defs = definitions_over(configuration_files())
