"""What watches over the whole code location: its configurations, runs that failed, and runs that went well again."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from assets import hooks
from assets.failures import told_sentence, why_failed
from assets.resources.configurations import configuration_files, file_hash, shown
from assets.resources.links import run_url
from assets.resources.runs import CONFIG, DATASET, PROCESS, VERSION, last_finished
from schemas.errors import ConfigError

RELOAD = "reload the code location (Deployment, Code locations, Reload)"


def configurations_sensor(files: Mapping[Path, str], left_out: list[str]) -> dg.SensorDefinition:
    """Fails its tick while a configuration could not be loaded, or is no longer what was loaded; starts nothing.

    `files` are those that MCQ_CONFIG named when the code location was loaded, with the hashes of their texts.
    """

    @dg.sensor(
        name="configurations",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Says when a configuration can't be loaded, or was changed since: then it is time to reload. Starts no runs.",
    )
    def configurations() -> dg.SkipReason:
        """Reads the files again."""
        wrong = [f"left out: {said}" for said in left_out]
        now = {file: file_hash(file) for file in configuration_files()}
        for file in sorted({*files, *now}):
            if file not in files:
                wrong.append(f"{shown(file)} is new; {RELOAD}")
            elif file not in now or not now[file]:
                wrong.append(f"{shown(file)} is gone or can't be read; its dataset stays until you {RELOAD}")
            elif now[file] != files[file]:
                wrong.append(f"{shown(file)} was changed. Runs read it anew; for its schedule and freshness {RELOAD}")
        if wrong:
            raise ConfigError("\n".join(wrong))
        return dg.SkipReason(f"{len(files)} configuration{'s' if len(files) > 1 else ''} as loaded: {', '.join(map(shown, files))}")

    return configurations


@dg.run_failure_sensor(
    name="failures",
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Writes why a run failed, in one plain sentence, as the last line of the run, and tells the hook where there is one "
    f"({hooks.COMMAND}, {hooks.URL}).",
)
def failures(context: dg.RunFailureSensorContext) -> dg.SkipReason | None:
    """Says why a run failed."""
    run, why = context.dagster_run, why_failed(context.failure_event)
    if PROCESS not in run.tags:  # `mcq run` has written it already
        context.instance.report_engine_event(told_sentence(why), run)
    return _tell(run, "failed", f"{run.job_name} failed: {why}")


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    name="recoveries",
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING if hooks.is_on() else dg.DefaultSensorStatus.STOPPED,
    description="Tells the hook when a job goes well whose last run had failed. On from the start where there is a hook.",
)
def recoveries(context: dg.RunStatusSensorContext) -> dg.SkipReason | None:
    """Says that a job recovered."""
    run = context.dagster_run
    before = last_finished(context.instance, run)
    if before is None or before.status != dg.DagsterRunStatus.FAILURE:
        return dg.SkipReason(f"the run of {run.job_name} before this one had not failed")
    return _tell(run, "recovered", f"{run.job_name} is well again")


def _tell(run: dg.DagsterRun, event: str, text: str) -> dg.SkipReason | None:
    if not hooks.is_on():
        return dg.SkipReason(f"no hook is set: {hooks.COMMAND} and {hooks.URL} are empty")
    told = hooks.tell(
        {
            "event": event,
            "text": f"{text} ({run_url(run.run_id)})",
            "dataset": run.tags.get(DATASET, ""),
            "config": run.tags.get(CONFIG, ""),
            "dataset_version": run.tags.get(VERSION, ""),
            "job": run.job_name,
            "run_id": run.run_id,
            "run_url": run_url(run.run_id),
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
    )
    return dg.SkipReason(f"told {' and '.join(told)}: {text}")
