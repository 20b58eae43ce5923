"""Jobs, schedule and the watch over raw files of one dataset. Schedule and sensor are off until someone turns them on."""

import json
from typing import Any, NamedTuple

import dagster as dg

from assets.resources.configurations import in_names
from assets.resources.foundries import Foundries
from assets.resources.foundry import Foundry
from assets.resources.runs import run_tags
from pipeline.ingest.changes import Sighting, find_changes

# By group, so that a new asset lands in its jobs by itself.
CURATED, TRAINED, EVALUATED = ("ingest", "curate"), ("train",), ("evaluate", "audit")


class JobPlan(NamedTuple):
    """What a job is made of: groups of assets, single ones beside them, and what it is for."""

    groups: tuple[str, ...]
    description: str
    assets: tuple[str, ...] = ()


JOBS = {
    "curate": JobPlan(CURATED, "Raw files to a published dataset version and the report on it; needs no model."),
    "train_and_evaluate": JobPlan(TRAINED + EVALUATED, "The published dataset to an adapter and a verdict on it; publishes nothing."),
    "everything": JobPlan(CURATED + TRAINED + EVALUATED, "Raw files to an evaluated adapter, with the report on the dataset."),
    "render": JobPlan(CURATED, "Raw files to rendered chat examples (mcq run --until rendered).", ("chat_examples",)),
    "train": JobPlan(CURATED + TRAINED, "Raw files to a trained adapter, without evaluation (mcq run --until trained)."),
}


def job_name(dataset: str, job: str) -> str:
    """A job's name in Dagster.

    >>> job_name("year-12", "curate")
    'year_12_curate'
    """
    return f"{in_names(dataset)}_{job}"


def jobs_of(foundry: Foundry) -> list[Any]:
    """The jobs of a dataset; every run of them carries its tags."""
    dataset = foundry.config.dataset
    return [
        dg.define_asset_job(
            job_name(dataset, name),
            dg.AssetSelection.groups(*(job_name(dataset, group) for group in plan.groups))
            | dg.AssetSelection.assets(*([dataset, asset] for asset in plan.assets)),
            description=f"{dataset}: {plan.description}",
            run_tags=run_tags(foundry),
        )
        for name, plan in JOBS.items()
    ]


def schedule_of(foundry: Foundry, curate: Any) -> dg.ScheduleDefinition:
    """The nightly refresh of a dataset."""
    return dg.ScheduleDefinition(
        name=job_name(foundry.config.dataset, "nightly_refresh"),
        job=curate,
        cron_schedule="0 2 * * *",
        tags=run_tags(foundry),
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description=f"Refreshes {foundry.config.dataset} every night at two. With nothing new it ends in seconds and publishes nothing.",
    )


def sensor_of(foundry: Foundry, curate: Any) -> dg.SensorDefinition:
    """The watch over the raw files of a dataset."""
    dataset = foundry.config.dataset

    @dg.sensor(
        name=job_name(dataset, "new_raw_files"),
        job=curate,
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description=f"Refreshes {dataset} when raw files were added, changed or removed, once they have stood still for two ticks.",
    )
    def new_raw_files(context: dg.SensorEvaluationContext, foundries: dg.ResourceParam[Foundries]) -> dg.SensorResult | dg.SkipReason:
        """Compares the sources' files with those of the last tick and of the last run that it asked for."""
        before = Sighting(**json.loads(context.cursor)) if context.cursor else None
        foundry = foundries.of_key(dg.AssetKey([dataset, "raw_records"]))
        now, due, why = find_changes(foundry.config, before)
        context.update_cursor(json.dumps(now._asdict()))
        return dg.SensorResult(run_requests=[dg.RunRequest(run_key=now.files, tags=run_tags(foundry))]) if due else dg.SkipReason(why)

    return new_raw_files
