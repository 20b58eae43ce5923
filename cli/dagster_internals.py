"""What this project uses of Dagster beyond its public interface, each import once, so that a new Dagster is tried in one place.

A run of `mcq` stands in the history like one that the UI started: on its job's page, ready to be executed again, its events told as
they come. The public `JobDefinition.execute_in_process` gives a run no origin and its events only at the end.

- InMemoryJob, execute_run_iterator: execute a run here and yield its events. Replaced by an `execute_in_process` that does both for a
  run that was created before.
- RemoteJobOrigin, RemoteRepositoryOrigin, ManagedGrpcPythonEnvCodeLocationOrigin, LoadableTargetOrigin: say where the UI finds the run's
  job. Replaced by `dagster job launch`, once that can run the job in the calling process.
- REPOSITORY_LABEL_TAG: the tag by which the UI lists runs of a code location. Replaced as the origin is, which implies it.
- DagsterInstance.create_run_for_job: notes the run before it starts. Replaced as the origin is.
- DagsterInstance.report_run_failed, EventLogStorage.free_concurrency_slots_for_run: end a run whose process is gone. Replaced by run
  monitoring, once that sees processes other than its own run workers.
"""

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run_iterator
from dagster._core.remote_origin import ManagedGrpcPythonEnvCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.storage.tags import REPOSITORY_LABEL_TAG
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from schemas.config.base import PROJECT_ROOT

CODE_LOCATION = "mcq_foundry"


def create_run(
    instance: dg.DagsterInstance, repository: dg.RepositoryDefinition, job_name: str, run_config: Mapping[str, Any], tags: Mapping[str, str]
) -> dg.DagsterRun:
    """Notes a run of a job of the code location, which `run_events` then executes."""
    target = LoadableTargetOrigin(executable_path=sys.executable, module_name="assets.definitions", working_directory=str(PROJECT_ROOT))
    location = ManagedGrpcPythonEnvCodeLocationOrigin(target, CODE_LOCATION)
    return instance.create_run_for_job(
        repository.get_job(job_name),
        run_config=run_config,
        tags={REPOSITORY_LABEL_TAG: f"{repository.name}@{CODE_LOCATION}", **tags},
        remote_job_origin=RemoteJobOrigin(RemoteRepositoryOrigin(location, repository.name), job_name),
    )


def run_events(instance: dg.DagsterInstance, repository: dg.RepositoryDefinition, run: dg.DagsterRun) -> Iterator[dg.DagsterEvent]:
    """Executes a run in this process, event by event."""
    return execute_run_iterator(InMemoryJob(repository.get_job(run.job_name)), run, instance)


def end_lost_run(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    """Ends a run whose process is gone as failed, and frees the pool slots that it held."""
    instance.report_run_failed(run, "the process that ran it is gone")
    instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
