"""Jobs, the nightly refresh and the watch over raw files. Schedule and sensor are off until someone turns them on."""

import json

import dagster as dg

from assets.resources.foundry import Foundry
from pipeline.ingest.changes import Sighting, find_changes

# By group, so that a new asset lands in its jobs by itself.
CURATED = dg.AssetSelection.groups("ingest", "curate")
TRAINED = dg.AssetSelection.groups("train")
EVALUATED = dg.AssetSelection.groups("evaluate", "audit")

curate = dg.define_asset_job(
    "curate", CURATED, description="Raw files to a published dataset version and the report on it; needs no model."
)
train_and_evaluate = dg.define_asset_job(
    "train_and_evaluate",
    TRAINED | EVALUATED,
    description="The published dataset to an adapter and a verdict on it; publishes nothing.",
)
everything = dg.define_asset_job(
    "everything", CURATED | TRAINED | EVALUATED, description="Raw files to an evaluated adapter, with the report on the dataset."
)
render = dg.define_asset_job(
    "render",
    CURATED | dg.AssetSelection.assets("chat_examples"),
    description="Raw files to rendered chat examples (mcq run --until rendered).",
)
train = dg.define_asset_job(
    "train", CURATED | TRAINED, description="Raw files to a trained adapter, without evaluation (mcq run --until trained)."
)
render_published = dg.define_asset_job(
    "render_published",
    dg.AssetSelection.assets("chat_examples"),
    description="The published dataset, or a pinned version, to rendered chat examples; publishes nothing.",
)
train_published = dg.define_asset_job(
    "train_published", TRAINED, description="The published dataset, or a pinned version, to a trained adapter; publishes nothing."
)
JOBS = [curate, train_and_evaluate, everything, render, train, render_published, train_published]

nightly_refresh = dg.ScheduleDefinition(
    name="nightly_refresh",
    job=curate,
    cron_schedule="0 2 * * *",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="Refreshes the dataset every night at two. Where nothing is new it ends in seconds and publishes nothing.",
)


@dg.sensor(
    job=curate,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.STOPPED,
    description="Runs `curate` when raw files were added, changed or removed, once they have stood still for two ticks.",
)
def new_raw_files(context: dg.SensorEvaluationContext, foundry: dg.ResourceParam[Foundry]) -> dg.SensorResult | dg.SkipReason:
    """Compares the sources' files with those of the last tick and of the last run that it asked for."""
    before = Sighting(**json.loads(context.cursor)) if context.cursor else None
    now, due, why = find_changes(foundry.config, before)
    context.update_cursor(json.dumps(now._asdict()))
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=now.files)]) if due else dg.SkipReason(why)
