"""A run's tables are its own and those of the runs that it re-executes."""

import dagster as dg
import pytest

from assets.resources.runs import run_chain


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def add(instance):
    def run(status=dg.DagsterRunStatus.STARTED, parent=None):
        parents = {"parent_run_id": parent.run_id, "root_run_id": parent.run_id} if parent else {}
        return instance.add_run(dg.DagsterRun(job_name="curate", status=status, **parents))

    return run


def test_a_run_comes_before_those_that_it_continues(instance, add):
    first = add(dg.DagsterRunStatus.FAILURE)
    second = add(dg.DagsterRunStatus.FAILURE, first)
    third = add(parent=second)
    assert run_chain(instance, third) == [third.run_id, second.run_id, first.run_id]
    assert run_chain(instance, first) == [first.run_id]


def test_a_parent_that_was_deleted_ends_the_chain(instance, add):
    first = add(dg.DagsterRunStatus.FAILURE)
    second = add(parent=first)
    instance.delete_run(first.run_id)
    assert run_chain(instance, second) == [second.run_id, first.run_id]
