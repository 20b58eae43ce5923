"""Jobs, the nightly refresh and the watch over raw files. Schedule and sensor are off until someone turns them on."""

import json

import dagster as dg

from assets.resources.foundry import Foundry
from pipeline.ingest.changes import Sighting, look

CURATE = ["raw_records", "questions", "rejected_records", "duplicate_clusters", "duplicate_pairs", "quality_scores"]
CURATE += ["curated_questions", "splits", "sample_ledger", "dataset"]
REPORT = ["data_quality_report"]
TRAIN_AND_EVALUATE = ["chat_examples", "vram_plan", "qlora_adapter", "evaluation", "audit_database"]

curate = dg.define_asset_job(
    "curate", [*CURATE, *REPORT], description="Raw files to a published dataset version and the report on it; needs no model."
)
train_and_evaluate = dg.define_asset_job(
    "train_and_evaluate", TRAIN_AND_EVALUATE, description="The published dataset to an adapter and a verdict on it; publishes nothing."
)
everything = dg.define_asset_job(
    "everything", [*CURATE, *REPORT, *TRAIN_AND_EVALUATE], description="Raw files to an evaluated adapter, with the report on the dataset."
)
render = dg.define_asset_job(
    "render", [*CURATE, *REPORT, "chat_examples"], description="Raw files to rendered chat examples (mcq run --until rendered)."
)
train = dg.define_asset_job(
    "train",
    [*CURATE, *REPORT, *TRAIN_AND_EVALUATE[:3]],
    description="Raw files to a trained adapter, without evaluation (mcq run --until trained).",
)
JOBS = [curate, train_and_evaluate, everything, render, train]

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
    now, due, why = look(foundry.config, before)
    context.update_cursor(json.dumps(now._asdict()))
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=now.files)]) if due else dg.SkipReason(why)
