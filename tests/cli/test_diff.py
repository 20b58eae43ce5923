"""`mcq diff` over two published versions, as a user calls it."""

import json
import subprocess
import sys

import dagster as dg
import pytest

from assets import curation
from assets.resources.configured import resources_over
from schemas.config.base import PROJECT_ROOT

ASSETS = dg.load_assets_from_modules([curation])


@pytest.fixture
def mcq_diff(make_foundry, questions):
    """Publishes each list of rows as a version, then calls the command."""

    def call(*versions, arguments=(), expect=0):
        for rows in versions:
            foundry = make_foundry(rows)
            with dg.DagsterInstance.ephemeral() as instance:
                assert dg.materialize(ASSETS, instance=instance, resources=resources_over(foundry)).success
        command = [sys.executable, "-m", "cli.main", "diff", *arguments, "--config", str(foundry.config_file)]
        command += ["--data-root", str(foundry.data_root)]
        done = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, encoding="utf-8", timeout=200)
        assert done.returncode == expect, done.stderr
        return done, foundry.lake

    return call


def test_two_versions_differ_by_what_was_edited_and_removed(mcq_diff, questions):
    edited = {**questions[1], "answer": "Quito"}
    done, lake = mcq_diff(questions[:5], [questions[0], edited, *questions[2:4]], arguments=["--format", "jsonl"])
    changes = [json.loads(line) for line in done.stdout.splitlines()]
    assert sorted((change["kind"], change["why"]) for change in changes) == [
        ("changed", "its key changed; the right answer was 'Tokyo' and is 'Quito'"),
        ("left", "its record is in no file any more"),
    ]
    assert len(lake.versions()) == 2


def test_the_table_tells_counts_and_changes(mcq_diff, questions):
    done, _ = mcq_diff(questions[:5], questions[:6])
    assert "1 entered, 0 left, 0 changed, 0 moved" in done.stdout
    assert "a new record" in done.stdout
    assert [line.split() for line in done.stdout.splitlines() if line.startswith("read")] == [["read", "5", "6", "+1"]]


def test_a_version_that_came_back_is_compared_with_the_one_that_it_replaced(mcq_diff, questions):
    done, lake = mcq_diff(questions[:5], questions[:6], questions[:5])
    assert "0 entered, 1 left, 0 changed, 0 moved" in done.stdout
    assert [len(version.tables) > 0 for version in lake.versions()] == [True, True]
    assert lake.current() == lake.versions()[-1]


def test_one_version_has_nothing_to_compare_with(mcq_diff, questions):
    done, _ = mcq_diff(questions[:3], expect=1)
    assert "nothing to compare it with" in done.stderr
