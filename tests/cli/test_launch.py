"""Running jobs from the command line: what it needs of Dagster's inside, and runs whose process is gone."""

import ast
import importlib
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version

import dagster as dg
import pytest

from schemas.config.base import PROJECT_ROOT

INTERNALS = PROJECT_ROOT / "cli" / "dagster_internals.py"
TREE = ast.parse(INTERNALS.read_text(encoding="utf-8"))
IMPORTS = [
    (node.module, alias.name)
    for node in TREE.body
    if isinstance(node, ast.ImportFrom) and node.module.startswith("dagster")
    for alias in node.names
]
METHODS = [
    ("dagster", "DagsterInstance.create_run_for_job"),
    ("dagster", "DagsterInstance.report_run_failed"),
    ("dagster._core.storage.event_log", "EventLogStorage.free_concurrency_slots_for_run"),
]


@pytest.mark.parametrize(("module", "name"), [*IMPORTS, *METHODS])
def test_dagster_still_has_what_we_use_of_its_inside(module, name):
    told = re.split(r"\n- ", ast.get_docstring(TREE))
    why = next((text for text in told if re.search(rf"\b{name}\b[^:]*:", text)), None)
    assert why, f"the docstring of {INTERNALS.name} doesn't say what {name} is needed for and what would replace it"
    needs = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    (allowed,) = [need for need in needs if re.match(r"dagster[<>=]", need)]
    try:
        found = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        pytest.fail(
            f"Dagster {version('dagster')} (allowed: {allowed}) broke {INTERNALS.name}: no {module}.{name} ({error}). It is for: {why}"
        )


def test_dagsters_inside_is_used_in_one_place_alone():
    for package in ("assets", "cli", "pipeline", "schemas"):
        for file in (PROJECT_ROOT / package).rglob("*.py"):
            assert file == INTERNALS or not re.search(r"^\s*(from|import) dagster\._", file.read_text(encoding="utf-8"), re.M), file


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def test_only_runs_whose_process_is_gone_are_ended(instance):
    from assets.definitions import defs
    from cli.dagster_internals import create_run
    from cli.launch import process_name, reap

    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    repository = defs.get_repository_def()
    lost, ours, others = (
        create_run(instance, repository, "sample_curate", {}, {"mcq/process": name})
        for name in (process_name(gone.pid), process_name(os.getpid()), "another-machine:1")
    )
    reap(instance)
    assert instance.get_run_by_id(lost.run_id).status == dg.DagsterRunStatus.FAILURE
    for run in (ours, others):
        assert instance.get_run_by_id(run.run_id).status == dg.DagsterRunStatus.NOT_STARTED
