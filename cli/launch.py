"""Runs a job of the code location in this process, as a run that the UI shows like its own: job page, assets, re-execution."""

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import dagster as dg

from assets import children
from assets.definitions import defs, foundry
from assets.resources.runs import ACTIVE
from cli.dagster_internals import create_run, end_lost_run, run_events
from cli.display import Display
from pipeline.common.files import is_alive
from schemas.errors import ConfigError

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def launch(job_name: str, more_tags: Mapping[str, str] = MappingProxyType({})) -> bool:
    """Runs a job to its end with progress on stderr; True when it succeeded."""
    home = os.environ["DAGSTER_HOME"]
    if not Path(home).is_dir():
        raise ConfigError(f"DAGSTER_HOME names {home}, which is no folder; make it, or unset it: then the project's own folder is taken")
    with dg.DagsterInstance.get() as instance:
        reap(instance)
        repository = defs.get_repository_def()
        tags = {
            "mcq/dataset": foundry.config.dataset,
            "mcq/config": foundry.config_file.name,
            "mcq/process": process_name(os.getpid()),
            **more_tags,
        }
        run = create_run(instance, repository, job_name, QUIET, tags)
        with Display(run.run_id) as display:
            children.listeners.append(display.line)
            try:
                for event in run_events(instance, repository, run):
                    display.event(event)
            finally:
                children.listeners.remove(display.line)
        finished = instance.get_run_by_id(run.run_id)
        return finished is not None and finished.status == dg.DagsterRunStatus.SUCCESS


def process_name(pid: int) -> str:
    """Names a process of this machine for as long as it lives."""
    return f"{socket.gethostname()}:{pid}"


def reap(instance: dg.DagsterInstance) -> None:
    """Ends runs whose `mcq` process is gone (killed, power lost), and frees the pool slots that they held."""
    for run in instance.get_runs(dg.RunsFilter(statuses=ACTIVE)):
        host, _, pid = run.tags.get("mcq/process", "").rpartition(":")
        if host == socket.gethostname() and not is_alive(int(pid)):
            end_lost_run(instance, run)
