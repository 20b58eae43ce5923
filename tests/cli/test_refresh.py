"""`mcq run` where nothing is new, where a source shrank, and on an old version; `mcq diff --list`."""

import json
import os
import subprocess
import sys

import dagster as dg
import pytest

from schemas.config.base import PROJECT_ROOT


@pytest.fixture(scope="module")
def project(tmp_path_factory, make_dagster_home):
    """Writes raw rows, calls the command, and opens the history of runs."""
    folder, home = tmp_path_factory.mktemp("refresh"), make_dagster_home()
    guard = "guard: {min_records: 2}"
    (folder / "c.yaml").write_text(f"dataset: tiny\nroot: {folder}\nsources: [{{name: s, path: raw.jsonl}}]\n{guard}\n")

    def write(count):
        rows = [
            {"question": f"Which number comes after {n} when you count?", "options": [str(n + 1), str(n + 2), str(n + 30)], "answer": "A"}
            for n in range(count)
        ]
        (folder / "raw.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def call(*arguments, expect=0):
        options = ["--config", str(folder / "c.yaml"), "--data-root", str(folder / "data")]
        environment = {**os.environ, "DAGSTER_HOME": str(home), "PYTHONPATH": str(PROJECT_ROOT)}
        command = [sys.executable, "-m", "cli.main", *arguments, *options]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, timeout=300)
        assert done.returncode == expect, f"{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
        return done

    def runs():
        with dg.DagsterInstance.from_config(str(home)) as instance:
            return instance.get_runs_count()

    def current():
        return (folder / "data" / "lake" / "tiny" / "CURRENT").read_text()

    return write, call, runs, current


def test_a_refresh_from_the_first_to_an_old_version(project):
    write, call, runs, current = project
    write(20)
    call("run", "--until", "curated")
    first, count = current(), runs()

    # Nothing new: no run, no version.
    said = call("run", "--until", "curated").stdout
    assert "Nothing is new since" in said
    assert first in said
    assert (current(), runs()) == (first, count)

    # A loss waits, twice over, and says what to do.
    write(12)
    for _ in range(2):
        said = call("run", "--until", "curated", expect=1).stderr
        assert "source s lost 8 of 20 records (40.0%" in said
        assert "mcq run --accept" in said
        assert current() == first

    # What is accepted is what was blocked, not what lies there by now.
    write(9)
    assert "another state of the files" in call("run", "--until", "curated", "--accept", expect=1).stderr
    assert current() == first
    call("run", "--until", "curated", "--accept")
    second = current()
    assert second != first

    # An old version, for those who train on it again; nothing is published.
    said = call("run", "--until", "curated", "--dataset-version", first[:8]).stdout
    assert f"Version {first}" in said
    assert f"readers see {second}" in said
    assert current() == second
    assert "does not exist" in call("run", "--until", "curated", "--dataset-version", "nowhere", expect=1).stderr
    assert "give one of them" in call("run", "--accept", "--dataset-version", first, expect=1).stderr

    said = call("diff", "--list").stdout
    assert said.index(second) < said.index(first)
    assert "CURRENT" in said
    assert "keep_versions 10" in said
