"""Runs a job of the code location in this process, as a run that the UI shows like its own: job page, assets, re-execution."""

import os
import socket
import sys
from typing import Any

import dagster as dg
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run_iterator
from dagster._core.remote_origin import ManagedGrpcPythonEnvCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.storage.tags import REPOSITORY_LABEL_TAG
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from assets import children
from assets.definitions import defs, foundry
from assets.resources.runs import ACTIVE
from cli.display import Display
from schemas.config.base import PROJECT_ROOT

CODE_LOCATION = "mcq_foundry"
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def launch(job_name: str) -> bool:
    """Runs a job to its end with progress on stderr; True when it succeeded."""
    with dg.DagsterInstance.get() as instance:
        reap(instance)
        repository = defs.get_repository_def()
        job = repository.get_job(job_name)
        target = LoadableTargetOrigin(executable_path=sys.executable, module_name="assets.definitions", working_directory=str(PROJECT_ROOT))
        location = ManagedGrpcPythonEnvCodeLocationOrigin(target, CODE_LOCATION)
        run = instance.create_run_for_job(
            job,
            run_config=QUIET,
            tags={
                REPOSITORY_LABEL_TAG: f"{repository.name}@{CODE_LOCATION}",
                "mcq/dataset": foundry.config.dataset,
                "mcq/config": foundry.config_file.name,
                "mcq/process": process_name(os.getpid()),
            },
            remote_job_origin=RemoteJobOrigin(RemoteRepositoryOrigin(location, repository.name), job_name),
        )
        with Display(run.run_id) as display:
            children.listeners.append(display.line)
            try:
                for event in execute_run_iterator(InMemoryJob(job), run, instance):
                    display.event(event)
            finally:
                children.listeners.remove(display.line)
        finished = instance.get_run_by_id(run.run_id)
        return finished is not None and finished.status == dg.DagsterRunStatus.SUCCESS


def process_name(pid: int) -> str:
    """Names a process of this machine for as long as it lives."""
    return f"{socket.gethostname()}:{pid}"


def reap(instance: Any) -> None:
    """Ends runs whose `mcq` process is gone (killed, power lost), and frees the pool slots that they held."""
    for run in instance.get_runs(dg.RunsFilter(statuses=ACTIVE)):
        host, _, pid = run.tags.get("mcq/process", "").rpartition(":")
        if host == socket.gethostname() and not _alive(int(pid)):
            instance.report_run_failed(run, "the process that ran it is gone")
            instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
