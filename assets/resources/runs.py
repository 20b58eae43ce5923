"""Which runs belong together, and which haven't ended."""

import dagster as dg

from assets.resources.foundry import Foundry

DATASET, CONFIG, VERSION = "mcq/dataset", "mcq/config", "mcq/dataset_version"
# The version that a run trains on, where it isn't the published one.
READ_VERSION = "mcq/read_version"
# The process of a run that `mcq` started.
PROCESS = "mcq/process"

ACTIVE = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def run_chain(instance: dg.DagsterInstance, run: dg.DagsterRun) -> list[str]:
    """This run's id and those of the runs that it re-executes, newest first: their tables are its own."""
    chain = [run.run_id]
    while run.parent_run_id and run.parent_run_id not in chain:
        chain.append(run.parent_run_id)
        parent = instance.get_run_by_id(run.parent_run_id)
        if parent is None:
            break
        run = parent
    return chain


def run_tags(foundry: Foundry) -> dict[str, str]:
    """What every run of a dataset is tagged with, whoever starts it."""
    return {DATASET: foundry.config.dataset, CONFIG: foundry.config_file.name}


def tag_version(context: dg.AssetExecutionContext, dataset_version: str) -> None:
    """Tags the run with the version that it published or worked on."""
    context.instance.add_run_tags(context.run.run_id, {VERSION: dataset_version})


def last_finished(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dg.DagsterRun | None:
    """The run of the same job that was started last before this one, and has succeeded or failed."""
    statuses = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
    runs = instance.get_runs(dg.RunsFilter(job_name=run.job_name, statuses=statuses), cursor=run.run_id, limit=1)
    return runs[0] if runs else None
