"""Jobs, schedule, freshness and the watch over raw files of one dataset. Nothing starts by itself unless `refresh:` of the configuration
says so, or someone turns schedule or sensor on in the UI."""

import json
from datetime import timedelta
from typing import Any, NamedTuple

import dagster as dg

from assets.resources.foundries import Foundries
from assets.resources.foundry import Foundry
from assets.resources.names import job_name
from assets.resources.runs import run_tags
from pipeline.ingest.changes import Sighting, find_changes

# By group, so that a new asset lands in its jobs by itself.
NIGHTLY = "0 2 * * *"
CURATED, TRAINED, EVALUATED = ("ingest", "curate"), ("train",), ("evaluate",)
# What a refresh gives to its readers.
REFRESHED = ("dataset", "data_quality_report", "audit_database")


class JobPlan(NamedTuple):
    """What a job is made of: groups of assets, single ones beside them, and what it is for."""

    groups: tuple[str, ...]
    description: str
    assets: tuple[str, ...] = ()


JOBS = {
    "curate": JobPlan(CURATED, "Raw files to a published dataset version, its report and its audit database; needs no model."),
    "train_and_evaluate": JobPlan(
        TRAINED + EVALUATED, "The published dataset, or a pinned version, to an adapter and a verdict on it; publishes nothing."
    ),
    "everything": JobPlan(CURATED + TRAINED + EVALUATED, "Raw files to an evaluated adapter, with the report on the dataset."),
    "render": JobPlan(CURATED, "Raw files to rendered chat examples (mcq run --until rendered).", ("chat_examples",)),
    "train": JobPlan(CURATED + TRAINED, "Raw files to a trained adapter, without evaluation (mcq run --until trained)."),
    "render_published": JobPlan(
        (), "The published dataset, or a pinned version, to rendered chat examples; publishes nothing.", ("chat_examples",)
    ),
    "study": JobPlan(
        ("study",), "The published dataset, or a pinned version, to the study of alpha and rank (mcq study).", ("chat_examples",)
    ),
    "evidence": JobPlan(
        ("evidence",),
        "The published dataset, or a pinned version, to the keys that are suspected wrong (mcq evidence).",
        ("chat_examples",),
    ),
    "train_published": JobPlan(TRAINED, "The published dataset, or a pinned version, to a trained adapter; publishes nothing."),
}


def jobs_of(foundry: Foundry) -> list[Any]:
    """The jobs of a dataset; every run of them carries its tags."""
    dataset, train = foundry.config.dataset, foundry.config.train
    settings = (
        f" Trains {train.base_model} by {train.method}, rank {train.rank}, {train.epochs:g} epochs, learning rate {train.learning_rate:g}, "
        f"batches of {train.batch_size}; `resources: training: config:` in the launchpad changes that for one run."
    )
    return [
        dg.define_asset_job(
            job_name(dataset, name),
            dg.AssetSelection.groups(*(job_name(dataset, group) for group in plan.groups))
            | dg.AssetSelection.assets(*([dataset, asset] for asset in plan.assets)),
            description=f"{dataset}: {plan.description}{settings if 'train' in plan.groups else ''}",
            run_tags=run_tags(foundry),
        )
        for name, plan in JOBS.items()
    ]


def schedule_of(foundry: Foundry, curate: Any) -> dg.ScheduleDefinition:
    """The refresh of a dataset by the clock; on from the start where the configuration says when."""
    refresh, dataset = foundry.config.refresh, foundry.config.dataset
    when = f"at `{refresh.cron}`, {refresh.timezone}" if refresh.cron else "every night at two once it is turned on"
    return dg.ScheduleDefinition(
        name=job_name(dataset, "refresh"),
        job=curate,
        cron_schedule=refresh.cron or NIGHTLY,
        execution_timezone=refresh.timezone,
        tags=run_tags(foundry),
        default_status=dg.DefaultScheduleStatus.RUNNING if refresh.cron else dg.DefaultScheduleStatus.STOPPED,
        description=f"Refreshes {dataset} {when}. With nothing new it ends in seconds and publishes nothing.",
    )


def sensor_of(foundry: Foundry, curate: Any) -> dg.SensorDefinition:
    """The watch over the raw files of a dataset."""
    dataset = foundry.config.dataset

    @dg.sensor(
        name=job_name(dataset, "new_raw_files"),
        job=curate,
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING if foundry.config.refresh.on_change else dg.DefaultSensorStatus.STOPPED,
        description=f"Refreshes {dataset} when raw files or reviewers' decisions changed, once they have stood still for two ticks.",
    )
    def new_raw_files(context: dg.SensorEvaluationContext, foundries: dg.ResourceParam[Foundries]) -> dg.SensorResult | dg.SkipReason:
        """Compares the sources' files with those of the last tick and of the last run that it asked for."""
        before = Sighting(**json.loads(context.cursor)) if context.cursor else None
        foundry = foundries.of_key(dg.AssetKey([dataset, "raw_records"]))
        # Where it raises, the tick fails, and what was seen before stands.
        now, due, why = find_changes(foundry.config, before, [foundry.decisions])
        context.update_cursor(json.dumps(now._asdict()))
        return dg.SensorResult(run_requests=[dg.RunRequest(run_key=now.files, tags=run_tags(foundry))]) if due else dg.SkipReason(why)

    return new_raw_files


def with_freshness(foundry: Foundry, spec: dg.AssetSpec) -> dg.AssetSpec:
    """An asset that readers look at counts as late when the configuration says so; a refresh that finds nothing new counts."""
    hours = foundry.config.refresh.late_hours
    if hours is None or spec.key.path[-1] not in REFRESHED:
        return spec
    return spec.replace_attributes(freshness_policy=dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=hours)))
