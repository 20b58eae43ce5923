"""Runs a job of the code location in this process, as a run that the UI shows like its own: job page, assets, re-execution."""

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import dagster as dg

from assets import children
from assets.definitions import defs
from assets.failures import told_sentence
from assets.resources.foundry import Foundry
from assets.resources.names import job_name
from assets.resources.runs import ACTIVE, PROCESS, run_tags
from cli.dagster_internals import create_run, end_lost_run, run_events
from cli.display import Display
from pipeline.common.files import is_alive
from schemas.errors import ConfigError

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def launch(foundry: Foundry, job: str, more_tags: Mapping[str, str] = MappingProxyType({})) -> bool:
    """Runs a job of a dataset to its end with progress on stderr; True when it succeeded."""
    home = os.environ["DAGSTER_HOME"]
    if not Path(home).is_dir():
        raise ConfigError(f"DAGSTER_HOME names {home}, which is no folder; make it, or unset it: then the project's own folder is taken")
    with dg.DagsterInstance.get() as instance:
        reap(instance)
        repository = defs.get_repository_def()
        tags = {**run_tags(foundry), PROCESS: process_name(os.getpid()), **more_tags}
        run = create_run(instance, repository, job_name(foundry.config.dataset, job), QUIET, tags)
        with Display(run.run_id) as display:
            children.listeners.append(display.line)
            try:
                for event in run_events(instance, repository, run):
                    display.event(event)
            finally:
                children.listeners.remove(display.line)
        if display.why and not display.interrupted:
            instance.report_engine_event(told_sentence(display.why), run)
        finished = instance.get_run_by_id(run.run_id)
        return finished is not None and finished.status == dg.DagsterRunStatus.SUCCESS


def process_name(pid: int) -> str:
    """Names a process of this machine for as long as it lives."""
    return f"{socket.gethostname()}:{pid}"


def reap(instance: dg.DagsterInstance) -> None:
    """Ends runs whose `mcq` process is gone (killed, power lost), and frees the pool slots that they held."""
    for run in instance.get_runs(dg.RunsFilter(statuses=ACTIVE)):
        host, _, pid = run.tags.get(PROCESS, "").rpartition(":")
        if host == socket.gethostname() and not is_alive(int(pid)):
            end_lost_run(instance, run)
